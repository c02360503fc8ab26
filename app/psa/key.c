/* SPDX-License-Identifier: Apache-2.0 */
/* key: key management, signatures, agreement and randomness of PSA Crypto. */
#include "app/psa/client.h"

psa_status_t psa_crypto_init(void)
{
    return PSA_SUCCESS; /* SBM makes itself ready at the first call */
}

void psa_reset_key_attributes(psa_key_attributes_t *attributes)
{
    *attributes = psa_key_attributes_init();
}

psa_status_t psa_get_key_attributes(mbedtls_svc_key_id_t key, psa_key_attributes_t *attributes)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_ATTRIBUTES, .key = key };
    psa_reset_key_attributes(attributes);
    psa_status_t status = sbm_crypto_call(&call);
    if (status == PSA_SUCCESS) {
        psa_set_key_id(attributes, call.attributes.id);
        psa_set_key_type(attributes, (psa_key_type_t)call.attributes.type);
        psa_set_key_bits(attributes, call.attributes.bits);
        psa_set_key_usage_flags(attributes, call.attributes.usage);
        psa_set_key_algorithm(attributes, call.attributes.algorithm);
        psa_set_key_enrollment_algorithm(attributes, call.attributes.algorithm2);
        attributes->MBEDTLS_PRIVATE(lifetime) = call.attributes.lifetime; /* a volatile key has its number too */
    }
    return status;
}

/* Calls a function that makes a key of these attributes. */
static psa_status_t make(struct sbm_crypto_call *call, const psa_key_attributes_t *attributes,
                         mbedtls_svc_key_id_t *key)
{
    *key = MBEDTLS_SVC_KEY_ID_INIT;
    call->attributes = client_attributes(attributes);
    psa_status_t status = sbm_crypto_call(call);
    if (status == PSA_SUCCESS) {
        *key = call->key;
    }
    return status;
}

psa_status_t psa_import_key(const psa_key_attributes_t *attributes, const uint8_t *data, size_t data_length,
                            mbedtls_svc_key_id_t *key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_IMPORT, .in = { client_in(data, data_length) } };
    return make(&call, attributes, key);
}

psa_status_t psa_generate_key(const psa_key_attributes_t *attributes, mbedtls_svc_key_id_t *key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_GENERATE };
    return make(&call, attributes, key);
}

psa_status_t psa_generate_key_custom(const psa_key_attributes_t *attributes, const psa_custom_key_parameters_t *custom,
                                     const uint8_t *custom_data, size_t custom_data_length, mbedtls_svc_key_id_t *key)
{
    (void)custom_data;
    *key = MBEDTLS_SVC_KEY_ID_INIT;
    if (custom->flags != 0 || custom_data_length != 0) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    return psa_generate_key(attributes, key);
}

psa_status_t psa_copy_key(mbedtls_svc_key_id_t source_key, const psa_key_attributes_t *attributes,
                          mbedtls_svc_key_id_t *target_key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_COPY, .key = source_key };
    return make(&call, attributes, target_key);
}

psa_status_t psa_destroy_key(mbedtls_svc_key_id_t key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_DESTROY, .key = key };
    return key == MBEDTLS_SVC_KEY_ID_INIT ? PSA_SUCCESS : sbm_crypto_call(&call);
}

psa_status_t psa_purge_key(mbedtls_svc_key_id_t key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_PURGE, .key = key };
    return sbm_crypto_call(&call);
}

psa_status_t psa_open_key(mbedtls_svc_key_id_t key, psa_key_handle_t *handle)
{
    psa_key_attributes_t attributes;
    psa_status_t status = psa_get_key_attributes(key, &attributes);
    *handle = status == PSA_SUCCESS ? key : MBEDTLS_SVC_KEY_ID_INIT;
    return status;
}

psa_status_t psa_close_key(psa_key_handle_t handle)
{
    psa_key_attributes_t attributes;
    psa_status_t status = handle == MBEDTLS_SVC_KEY_ID_INIT ? PSA_SUCCESS : psa_get_key_attributes(handle, &attributes);
    if (status != PSA_SUCCESS || handle == MBEDTLS_SVC_KEY_ID_INIT) {
        return status;
    }
    return PSA_KEY_LIFETIME_IS_VOLATILE(psa_get_key_lifetime(&attributes)) ? psa_destroy_key(handle)
                                                                           : psa_purge_key(handle);
}

psa_status_t psa_export_key(mbedtls_svc_key_id_t key, uint8_t *data, size_t data_size, size_t *data_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_EXPORT, .key = key };
    return client_call_output(&call, data, data_size, data_length);
}

psa_status_t psa_export_public_key(mbedtls_svc_key_id_t key, uint8_t *data, size_t data_size, size_t *data_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_EXPORT_PUBLIC, .key = key };
    return client_call_output(&call, data, data_size, data_length);
}

psa_status_t psa_sign_hash(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *hash, size_t hash_length,
                           uint8_t *signature, size_t signature_size, size_t *signature_length)
{
    struct sbm_crypto_call call = {
        .function = SBM_CRYPTO_SIGN_HASH, .key = key, .algorithm = alg, .in = { client_in(hash, hash_length) }
    };
    return client_call_output(&call, signature, signature_size, signature_length);
}

psa_status_t psa_sign_message(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input, size_t input_length,
                              uint8_t *signature, size_t signature_size, size_t *signature_length)
{
    struct sbm_crypto_call call = {
        .function = SBM_CRYPTO_SIGN_MESSAGE, .key = key, .algorithm = alg, .in = { client_in(input, input_length) }
    };
    return client_call_output(&call, signature, signature_size, signature_length);
}

psa_status_t psa_verify_hash(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *hash, size_t hash_length,
                             const uint8_t *signature, size_t signature_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_VERIFY_HASH,
                                    .key = key,
                                    .algorithm = alg,
                                    .in = { client_in(hash, hash_length), client_in(signature, signature_length) } };
    return sbm_crypto_call(&call);
}

psa_status_t psa_verify_message(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
                                size_t input_length, const uint8_t *signature, size_t signature_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_VERIFY_MESSAGE,
                                    .key = key,
                                    .algorithm = alg,
                                    .in = { client_in(input, input_length), client_in(signature, signature_length) } };
    return sbm_crypto_call(&call);
}

psa_status_t psa_raw_key_agreement(psa_algorithm_t alg, mbedtls_svc_key_id_t private_key, const uint8_t *peer_key,
                                   size_t peer_key_length, uint8_t *output, size_t output_size, size_t *output_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_AGREEMENT,
                                    .key = private_key,
                                    .algorithm = alg,
                                    .in = { client_in(peer_key, peer_key_length) } };
    return client_call_output(&call, output, output_size, output_length);
}

psa_status_t psa_key_agreement(mbedtls_svc_key_id_t private_key, const uint8_t *peer_key, size_t peer_key_length,
                               psa_algorithm_t alg, const psa_key_attributes_t *attributes, mbedtls_svc_key_id_t *key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_KEY_AGREEMENT,
                                    .key = private_key,
                                    .algorithm = alg,
                                    .in = { client_in(peer_key, peer_key_length) } };
    *key = MBEDTLS_SVC_KEY_ID_INIT;
    if (psa_get_key_type(attributes) == PSA_KEY_TYPE_NONE) {
        return PSA_ERROR_INVALID_ARGUMENT; /* without a type SBM gives the secret itself */
    }
    return make(&call, attributes, key);
}

psa_status_t psa_generate_random(uint8_t *output, size_t output_size)
{
    psa_status_t status = PSA_SUCCESS;
    while (output_size > 0 && status == PSA_SUCCESS) {
        size_t len;
        struct sbm_crypto_call call = { .function = SBM_CRYPTO_RANDOM };
        status = client_call_output(&call, output, output_size, &len);
        output += len;
        output_size -= len;
    }
    return status;
}
