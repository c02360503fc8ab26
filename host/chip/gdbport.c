/* SPDX-License-Identifier: Apache-2.0 */
/* gdbport: see gdbport.h. The port itself and the client's leg. */
#include "host/chip/gdbport.h"

#include <stdio.h>
#include <string.h>

#include "host/chip/endpoint.h"
#include "host/chip/gdbpacket.h"
#include "host/chip/qemu.h"

void gdbport_init(struct gdbport *g, const struct chip_dir *dir, struct array *array)
{
    memset(g, 0, sizeof *g);
    g->dir = dir;
    g->listen_fd = g->client_fd = -1;
    stub_init(&g->stub);
    vflash_init(&g->vflash, array);
    rsp_parser_init(&g->in);
}

int gdbport_open(struct gdbport *g, struct fault *fault)
{
    char text[16];
    g->listen_fd = endpoint_tcp_listen(&g->port);
    if (g->listen_fd < 0) {
        return fault_errno(fault, "opening the debug port on 127.0.0.1");
    }
    (void)snprintf(text, sizeof text, "%u\n", g->port);
    return chip_dir_text_write(g->dir, CHIP_PORT_FILE, text) == 0 ? 0 : fault_errno(fault, "writing " CHIP_PORT_FILE);
}

bool gdbport_is_open(const struct gdbport *g)
{
    return g->listen_fd >= 0;
}

bool gdbport_is_halted(const struct gdbport *g)
{
    return g->stub.fd >= 0 ? !g->stub.running : g->cpu_halted;
}

int gdbport_cpu_connect(struct gdbport *g)
{
    if (g->stub.fd >= 0) {
        return 0;
    }
    if (g->cpu_gone || !gdbport_is_open(g) || stub_connect(&g->stub, g->dir->fd) != 0) {
        return -1;
    }
    g->held = true;
    return 0;
}

bool gdbport_is_held(const struct gdbport *g)
{
    return g->attached && g->held;
}

void gdbport_client_drop(struct gdbport *g)
{
    if (g->client_fd < 0) {
        return;
    }
    (void)queue_flush(&g->tx, g->client_fd);
    endpoint_close(&g->client_fd);
    vflash_abandon(&g->vflash);
    memset(g->breakpoints, 0, sizeof g->breakpoints);
    if (g->stub.fd >= 0) {
        stub_release(&g->stub);
        g->cpu_halted = false;
    }
    g->attached = g->waiting = g->held = false;
    g->wish = GDBPORT_NOTHING;
}

void gdbport_close(struct gdbport *g)
{
    gdbport_client_drop(g);
    endpoint_close(&g->listen_fd);
    qemu_stub_hide(g->dir->fd);
    chip_dir_name_remove(g->dir, CHIP_PORT_FILE);
}

static void client_send(struct gdbport *g, const uint8_t *data, size_t len)
{
    if (g->client_fd >= 0 && queue_push(&g->tx, data, len) != 0) {
        /* A client that asks and does not read. */
        gdbport_client_drop(g);
    }
}

void gdbport_answer(struct gdbport *g, struct bytes body)
{
    if (body.len > RSP_BODY_MAX) {
        gdbport_answer_text(g, "E01");
        return;
    }
    g->last_len = rsp_encode(body.data, body.len, g->last);
    client_send(g, g->last, g->last_len);
}

void gdbport_answer_text(struct gdbport *g, const char *text)
{
    gdbport_answer(g, bytes_of(text, strlen(text)));
}

void gdbport_print(struct gdbport *g, const char *text)
{
    uint8_t body[1024];
    size_t len = strlen(text);
    len = len < (sizeof body - 1) / 2 ? len : (sizeof body - 1) / 2;
    body[0] = 'O';
    rsp_hex_write((const uint8_t *)text, len, body + 1);
    gdbport_answer(g, bytes_of(body, 1 + 2 * len));
}

static void packet_take(struct gdbport *g)
{
    /* The handler may end in a new packet being parsed only after it returns: the body stays valid. */
    struct bytes body = bytes_of(g->in.body, g->in.body_len);
    g->attached = true;
    if (g->acks) {
        client_send(g, (const uint8_t *)"+", 1);
    }
    gdbpacket_run(g, body);
}

static void client_byte(struct gdbport *g, uint8_t in)
{
    switch (rsp_byte(&g->in, in)) {
    case RSP_PACKET:
        packet_take(g);
        break;
    case RSP_DAMAGED:
        if (g->acks) {
            client_send(g, (const uint8_t *)"-", 1);
        }
        break;
    case RSP_NACK:
        client_send(g, g->last, g->acks ? g->last_len : 0);
        break;
    case RSP_INTERRUPT:
        gdbpacket_interrupt(g);
        break;
    case RSP_JUNK:
        /* Not a debugger: perhaps a web page that tries the ports of this machine. */
        gdbport_client_drop(g);
        break;
    default:
        break;
    }
}

static void client_bytes(struct gdbport *g)
{
    size_t taken = 0;
    while (taken < g->rx.len && g->client_fd >= 0 && g->wish == GDBPORT_NOTHING &&
           queue_room(&g->tx) > 2 * RSP_PACKET_MAX) {
        client_byte(g, g->rx.data[taken++]);
    }
    g->rx.len -= taken;
    memmove(g->rx.data, g->rx.data + taken, g->rx.len);
}

/* A debugger that has closed makes room for the next at once, even while bytes of it are still to be read. */
static bool client_has_left(const struct gdbport *g)
{
    struct pollfd p = { .fd = g->client_fd, .events = POLLRDHUP, .revents = 0 };
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static void client_accept(struct gdbport *g)
{
    int fd = endpoint_accept(g->listen_fd);
    if (fd >= 0 && g->client_fd >= 0 && client_has_left(g)) {
        (void)queue_fill(&g->rx, g->client_fd);
        client_bytes(g);
        gdbport_client_drop(g);
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
static bool client_is_ready(const struct gdbport *g)
{
    return g->wish == GDBPORT_NOTHING && queue_room(&g->tx) > 2 * RSP_PACKET_MAX;
}

void gdbport_poll_add(const struct gdbport *g, struct pollset *p)
{
    pollset_add(p, g->listen_fd, POLLIN);
    if (g->client_fd >= 0) {
        pollset_add(p, g->client_fd, (short)((client_is_ready(g) ? POLLIN : 0) | (g->tx.len != 0 ? POLLOUT : 0)));
    }
    if (g->client_fd >= 0 && g->rx.len != 0 && client_is_ready(g)) {
        pollset_deadline(p, 0);
    }
    if (g->stub.running) {
        pollset_add(p, g->stub.fd, POLLIN);
    }
}

static void stub_serve(struct gdbport *g)
{
    struct bytes why;
    int got = stub_receive(&g->stub, &why);
    g->held = g->held || got == 1;
    if (got == 1 && g->waiting) {
        g->waiting = false;
        gdbport_answer(g, why);
    } else if (got < 0) {
        /* The emulator is ending: the owner will see that and say how. */
        stub_close(&g->stub);
    }
}

static void client_serve(struct gdbport *g, short events)
{
    if ((events & POLLOUT) != 0 && queue_flush(&g->tx, g->client_fd) != 0) {
        gdbport_client_drop(g);
        return;
    }
    if ((events & POLLIN) != 0 && queue_fill(&g->rx, g->client_fd) < 0) {
        /* What was sent before the end still counts: a debugger may detach and close in one go. */
        client_bytes(g);
        gdbport_client_drop(g);
        return;
    }
    if ((events & (POLLHUP | POLLERR)) != 0 && (events & POLLIN) == 0) {
        gdbport_client_drop(g);
        return;
    }
    client_bytes(g);
    if (g->client_fd >= 0 && queue_flush(&g->tx, g->client_fd) != 0) {
        gdbport_client_drop(g);
    }
}

void gdbport_serve(struct gdbport *g, const struct pollset *p)
{
    if (g->stub.running && pollset_events(p, g->stub.fd) != 0) {
        stub_serve(g);
    }
    if (g->client_fd >= 0) {
        client_serve(g, pollset_events(p, g->client_fd));
    }
    if (pollset_events(p, g->listen_fd) != 0) {
        client_accept(g);
    }
}

enum gdbport_wish gdbport_wish(const struct gdbport *g)
{
    return g->wish;
}

void gdbport_cpu_ended(struct gdbport *g)
{
    stub_close(&g->stub);
    vflash_abandon(&g->vflash);
}

void gdbport_cpu_started(struct gdbport *g, bool halted, bool run)
{
    enum gdbport_wish wish = g->wish;
    g->cpu_gone = false;
    g->cpu_halted = halted;
    g->wish = GDBPORT_NOTHING;
    if (g->attached && gdbport_cpu_connect(g) == 0) {
        gdbpacket_breakpoints_restore(g);
        if (run) {
            g->cpu_halted = g->held = stub_resume(&g->stub, bytes_of("c", 1)) != 0;
        } else if (g->waiting) {
            g->waiting = false;
            gdbport_answer_text(g, "T05thread:01;");
        }
    }
    if (wish != GDBPORT_NOTHING) {
        gdbport_answer_text(g, "OK");
    }
}

void gdbport_cpu_crashed(struct gdbport *g, const char *reason)
{
    bool waiting = g->waiting;
    bool due = g->wish != GDBPORT_NOTHING;
    g->cpu_gone = true;
    g->cpu_halted = true;
    g->waiting = false;
    g->wish = GDBPORT_NOTHING;
    if (g->client_fd < 0 || !(waiting || due)) {
        return;
    }
    gdbport_print(g, reason);
    gdbport_print(g, "\n");
    gdbport_answer_text(g, due ? "E01" : "S04");
}
