/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: one pass over an image: hash it, encrypt it, hash and write the result, on two threads with small buffers.
 * The session key is not kept. Both digests are of the very bytes that were encrypted, whatever happens to the input
 * file meanwhile.
 */
#ifndef HOST_MASTER_STREAM_H
#define HOST_MASTER_STREAM_H

#include <sys/types.h>

#include "host/lib/block.h"
#include "host/master/image.h"

struct stream_order {
    const struct image *image;
    const struct session_key *key; /* NULL: the payload is the image */
    int fd;                        /* the payload is written here, */
    off_t off;                     /* from this offset on */
    const char *path;              /* name of fd, for messages */
};

struct stream_digests {
    uint8_t image[32];
    uint8_t payload[32];
};

int stream_run(const struct stream_order *order, struct stream_digests *out, struct fault *fault);

#endif
