/* SPDX-License-Identifier: Apache-2.0 */
/* mac: the MAC functions of PSA Crypto. */
#include "app/psa/client.h"

psa_status_t psa_mac_sign_setup(psa_mac_operation_t *operation, mbedtls_svc_key_id_t key, psa_algorithm_t alg)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_MAC_SIGN_SETUP, .key = key, .algorithm = alg };
    return client_call_begin(&call, &operation->handle);
}

psa_status_t psa_mac_verify_setup(psa_mac_operation_t *operation, mbedtls_svc_key_id_t key, psa_algorithm_t alg)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_MAC_VERIFY_SETUP, .key = key, .algorithm = alg };
    return client_call_begin(&call, &operation->handle);
}

psa_status_t psa_mac_update(psa_mac_operation_t *operation, const uint8_t *input, size_t input_length)
{
    return client_call_update(SBM_CRYPTO_MAC_UPDATE, &operation->handle, input, input_length);
}

psa_status_t psa_mac_sign_finish(psa_mac_operation_t *operation, uint8_t *mac, size_t mac_size, size_t *mac_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_MAC_SIGN_FINISH };
    return client_call_step(&call, &operation->handle, mac, mac_size, mac_length);
}

psa_status_t psa_mac_verify_finish(psa_mac_operation_t *operation, const uint8_t *mac, size_t mac_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_MAC_VERIFY_FINISH, .in = { client_in(mac, mac_length) } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_mac_abort(psa_mac_operation_t *operation)
{
    return client_abort(&operation->handle);
}

psa_status_t psa_mac_compute(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input, size_t input_length,
                             uint8_t *mac, size_t mac_size, size_t *mac_length)
{
    psa_mac_operation_t operation = PSA_MAC_OPERATION_INIT;
    struct sbm_crypto_call call = {
        .function = SBM_CRYPTO_MAC_COMPUTE, .key = key, .algorithm = alg, .in = { client_in(input, input_length) }
    };
    if (input_length <= CLIENT_ONCE_MAX) {
        return client_call_output(&call, mac, mac_size, mac_length);
    }
    *mac_length = 0;
    psa_status_t status = psa_mac_sign_setup(&operation, key, alg);
    if (status == PSA_SUCCESS) {
        status = psa_mac_update(&operation, input, input_length);
    }
    if (status == PSA_SUCCESS) {
        status = psa_mac_sign_finish(&operation, mac, mac_size, mac_length);
    }
    (void)psa_mac_abort(&operation);
    return status;
}

psa_status_t psa_mac_verify(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input, size_t input_length,
                            const uint8_t *mac, size_t mac_length)
{
    psa_mac_operation_t operation = PSA_MAC_OPERATION_INIT;
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_MAC_VERIFY,
                                    .key = key,
                                    .algorithm = alg,
                                    .in = { client_in(input, input_length), client_in(mac, mac_length) } };
    if (input_length <= CLIENT_ONCE_MAX) {
        return sbm_crypto_call(&call);
    }
    psa_status_t status = psa_mac_verify_setup(&operation, key, alg);
    if (status == PSA_SUCCESS) {
        status = psa_mac_update(&operation, input, input_length);
    }
    if (status == PSA_SUCCESS) {
        status = psa_mac_verify_finish(&operation, mac, mac_length);
    }
    (void)psa_mac_abort(&operation);
    return status;
}
