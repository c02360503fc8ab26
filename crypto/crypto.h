/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto: the few verbs that firmware and verifier need, small and fast on a Cortex-M33, the same on a host. Keys and
 * points are big-endian; a public key is X then Y (64 bytes). Nothing here allocates. The fields of the contexts are
 * the room's own.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/status.h"

#define CRYPTO_SHA256_LEN 32
#define CRYPTO_KEY_LEN 16

/* SHA-256 (FIPS 180-4) in pieces. */
struct crypto_sha256 {
    uint64_t len;
    uint32_t h[8];
    uint8_t block[64];
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
/* The point that has this x, with either y: for ECDH they are the same (RFC 9528 appendix B). CRYPTO_KEY when the curve
 * has none. Public data: time may depend on it. */
status_t crypto_p256_lift(const uint8_t x[32], uint8_t point[64]);

/* HMAC-SHA256 (RFC 2104) under a key of 32 bytes: between start and finish, add to `hash`. `tag` may lie where the key
 * did. _finish wipes the state. */
struct crypto_hmac {
    struct crypto_sha256 hash;
    uint8_t key[CRYPTO_SHA256_LEN];
};
void crypto_hmac_start(struct crypto_hmac *h, const uint8_t key[CRYPTO_SHA256_LEN]);
void crypto_hmac_finish(struct crypto_hmac *h, uint8_t tag[CRYPTO_SHA256_LEN]);
/* HKDF-SHA256 (RFC 5869) without salt; `out_len` at most 255 x 32. */
status_t crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len);
/* Its second half alone: from a key that was extracted already. */
status_t crypto_hkdf_expand(const uint8_t key[CRYPTO_SHA256_LEN], struct bytes info, uint8_t *out, size_t out_len);
/* AES-128 key unwrap (RFC 3394) of a 16-byte key. CRYPTO_UNWRAP when the check value is wrong; then `key` is zero. */
status_t crypto_key_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16]);

/* AES-128-CTR in pieces: the 16-byte IV is the first counter block, big-endian increment over all 16 bytes (RFC 9459).
 */
struct crypto_ctr {
    uint32_t round_keys[44];
    uint32_t counter[4];
    uint32_t block[4];
    uint32_t left; /* bytes of `block` not used yet */
};
void crypto_ctr_start(struct crypto_ctr *c, const uint8_t key[16], const uint8_t iv[16]);
/* `out` may be `in`. */
void crypto_ctr_apply(struct crypto_ctr *c, const uint8_t *in, uint8_t *out, size_t len);
void crypto_ctr_wipe(struct crypto_ctr *c);

/* Poly1305 (RFC 8439 section 2.5) in pieces: a MAC under a key that is used for one message only. `key` is r, then s;
 * r is clamped here. _finish wipes the state. time: CT in key and data; only lengths show. */
struct crypto_poly1305 {
    uint32_t h[5]; /* the sum so far, radix 2^32 */
    uint32_t r[4];
    uint32_t s[3]; /* r[1..3] x 5/4: what a product past 2^128 comes back with */
    uint32_t pad[4];
    uint32_t fill;
    uint8_t block[16];
};
void crypto_poly1305_start(struct crypto_poly1305 *p, const uint8_t key[32]);
void crypto_poly1305_add(struct crypto_poly1305 *p, struct bytes data);
void crypto_poly1305_finish(struct crypto_poly1305 *p, uint8_t tag[16]);

/* AEAD_CHACHA20_POLY1305 (RFC 8439 section 2.8): a nonce of 12 bytes that never comes twice under one key of 32 bytes.
 * Data is at most 2^31 - 1 bytes (else BAD_ARGUMENT, CRYPTO_TAG). `out` may be the input. time: CT in key and data;
 * only lengths show. */
struct crypto_aead {
    const uint8_t *key;
    const uint8_t *nonce;
    struct bytes aad;
};
status_t crypto_aead_seal(const struct crypto_aead *how, struct bytes plain, uint8_t *out, uint8_t tag[16]);
/* STATUS_OK, or CRYPTO_TAG: then out is zero. Nothing is decrypted before the whole tag was compared. */
status_t crypto_aead_open(const struct crypto_aead *how, struct bytes cipher, const uint8_t tag[16], uint8_t *out);

/* Known answers (published vectors). STATUS_OK or CRYPTO_SELFTEST. The first: SHA-256, HKDF, Poly1305 and AEAD, for
 * every start. The second: P-256 verification, key unwrap and CTR; call it before the first signature or package. */
status_t crypto_selftest(void);
status_t crypto_selftest_signature(void);

/* Given by the port (a chip's TRNG with its health test) or, on a host, by the operating system. STATUS_OK or
 * TRNG_FAILED. */
status_t crypto_random(uint8_t *out, size_t len);

#endif
