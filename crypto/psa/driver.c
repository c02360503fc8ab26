/* SPDX-License-Identifier: Apache-2.0 */
/* driver: what Mbed TLS's PSA core asks for: the functions of p256-m (their names and results) and randomness, from
 * crypto.h. */
#include <psa/crypto.h>

#include "base/wipe.h"
#include "crypto/crypto.h"
#include "p256-m/p256-m.h"

static int result_of(status_t status)
{
    switch (status) {
    case STATUS_OK:
        return P256_SUCCESS;
    case STATUS_TRNG_FAILED:
        return P256_RANDOM_FAILED;
    case STATUS_CRYPTO_SIGNATURE:
        return P256_INVALID_SIGNATURE;
    default:
        return P256_INVALID_PUBKEY; /* the core does not tell public from private */
    }
}

/* FIPS 186-5 section 6.4: the leftmost 256 bits of the hash; a shorter one is a smaller number. */
static void digest_of(const uint8_t *hash, size_t hash_len, uint8_t digest[32])
{
    size_t len = hash_len < 32 ? hash_len : 32;
    memset(digest, 0, 32);
    memcpy(digest + 32 - len, hash, len);
}

int p256_gen_keypair(uint8_t priv[32], uint8_t pub[64])
{
    return result_of(crypto_p256_generate(priv, pub));
}

int p256_ecdh_shared_secret(uint8_t secret[32], const uint8_t priv[32], const uint8_t pub[64])
{
    return result_of(crypto_p256_agree(priv, pub, secret));
}

int p256_ecdsa_sign(uint8_t sig[64], const uint8_t priv[32], const uint8_t *hash, size_t hlen)
{
    uint8_t digest[32];
    digest_of(hash, hlen, digest);
    return result_of(crypto_p256_sign(priv, digest, sig));
}

int p256_ecdsa_verify(const uint8_t sig[64], const uint8_t pub[64], const uint8_t *hash, size_t hlen)
{
    uint8_t digest[32];
    digest_of(hash, hlen, digest);
    return result_of(crypto_p256_verify(pub, digest, sig));
}

/* Agreement with the private key 1 checks the point and computes nothing secret. */
int p256_validate_pubkey(const uint8_t pub[64])
{
    static const uint8_t one[32] = { [31] = 1 };
    uint8_t x[32];
    return result_of(crypto_p256_agree(one, pub, x));
}

int p256_validate_privkey(const uint8_t priv[32])
{
    uint8_t pub[64];
    return result_of(crypto_p256_public(priv, pub));
}

int p256_public_from_private(uint8_t pub[64], const uint8_t priv[32])
{
    return result_of(crypto_p256_public(priv, pub));
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *output,
                                             size_t output_size, size_t *output_length)
{
    (void)context;
    *output_length = 0;
    if (crypto_random(output, output_size) != STATUS_OK) {
        wipe(output, output_size);
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    *output_length = output_size;
    return PSA_SUCCESS;
}
