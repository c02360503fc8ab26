/* SPDX-License-Identifier: Apache-2.0 */
/* p256: the curve of crypto.h over p256-m, which Mbed TLS carries. */
#include "p256-m.h"

#include <psa/crypto.h>

#include "crypto/crypto.h"

/* p256-m asks for randomness by this name. */
psa_status_t psa_generate_random(uint8_t *output, size_t output_size)
{
    return crypto_random(output, output_size) == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}

static status_t status_of(int result)
{
    switch (result) {
    case P256_SUCCESS:
        return STATUS_OK;
    case P256_RANDOM_FAILED:
        return STATUS_TRNG_FAILED;
    case P256_INVALID_SIGNATURE:
        return STATUS_CRYPTO_SIGNATURE;
    default:
        return STATUS_CRYPTO_KEY;
    }
}

status_t crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    return status_of(p256_ecdsa_verify(signature, public_key, digest, 32));
}

status_t crypto_p256_sign(const uint8_t private_key[32], const uint8_t digest[32], uint8_t signature[64])
{
    return status_of(p256_ecdsa_sign(signature, private_key, digest, 32));
}

status_t crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64])
{
    return status_of(p256_gen_keypair(private_key, public_key));
}

status_t crypto_p256_public(const uint8_t private_key[32], uint8_t public_key[64])
{
    return status_of(p256_public_from_private(public_key, private_key));
}

status_t crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32])
{
    return status_of(p256_ecdh_shared_secret(secret, private_key, peer));
}
