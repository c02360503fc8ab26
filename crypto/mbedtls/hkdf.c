/* SPDX-License-Identifier: Apache-2.0 */
/* hkdf: HKDF-SHA256 of crypto.h over Mbed TLS. Apart from hash.c so that BL1 does not carry it. */
#include <mbedtls/hkdf.h>

#include "crypto/crypto.h"

status_t crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len)
{
    const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    int failed = mbedtls_hkdf(sha256, NULL, 0, secret.data, secret.len, info.data, info.len, out, out_len);
    return failed == 0 ? STATUS_OK : STATUS_FAIL;
}
