/* SPDX-License-Identifier: Apache-2.0 */
/* p256_often: keys that check very many signatures get a table of their multiples, as the generator has one: then a
 * check takes less than half the time. Internal to p256.c; thread-safe. */
#ifndef HOST_LIB_P256_OFTEN_H
#define HOST_LIB_P256_OFTEN_H

#include <openssl/ec.h>
#include <stdint.h>

#define P256_OFTEN 512 /* checks after which a key is worth its table: that costs as much as 600 checks save */

/* *product = factor * key when the key has a table: 1. Else it is counted, and 0. All of it is public. */
int p256_often_multiply(const uint8_t key[64], const BIGNUM *factor, EC_POINT *product, BN_CTX *context);

#endif
