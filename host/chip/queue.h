/* SPDX-License-Identifier: Apache-2.0 */
/* queue: bytes that wait for a file descriptor to take them. Bounded; never blocks. */
#ifndef HOST_CHIP_QUEUE_H
#define HOST_CHIP_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#define QUEUE_MAX 65536u

struct queue {
    size_t len;
    uint8_t data[QUEUE_MAX];
};

static inline size_t queue_room(const struct queue *q)
{
    return QUEUE_MAX - q->len;
}
/* 0, or -1 when the bytes do not fit (then none is taken). */
int queue_push(struct queue *q, const void *data, size_t len);
/* Writes as much as `fd` (non-blocking) takes. 0, or -1 when the other side is gone. */
int queue_flush(struct queue *q, int fd);
/* Reads what `fd` has and the queue has room for. The count; 0 when there is nothing now; -1 at the end or on error. */
long queue_fill(struct queue *q, int fd);

#endif
