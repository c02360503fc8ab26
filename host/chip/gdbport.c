/* SPDX-License-Identifier: Apache-2.0 */
/* gdbport: see gdbport.h. The port itself and the client's leg. */
#include "host/chip/gdbport.h"

#include <stdio.h>
#include <string.h>

#include "host/chip/endpoint.h"
#include "host/chip/gdbpacket.h"
#include "host/chip/qemu.h"

int gdbport_open(struct gdbsession *g, struct fault *fault)
{
    char text[16];
    g->listen_fd = endpoint_tcp_listen(&g->port);
    if (g->listen_fd < 0) {
        return fault_errno(fault, "opening the debug port on 127.0.0.1");
    }
    (void)snprintf(text, sizeof text, "%u\n", g->port);
    return chip_dir_text_write(g->dir, CHIP_PORT_FILE, text) == 0 ? 0 : fault_errno(fault, "writing " CHIP_PORT_FILE);
}

bool gdbport_is_open(const struct gdbsession *g)
{
    return g->listen_fd >= 0;
}

bool gdbport_is_halted(const struct gdbsession *g)
{
    return g->cpu.fd >= 0 ? !g->cpu.running : g->cpu_halted;
}

bool gdbport_is_held(const struct gdbsession *g)
{
    return g->attached && g->held;
}

void gdbport_close(struct gdbsession *g)
{
    gdbsession_drop(g);
    endpoint_close(&g->listen_fd);
    qemu_debug_hide(g->dir->fd);
    chip_dir_name_remove(g->dir, CHIP_PORT_FILE);
}

static void packet_take(struct gdbsession *g)
{
    /* The handler may end in a new packet being parsed only after it returns: the body stays valid. */
    struct bytes body = bytes_of(g->in.body, g->in.body_len);
    g->attached = true;
    if (g->acks) {
        gdbsession_send(g, (const uint8_t *)"+", 1);
    }
    gdbpacket_run(g, body);
}

static void client_byte(struct gdbsession *g, uint8_t in)
{
    switch (rsp_byte(&g->in, in)) {
    case RSP_PACKET:
        packet_take(g);
        break;
    case RSP_DAMAGED:
        if (g->acks) {
            gdbsession_send(g, (const uint8_t *)"-", 1);
        }
        break;
    case RSP_NACK:
        gdbsession_send(g, g->last, g->acks ? g->last_len : 0);
        break;
    case RSP_INTERRUPT:
        gdbpacket_interrupt(g);
        break;
    case RSP_JUNK:
        /* Not a debugger: perhaps a web page that tries the ports of this machine. */
        gdbsession_drop(g);
        break;
    default:
        break;
    }
}

static void client_bytes(struct gdbsession *g)
{
    size_t taken = 0;
    while (taken < g->rx.len && g->client_fd >= 0 && g->wish == GDBSESSION_NOTHING &&
           queue_room(&g->tx) > 2 * RSP_PACKET_MAX) {
        client_byte(g, g->rx.data[taken++]);
    }
    g->rx.len -= taken;
    memmove(g->rx.data, g->rx.data + taken, g->rx.len);
}

/* A debugger that has closed makes room for the next at once, even while bytes of it are still to be read. */
static bool client_has_left(const struct gdbsession *g)
{
    struct pollfd p = { .fd = g->client_fd, .events = POLLRDHUP, .revents = 0 };
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void client_accept(struct gdbsession *g)
{
    int fd = endpoint_accept(g->listen_fd);
    if (fd >= 0 && g->client_fd >= 0 && client_has_left(g)) {
        (void)queue_fill(&g->rx, g->client_fd);
        client_bytes(g);
        gdbsession_drop(g);
    }
    if (fd < 0 || g->client_fd >= 0) {
        endpoint_close(&fd);
        return;
    }
    g->client_fd = fd;
    g->acks = true;
    g->rx.len = g->tx.len = g->last_len = 0;
    rsp_parser_init(&g->in);
}

/* Whether bytes that have arrived can be taken: not while a reset is due or the client does not read. */
static bool client_is_ready(const struct gdbsession *g)
{
    return g->wish == GDBSESSION_NOTHING && queue_room(&g->tx) > 2 * RSP_PACKET_MAX;
}

void gdbport_poll_add(const struct gdbsession *g, struct pollset *p)
{
    pollset_add(p, g->listen_fd, POLLIN);
    if (g->client_fd >= 0) {
        pollset_add(p, g->client_fd, (short)((client_is_ready(g) ? POLLIN : 0) | (g->tx.len != 0 ? POLLOUT : 0)));
    }
    if (g->client_fd >= 0 && g->rx.len != 0 && client_is_ready(g)) {
        pollset_deadline(p, 0);
    }
    if (g->cpu.running) {
        pollset_add(p, g->cpu.fd, POLLIN);
    }
}

static void cpulink_serve(struct gdbsession *g)
{
    struct bytes why;
    int got = cpulink_receive(&g->cpu, &why);
    g->held = g->held || got == 1;
    if (got == 1 && g->waiting) {
        g->waiting = false;
        gdbsession_answer(g, why);
    } else if (got < 0) {
        /* The emulator is ending: the owner will see that and say how. */
        cpulink_close(&g->cpu);
    }
}

static void client_serve(struct gdbsession *g, short events)
{
    if ((events & POLLOUT) != 0 && queue_flush(&g->tx, g->client_fd) != 0) {
        gdbsession_drop(g);
        return;
    }
    if ((events & POLLIN) != 0 && queue_fill(&g->rx, g->client_fd) < 0) {
        /* What was sent before the end still counts: a debugger may detach and close in one go. */
        client_bytes(g);
        gdbsession_drop(g);
        return;
    }
    if ((events & (POLLHUP | POLLERR)) != 0 && (events & POLLIN) == 0) {
        gdbsession_drop(g);
        return;
    }
    client_bytes(g);
    if (g->client_fd >= 0 && queue_flush(&g->tx, g->client_fd) != 0) {
        gdbsession_drop(g);
    }
}

void gdbport_serve(struct gdbsession *g, const struct pollset *p)
{
    if (g->cpu.running && pollset_events(p, g->cpu.fd) != 0) {
        cpulink_serve(g);
    }
    if (g->client_fd >= 0) {
        client_serve(g, pollset_events(p, g->client_fd));
    }
    if (pollset_events(p, g->listen_fd) != 0) {
        client_accept(g);
    }
}

enum gdbsession_wish gdbport_wish(const struct gdbsession *g)
{
    return g->wish;
}

void gdbport_cpu_ended(struct gdbsession *g)
{
    cpulink_close(&g->cpu);
    vflash_abandon(&g->vflash);
}

void gdbport_cpu_started(struct gdbsession *g, bool halted, bool run)
{
    enum gdbsession_wish wish = g->wish;
    g->cpu_gone = false;
    g->cpu_halted = halted;
    g->wish = GDBSESSION_NOTHING;
    if (g->attached && gdbsession_cpu_connect(g) == 0) {
        gdbpacket_breakpoints_restore(g);
        if (run) {
            g->cpu_halted = g->held = cpulink_resume(&g->cpu, bytes_of("c", 1)) != 0;
        } else if (g->waiting) {
            g->waiting = false;
            gdbsession_answer_text(g, "T05thread:01;");
        }
    }
    if (wish != GDBSESSION_NOTHING) {
        gdbsession_answer_text(g, "OK");
    }
}

void gdbport_cpu_crashed(struct gdbsession *g, const char *reason)
{
    bool waiting = g->waiting;
    bool due = g->wish != GDBSESSION_NOTHING;
    g->cpu_gone = true;
    g->cpu_halted = true;
    g->waiting = false;
    g->wish = GDBSESSION_NOTHING;
    if (g->client_fd < 0 || !(waiting || due)) {
        return;
    }
    gdbsession_print(g, reason);
    gdbsession_print(g, "\n");
    gdbsession_answer_text(g, due ? "E01" : "S04");
}
