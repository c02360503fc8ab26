/* SPDX-License-Identifier: Apache-2.0 */
/* derive: the key derivation functions of PSA Crypto. */
#include "app/psa/client.h"
#include "base/wipe.h"

psa_status_t psa_key_derivation_setup(psa_key_derivation_operation_t *operation, psa_algorithm_t alg)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_SETUP, .algorithm = alg };
    return client_call_begin(&call, &operation->handle);
}

psa_status_t psa_key_derivation_get_capacity(const psa_key_derivation_operation_t *operation, size_t *capacity)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_GET_CAPACITY };
    uint32_t handle = operation->handle;
    psa_status_t status = client_call(&call, &handle);
    *capacity = status == PSA_SUCCESS ? call.number[0] : 0;
    return status;
}

psa_status_t psa_key_derivation_set_capacity(psa_key_derivation_operation_t *operation, size_t capacity)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_SET_CAPACITY, .number = { (uint32_t)capacity } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_key_derivation_input_bytes(psa_key_derivation_operation_t *operation, psa_key_derivation_step_t step,
                                            const uint8_t *data, size_t data_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_INPUT_BYTES,
                                    .number = { step },
                                    .in = { client_in(data, data_length) } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_key_derivation_input_integer(psa_key_derivation_operation_t *operation, psa_key_derivation_step_t step,
                                              uint64_t value)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_INPUT_INTEGER, .number = { step, (uint32_t)value } };
    return value > UINT32_MAX ? PSA_ERROR_NOT_SUPPORTED : client_call(&call, &operation->handle);
}

psa_status_t psa_key_derivation_input_key(psa_key_derivation_operation_t *operation, psa_key_derivation_step_t step,
                                          mbedtls_svc_key_id_t key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_INPUT_KEY, .key = key, .number = { step } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_key_derivation_key_agreement(psa_key_derivation_operation_t *operation, psa_key_derivation_step_t step,
                                              mbedtls_svc_key_id_t private_key, const uint8_t *peer_key,
                                              size_t peer_key_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_KEY_AGREEMENT,
                                    .key = private_key,
                                    .number = { step },
                                    .in = { client_in(peer_key, peer_key_length) } };
    return client_call(&call, &operation->handle);
}

/* Before an output of several calls: all of it or nothing. Where there is less, nothing is left of the capacity. */
static psa_status_t demand(psa_key_derivation_operation_t *operation, size_t len)
{
    size_t capacity;
    psa_status_t status = psa_key_derivation_get_capacity(operation, &capacity);
    if (status != PSA_SUCCESS || len <= capacity) {
        return status;
    }
    status = psa_key_derivation_set_capacity(operation, 0);
    return status == PSA_SUCCESS ? PSA_ERROR_INSUFFICIENT_DATA : status;
}

psa_status_t psa_key_derivation_output_bytes(psa_key_derivation_operation_t *operation, uint8_t *output,
                                             size_t output_length)
{
    psa_status_t status = output_length > SBM_CRYPTO_OUT_MAX ? demand(operation, output_length) : PSA_SUCCESS;
    if (status != PSA_SUCCESS) {
        return status;
    }
    do {
        size_t len;
        struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_OUTPUT_BYTES };
        status = client_call_step(&call, &operation->handle, output, output_length, &len);
        output += len;
        output_length -= len;
    } while (status == PSA_SUCCESS && output_length > 0);
    return status;
}

/* CT: looks at all bytes, wherever they differ. */
psa_status_t psa_key_derivation_verify_bytes(psa_key_derivation_operation_t *operation, const uint8_t *expected,
                                             size_t expected_length)
{
    uint8_t part[64];
    uint8_t differ = 0;
    psa_status_t status = demand(operation, expected_length);
    while (status == PSA_SUCCESS && expected_length > 0) {
        size_t len = expected_length < sizeof part ? expected_length : sizeof part;
        status = psa_key_derivation_output_bytes(operation, part, len);
        for (size_t i = 0; i < len && status == PSA_SUCCESS; i++) {
            differ |= (uint8_t)(part[i] ^ expected[i]);
        }
        expected += len;
        expected_length -= len;
    }
    wipe(part, sizeof part);
    return status == PSA_SUCCESS && differ != 0 ? PSA_ERROR_INVALID_SIGNATURE : status;
}

psa_status_t psa_key_derivation_output_key(const psa_key_attributes_t *attributes,
                                           psa_key_derivation_operation_t *operation, mbedtls_svc_key_id_t *key)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_DERIVE_OUTPUT_KEY,
                                    .attributes = client_attributes(attributes) };
    psa_status_t status = client_call(&call, &operation->handle);
    *key = status == PSA_SUCCESS ? call.key : MBEDTLS_SVC_KEY_ID_INIT;
    return status;
}

psa_status_t psa_key_derivation_output_key_custom(const psa_key_attributes_t *attributes,
                                                  psa_key_derivation_operation_t *operation,
                                                  const psa_custom_key_parameters_t *custom, const uint8_t *custom_data,
                                                  size_t custom_data_length, mbedtls_svc_key_id_t *key)
{
    (void)custom_data;
    *key = MBEDTLS_SVC_KEY_ID_INIT;
    if (custom->flags != 0 || custom_data_length != 0) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    return psa_key_derivation_output_key(attributes, operation, key);
}

psa_status_t psa_key_derivation_abort(psa_key_derivation_operation_t *operation)
{
    return client_abort(&operation->handle);
}
