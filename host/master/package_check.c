/* SPDX-License-Identifier: Apache-2.0 */
/* package_check: see package_check.h. */
#include "host/master/package_check.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/layout.h"

int package_check_map(struct package_check *check, const char *temporary, size_t len, struct fault *fault)
{
    int fd = open(temporary, O_RDONLY | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    int result = at == MAP_FAILED ? fault_errno(fault, "%s: cannot read back", check->path) : 0;
    if (result == 0) {
        check->written = bytes_of(at, len);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return result;
}

/* What was written as payload is what the manifest says: with OpenSSL, whose SHA-256 is faster than the device's. A
 * payload beyond every slot (measuring only) is not read once more. */
static status_t payload_check(const struct package *package)
{
    struct bytes payload = package->envelope.payloads[package->payload_index].data;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    if (payload.data == NULL || payload.len != package->payload.size) {
        return STATUS_SUIT_PAYLOAD_MISMATCH;
    }
    if (payload.len > LAYOUT_PRIMARY_LEN) {
        return STATUS_OK;
    }
    (void)SHA256(payload.data, payload.len, digest);
    return bytes_equal(package->payload.digest, bytes_of(digest, sizeof digest)) ? STATUS_OK
                                                                                 : STATUS_SUIT_PAYLOAD_MISMATCH;
}

static status_t target_check(const struct package_check *check, enum verify_target target)
{
    struct verify_trust trust = check->trust;
    struct package package;
    trust.target = target;
    status_t status = verify_package(check->written, &trust, &package);
    return status == STATUS_OK ? payload_check(&package) : status;
}

static void *check_main(void *opaque)
{
    struct package_check *check = (struct package_check *)opaque;
    check->status = target_check(check, check->trust.target);
    if (check->status == STATUS_OK && check->trust.target == VERIFY_SBM_A) {
        check->status = target_check(check, VERIFY_SBM_B);
    }
    return NULL;
}

int package_check_start(struct package_check *check, struct fault *fault)
{
    check->status = STATUS_FAIL;
    errno = pthread_create(&check->thread, NULL, check_main, check);
    if (errno != 0) {
        return fault_errno(fault, "cannot start a thread");
    }
    check->running = 1;
    return 0;
}

int package_check_finish(struct package_check *check, struct fault *fault)
{
    if (check->running) {
        check->running = 0;
        (void)pthread_join(check->thread, NULL);
    }
    if (check->status == STATUS_OK) {
        return 0;
    }
    return fault_set(fault, "%s: a device would refuse this package (%s); it was not written", check->path,
                     status_text(check->status));
}

void package_check_end(struct package_check *check)
{
    struct fault none = FAULT_NONE;
    if (check->running) {
        (void)package_check_finish(check, &none);
    }
    if (check->written.data != NULL) {
        (void)munmap((void *)(uintptr_t)check->written.data, check->written.len);
        check->written = bytes_of(NULL, 0);
    }
}
