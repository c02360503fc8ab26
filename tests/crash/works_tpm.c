/* SPDX-License-Identifier: Apache-2.0 */
/* works_tpm: a TPM simulator, and before its sockets a wall that counts commands: at one of them the TPM loses its
 * power, or the connection breaks, before the command was taken or before its answer comes (works.h). */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/crash/works.h"

#define MESSAGE_MAX 8192
#define HEADER_LEN 10

static const struct works *works;
static pid_t tpm;
static atomic_int is_off; /* the main thread switches it on: a child ends with the thread that made it */

static struct sockaddr_un address_of(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", works->dir, name);
    return address;
}

static int inner_connect(const char *name)
{
    struct sockaddr_un address = address_of(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void tpm_on(void)
{
    char state[160];
    char server[160];
    char control[160];
    (void)snprintf(state, sizeof state, "dir=%s/tpm", works->dir);
    (void)snprintf(server, sizeof server, "type=unixio,path=%s/inner", works->dir);
    (void)snprintf(control, sizeof control, "type=unixio,path=%s/inner.ctrl", works->dir);
    (void)unlink(address_of("inner").sun_path);
    (void)unlink(address_of("inner.ctrl").sun_path);
    tpm = fork();
    if (tpm == 0) {
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control,
                     "--flags", "not-need-init", (char *)NULL);
        _exit(127);
    }
    struct stat found;
    for (int i = 0; stat(address_of("inner").sun_path, &found) != 0 && i < 4000; i++) {
        (void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
}

static void pause_ms(long ms)
{
    (void)nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

/* No orderly shutdown: it comes up as after a power failure. */
static void tpm_power_cut(void)
{
    (void)kill(tpm, SIGKILL);
    atomic_store(&is_off, 1);
    while (atomic_load(&is_off)) {
        pause_ms(2);
    }
}

static void tpm_look(void)
{
    if (atomic_load(&is_off)) {
        (void)waitpid(tpm, NULL, 0);
        tpm_on();
        atomic_store(&is_off, 0);
    }
}

static int whole_receive(int fd, uint8_t *out, size_t *len)
{
    if (recv(fd, out, HEADER_LEN, MSG_WAITALL) != HEADER_LEN) {
        return -1;
    }
    *len = (size_t)bytes_read_be16(out + 2) << 16 | bytes_read_be16(out + 4);
    if (*len == HEADER_LEN) {
        return 0; /* to ask for nothing would wait for something */
    }
    return *len < HEADER_LEN || *len > MESSAGE_MAX ||
                   recv(fd, out + HEADER_LEN, *len - HEADER_LEN, MSG_WAITALL) != (ssize_t)(*len - HEADER_LEN)
               ? -1
               : 0;
}

static int whole_send(int fd, const uint8_t *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

/* One command and its answer; -1: the connection ends. */
static int command_carry(int outer, int *inner)
{
    uint8_t message[MESSAGE_MAX];
    size_t len = 0;
    if (whole_receive(outer, message, &len) != 0 || cut_here(works->cut, CUT_LINE_BEFORE)) {
        return -1;
    }
    if (cut_here(works->cut, CUT_TPM_BEFORE)) {
        tpm_power_cut();
        return -1;
    }
    *inner = *inner < 0 ? inner_connect("inner") : *inner;
    if (*inner < 0 || whole_send(*inner, message, len) != 0 || whole_receive(*inner, message, &len) != 0 ||
        cut_here(works->cut, CUT_LINE_AFTER)) {
        return -1;
    }
    if (cut_here(works->cut, CUT_TPM_AFTER)) {
        tpm_power_cut();
        return -1;
    }
    return whole_send(outer, message, len);
}

static void *commands_serve(void *context)
{
    int outer = (int)(intptr_t)context;
    int inner = -1;
    while (command_carry(outer, &inner) == 0) {
    }
    (void)close(outer);
    if (inner >= 0) {
        (void)close(inner);
    }
    return NULL;
}

/* The control channel's bytes go through as they are. */
static void *control_serve(void *context)
{
    uint8_t bytes[4096];
    int ends[2] = { (int)(intptr_t)context, inner_connect("inner.ctrl") };
    int alive = ends[1] >= 0;
    while (alive) {
        struct pollfd waits[2] = { { ends[0], POLLIN, 0 }, { ends[1], POLLIN, 0 } };
        alive = poll(waits, 2, -1) > 0;
        for (int i = 0; i < 2 && alive; i++) {
            if (waits[i].revents != 0) {
                ssize_t n = recv(ends[i], bytes, sizeof bytes, 0);
                alive = n > 0 && whole_send(ends[!i], bytes, (size_t)n) == 0;
            }
        }
    }
    (void)close(ends[0]);
    if (ends[1] >= 0) {
        (void)close(ends[1]);
    }
    return NULL;
}

static int outer_listen(const char *name)
{
    struct sockaddr_un address = address_of(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0 ||
        chmod(address.sun_path, 0777) != 0) {
        works_give_up("the TPM's socket cannot be made");
    }
    return fd;
}

_Noreturn void works_tpm_run(const struct works *of)
{
    works = of;
    tpm_on();
    struct pollfd waits[2] = { { outer_listen("tpm.sock"), POLLIN, 0 }, { outer_listen("tpm.sock.ctrl"), POLLIN, 0 } };
    (void)close(open(works_path(works, "tpm.ready"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (;;) {
        (void)poll(waits, 2, 5);
        tpm_look();
        for (int i = 0; i < 2; i++) {
            int fd = waits[i].revents == 0 ? -1 : accept4(waits[i].fd, NULL, NULL, SOCK_CLOEXEC);
            pthread_t thread;
            if (fd >= 0 &&
                pthread_create(&thread, NULL, i == 0 ? commands_serve : control_serve, (void *)(intptr_t)fd) == 0) {
                (void)pthread_detach(thread);
            }
        }
    }
}
