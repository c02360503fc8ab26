/* SPDX-License-Identifier: Apache-2.0 */
/* gdbsession: see gdbsession.h. */
#include "host/chip/gdbsession.h"

#include <string.h>

#include "host/chip/endpoint.h"

void gdbsession_init(struct gdbsession *g, const struct chip_dir *dir, struct array *array)
{
    memset(g, 0, sizeof *g);
    g->dir = dir;
    g->listen_fd = g->client_fd = -1;
    cpulink_init(&g->cpu);
    vflash_init(&g->vflash, array);
    rsp_parser_init(&g->in);
}

int gdbsession_cpu_connect(struct gdbsession *g)
{
    if (g->cpu.fd >= 0) {
        return 0;
    }
    if (g->cpu_gone || g->listen_fd < 0 || cpulink_connect(&g->cpu, g->dir->fd) != 0) {
        return -1;
    }
    g->held = true;
    return 0;
}

void gdbsession_drop(struct gdbsession *g)
{
    if (g->client_fd < 0) {
        return;
    }
    (void)queue_flush(&g->tx, g->client_fd);
    endpoint_close(&g->client_fd);
    vflash_abandon(&g->vflash);
    memset(g->breakpoints, 0, sizeof g->breakpoints);
    if (g->cpu.fd >= 0) {
        cpulink_release(&g->cpu);
        g->cpu_halted = false;
    }
    g->attached = g->waiting = g->held = false;
    g->wish = GDBSESSION_NOTHING;
}

void gdbsession_send(struct gdbsession *g, const uint8_t *data, size_t len)
{
    if (g->client_fd >= 0 && queue_push(&g->tx, data, len) != 0) {
        /* A client that asks and does not read. */
        gdbsession_drop(g);
    }
}

void gdbsession_answer(struct gdbsession *g, struct bytes body)
{
    if (body.len > RSP_BODY_MAX) {
        gdbsession_answer_text(g, "E01");
        return;
    }
    g->last_len = rsp_encode(body.data, body.len, g->last);
    gdbsession_send(g, g->last, g->last_len);
}

void gdbsession_answer_text(struct gdbsession *g, const char *text)
{
    gdbsession_answer(g, bytes_of(text, strlen(text)));
}

void gdbsession_print(struct gdbsession *g, const char *text)
{
    uint8_t body[1024];
    size_t len = strlen(text);
    len = len < (sizeof body - 1) / 2 ? len : (sizeof body - 1) / 2;
    body[0] = 'O';
    rsp_hex_write((const uint8_t *)text, len, body + 1);
    gdbsession_answer(g, bytes_of(body, 1 + 2 * len));
}
