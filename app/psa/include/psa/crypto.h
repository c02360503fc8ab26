/* SPDX-License-Identifier: Apache-2.0 */
/* psa/crypto.h: that of Mbed TLS, and what PSA Crypto 1.2 has besides. */
#ifndef APP_PSA_INCLUDE_PSA_CRYPTO_H
#define APP_PSA_INCLUDE_PSA_CRYPTO_H

#include_next <psa/crypto.h>

/* PSA Crypto 1.2 section 10.9.2: key agreement whose secret becomes a new key and is never seen. `alg` is PSA_ALG_ECDH;
 * the type of the key is DERIVE, RAW_DATA or HMAC, its size 0 or 256. INVALID_ARGUMENT: another type or size, or a
 * peer_key that does not fit; NOT_PERMITTED; INVALID_HANDLE; and as psa_import_key. *key is 0 on error. */
psa_status_t psa_key_agreement(mbedtls_svc_key_id_t private_key, const uint8_t *peer_key, size_t peer_key_length,
                               psa_algorithm_t alg, const psa_key_attributes_t *attributes, mbedtls_svc_key_id_t *key);

#endif
