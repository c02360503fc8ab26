/* SPDX-License-Identifier: Apache-2.0 */
/* wrapping: how a shared secret becomes a key, and a key wraps another: for key blocks and production packages. */
#ifndef HOST_LIB_WRAPPING_H
#define HOST_LIB_WRAPPING_H

#include "base/bytes.h"

#define WRAPPING_MAX 56 /* a wrapped key of 32 bytes, and what the library may write before it ends */

/* HKDF-SHA256 (RFC 5869) without salt: `kek_len` bytes, 16 or 32. 0, or -1 with OpenSSL's error waiting. The caller
 * wipes `kek`. */
int wrapping_kek(const uint8_t secret[32], struct bytes info, uint8_t *kek, size_t kek_len);
/* AES key wrap (RFC 3394) with a key of 16 or 32 bytes: 1 wraps, 0 unwraps. The length that came out, or 0: then
 * OpenSSL's error waits. The caller wipes `out`. */
int wrapping_run(int encrypt, struct bytes kek, struct bytes in, uint8_t out[WRAPPING_MAX]);

#endif
