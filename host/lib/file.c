/* SPDX-License-Identifier: Apache-2.0 */
/* file: reading whole files (file.h). Writing is in file_draft.c. */
#include "host/lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"

#define FILE_MAP_MAX ((size_t)1 << 30)

/* Opens a regular file of at most `max` bytes. O_NONBLOCK: a FIFO must be refused, not waited for. */
static int file_open_regular(const char *path, size_t max, struct stat *info, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fault_errno(fault, "%s: cannot read", path);
    }
    if (fstat(fd, info) != 0) {
        (void)fault_errno(fault, "%s: cannot read", path);
    } else if (!S_ISREG(info->st_mode)) {
        (void)fault_set(fault, "%s: not a regular file", path);
    } else if ((uintmax_t)info->st_size > max) {
        (void)fault_set(fault, "%s: too large: %jd bytes, at most %zu are allowed", path, (intmax_t)info->st_size, max);
    } else {
        return fd;
    }
    (void)close(fd);
    return -1;
}

/* Reads exactly `len` bytes and then the end of the file. */
static int file_read_exactly(int fd, const char *path, uint8_t *out, size_t len, struct fault *fault)
{
    size_t done = 0;
    uint8_t further;
    for (;;) {
        ssize_t got = done < len ? read(fd, out + done, len - done) : read(fd, &further, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fault_errno(fault, "%s: cannot read", path);
        }
        if ((got == 0 && done < len) || (got > 0 && done == len)) {
            return fault_set(fault, "%s: changed while it was read", path);
        }
        if (got == 0) {
            return 0;
        }
        done += (size_t)got;
    }
}

static int file_load(int fd, const char *path, size_t len, uint8_t **data, struct fault *fault)
{
    uint8_t *buffer = (uint8_t *)malloc(len + 1);
    if (buffer == NULL) {
        return fault_set(fault, "%s: no memory for %zu bytes", path, len);
    }
    if (file_read_exactly(fd, path, buffer, len, fault) != 0) {
        wipe(buffer, len + 1);
        free(buffer);
        return -1;
    }
    buffer[len] = 0;
    *data = buffer;
    return 0;
}

int file_read(const char *path, size_t max, uint8_t **data, size_t *len, struct fault *fault)
{
    struct stat info;
    int fd = file_open_regular(path, max, &info, fault);
    if (fd < 0) {
        return -1;
    }
    int result = file_load(fd, path, (size_t)info.st_size, data, fault);
    *len = result == 0 ? (size_t)info.st_size : 0;
    (void)close(fd);
    return result;
}

int file_read_secret(const char *path, size_t max, uint8_t **data, size_t *len, struct fault *fault)
{
    struct stat info;
    int fd = file_open_regular(path, max, &info, fault);
    if (fd < 0) {
        return -1;
    }
    int result = -1;
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)fault_set(fault, "%s: others than its owner may use this secret file (mode %04o)", path,
                        (unsigned)info.st_mode & 07777u);
        (void)fault_hint(fault, "chmod 600 %s, and change the secret if others could have read it", path);
    } else {
        result = file_load(fd, path, (size_t)info.st_size, data, fault);
    }
    *len = result == 0 ? (size_t)info.st_size : 0;
    (void)close(fd);
    return result;
}

/* A private copy: a file that somebody truncates later must not kill the reader. */
int file_map_open(const char *path, struct file_map *map, struct fault *fault)
{
    struct stat info;
    map->bytes = bytes_of(NULL, 0);
    int fd = file_open_regular(path, FILE_MAP_MAX, &info, fault);
    if (fd < 0) {
        return -1;
    }
    size_t len = (size_t)info.st_size;
    void *at = len == 0 ? NULL : mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result = -1;
    if (at == MAP_FAILED) {
        (void)fault_errno(fault, "%s: cannot read", path);
    } else if (len != 0 && file_read_exactly(fd, path, (uint8_t *)at, len, fault) != 0) {
        (void)munmap(at, len);
    } else {
        map->bytes = bytes_of(at, len);
        result = 0;
    }
    (void)close(fd);
    return result;
}

void file_map_close(struct file_map *map)
{
    if (map->bytes.data != NULL) {
        void *at = (void *)(uintptr_t)map->bytes.data;
        wipe(at, map->bytes.len);
        (void)munmap(at, map->bytes.len);
    }
    map->bytes = bytes_of(NULL, 0);
}

int file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int file_folder_make(const char *path, mode_t mode, struct fault *fault)
{
    if (mkdir(path, mode) == 0 || (errno == EEXIST && file_is_folder(path))) {
        return 0;
    }
    return fault_errno(fault, "%s: cannot make this folder", path);
}
