/* SPDX-License-Identifier: Apache-2.0 */
/* owner: see owner.h. Start, event loop and end. */
#include "host/chip/owner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/chip/endpoint.h"
#include "host/chip/owner_state.h"

static int signals_open(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void owner_init(struct owner *o, const struct owner_options *options)
{
    o->options = options;
    o->farewell_fd = -1;
    o->signal_fd = -1;
    o->console.log_fd = -1;
    o->link.listen_fd = o->link.client_fd = -1;
    qemu_init(&o->qemu);
    array_init(&o->array, o->dir.flash, o->dir.fuses);
    controller_init(&o->controller, &o->array);
    o->controller.vendor = o->dir.vendor;
    gdbsession_init(&o->gdb, &o->dir, &o->array);
}

/* With a locked debug port the emulator takes instruments only, nothing that could open another port. */
static int extra_check(char *const *extra, struct fault *fault)
{
    static const char *const allowed[] = { "plugin", "d", "D", "dfilter", "trace", "seed" };
    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++) {
        const char *name = extra[i] + strspn(extra[i], "-");
        bool is_allowed = name == extra[i];
        for (size_t k = 0; k < sizeof allowed / sizeof allowed[0]; k++) {
            is_allowed = is_allowed || strcmp(name, allowed[k]) == 0;
        }
        if (!is_allowed) {
            return fault_set(fault, "the debug port of this chip is locked: the emulator's option %s is refused",
                             extra[i]);
        }
    }
    return 0;
}

static int pid_write(const struct owner *o)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return chip_dir_text_write(&o->dir, CHIP_PID_FILE, text);
}

/* Everything around the CPU. A port that a dead owner left open in name only is removed first. */
static int board_open(struct owner *o, struct fault *fault)
{
    chip_dir_name_remove(&o->dir, CHIP_PORT_FILE);
    if (console_open(&o->console, o->dir.fd) != 0) {
        return fault_errno(fault, "opening " CHIP_CONSOLE_LOG);
    }
    o->console.to_stdout = o->options->to_stdout;
    if (control_open(&o->control, o->dir.fd) != 0 || link_open(&o->link, o->dir.fd) != 0) {
        return fault_errno(fault, "opening the chip's sockets");
    }
    o->signal_fd = signals_open();
    if (o->signal_fd < 0 || pid_write(o) != 0) {
        return fault_errno(fault, "writing " CHIP_PID_FILE);
    }
    if (array_debug_is_locked(&o->array)) {
        if (o->options->halted) {
            return fault_set(fault, "the debug port of this chip is locked: it cannot start halted");
        }
        return extra_check(o->options->qemu_arg, fault);
    }
    return gdbport_open(&o->gdb, fault);
}

/* Leaves the folder free for the next owner before anybody is told that the chip is off. The pid file goes first:
 * whoever finds the sockets gone and starts the chip anew waits for the lock instead of being refused. */
static void owner_close(struct owner *o)
{
    chip_dir_name_remove(&o->dir, CHIP_PID_FILE);
    gdbport_cpu_ended(&o->gdb);
    gdbport_close(&o->gdb);
    qemu_stop(&o->qemu, o->dir.fd);
    link_close(&o->link);
    control_close(&o->control);
    endpoint_close(&o->signal_fd);
    chip_dir_name_remove(&o->dir, CHIP_CONTROL_SOCKET);
    chip_dir_name_remove(&o->dir, CHIP_LINK_SOCKET);
    console_close(&o->console);
    chip_dir_close(&o->dir);
    owner_farewell(&o->farewell_fd);
    free(o);
}

static void report_fill(const struct owner *o, struct owner_report *report)
{
    report->pid = getpid();
    report->gdb_port = gdbport_is_open(&o->gdb) ? o->gdb.port : 0;
    report->halted = gdbport_is_halted(&o->gdb);
    (void)snprintf(report->state, sizeof report->state, "%s", o->power == OWNER_CRASHED ? "crashed" : "running");
    (void)snprintf(report->reason, sizeof report->reason, "%s", o->reason);
}

struct owner *owner_start(const char *dir, const struct owner_options *options, struct owner_report *report,
                          struct fault *fault)
{
    struct owner *o = calloc(1, sizeof *o);
    if (o == NULL) {
        (void)fault_set(fault, "out of memory");
        return NULL;
    }
    if (chip_dir_open(dir, CHIP_DIR_OWN, &o->dir, fault) != 0) {
        free(o);
        return NULL;
    }
    owner_init(o, options);
    if (board_open(o, fault) == 0) {
        console_note(&o->console, "power on, lifecycle %s", array_lifecycle_name(&o->array));
        if (owner_cpu_start(o, options->halted, fault) == 0) {
            owner_cpu_end(o);
            report_fill(o, report);
            return o;
        }
    }
    owner_close(o);
    return NULL;
}

static void poll_build(struct owner *o, struct pollset *p)
{
    pollset_begin(p);
    pollset_add(p, o->signal_fd, POLLIN);
    pollset_add(p, o->qemu.pid_fd, POLLIN);
    for (int i = 0; i < QEMU_UARTS; i++) {
        bool answers_wait = i == QEMU_UART_CONTROLLER && o->controller_out.len != 0;
        bool is_typed = i == CONSOLE_APPLICATION && console_is_typed(&o->console);
        short events = (short)(answers_wait ? POLLOUT : is_typed ? POLLOUT | POLLIN : POLLIN);
        pollset_add(p, i == QEMU_UART_LINK ? -1 : o->qemu.uart[i], events);
    }
    link_poll_add(&o->link, o->qemu.uart[QEMU_UART_LINK], p);
    console_poll_add(&o->console, p);
    control_poll_add(&o->control, p);
    gdbport_poll_add(&o->gdb, p);
    if (o->power == OWNER_RESETTING) {
        pollset_deadline(p, o->restart_at);
    }
    if (o->stop_by != 0) {
        pollset_deadline(p, controller_is_busy(&o->controller) ? o->stop_by : 0);
    }
}

static void signals_serve(struct owner *o, const struct pollset *p)
{
    struct signalfd_siginfo info;
    if (pollset_events(p, o->signal_fd) != 0 && read(o->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        owner_stop_begin(o);
    }
}

static void control_serve(struct owner *o, const struct pollset *p)
{
    struct control_request request;
    int fd;
    while (o->power != OWNER_OFF && (fd = control_next(&o->control, p, &request)) >= 0) {
        owner_request_run(o, fd, &request);
    }
}

static void wishes_serve(struct owner *o)
{
    enum gdbsession_wish wish = gdbport_wish(&o->gdb);
    if (wish != GDBSESSION_NOTHING && o->power != OWNER_OFF) {
        owner_reset(o, wish == GDBSESSION_RESET_HALT);
    }
    if (o->power == OWNER_RESETTING && clock_ms() >= o->restart_at) {
        owner_reset(o, false);
    }
}

static void power_serve(struct owner *o)
{
    if (o->array.power_lost && o->power != OWNER_OFF) {
        owner_cut(o, "power cut at the ordered operation");
    }
    if (o->stop_by != 0 && o->power != OWNER_OFF && (!controller_is_busy(&o->controller) || clock_ms() >= o->stop_by)) {
        qemu_stop(&o->qemu, o->dir.fd);
        console_note(&o->console, "power off");
        o->power = OWNER_OFF;
    }
}

void owner_run(struct owner *o)
{
    struct pollset p;
    while (o->power != OWNER_OFF) {
        poll_build(o, &p);
        if (!pollset_wait(&p)) {
            continue;
        }
        signals_serve(o, &p);
        (void)owner_uarts_serve(o, &p);
        link_serve(&o->link, o->qemu.uart[QEMU_UART_LINK], &p);
        console_serve(&o->console, &p);
        console_typed_send(&o->console, o->qemu.uart[CONSOLE_APPLICATION]);
        if (!o->array.power_lost && pollset_events(&p, o->qemu.pid_fd) != 0) {
            owner_cpu_end(o);
        }
        power_serve(o);
        if (o->power != OWNER_OFF) {
            gdbport_serve(&o->gdb, &p);
        }
        power_serve(o);
        control_serve(o, &p);
        wishes_serve(o);
    }
    owner_close(o);
}
