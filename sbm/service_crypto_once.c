/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_once: the functions that are done in one call, and the way to those that are not. */
#include "base/wipe.h"
#include "sbm/service_crypto_run.h"

static psa_status_t aead_run(struct sbm_crypto_call *call)
{
    mbedtls_svc_key_id_t key = service_crypto_key(call->key);
    struct sbm_crypto_out *out = &call->out[0];
    const struct sbm_crypto_in *nonce = &call->in[0];
    const struct sbm_crypto_in *ad = &call->in[1];
    const struct sbm_crypto_in *text = &call->in[2];
    if (call->function == SBM_CRYPTO_AEAD_ENCRYPT) {
        return psa_aead_encrypt(key, call->algorithm, nonce->data, nonce->len, ad->data, ad->len, text->data, text->len,
                                out->data, out->capacity, &out->len);
    }
    return psa_aead_decrypt(key, call->algorithm, nonce->data, nonce->len, ad->data, ad->len, text->data, text->len,
                            out->data, out->capacity, &out->len);
}

/* Types of a key that a shared secret may become (PSA Crypto 1.2 section 10.9.2). */
static int holds_secret(uint32_t type)
{
    return type == PSA_KEY_TYPE_DERIVE || type == PSA_KEY_TYPE_RAW_DATA || type == PSA_KEY_TYPE_HMAC;
}

/* The secret itself, or a key of it when the attributes name a type. */
static psa_status_t agreement_run(struct sbm_crypto_call *call)
{
    uint8_t secret[PSA_RAW_KEY_AGREEMENT_OUTPUT_MAX_SIZE];
    struct sbm_crypto_call import = { .function = SBM_CRYPTO_KEY_IMPORT, .attributes = call->attributes };
    struct sbm_crypto_out kept = { secret, sizeof secret, 0 };
    struct sbm_crypto_out *out = call->attributes.type == PSA_KEY_TYPE_NONE ? &call->out[0] : &kept;
    if (out == &kept && !holds_secret(call->attributes.type)) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    psa_status_t status = psa_raw_key_agreement(call->algorithm, service_crypto_key(call->key), call->in[0].data,
                                                call->in[0].len, out->data, out->capacity, &out->len);
    if (status == PSA_SUCCESS && out == &kept) {
        import.in[0] = (struct sbm_crypto_in){ secret, kept.len };
        status = service_crypto_keys_run(&import);
        call->key = import.key;
    }
    wipe(secret, sizeof secret);
    return status;
}

static psa_status_t sign_run(struct sbm_crypto_call *call)
{
    mbedtls_svc_key_id_t key = service_crypto_key(call->key);
    const struct sbm_crypto_in *in = &call->in[0];
    const struct sbm_crypto_in *signature = &call->in[1];
    struct sbm_crypto_out *out = &call->out[0];
    psa_status_t allowed = service_crypto_identity_check(call);
    if (allowed != PSA_SUCCESS) {
        return allowed;
    }
    switch (call->function) {
    case SBM_CRYPTO_SIGN_HASH:
        return psa_sign_hash(key, call->algorithm, in->data, in->len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_VERIFY_HASH:
        return psa_verify_hash(key, call->algorithm, in->data, in->len, signature->data, signature->len);
    case SBM_CRYPTO_SIGN_MESSAGE:
        return psa_sign_message(key, call->algorithm, in->data, in->len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_VERIFY_MESSAGE:
        return psa_verify_message(key, call->algorithm, in->data, in->len, signature->data, signature->len);
    default:
        return agreement_run(call);
    }
}

static psa_status_t hash_run(struct sbm_crypto_call *call)
{
    struct service_crypto_head head = { .len = 0 };
    const struct sbm_crypto_in *in = &call->in[0];
    struct sbm_crypto_out *out = &call->out[0];
    psa_status_t status = psa_hash_compute(call->algorithm, in->data, in->len, out->data, out->capacity, &out->len);
    if (status == PSA_SUCCESS) {
        service_crypto_head_add(&head, in->data, in->len);
        service_crypto_digest_remember(&head, out);
    }
    return status;
}

static psa_status_t random_run(struct sbm_crypto_out *out)
{
    psa_status_t status = psa_generate_random(out->data, out->capacity);
    out->len = status == PSA_SUCCESS ? out->capacity : 0;
    return status;
}

psa_status_t service_crypto_once_run(struct sbm_crypto_call *call)
{
    mbedtls_svc_key_id_t key = service_crypto_key(call->key);
    const struct sbm_crypto_in *in = &call->in[0];
    const struct sbm_crypto_in *expected = &call->in[1];
    struct sbm_crypto_out *out = &call->out[0];
    switch (call->function) {
    case SBM_CRYPTO_RANDOM:
        return random_run(out);
    case SBM_CRYPTO_SIGN_HASH:
    case SBM_CRYPTO_VERIFY_HASH:
    case SBM_CRYPTO_SIGN_MESSAGE:
    case SBM_CRYPTO_VERIFY_MESSAGE:
    case SBM_CRYPTO_KEY_AGREEMENT:
        return sign_run(call);
    case SBM_CRYPTO_HASH_COMPUTE:
        return hash_run(call);
    case SBM_CRYPTO_HASH_COMPARE:
        return psa_hash_compare(call->algorithm, in->data, in->len, expected->data, expected->len);
    case SBM_CRYPTO_MAC_COMPUTE:
        return psa_mac_compute(key, call->algorithm, in->data, in->len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_MAC_VERIFY:
        return psa_mac_verify(key, call->algorithm, in->data, in->len, expected->data, expected->len);
    case SBM_CRYPTO_CIPHER_ENCRYPT:
        return psa_cipher_encrypt(key, call->algorithm, in->data, in->len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_CIPHER_DECRYPT:
        return psa_cipher_decrypt(key, call->algorithm, in->data, in->len, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_AEAD_ENCRYPT:
    case SBM_CRYPTO_AEAD_DECRYPT:
        return aead_run(call);
    case SBM_CRYPTO_ABORT:
        service_crypto_operation_abort(call->operation);
        call->operation = 0;
        return PSA_SUCCESS;
    default:
        return call->function > SBM_CRYPTO_HASH_COMPARE && call->function < SBM_CRYPTO_ABORT
                   ? service_crypto_operation_run(call)
                   : PSA_ERROR_NOT_SUPPORTED;
    }
}
