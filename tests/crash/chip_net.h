/* SPDX-License-Identifier: Apache-2.0 */
/* chip_net: sockets on the loopback, for the simulated chip and who talks to it. What cannot happen ends the process.
 */
#ifndef TESTS_CRASH_CHIP_NET_H
#define TESTS_CRASH_CHIP_NET_H

#include <stddef.h>
#include <stdint.h>

/* Listens on a free port of 127.0.0.1; its number goes to *port. */
int chip_net_listen(unsigned *port);
int chip_net_accept(int listen_fd);
/* -1: nobody listens there. */
int chip_net_connect(unsigned port);
/* All of it: 0, or -1 when the other side is gone. */
int chip_net_send(int fd, const void *data, size_t len);
int chip_net_receive(int fd, void *data, size_t len);
/* Closes *fd, when it is open, and sets it to -1. */
void chip_net_close(int *fd);

#endif
