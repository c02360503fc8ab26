/* SPDX-License-Identifier: Apache-2.0 */
/* p256: SHA-256 and P-256 signatures over public data, with OpenSSL. A public key is X and Y, 32 bytes each. */
#ifndef HOST_LIB_P256_H
#define HOST_LIB_P256_H

#include "base/bytes.h"
#include "base/status.h"

void p256_sha256(struct bytes data, uint8_t digest[32]);
/* kid of a public key (docs/spec.md section 5): the first 8 bytes of its SHA-256. */
void p256_kid(const uint8_t public_key[64], uint8_t kid[8]);
/* The one of `keys` (64 bytes each) that has this kid, or NULL. */
const uint8_t *p256_key_find(struct bytes keys, struct bytes kid);
/* ECDSA P-256 over a digest (FIPS 186-5). STATUS_OK, CRYPTO_KEY (not a point of the curve) or CRYPTO_SIGNATURE. */
status_t p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64]);
/* 1 when it is a point of the curve. */
int p256_is_point(const uint8_t public_key[64]);
/* As OpenSSL's EVP_PKEY, freed with EVP_PKEY_free; NULL when the point is not on the curve. */
struct evp_pkey_st *p256_import(const uint8_t public_key[64]);

#endif
