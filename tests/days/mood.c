/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mood: a library that windlassd is run with: between it, its disk, its clock and its token. The file $WINDLASS_MOOD
 * says what kind of day it is, and may change at any time (mood.h).
 */
#include "tests/days/mood.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static const char *mood; /* NULL: an ordinary day */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WINDLASS_MOOD");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        const void *page = mmap(NULL, MOOD_LEN, PROT_READ, MAP_SHARED, fd, 0);
        mood = page == MAP_FAILED ? NULL : page;
        (void)close(fd);
    }
}

int mood_is(const char *name)
{
    return mood != NULL && strncmp(mood, name, strlen(name)) == 0;
}

long mood_number(const char *name)
{
    return mood_is(name) ? strtol(mood + strlen(name), NULL, 10) : 0;
}

#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (real == NULL) {                                                                                                \
        *(void **)(void *)&real = dlsym(RTLD_NEXT, #name);                                                             \
    }

/* ---- the disk: full for files, not for logs and sockets ---- */

static int is_full(int fd)
{
    struct stat s;
    int full = mood_is("full") && fd > STDERR_FILENO && fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
    if (full) {
        errno = ENOSPC;
    }
    return full;
}

ssize_t write(int fd, const void *data, size_t len)
{
    REAL(write)
    return is_full(fd) ? -1 : real(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t off)
{
    REAL(pwrite)
    return is_full(fd) ? -1 : real(fd, data, len, off);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t off)
{
    REAL(pwrite64)
    return is_full(fd) ? -1 : real(fd, data, len, off);
}

/* The last moment: all was written, and it does not get to the disk. */
static int is_torn(void)
{
    errno = ENOSPC;
    return mood_is("torn");
}

int fsync(int fd)
{
    REAL(fsync)
    return is_torn() ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync)
    return is_torn() ? -1 : real(fd);
}

/* ---- the clock ---- */

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

int clock_gettime(clockid_t which, struct timespec *out)
{
    REAL(clock_gettime)
    int result = real(which, out);
    if (result == 0 && which == CLOCK_REALTIME) {
        out->tv_sec += mood_number("clock ");
    }
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    REAL(gettimeofday)
    int result = real(out, zone);
    if (result == 0) {
        out->tv_sec += mood_number("clock ");
    }
    return result;
}

/* ---- the token: this library stands in its module's place ---- */

void *dlopen(const char *path, int flags)
{
    REAL(dlopen)
    Dl_info self;
    if (mood != NULL && path != NULL && strstr(path, "softhsm") != NULL && dladdr((void *)begin, &self) != 0) {
        (void)setenv(MOOD_MODULE, path, 1);
        path = self.dli_fname;
    }
    return real(path, flags);
}
