/* SPDX-License-Identifier: Apache-2.0 */
/* control: the daemon's end of its local socket (control.h). */
#include "host/daemon/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/daemon/control_room.h"
#include "host/daemon/log.h"

#define PATIENCE_MS 3000

struct control {
    int dir_fd;
    int listen_fd;
    int wake_fd;
    const struct control_verb *verbs;
    void *context;
    pthread_t thread;
    int started;
    atomic_int ended;
    struct control_reply reply; /* the thread's */
};

int control_address(int dir_fd, struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    /* sun_path holds 107 characters; a path through the folder's descriptor is always short. */
    int len = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/" CONTROL_SOCKET, dir_fd);
    return len > 0 && (size_t)len < sizeof address->sun_path ? 0 : -1;
}

int control_lock(const char *dir, int *fd, struct fault *fault)
{
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *fd = dir_fd < 0 ? -1 : openat(dir_fd, CONTROL_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = errno;
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    errno = error;
    if (*fd < 0) {
        (void)fault_errno(fault, "%s/" CONTROL_LOCK, dir);
        return error == EACCES ? fault_hint(fault, CONTROL_REACH_HINT) : -1;
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(*fd);
        *fd = -1;
        (void)fault_set(fault, "%s: a daemon of this folder is running already", dir);
        return fault_hint(fault, "windlassd status %s; windlassd stop %s", dir, dir);
    }
    return 0;
}

int control_open(const char *dir, const struct control_verb *verbs, void *context, struct control **out,
                 struct fault *fault)
{
    struct sockaddr_un address;
    struct control *c = calloc(1, sizeof *c);
    *out = NULL;
    if (c == NULL) {
        return fault_set(fault, "no memory");
    }
    c->verbs = verbs;
    c->context = context;
    c->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    c->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (c->dir_fd >= 0) {
        (void)unlinkat(c->dir_fd, CONTROL_SOCKET, 0); /* we have the lock: nobody listens there */
    }
    if (c->dir_fd < 0 || c->listen_fd < 0 || c->wake_fd < 0 || control_address(c->dir_fd, &address) != 0 ||
        fchmod(c->listen_fd, 0600) != 0 || bind(c->listen_fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(c->listen_fd, 16) != 0) {
        (void)fault_errno(fault, "%s/" CONTROL_SOCKET, dir);
        control_close(c);
        return -1;
    }
    *out = c;
    return 0;
}

/* ---- one client ---- */

/* Exactly `len` bytes, or up to and with a line end when `line`; their number, or -1. */
static ssize_t client_read(int fd, uint8_t *out, size_t len, int line)
{
    int64_t deadline = control_now_ms() + PATIENCE_MS;
    size_t got = 0;
    while (got < len) {
        ssize_t n = recv(fd, out + got, line ? 1 : len - got, 0);
        if (n > 0) {
            got += (size_t)n;
            if (line && out[got - 1] == '\n') {
                return (ssize_t)got;
            }
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return -1;
        } else if (control_wait(fd, POLLIN, deadline) != 0) {
            return -1;
        }
    }
    return line ? -1 : (ssize_t)got;
}

static const struct control_verb *verb_find(const struct control *c, const char *name)
{
    for (const struct control_verb *v = c->verbs; v->name != NULL; v++) {
        if (strcmp(v->name, name) == 0) {
            return v;
        }
    }
    return NULL;
}

/* "VERB" or "VERB LENGTH". */
static const struct control_verb *line_parse(const struct control *c, char *line, size_t *len, struct fault *fault)
{
    char *space = strchr(line, ' ');
    *len = 0;
    if (space != NULL) {
        *space++ = '\0';
        if (strlen(space) == 0 || strlen(space) > 8 || strspn(space, "0123456789") != strlen(space)) {
            (void)fault_set(fault, "a line is VERB or VERB LENGTH");
            return NULL;
        }
        *len = (size_t)strtoul(space, NULL, 10);
    }
    const struct control_verb *verb = verb_find(c, line);
    if (verb == NULL) {
        (void)fault_set(fault, "there is no such verb");
    } else if (*len > CONTROL_BYTES_MAX || verb->takes_bytes != (space != NULL)) {
        (void)fault_set(fault, "%s takes %s", verb->name, verb->takes_bytes ? "bytes: at most 16 MiB" : "no bytes");
        verb = NULL;
    }
    return verb;
}

static int client_run(struct control *c, int fd, struct fault *fault)
{
    char line[CONTROL_LINE_MAX + 1];
    size_t len = 0;
    ssize_t got = client_read(fd, (uint8_t *)line, CONTROL_LINE_MAX, 1);
    if (got < 1) {
        return fault_set(fault, "no line came");
    }
    line[got - 1] = '\0';
    const struct control_verb *verb = line_parse(c, line, &len, fault);
    if (verb == NULL) {
        return -1;
    }
    uint8_t *bytes = malloc(len + 1);
    if (bytes == NULL) {
        return fault_set(fault, "no memory");
    }
    int result = client_read(fd, bytes, len, 0) < 0 ? fault_set(fault, "%s: its bytes did not come", verb->name) : 0;
    if (result == 0) {
        result = verb->run(c->context, bytes_of(bytes, len), &c->reply, fault);
    }
    if (result != 0 || !verb->quiet) {
        log_say(result == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "control", "verb", verb->name, "what", fault->what,
                "hint", fault->hint, NULL);
    }
    wipe(bytes, len);
    free(bytes);
    return result;
}

static void client_answer(struct control *c, int fd)
{
    struct fault fault = FAULT_NONE;
    struct control_reply *r = &c->reply;
    r->full = 0;
    r->len = (size_t)snprintf(r->text, sizeof r->text, "{\"ok\":true");
    int result = client_run(c, fd, &fault);
    if (r->full) {
        result = fault_set(&fault, "the answer is too long");
    }
    if (result != 0) {
        r->full = 0;
        r->len = (size_t)snprintf(r->text, sizeof r->text, "{\"ok\":false");
        control_reply_text(r, "error", fault.what);
        control_reply_text(r, "hint", fault.hint);
    }
    r->text[r->len++] = '}';
    r->text[r->len++] = '\n';
    (void)control_write(fd, (const uint8_t *)r->text, r->len, control_now_ms() + PATIENCE_MS);
}

/* What was refused unread is read now: a close with bytes waiting would take the answer from the client. */
static void client_drain(int fd)
{
    uint8_t junk[4096];
    int64_t deadline = control_now_ms() + PATIENCE_MS;
    (void)shutdown(fd, SHUT_WR);
    for (;;) {
        ssize_t got = recv(fd, junk, sizeof junk, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) ||
            (got < 0 && control_wait(fd, POLLIN, deadline) != 0) || control_now_ms() > deadline) {
            return;
        }
    }
}

static int client_is_known(int fd)
{
    struct ucred who;
    socklen_t who_len = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_len) == 0 && (who.uid == 0 || who.uid == geteuid());
}

static void *control_thread(void *control)
{
    struct control *c = control;
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    while (!atomic_load(&c->ended)) {
        struct pollfd waiting[2] = { { .fd = c->listen_fd, .events = POLLIN }, { .fd = c->wake_fd, .events = POLLIN } };
        if (poll(waiting, 2, -1) <= 0 || waiting[0].revents == 0) {
            continue;
        }
        int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (client_is_known(fd)) {
                client_answer(c, fd);
                client_drain(fd);
            }
            (void)close(fd);
        }
    }
    return NULL;
}

int control_start(struct control *control, struct fault *fault)
{
    control->started = pthread_create(&control->thread, NULL, control_thread, control) == 0;
    return control->started ? 0 : fault_set(fault, "the control socket's thread cannot be started");
}

void control_close(struct control *control)
{
    const uint64_t one = 1;
    if (control == NULL) {
        return;
    }
    if (control->started) {
        atomic_store(&control->ended, 1);
        (void)!write(control->wake_fd, &one, sizeof one);
        (void)pthread_join(control->thread, NULL);
    }
    if (control->dir_fd >= 0) {
        (void)unlinkat(control->dir_fd, CONTROL_SOCKET, 0);
        (void)close(control->dir_fd);
    }
    if (control->listen_fd >= 0) {
        (void)close(control->listen_fd);
    }
    if (control->wake_fd >= 0) {
        (void)close(control->wake_fd);
    }
    free(control);
}
