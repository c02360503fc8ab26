/* SPDX-License-Identifier: Apache-2.0 */
/* link: joins the application's data UART and link.sock, byte for byte. One client at a time; the next waits in the
 * socket's backlog. */
#ifndef HOST_CHIP_LINK_H
#define HOST_CHIP_LINK_H

#include "host/chip/pollset.h"
#include "host/chip/queue.h"

struct link {
    int listen_fd;
    int client_fd;
    bool client_done; /* the client will send nothing more; it may still listen */
    struct queue to_chip;
    struct queue to_client;
};

/* Listens in the chip's folder. 0, or -1 with errno. */
int link_open(struct link *l, int dir_fd);
void link_close(struct link *l);
/* `uart_fd` is -1 while the chip is not running. */
void link_poll_add(const struct link *l, int uart_fd, struct pollset *p);
void link_serve(struct link *l, int uart_fd, const struct pollset *p);

#endif
