/* SPDX-License-Identifier: Apache-2.0 */
/* block_crypto: the cryptography of key blocks (docs/spec.md section 7.3) with OpenSSL. Internal to block.c. */
#ifndef HOST_LIB_BLOCK_CRYPTO_H
#define HOST_LIB_BLOCK_CRYPTO_H

#include "base/bytes.h"
#include "base/status.h"
#include "host/lib/fault.h"

/* A fresh ephemeral key: its public half, and the secret X shared with `peer` (SP 800-56A). The caller wipes `secret`.
 */
int block_ephemeral_agree(const uint8_t peer[64], uint8_t public_key[64], uint8_t secret[32], struct fault *fault);
/* HKDF-SHA256 (RFC 5869) over the shared secret with the COSE_KDF_Context as info. The caller wipes `kek`. */
int block_kek(const uint8_t secret[32], uint8_t kek[16], struct fault *fault);
/* AES-128 key wrap (RFC 3394). */
int block_wrap(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24], struct fault *fault);
/* The other way; -1 when the check value is wrong: then `key` is zero. The caller wipes `key`. */
int block_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16]);

#endif
