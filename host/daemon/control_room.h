/* SPDX-License-Identifier: Apache-2.0 */
/* control_room: what both ends of the control socket share. */
#ifndef HOST_DAEMON_CONTROL_ROOM_H
#define HOST_DAEMON_CONTROL_ROOM_H

#include <sys/un.h>

#include "host/daemon/control.h"

/* The socket's address, by way of an open descriptor of its folder. */
int control_address(int dir_fd, struct sockaddr_un *address);
int64_t control_now_ms(void);
/* 0 when the descriptor is ready, -1 when the time is over. */
int control_wait(int fd, short events, int64_t deadline);
/* All of it, or -1. */
int control_write(int fd, const uint8_t *data, size_t len, int64_t deadline);

#endif
