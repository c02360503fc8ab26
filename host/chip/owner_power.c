/* SPDX-License-Identifier: Apache-2.0 */
/* owner_power: power and reset of the running chip, and its UARTs. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/chip/owner_state.h"

#define STOP_PATIENCE_MS 2000

/* What a permission opened ends with the CPU that it was given to. */
static void debug_session_end(struct owner *o)
{
    if (gdbport_is_open(&o->gdb) && array_debug_is_locked(&o->array)) {
        console_note(&o->console, "the debug port is locked again");
        gdbport_close(&o->gdb);
    }
}

int owner_cpu_start(struct owner *o, bool halt, struct fault *fault)
{
    controller_reset(&o->controller);
    debug_session_end(o);
    bool debug = gdbport_is_open(&o->gdb);
    bool blank = debug && array_vectors_are_blank(&o->array);
    bool stopped = debug && (halt || blank || o->gdb.attached);
    struct qemu_options q = { .dir_fd = o->dir.fd, .halted = stopped, .debug = debug, .extra = o->options->qemu_arg };
    o->controller_out.len = 0;
    if (qemu_start(&o->qemu, &q, fault) != 0) {
        o->power = OWNER_CRASHED;
        (void)snprintf(o->reason, sizeof o->reason, "%.250s", fault->what);
        console_note(&o->console, "crashed: %s", o->reason);
        gdbport_cpu_crashed(&o->gdb, o->reason);
        return -1;
    }
    o->power = OWNER_RUNNING;
    o->reason[0] = '\0';
    if (blank) {
        console_note(&o->console, "the flash is blank: waiting for the debugger");
    }
    gdbport_cpu_started(&o->gdb, stopped, !halt && !blank);
    return 0;
}

void owner_reset(struct owner *o, bool halt)
{
    struct fault fault = FAULT_NONE;
    gdbport_cpu_ended(&o->gdb);
    qemu_stop(&o->qemu, o->dir.fd);
    o->resets++;
    console_note(&o->console, "reset");
    (void)owner_cpu_start(o, halt, &fault);
}

/* True when the firmware resets so often that the next start must wait. */
static bool resets_are_many(struct owner *o)
{
    int64_t now = clock_ms();
    int64_t oldest = o->reset_times[o->reset_next];
    o->reset_times[o->reset_next] = now;
    o->reset_next = (o->reset_next + 1) % RESETS_MAX;
    return oldest != 0 && now - oldest < RESET_WINDOW_MS;
}

static void uarts_drain(struct owner *o)
{
    struct pollset p;
    do {
        pollset_begin(&p);
        pollset_deadline(&p, 0);
        for (size_t i = 0; i < QEMU_UARTS; i++) {
            pollset_add(&p, o->qemu.uart[i], POLLIN);
        }
    } while (pollset_wait(&p) && owner_uarts_serve(o, &p) != 0);
    link_serve(&o->link, o->qemu.uart[QEMU_UART_LINK], &p);
}

void owner_cpu_end(struct owner *o)
{
    enum qemu_end end = qemu_poll(&o->qemu, o->dir.fd, o->reason, sizeof o->reason);
    if (end == QEMU_RUNNING) {
        return;
    }
    /* What the CPU sent before its end has reached the controller. */
    uarts_drain(o);
    gdbport_cpu_ended(&o->gdb);
    qemu_stop(&o->qemu, o->dir.fd);
    if (o->array.power_lost) {
        return;
    }
    if (end == QEMU_CRASHED) {
        o->power = OWNER_CRASHED;
        console_note(&o->console, "crashed: %s", o->reason);
        gdbport_cpu_crashed(&o->gdb, o->reason);
    } else if (resets_are_many(o)) {
        o->power = OWNER_RESETTING;
        o->restart_at = clock_ms() + RESET_PAUSE_MS;
    } else {
        owner_reset(o, gdbport_is_held(&o->gdb));
    }
}

void owner_cut(struct owner *o, const char *why)
{
    controller_power_cut(&o->controller);
    qemu_stop(&o->qemu, o->dir.fd);
    console_note(&o->console, "%s", why);
    o->power = OWNER_OFF;
}

void owner_stop_begin(struct owner *o)
{
    if (o->stop_by == 0) {
        o->stop_by = clock_ms() + STOP_PATIENCE_MS;
    }
}

static size_t console_uart_serve(struct owner *o, int uart)
{
    uint8_t data[4096];
    ssize_t n = recv(o->qemu.uart[uart], data, sizeof data, MSG_DONTWAIT);
    if (n > 0) {
        console_bytes(&o->console, uart, data, (size_t)n);
    }
    return n > 0 ? (size_t)n : 0;
}

/* The debug port closes with its fuse, before the CPU learns that the fuse is blown, and opens before the CPU learns
 * that rights are granted. */
static void debug_lock_obey(struct owner *o)
{
    struct fault fault = FAULT_NONE;
    bool granted = o->array.debug_rights != 0;
    if (gdbport_is_open(&o->gdb) && array_debug_is_locked(&o->array) && !granted) {
        console_note(&o->console, "the debug port is locked for good");
        gdbport_close(&o->gdb);
    } else if (!gdbport_is_open(&o->gdb) && granted) {
        if (qemu_debug_show(&o->qemu) == 0 && gdbport_open(&o->gdb, &fault) == 0) {
            console_note(&o->console, "the debug port is open until the next reset, for the %s",
                         o->array.debug_rights == FLASHCTL_DEBUG_SECURE ? "whole chip" : "non-secure world");
        } else {
            o->array.debug_rights = 0;
            console_note(&o->console, "the debug port does not open");
        }
    }
}

static size_t controller_serve(struct owner *o)
{
    int fd = o->qemu.uart[QEMU_UART_CONTROLLER];
    uint8_t answer[CONTROLLER_ANSWER_MAX];
    uint8_t data[512];
    /* The longest answers to this many bytes fit into half of the queue. */
    bool room = queue_room(&o->controller_out) > QUEUE_MAX / 2;
    ssize_t n = room ? recv(fd, data, sizeof data, MSG_DONTWAIT) : 0;
    for (ssize_t i = 0; i < n && !o->array.power_lost; i++) {
        size_t len = controller_byte(&o->controller, data[i], answer);
        debug_lock_obey(o);
        (void)queue_push(&o->controller_out, answer, len);
    }
    (void)queue_flush(&o->controller_out, fd);
    return n > 0 ? (size_t)n : 0;
}

size_t owner_uarts_serve(struct owner *o, const struct pollset *p)
{
    size_t taken = 0;
    for (int i = 0; i < QEMU_UARTS; i++) {
        if (pollset_events(p, o->qemu.uart[i]) == 0 || i == QEMU_UART_LINK) {
            continue;
        }
        taken += i == QEMU_UART_CONTROLLER ? controller_serve(o) : console_uart_serve(o, i);
    }
    return taken;
}
