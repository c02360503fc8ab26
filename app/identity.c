/* SPDX-License-Identifier: Apache-2.0 */
/* identity: see identity.h. */
#include "app/identity.h"

#include <psa/crypto.h>

#include "windlass/crypto_call.h"
#include "windlass/sbm.h"

#define INSTANCE_RANDOM 0x01u /* the type of the ID */
#define PUBLIC_KEY_LEN 65u

static int digest_make(const uint8_t *data, size_t data_len, uint8_t out[IDENTITY_DIGEST_LEN])
{
    size_t len;
    return psa_hash_compute(PSA_ALG_SHA_256, data, data_len, out, IDENTITY_DIGEST_LEN, &len) == PSA_SUCCESS;
}

int identity_instance_read(uint8_t out[IDENTITY_INSTANCE_LEN])
{
    uint8_t key[PUBLIC_KEY_LEN];
    size_t len;
    out[0] = INSTANCE_RANDOM;
    return psa_export_public_key(SBM_CRYPTO_KEY_IDENTITY, key, sizeof key, &len) == PSA_SUCCESS &&
           digest_make(key, len, out + 1);
}

int identity_certificate_read(uint8_t out[IDENTITY_DIGEST_LEN])
{
    static uint8_t certificate[SBM_CERTIFICATE_MAX];
    size_t len;
    return sbm_certificate_read(SBM_CERTIFICATE_DEVICE, certificate, sizeof certificate, &len) == PSA_SUCCESS &&
           digest_make(certificate, len, out);
}
