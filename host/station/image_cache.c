/* SPDX-License-Identifier: Apache-2.0 */
/* image_cache: see image_cache.h. */
#include "host/station/image_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "host/lib/p256.h"

struct image {
    struct image *next; /* the one used last comes first */
    uint8_t digest[32];
    size_t len;
    unsigned users;
    int ready; /* 0: one user fetches it */
    uint8_t data[];
};

struct image_cache {
    pthread_mutex_t lock;
    pthread_cond_t arrived; /* an image came, or will not come */
    size_t idle_max;
    struct image *first;
};

struct image_cache *image_cache_make(size_t idle_max)
{
    struct image_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL) {
        (void)pthread_mutex_init(&cache->lock, NULL);
        (void)pthread_cond_init(&cache->arrived, NULL);
        cache->idle_max = idle_max;
    }
    return cache;
}

void image_cache_free(struct image_cache *cache)
{
    while (cache != NULL && cache->first != NULL) {
        struct image *image = cache->first;
        cache->first = image->next;
        free(image);
    }
    if (cache != NULL) {
        (void)pthread_cond_destroy(&cache->arrived);
        (void)pthread_mutex_destroy(&cache->lock);
        free(cache);
    }
}

/* ---- with the lock held ---- */

static struct image *image_find(const struct image_cache *cache, const uint8_t digest[32], size_t len)
{
    struct image *at = cache->first;
    while (at != NULL && (at->len != len || memcmp(at->digest, digest, sizeof at->digest) != 0)) {
        at = at->next;
    }
    return at;
}

static void image_unlink(struct image_cache *cache, const struct image *image)
{
    struct image **at = &cache->first;
    while (*at != image) {
        at = &(*at)->next;
    }
    *at = image->next;
}

static void image_link(struct image_cache *cache, struct image *image)
{
    image->next = cache->first;
    cache->first = image;
}

/* Frees idle images, those used longest ago, until no more than idle_max bytes are left. */
static void idle_trim(struct image_cache *cache)
{
    size_t kept = 0;
    struct image **at = &cache->first;
    while (*at != NULL) {
        struct image *image = *at;
        kept += image->users == 0 ? image->len : 0;
        if (image->users == 0 && kept > cache->idle_max) {
            kept -= image->len;
            *at = image->next;
            free(image);
        } else {
            at = &image->next;
        }
    }
}

static struct image *image_begin(struct image_cache *cache, const uint8_t digest[32], size_t len)
{
    struct image *image = malloc(sizeof *image + len);
    if (image != NULL) {
        *image = (struct image){ .len = len, .users = 1 };
        memcpy(image->digest, digest, sizeof image->digest);
        image_link(cache, image);
    }
    return image;
}

/* ---- */

static int image_fill(struct image *image, const struct image_source *source, struct fault *fault)
{
    uint8_t digest[32];
    if (source->fetch(source->context, image->digest, image->data, image->len, fault) != 0) {
        return -1;
    }
    p256_sha256(image_bytes(image), digest);
    return memcmp(digest, image->digest, sizeof digest) == 0
               ? 0
               : fault_set(fault, "the appliance's image has another digest than it said");
}

struct image *image_cache_take(struct image_cache *cache, const uint8_t digest[32], size_t len,
                               const struct image_source *source, struct fault *fault)
{
    (void)pthread_mutex_lock(&cache->lock);
    struct image *image = image_find(cache, digest, len);
    while (image != NULL && !image->ready) {
        (void)pthread_cond_wait(&cache->arrived, &cache->lock);
        image = image_find(cache, digest, len);
    }
    if (image != NULL) {
        image->users++;
        image_unlink(cache, image);
        image_link(cache, image);
        (void)pthread_mutex_unlock(&cache->lock);
        return image;
    }
    image = image_begin(cache, digest, len);
    (void)pthread_mutex_unlock(&cache->lock);
    if (image == NULL) {
        (void)fault_set(fault, "no memory");
        return NULL;
    }
    int filled = image_fill(image, source, fault);
    (void)pthread_mutex_lock(&cache->lock);
    image->ready = filled == 0;
    if (filled != 0) {
        image_unlink(cache, image);
        free(image);
        image = NULL;
    }
    (void)pthread_cond_broadcast(&cache->arrived);
    (void)pthread_mutex_unlock(&cache->lock);
    return image;
}

struct bytes image_bytes(const struct image *image)
{
    return bytes_of(image->data, image->len);
}

void image_cache_give(struct image_cache *cache, struct image *image)
{
    if (image != NULL) {
        (void)pthread_mutex_lock(&cache->lock);
        image->users--;
        idle_trim(cache);
        (void)pthread_mutex_unlock(&cache->lock);
    }
}
