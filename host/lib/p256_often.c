/* SPDX-License-Identifier: Apache-2.0 */
/* p256_often: see p256_often.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* EC_GROUP_precompute_mult: nothing took its place */
#include "host/lib/p256_often.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define PLACES 8

/* The key of the lowest rank makes room for a new one, which takes its rank over and one more: so what makes up an
 * eighth of all checks stays. */
struct place {
    uint8_t key[64];
    _Atomic uint64_t rank;
    atomic_uint uses; /* since it is here */
    EC_GROUP *table;  /* the curve with this key for its generator, or NULL */
};

static struct place places[PLACES];
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

/* With the lock held. */
static struct place *place_find(const uint8_t key[64])
{
    for (size_t i = 0; i < PLACES; i++) {
        if (memcmp(places[i].key, key, sizeof places[i].key) == 0) {
            return &places[i];
        }
    }
    return NULL;
}

static void place_take(const uint8_t key[64])
{
    (void)pthread_rwlock_wrlock(&lock);
    struct place *lowest = &places[0];
    for (size_t i = 1; i < PLACES; i++) {
        lowest = places[i].rank < lowest->rank ? &places[i] : lowest;
    }
    if (place_find(key) == NULL) {
        EC_GROUP_free(lowest->table);
        lowest->table = NULL;
        memcpy(lowest->key, key, sizeof lowest->key);
        lowest->rank++;
        lowest->uses = 1;
    }
    (void)pthread_rwlock_unlock(&lock);
}

/* NULL when it is no point of the curve, too. */
static EC_GROUP *table_make(const uint8_t key[64])
{
    uint8_t encoded[65] = { 0x04 };
    EC_GROUP *table = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *order = table == NULL ? NULL : BN_dup(EC_GROUP_get0_order(table));
    EC_POINT *point = table == NULL ? NULL : EC_POINT_new(table);
    memcpy(encoded + 1, key, 64);
    if (order == NULL || point == NULL || EC_POINT_oct2point(table, point, encoded, sizeof encoded, NULL) != 1 ||
        EC_GROUP_set_generator(table, point, order, BN_value_one()) != 1 ||
        EC_GROUP_precompute_mult(table, NULL) != 1) {
        EC_GROUP_free(table);
        table = NULL;
    }
    EC_POINT_free(point);
    BN_free(order);
    ERR_clear_error();
    return table;
}

/* Made without the lock: the others go on meanwhile. */
static void table_add(const uint8_t key[64])
{
    EC_GROUP *table = table_make(key);
    (void)pthread_rwlock_wrlock(&lock);
    struct place *place = place_find(key);
    if (place != NULL && place->table == NULL) {
        place->table = table;
        table = NULL;
    }
    (void)pthread_rwlock_unlock(&lock);
    EC_GROUP_free(table);
}

int p256_often_multiply(const uint8_t key[64], const BIGNUM *factor, EC_POINT *product, BN_CTX *context)
{
    int done = 0;
    unsigned uses = 0;
    (void)pthread_rwlock_rdlock(&lock);
    struct place *place = place_find(key);
    if (place != NULL) {
        atomic_fetch_add(&place->rank, 1);
        uses = atomic_fetch_add(&place->uses, 1) + 1;
        done = place->table != NULL && EC_POINT_mul(place->table, product, factor, NULL, NULL, context) == 1;
    }
    (void)pthread_rwlock_unlock(&lock);
    if (place == NULL) {
        place_take(key);
    } else if (uses == P256_OFTEN) {
        table_add(key);
    }
    return done;
}
