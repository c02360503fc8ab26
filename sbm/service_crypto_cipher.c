/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_cipher: ciphers and AEADs in parts. */
#include "sbm/service_crypto_run.h"

static psa_status_t aead_run(psa_aead_operation_t *aead, struct sbm_crypto_call *call)
{
    const uint8_t *in = call->in[0].data;
    size_t in_len = call->in[0].len;
    struct sbm_crypto_out *out = &call->out[0];
    struct sbm_crypto_out *tag = &call->out[1];
    switch (call->function) {
    case SBM_CRYPTO_AEAD_ENCRYPT_SETUP:
        return psa_aead_encrypt_setup(aead, service_crypto_key(call->key), call->algorithm);
    case SBM_CRYPTO_AEAD_DECRYPT_SETUP:
        return psa_aead_decrypt_setup(aead, service_crypto_key(call->key), call->algorithm);
    case SBM_CRYPTO_AEAD_GENERATE_NONCE:
        return psa_aead_generate_nonce(aead, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_AEAD_SET_NONCE:
        return psa_aead_set_nonce(aead, in, in_len);
    case SBM_CRYPTO_AEAD_SET_LENGTHS:
        return psa_aead_set_lengths(aead, call->number[0], call->number[1]);
    case SBM_CRYPTO_AEAD_UPDATE_AD:
        return psa_aead_update_ad(aead, in, in_len);
    case SBM_CRYPTO_AEAD_UPDATE:
        return psa_aead_update(aead, in, in_len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_AEAD_FINISH:
        return psa_aead_finish(aead, out->data, out->capacity, &out->len, tag->data, tag->capacity, &tag->len);
    case SBM_CRYPTO_AEAD_VERIFY:
        return psa_aead_verify(aead, out->data, out->capacity, &out->len, in, in_len);
    default:
        return PSA_ERROR_NOT_SUPPORTED;
    }
}

psa_status_t service_crypto_cipher_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call)
{
    psa_cipher_operation_t *cipher = &operation->as.cipher;
    const uint8_t *in = call->in[0].data;
    size_t in_len = call->in[0].len;
    struct sbm_crypto_out *out = &call->out[0];
    switch (call->function) {
    case SBM_CRYPTO_CIPHER_ENCRYPT_SETUP:
        return psa_cipher_encrypt_setup(cipher, service_crypto_key(call->key), call->algorithm);
    case SBM_CRYPTO_CIPHER_DECRYPT_SETUP:
        return psa_cipher_decrypt_setup(cipher, service_crypto_key(call->key), call->algorithm);
    case SBM_CRYPTO_CIPHER_GENERATE_IV:
        return psa_cipher_generate_iv(cipher, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_CIPHER_SET_IV:
        return psa_cipher_set_iv(cipher, in, in_len);
    case SBM_CRYPTO_CIPHER_UPDATE:
        return psa_cipher_update(cipher, in, in_len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_CIPHER_FINISH:
        return psa_cipher_finish(cipher, out->data, out->capacity, &out->len);
    default:
        return aead_run(&operation->as.aead, call);
    }
}
