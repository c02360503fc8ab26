/* SPDX-License-Identifier: Apache-2.0 */
/* wall: changes of files: counted, and at one of them the process dies before it happens (wall.h). */
#include "tests/crash/wall.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

struct cut *wall_cut;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(CUT_ENV);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *page = mmap(NULL, sizeof *wall_cut, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        wall_cut = page == MAP_FAILED ? NULL : page;
        (void)close(fd);
    }
}

_Noreturn void wall_die(void)
{
    for (;;) {
        (void)syscall(SYS_tgkill, getpid(), gettid(), SIGKILL);
    }
}

static void change(void)
{
    if (cut_here(wall_cut, CUT_WRITE)) {
        wall_die();
    }
}

/* Logs and sockets are no durable writes. */
static void change_of(int fd)
{
    struct stat s;
    if (wall_cut != NULL && fd > STDERR_FILENO && fstat(fd, &s) == 0 && S_ISREG(s.st_mode)) {
        change();
    }
}

#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (real == NULL) {                                                                                                \
        *(void **)(void *)&real = dlsym(RTLD_NEXT, #name);                                                             \
    }

ssize_t write(int fd, const void *data, size_t len)
{
    REAL(write)
    change_of(fd);
    return real(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t off)
{
    REAL(pwrite)
    change_of(fd);
    return real(fd, data, len, off);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t off)
{
    REAL(pwrite64)
    change_of(fd);
    return real(fd, data, len, off);
}

int fsync(int fd)
{
    REAL(fsync)
    change_of(fd);
    return real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync)
    change_of(fd);
    return real(fd);
}

int ftruncate(int fd, off_t len)
{
    REAL(ftruncate)
    change_of(fd);
    return real(fd, len);
}

int ftruncate64(int fd, off64_t len)
{
    REAL(ftruncate64)
    change_of(fd);
    return real(fd, len);
}

int rename(const char *from, const char *to)
{
    REAL(rename)
    change();
    return real(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    REAL(renameat)
    change();
    return real(from_dir, from, to_dir, to);
}

int unlink(const char *path)
{
    REAL(unlink)
    change();
    return real(path);
}

/* What a station sends. */
int SSL_write_ex(void *ssl, const void *data, size_t len, size_t *put)
{
    REAL(SSL_write_ex)
    if (cut_here(wall_cut, CUT_SENDS)) {
        const pid_t prey = (pid_t)atomic_load(&wall_cut->prey);
        if (prey == 0) {
            wall_die();
        }
        (void)kill(prey, SIGKILL);
    }
    return real(ssl, data, len, put);
}

/* The token's module: this library stands in its place. */
void *dlopen(const char *path, int flags)
{
    REAL(dlopen)
    Dl_info self;
    if (wall_cut != NULL && path != NULL && strstr(path, "softhsm") != NULL && dladdr((void *)begin, &self) != 0) {
        (void)setenv("WINDLASS_CRASH_MODULE", path, 1);
        path = self.dli_fname;
    }
    return real(path, flags);
}
