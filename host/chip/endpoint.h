/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint: the chip's sockets: unix sockets in its folder, however long the folder's path is, and the debug port on
 * the loopback. All close on exec. */
#ifndef HOST_CHIP_ENDPOINT_H
#define HOST_CHIP_ENDPOINT_H

/* Each gives a descriptor, or -1 with errno. Listeners and what they accept do not block; connected clients do. */
int endpoint_unix_listen(int dir_fd, const char *name);
int endpoint_unix_connect(int dir_fd, const char *name);
/* 127.0.0.1, a free port, which is stored. */
int endpoint_tcp_listen(unsigned *port);
int endpoint_accept(int listen_fd);
/* Closes *fd unless it is negative, and sets it to -1. */
void endpoint_close(int *fd);

#endif
