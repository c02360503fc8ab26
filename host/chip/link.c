/* SPDX-License-Identifier: Apache-2.0 */
/* link: see link.h. */
#include "host/chip/link.h"

#include "host/chip/chip_dir.h"
#include "host/chip/endpoint.h"

int link_open(struct link *l, int dir_fd)
{
    l->client_fd = -1;
    l->client_done = false;
    l->to_chip.len = l->to_client.len = 0;
    l->listen_fd = endpoint_unix_listen(dir_fd, CHIP_LINK_SOCKET);
    return l->listen_fd >= 0 ? 0 : -1;
}

static void client_drop(struct link *l)
{
    endpoint_close(&l->client_fd);
    l->to_client.len = 0;
}

void link_close(struct link *l)
{
    client_drop(l);
    endpoint_close(&l->listen_fd);
}

static short wanted(int in, int out)
{
    return (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

void link_poll_add(const struct link *l, int uart_fd, struct pollset *p)
{
    pollset_add(p, uart_fd, wanted(queue_room(&l->to_client) != 0, l->to_chip.len != 0));
    if (l->client_fd < 0) {
        pollset_add(p, l->listen_fd, POLLIN);
    } else {
        int takes = !l->client_done && queue_room(&l->to_chip) != 0;
        pollset_add(p, l->client_fd, wanted(takes, l->to_client.len != 0));
    }
}

static void client_serve(struct link *l, short events)
{
    if ((events & POLLOUT) != 0 && queue_flush(&l->to_client, l->client_fd) != 0) {
        client_drop(l);
        return;
    }
    if ((events & POLLIN) != 0 && !l->client_done && queue_fill(&l->to_chip, l->client_fd) < 0) {
        l->client_done = true;
    }
    if ((events & (POLLHUP | POLLERR)) != 0 && (events & POLLIN) == 0) {
        client_drop(l);
    }
}

static void uart_serve(struct link *l, int uart_fd, short events)
{
    if ((events & (POLLIN | POLLHUP)) != 0) {
        (void)queue_fill(&l->to_client, uart_fd);
    }
    if (l->client_fd < 0) {
        l->to_client.len = 0;
    }
    if ((events & POLLOUT) != 0) {
        (void)queue_flush(&l->to_chip, uart_fd);
    }
}

void link_serve(struct link *l, int uart_fd, const struct pollset *p)
{
    if (l->client_fd < 0 && pollset_events(p, l->listen_fd) != 0) {
        l->client_fd = endpoint_accept(l->listen_fd);
        l->client_done = false;
    } else if (l->client_fd >= 0) {
        client_serve(l, pollset_events(p, l->client_fd));
    }
    if (uart_fd >= 0) {
        uart_serve(l, uart_fd, pollset_events(p, uart_fd));
    }
    if (l->to_client.len != 0 && l->client_fd >= 0 && queue_flush(&l->to_client, l->client_fd) != 0) {
        client_drop(l);
    }
    if (l->to_chip.len != 0 && uart_fd >= 0) {
        (void)queue_flush(&l->to_chip, uart_fd);
    }
}
