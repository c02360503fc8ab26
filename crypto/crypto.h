/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto: the few verbs that firmware and verifier need, whatever library does the work. One folder for each backend;
 * this one's is joined at link time. Keys and points are big-endian; a public key is X then Y (64 bytes). Nothing here
 * allocates.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/status.h"

#define CRYPTO_SHA256_LEN 32
#define CRYPTO_KEY_LEN 16

/* SHA-256 (FIPS 180-4) in pieces. */
struct crypto_sha256 {
    uint32_t opaque[28];
};
void crypto_sha256_start(struct crypto_sha256 *s);
void crypto_sha256_add(struct crypto_sha256 *s, struct bytes data);
void crypto_sha256_finish(struct crypto_sha256 *s, uint8_t digest[CRYPTO_SHA256_LEN]);
void crypto_sha256(struct bytes data, uint8_t digest[CRYPTO_SHA256_LEN]);

/* ECDSA P-256 (FIPS 186-5) over a digest. STATUS_OK or CRYPTO_SIGNATURE, CRYPTO_KEY. Public data: time may depend on
 * it. */
status_t crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64]);
/* CT: in the private key. Draws from crypto_random. STATUS_OK, CRYPTO_KEY, TRNG_FAILED. */
status_t crypto_p256_sign(const uint8_t private_key[32], const uint8_t digest[32], uint8_t signature[64]);
status_t crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64]);
/* The public key of a private key. */
status_t crypto_p256_public(const uint8_t private_key[32], uint8_t public_key[64]);
/* CT: in the private key. `secret` is X of the shared point (SP 800-56A); the caller wipes it. CRYPTO_KEY for a point
 * off the curve. */
status_t crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32]);

/* HKDF-SHA256 (RFC 5869) without salt; `out_len` at most 255 x 32. */
status_t crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len);
/* AES-128 key unwrap (RFC 3394) of a 16-byte key. CRYPTO_UNWRAP when the check value is wrong; then `key` is zero. */
status_t crypto_key_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16]);

/* AES-128-CTR in pieces: the 16-byte IV is the first counter block, big-endian increment over all 16 bytes (RFC 9459).
 */
struct crypto_ctr {
    uint64_t opaque[44];
};
void crypto_ctr_start(struct crypto_ctr *c, const uint8_t key[16], const uint8_t iv[16]);
/* `out` may be `in`. */
void crypto_ctr_apply(struct crypto_ctr *c, const uint8_t *in, uint8_t *out, size_t len);
void crypto_ctr_wipe(struct crypto_ctr *c);

/* Known answers of each verb above (public vectors). STATUS_OK or CRYPTO_SELFTEST. */
status_t crypto_selftest(void);

/* Given by the port (a chip's TRNG with its health test) or, on a host, by the operating system. STATUS_OK or
 * TRNG_FAILED. */
status_t crypto_random(uint8_t *out, size_t len);

#endif
