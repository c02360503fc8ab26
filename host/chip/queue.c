/* SPDX-License-Identifier: Apache-2.0 */
/* queue: see queue.h. */
#include "host/chip/queue.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int queue_push(struct queue *q, const void *data, size_t len)
{
    if (len > queue_room(q)) {
        return -1;
    }
    if (len != 0) {
        memcpy(q->data + q->len, data, len);
    }
    q->len += len;
    return 0;
}

static int is_transient(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int queue_flush(struct queue *q, int fd)
{
    size_t sent = 0;
    int result = 0;
    while (sent < q->len) {
        ssize_t n = send(fd, q->data + sent, q->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            result = is_transient(errno) ? 0 : -1;
            break;
        }
        sent += (size_t)n;
    }
    memmove(q->data, q->data + sent, q->len - sent);
    q->len -= sent;
    return result;
}

long queue_fill(struct queue *q, int fd)
{
    if (queue_room(q) == 0) {
        return 0;
    }
    ssize_t n = recv(fd, q->data + q->len, queue_room(q), MSG_DONTWAIT);
    if (n < 0) {
        return is_transient(errno) ? 0 : -1;
    }
    if (n == 0) {
        return -1;
    }
    q->len += (size_t)n;
    return (long)n;
}
