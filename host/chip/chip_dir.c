/* SPDX-License-Identifier: Apache-2.0 */
/* chip_dir: see chip_dir.h. */
#include "host/chip/chip_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/wipe.h"
#include "host/chip/array.h"
#include "host/chip/vendor.h"
#include "wire/layout.h"

/* Times 10 ms: how long to wait for an owner that is ending. */
#define LOCK_TRIES 300

static int bytes_write(int fd, struct bytes data)
{
    while (data.len != 0) {
        ssize_t n = write(fd, data.data, data.len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        data.data += n > 0 ? n : 0;
        data.len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int new_file(int dir_fd, const char *name, struct bytes data, struct fault *fault)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result = fd < 0 || bytes_write(fd, data) != 0 || fsync(fd) != 0 ? -1 : 0;
    if (result != 0) {
        (void)fault_errno(fault, "writing %s", name);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return result;
}

static int flash_create(int dir_fd, struct fault *fault)
{
    uint8_t *blank = malloc(FLASHCTL_FLASH_LEN);
    if (blank == NULL) {
        return fault_set(fault, "out of memory");
    }
    memset(blank, 0xFF, FLASHCTL_FLASH_LEN);
    int result = new_file(dir_fd, "flash.bin", bytes_of(blank, FLASHCTL_FLASH_LEN), fault);
    free(blank);
    return result;
}

static int fuses_create(int dir_fd, const uint8_t uid[CHIP_UID_LEN], const struct vendor_identity *identity,
                        struct fault *fault)
{
    uint8_t fuses[ARRAY_FUSES_LEN] = { 0 };
    memcpy(fuses + 4 * FUSE_UNIQUE_ID, uid, CHIP_UID_LEN);
    memcpy(fuses + 4 * FUSE_VENDOR_KEY, identity->private_key, sizeof identity->private_key);
    bytes_write_le32(fuses + 4 * FUSE_VENDOR_LOCK, UINT32_MAX);
    if (getrandom(fuses + 4 * FUSE_ROOT_KEY, 32, 0) != 32) {
        return fault_errno(fault, "no randomness for the chip's root key");
    }
    int result = new_file(dir_fd, "fuses.bin", bytes_of(fuses, sizeof fuses), fault);
    wipe(fuses, sizeof fuses);
    return result;
}

static int contents_create(int dir_fd, const uint8_t uid[CHIP_UID_LEN], const char *vendor, struct fault *fault)
{
    struct vendor_identity identity;
    int result = vendor_identity_make(uid, vendor, &identity, fault);
    if (result == 0) {
        result = fuses_create(dir_fd, uid, &identity, fault);
    }
    if (result == 0) {
        result = new_file(dir_fd, "vendor.crt", bytes_of(identity.certificate, strlen(identity.certificate)), fault);
    }
    if (result == 0) {
        result = new_file(dir_fd, "vendor.bin", bytes_of(identity.page, sizeof identity.page), fault);
    }
    if (result == 0) {
        result = new_file(dir_fd, "vendor-ca.crt", bytes_of(identity.issuer, strlen(identity.issuer)), fault);
    }
    wipe(&identity, sizeof identity);
    return result != 0 ? result : flash_create(dir_fd, fault);
}

static void draft_remove(const char *draft)
{
    static const char *const names[] = { "fuses.bin", "vendor.crt", "vendor.bin", "vendor-ca.crt", "flash.bin" };
    int fd = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < sizeof names / sizeof names[0]; i++) {
        (void)unlinkat(fd, names[i], 0);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    (void)rmdir(draft);
}

static int draft_fill(const char *path, const char *draft, const uint8_t uid[CHIP_UID_LEN], const char *vendor,
                      struct fault *fault)
{
    int fd = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fault_errno(fault, "%s", draft);
    }
    int result = contents_create(fd, uid, vendor, fault);
    (void)close(fd);
    if (result == 0 && renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
        result = fault_errno(fault, "%s", path);
    }
    return result;
}

int chip_dir_create(const char *path, const uint8_t uid[CHIP_UID_LEN], const char *vendor, struct fault *fault)
{
    struct stat st;
    char *clean = strdup(path);
    char *draft = NULL;
    size_t len = clean == NULL ? 0 : strlen(clean);
    while (len > 1 && clean[len - 1] == '/') {
        clean[--len] = '\0';
    }
    if (len == 0 || asprintf(&draft, "%s.XXXXXX", clean) < 0) {
        free(clean);
        return fault_set(fault, "the name of the chip's folder is empty");
    }
    int result = 0;
    if (lstat(clean, &st) == 0) {
        (void)fault_hint(fault, "give a folder that does not exist yet");
        result = fault_set(fault, "%s exists already", clean);
    } else if (mkdtemp(draft) == NULL) {
        (void)fault_hint(fault, "make the folder above it first, and be allowed to write there");
        result = fault_errno(fault, "%s", clean);
    } else if (draft_fill(clean, draft, uid, vendor, fault) != 0) {
        draft_remove(draft);
        result = -1;
    }
    free(draft);
    free(clean);
    return result;
}

/* Maps a file of exactly `len` bytes; NULL with the fault filled. */
static uint8_t *file_map_exact(int dir_fd, const char *name, size_t len, enum chip_dir_use use, struct fault *fault)
{
    struct stat st;
    void *map = MAP_FAILED;
    int own = use == CHIP_DIR_OWN;
    int fd = openat(dir_fd, name, (own ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)fault_errno(fault, "%s of the chip", name);
        (void)fault_hint(fault, "'windlass chip new DIR' makes a chip's folder");
    } else if (!S_ISREG(st.st_mode) || st.st_size != (off_t)len) {
        (void)fault_set(fault, "%s of the chip is not a file of exactly %zu bytes", name, len);
        (void)fault_hint(fault, "the folder is damaged: make a new chip with 'windlass chip new DIR'");
    } else {
        map = mmap(NULL, len, own ? PROT_READ | PROT_WRITE : PROT_READ, own ? MAP_SHARED : MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) {
            (void)fault_errno(fault, "mapping %s", name);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return map == MAP_FAILED ? NULL : map;
}

/* The lock is the folder's own: no file to leave behind, and it ends with its process. An owner without its pid file is
 * just starting or ending. */
static int lock_take(const char *path, const struct chip_dir *d, struct fault *fault)
{
    const struct timespec nap = { 0, 10000000 };
    int tries = LOCK_TRIES;
    while (flock(d->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return fault_errno(fault, "locking %s", path);
        }
        if (chip_dir_number_read(d, CHIP_PID_FILE) > 0 || tries-- == 0) {
            (void)fault_hint(fault, "'windlass chip stop %s' switches it off", path);
            return fault_set(fault, "the chip in %s is running already (process %ld)", path,
                             chip_dir_number_read(d, CHIP_PID_FILE));
        }
        (void)nanosleep(&nap, NULL);
    }
    return 0;
}

/* Chips that were made without a vendor page have none. */
static void vendor_read(struct chip_dir *d)
{
    int fd = openat(d->fd, "vendor.bin", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && read(fd, d->vendor, sizeof d->vendor) != (ssize_t)sizeof d->vendor) {
        memset(d->vendor, 0, sizeof d->vendor);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

int chip_dir_open(const char *path, enum chip_dir_use use, struct chip_dir *out, struct fault *fault)
{
    *out = (struct chip_dir){ .fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (out->fd < 0) {
        (void)fault_hint(fault, "'windlass chip new DIR' makes a chip's folder");
        return fault_errno(fault, "%s", path);
    }
    if (use == CHIP_DIR_OWN && lock_take(path, out, fault) != 0) {
        chip_dir_close(out);
        return -1;
    }
    struct fault inner = FAULT_NONE;
    out->flash = file_map_exact(out->fd, "flash.bin", FLASHCTL_FLASH_LEN, use, &inner);
    out->fuses = out->flash == NULL ? NULL : file_map_exact(out->fd, "fuses.bin", ARRAY_FUSES_LEN, use, &inner);
    if (out->fuses == NULL) {
        chip_dir_close(out);
        (void)fault_hint(fault, "%s", inner.hint);
        return fault_set(fault, "%s: %s", path, inner.what);
    }
    vendor_read(out);
    return 0;
}

void chip_dir_close(struct chip_dir *d)
{
    if (d->flash != NULL) {
        (void)msync(d->flash, FLASHCTL_FLASH_LEN, MS_SYNC);
        (void)munmap(d->flash, FLASHCTL_FLASH_LEN);
    }
    if (d->fuses != NULL) {
        (void)msync(d->fuses, ARRAY_FUSES_LEN, MS_SYNC);
        (void)munmap(d->fuses, ARRAY_FUSES_LEN);
    }
    if (d->fd >= 0) {
        (void)close(d->fd);
    }
    *d = (struct chip_dir){ .fd = -1 };
}

int chip_dir_boot_put(const char *path, struct bytes boot, struct bytes anchor, struct fault *fault)
{
    struct chip_dir d;
    if (boot.len == 0 || boot.len > LAYOUT_BL1_LEN) {
        return fault_set(fault, "BL1 has %zu bytes, and must have 1 to %u", boot.len, LAYOUT_BL1_LEN);
    }
    if (anchor.len != LAYOUT_ANCHOR_LEN) {
        (void)fault_hint(fault, "'windlass master anchor' writes one");
        return fault_set(fault, "an anchor page has %u bytes, this one %zu", LAYOUT_ANCHOR_LEN, anchor.len);
    }
    if (chip_dir_open(path, CHIP_DIR_OWN, &d, fault) != 0) {
        return -1;
    }
    memset(d.flash, 0xFF, LAYOUT_BOOT_LEN);
    memcpy(d.flash + LAYOUT_BL1_OFF, boot.data, boot.len);
    memcpy(d.flash + LAYOUT_ANCHOR0_OFF, anchor.data, anchor.len);
    memcpy(d.flash + LAYOUT_ANCHOR1_OFF, anchor.data, anchor.len);
    bytes_write_le32(d.fuses + 4 * FUSE_BOOT_LOCK_SECTORS, LAYOUT_BOOT_SECTORS);
    bytes_write_le32(d.fuses + 4 * FUSE_BOOT_LOCK, UINT32_MAX);
    bytes_write_le32(d.fuses + 4 * FUSE_DEBUG_LOCK, UINT32_MAX);
    chip_dir_close(&d);
    return 0;
}

int chip_dir_text_write(const struct chip_dir *d, const char *name, const char *text)
{
    char draft[64];
    (void)snprintf(draft, sizeof draft, "%s.new", name);
    int fd = openat(d->fd, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    int result = bytes_write(fd, bytes_of(text, strlen(text)));
    (void)close(fd);
    return result == 0 ? renameat(d->fd, draft, d->fd, name) : -1;
}

long chip_dir_number_read(const struct chip_dir *d, const char *name)
{
    char text[24];
    int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    text[n < 0 ? 0 : n] = '\0';
    char *end = text;
    long value = strtol(text, &end, 10);
    return end != text && value > 0 ? value : -1;
}

void chip_dir_name_remove(const struct chip_dir *d, const char *name)
{
    (void)unlinkat(d->fd, name, 0);
}
