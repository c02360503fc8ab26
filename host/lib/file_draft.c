/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_draft: writing whole files (file.h). A draft's temporary path stands in a fixed table from before it exists
 * until after it is gone, so that a signal handler can remove it with nothing but unlink().
 */
#include "host/lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFTS_MAX 32

struct draft_slot {
    atomic_int used; /* 0 free, 1 being filled, 2 the path is whole */
    pid_t owner;     /* a child after fork() must not remove its parent's drafts */
    char path[PATH_MAX];
};

static struct draft_slot drafts[DRAFTS_MAX];
static const int draft_signals[] = { SIGINT, SIGTERM, SIGHUP };

/* Async-signal-safe. */
static void drafts_remove(void)
{
    pid_t self = getpid();
    for (size_t i = 0; i < DRAFTS_MAX; i++) {
        if (atomic_load(&drafts[i].used) == 2 && drafts[i].owner == self) {
            (void)unlink(drafts[i].path);
        }
    }
}

static void drafts_on_signal(int number)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    drafts_remove();
    (void)sigaction(number, &action, NULL);
    (void)raise(number);
}

/* A signal that is ignored, or that the program handles itself, is left as it is. */
static void drafts_watch(void)
{
    for (size_t i = 0; i < sizeof draft_signals / sizeof draft_signals[0]; i++) {
        struct sigaction old;
        struct sigaction action = { .sa_handler = drafts_on_signal };
        if (sigaction(draft_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            (void)sigaction(draft_signals[i], &action, NULL);
        }
    }
    (void)atexit(drafts_remove);
}

/* Enters the path in the table; -1 when it does not fit. */
static int draft_register(const char *path)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, drafts_watch);
    for (size_t i = 0; i < DRAFTS_MAX; i++) {
        int unused = 0;
        if (atomic_compare_exchange_strong(&drafts[i].used, &unused, 1)) {
            drafts[i].owner = getpid();
            (void)snprintf(drafts[i].path, sizeof drafts[i].path, "%s", path);
            atomic_store(&drafts[i].used, 2);
            return 0;
        }
    }
    return -1;
}

static void draft_unregister(const char *path)
{
    for (size_t i = 0; i < DRAFTS_MAX; i++) {
        if (atomic_load(&drafts[i].used) == 2 && strcmp(drafts[i].path, path) == 0) {
            atomic_store(&drafts[i].used, 0);
            return;
        }
    }
}

static int draft_taken(const char *path, struct fault *fault)
{
    (void)fault_set(fault, "%s: exists already", path);
    return fault_hint(fault, "choose another name, or move the file away first");
}

static int draft_check_target(const char *path, enum file_replace replace, struct fault *fault)
{
    struct stat info;
    if (replace == FILE_NEW_ONLY && lstat(path, &info) == 0) {
        return draft_taken(path, fault);
    }
    if (replace == FILE_REPLACE && stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        (void)fault_set(fault, "%s: not a regular file, and only such a one may be replaced", path);
        return fault_hint(fault, "choose another name");
    }
    return 0;
}

/* Names the temporary file: beside `path`, with 64 random bits. */
static int draft_name(struct file_draft *draft, const char *path, struct fault *fault)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return fault_errno(fault, "%s: no random name", path);
    }
    draft->path = strdup(path);
    if (draft->path == NULL || asprintf(&draft->temporary, "%s.%016jx.tmp", path, (uintmax_t)random) < 0) {
        draft->temporary = NULL;
        return fault_set(fault, "%s: no memory", path);
    }
    if (strlen(draft->temporary) >= PATH_MAX) {
        return fault_set(fault, "%s: the path is too long", path);
    }
    return 0;
}

static void draft_free(struct file_draft *draft)
{
    if (draft->fd >= 0) {
        (void)close(draft->fd);
    }
    free(draft->path);
    free(draft->temporary);
    *draft = (struct file_draft){ .fd = -1 };
}

int file_draft_begin(struct file_draft *draft, const char *path, mode_t mode, enum file_replace replace,
                     struct fault *fault)
{
    *draft = (struct file_draft){ .fd = -1, .replace = replace };
    if (draft_check_target(path, replace, fault) != 0 || draft_name(draft, path, fault) != 0) {
        draft_free(draft);
        return -1;
    }
    if (draft_register(draft->temporary) != 0) {
        draft_free(draft);
        return fault_set(fault, "%s: more than %d files are being written at once", path, DRAFTS_MAX);
    }
    draft->fd = open(draft->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (draft->fd < 0) {
        (void)fault_write(fault, path);
        draft_unregister(draft->temporary);
        draft_free(draft);
        return -1;
    }
    return 0;
}

int file_draft_write(struct file_draft *draft, struct bytes data, struct fault *fault)
{
    size_t done = 0;
    while (done < data.len) {
        ssize_t put = write(draft->fd, data.data + done, data.len - done);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return fault_write(fault, draft->path);
        }
        done += (size_t)put;
    }
    return 0;
}

/* Gives the draft its name, without ever replacing a file that came meanwhile. Some file systems know no hard links. */
static int draft_publish_new(struct file_draft *draft)
{
    if (link(draft->temporary, draft->path) == 0) {
        (void)unlink(draft->temporary);
        return 0;
    }
    if (errno == EPERM || errno == EOPNOTSUPP) {
        return renameat2(AT_FDCWD, draft->temporary, AT_FDCWD, draft->path, RENAME_NOREPLACE);
    }
    return -1;
}

/* The new name itself must survive a power failure. A folder that cannot be opened or synced is no reason to fail: the
 * file is whole. */
static void draft_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    if (slash == path) {
        folder[0] = '/';
    } else if (slash != NULL) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

int file_draft_commit(struct file_draft *draft, struct fault *fault)
{
    int result = fsync(draft->fd);
    if (result == 0) {
        result = draft->replace == FILE_REPLACE ? rename(draft->temporary, draft->path) : draft_publish_new(draft);
    }
    if (result != 0 && errno == EEXIST) {
        (void)draft_taken(draft->path, fault);
    } else if (result != 0) {
        (void)fault_write(fault, draft->path);
    }
    if (result != 0) {
        file_draft_abandon(draft);
        return -1;
    }
    draft_sync_folder(draft->path);
    draft_unregister(draft->temporary);
    draft_free(draft);
    return 0;
}

void file_draft_abandon(struct file_draft *draft)
{
    if (draft->temporary != NULL) {
        (void)unlink(draft->temporary);
        draft_unregister(draft->temporary);
        draft_free(draft);
    }
}

int file_write(const char *path, struct bytes data, mode_t mode, enum file_replace replace, struct fault *fault)
{
    struct file_draft draft;
    if (file_draft_begin(&draft, path, mode, replace, fault) != 0) {
        return -1;
    }
    if (file_draft_write(&draft, data, fault) != 0) {
        file_draft_abandon(&draft);
        return -1;
    }
    return file_draft_commit(&draft, fault);
}
