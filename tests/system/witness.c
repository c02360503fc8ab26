/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness: preloaded into a program, keeps in the folder $WITNESS all that it sees: "memory": each page that it ever
 * held, looked at with every letter and at the end; "letters": what goes through TLS, in the clear; "wire": what goes
 * through sockets and serial lines. $WITNESS_MARK: a text that is in memory, backwards, while one letter is sent.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u
#define SEEN_MAX (1u << 20) /* pages */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int busy; /* in here: what this thread does now is not recorded */
static uint64_t *seen;
static int memory_fd = -1;

/* The library's own function of this name. */
#define NEXT(name)                                                                                                     \
    __typeof__(&name) next = NULL;                                                                                     \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

/* No file stays open under a number that the program could use. */
static void keep(const char *name, const void *data, size_t len)
{
    char path[512];
    const char *folder = getenv("WITNESS");
    if (folder == NULL || snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (const char *at = data; fd >= 0 && len > 0;) {
        long put = syscall(SYS_write, fd, at, len);
        if (put <= 0) {
            abort();
        }
        at += put;
        len -= (size_t)put;
    }
    (void)close(fd);
}

/* ---- memory ---- */

/* 1 when a page of this content was not there before. */
static int is_new(const uint64_t *page)
{
    uint64_t hash = 0x9E3779B97F4A7C15u;
    uint64_t any = 0;
    for (size_t i = 0; i < PAGE / 8; i++) {
        hash = (hash ^ page[i]) * 0xFF51AFD7ED558CCDu;
        hash ^= hash >> 29;
        any |= page[i];
    }
    size_t at = (size_t)(hash >> 20) % SEEN_MAX;
    for (size_t tries = 0; any != 0 && tries < SEEN_MAX; tries++, at = (at + 1) % SEEN_MAX) {
        if (seen[at] == hash) {
            return 0;
        }
        if (seen[at] == 0) {
            seen[at] = hash;
            return 1;
        }
    }
    return 0;
}

static void range_keep(uint64_t from, uint64_t to)
{
    static uint64_t page[PAGE / 8];
    for (uint64_t at = from; at < to; at += PAGE) {
        if (pread(memory_fd, page, PAGE, (off_t)at) == (ssize_t)PAGE && is_new(page)) {
            keep("memory", page, PAGE);
        }
    }
}

/* Whatever can be read and was not taken from a file as it is. */
static void memory_keep(void)
{
    static char line[1024];
    if (seen == NULL) {
        seen = mmap(NULL, SEEN_MAX * sizeof *seen, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memory_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    }
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL || memory_fd < 0 || seen == MAP_FAILED) {
        abort();
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        char may[5] = { 0 };
        if (sscanf(line, "%lx-%lx %4s", &from, &to, may) == 3 && may[0] == 'r' &&
            (may[1] == 'w' || strchr(line, '/') == NULL) && from != (unsigned long)(uintptr_t)seen) {
            range_keep(from, to);
        }
    }
    (void)fclose(maps);
}

/* ---- letters ---- */

static void letter_keep(const void *data, size_t len)
{
    static int letters;
    const char *mark = letters++ == 0 ? getenv("WITNESS_MARK") : NULL;
    size_t mark_len = mark == NULL ? 0 : strlen(mark);
    char *held = malloc(mark_len + 1);
    for (size_t i = 0; held != NULL && i < mark_len; i++) {
        held[i] = mark[mark_len - 1 - i];
    }
    memory_keep();
    if (held != NULL) {
        memset(held, 0, mark_len);
        __asm__ volatile("" : : "r"(held) : "memory");
    }
    free(held);
    keep("letters", data, len);
}

static void witness_letter(const void *data, size_t len)
{
    if (busy) {
        return;
    }
    busy = 1;
    (void)pthread_mutex_lock(&lock);
    letter_keep(data, len);
    (void)pthread_mutex_unlock(&lock);
    busy = 0;
}

int SSL_write_ex(void *ssl, const void *data, size_t len, size_t *put);
int SSL_read_ex(void *ssl, void *out, size_t len, size_t *got);

int SSL_write_ex(void *ssl, const void *data, size_t len, size_t *put)
{
    NEXT(SSL_write_ex);
    witness_letter(data, len);
    return next(ssl, data, len, put);
}

int SSL_read_ex(void *ssl, void *out, size_t len, size_t *got)
{
    NEXT(SSL_read_ex);
    int result = next(ssl, out, len, got);
    if (result == 1) {
        witness_letter(out, *got);
    }
    return result;
}

/* ---- wires ---- */

static void witness_wire(int fd, const char *way, const void *data, ssize_t len)
{
    struct stat about;
    char name[48];
    if (busy || len <= 0 || fstat(fd, &about) != 0 || !(S_ISSOCK(about.st_mode) || isatty(fd))) {
        return;
    }
    busy = 1;
    (void)pthread_mutex_lock(&lock);
    (void)snprintf(name, sizeof name, "wire.%d.%s", fd, way);
    keep(name, data, (size_t)len);
    (void)pthread_mutex_unlock(&lock);
    busy = 0;
}

ssize_t read(int fd, void *out, size_t len)
{
    NEXT(read);
    ssize_t got = next(fd, out, len);
    witness_wire(fd, "in", out, got);
    return got;
}

ssize_t write(int fd, const void *data, size_t len)
{
    NEXT(write);
    ssize_t put = next(fd, data, len);
    witness_wire(fd, "out", data, put);
    return put;
}

ssize_t recv(int fd, void *out, size_t len, int flags)
{
    NEXT(recv);
    ssize_t got = next(fd, out, len, flags);
    witness_wire(fd, "in", out, (flags & MSG_PEEK) != 0 ? 0 : got);
    return got;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    NEXT(send);
    ssize_t put = next(fd, data, len, flags);
    witness_wire(fd, "out", data, put);
    return put;
}

/* What this does not keep must not happen. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    (void)fd;
    (void)message;
    (void)flags;
    abort();
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    (void)fd;
    (void)message;
    (void)flags;
    abort();
}

__attribute__((destructor)) static void witness_end(void)
{
    busy = 1;
    (void)pthread_mutex_lock(&lock);
    memory_keep();
    (void)pthread_mutex_unlock(&lock);
}
