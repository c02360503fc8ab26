/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_cache: images by their digest, fetched once for all sockets of a station. Whoever asks for one that is on its
 * way waits for it. Thread-safe.
 */
#ifndef HOST_STATION_IMAGE_CACHE_H
#define HOST_STATION_IMAGE_CACHE_H

#include "base/bytes.h"
#include "host/lib/fault.h"
#include "wire/letter.h"

struct image_cache;
struct image; /* a borrowed image */

/* `idle_max`: bytes that are kept while nobody uses them. NULL when there is no memory. */
struct image_cache *image_cache_make(size_t idle_max);
/* Everything that was taken has been given back. NULL is allowed. */
void image_cache_free(struct image_cache *cache);

/* Fills `out` with the image; its digest is looked at afterwards. */
struct image_source {
    void *context;
    int (*fetch)(void *context, const uint8_t digest[32], uint8_t *out, size_t len, struct fault *fault);
};
/* Borrows the image with this digest and length, from the cache or the source. NULL on a fault. */
struct image *image_cache_take(struct image_cache *cache, const uint8_t digest[32], size_t len,
                               const struct image_source *source, struct fault *fault);
struct bytes image_bytes(const struct image *image);
/* Gives it back. NULL is allowed. */
void image_cache_give(struct image_cache *cache, struct image *image);

#endif
