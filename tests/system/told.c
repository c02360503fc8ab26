/* SPDX-License-Identifier: Apache-2.0 */
/*
 * told: linked into a windlassd for tests alone, in front of the functions that make session keys (--wrap): each key
 * goes as a line "NAME HEX" into the file $WINDLASS_TOLD, so that a test can look for it. What is shipped has no such
 * thing. The file is opened before the daemon is confined.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/status.h"
#include "channel/schedule.h"
#include "host/lib/wrapping.h"

#define KEY_MAX 64

static int told_fd = -1;

__attribute__((constructor)) static void told_open(void)
{
    const char *path = getenv("WINDLASS_TOLD");
    /* Not a number that the daemon gives to its own files. */
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    told_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 200);
    if (path != NULL && told_fd < 0) {
        abort();
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void tell(const char *name, const uint8_t *key, size_t len)
{
    char line[32 + 2 * KEY_MAX];
    if (told_fd < 0 || len > KEY_MAX) {
        return;
    }
    int at = snprintf(line, sizeof line, "%.20s ", name);
    for (size_t i = 0; i < len; i++) {
        at += snprintf(line + at, 3, "%02x", key[i]);
    }
    line[at++] = '\n';
    if (write(told_fd, line, (size_t)at) != at) {
        abort();
    }
}

/* ---- the secure channel (docs/spec.md: EDHOC and its records) ---- */

status_t __real_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32]);
status_t __wrap_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32]);
void __real_schedule_prk(const uint8_t th_2[SCHEDULE_LEN], const uint8_t shared[32], uint8_t prk[SCHEDULE_LEN]);
void __wrap_schedule_prk(const uint8_t th_2[SCHEDULE_LEN], const uint8_t shared[32], uint8_t prk[SCHEDULE_LEN]);
void __real_schedule_kdf(const uint8_t prk[SCHEDULE_LEN], uint32_t label, struct bytes context, uint8_t *out,
                         size_t len);
void __wrap_schedule_kdf(const uint8_t prk[SCHEDULE_LEN], uint32_t label, struct bytes context, uint8_t *out,
                         size_t len);

status_t __wrap_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32])
{
    status_t status = __real_crypto_p256_agree(private_key, peer, secret);
    if (status == STATUS_OK) {
        tell("agreed", secret, 32);
    }
    return status;
}

void __wrap_schedule_prk(const uint8_t th_2[SCHEDULE_LEN], const uint8_t shared[32], uint8_t prk[SCHEDULE_LEN])
{
    __real_schedule_prk(th_2, shared, prk);
    tell("prk", prk, SCHEDULE_LEN);
}

/* KEYSTREAM_2 is no key: whoever is on the line knows parts of it, as he knows parts of the text. */
void __wrap_schedule_kdf(const uint8_t prk[SCHEDULE_LEN], uint32_t label, struct bytes context, uint8_t *out,
                         size_t len)
{
    __real_schedule_kdf(prk, label, context, out, len);
    if (label != SCHEDULE_KEYSTREAM_2) {
        tell(label <= SCHEDULE_PRK_EXPORTER ? "handshake" : "records", out, len);
    }
}

/* ---- packages and key blocks ---- */

int __real_wrapping_kek(const uint8_t secret[32], struct bytes info, uint8_t *kek, size_t kek_len);
int __wrap_wrapping_kek(const uint8_t secret[32], struct bytes info, uint8_t *kek, size_t kek_len);
int __real_wrapping_run(int encrypt, struct bytes kek, struct bytes in, uint8_t out[WRAPPING_MAX]);
int __wrap_wrapping_run(int encrypt, struct bytes kek, struct bytes in, uint8_t out[WRAPPING_MAX]);

int __wrap_wrapping_kek(const uint8_t secret[32], struct bytes info, uint8_t *kek, size_t kek_len)
{
    int result = __real_wrapping_kek(secret, info, kek, kek_len);
    if (result == 0) {
        tell("agreed", secret, 32);
        tell("kek", kek, kek_len);
    }
    return result;
}

int __wrap_wrapping_run(int encrypt, struct bytes kek, struct bytes in, uint8_t out[WRAPPING_MAX])
{
    int len = __real_wrapping_run(encrypt, kek, in, out);
    if (encrypt) {
        tell("content", in.data, in.len);
    } else if (len > 0) {
        tell(len == 32 ? "package" : "content", out, (size_t)len);
    }
    return len;
}
