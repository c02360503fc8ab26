/* SPDX-License-Identifier: Apache-2.0 */
/* hash: the hash functions of PSA Crypto. */
#include "app/psa/client.h"

psa_status_t psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_SETUP, .algorithm = alg };
    return client_call_begin(&call, &operation->handle);
}

psa_status_t psa_hash_update(psa_hash_operation_t *operation, const uint8_t *input, size_t input_length)
{
    return client_call_update(SBM_CRYPTO_HASH_UPDATE, &operation->handle, input, input_length);
}

psa_status_t psa_hash_finish(psa_hash_operation_t *operation, uint8_t *hash, size_t hash_size, size_t *hash_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_FINISH };
    return client_call_step(&call, &operation->handle, hash, hash_size, hash_length);
}

psa_status_t psa_hash_verify(psa_hash_operation_t *operation, const uint8_t *hash, size_t hash_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_VERIFY, .in = { client_in(hash, hash_length) } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_hash_abort(psa_hash_operation_t *operation)
{
    return client_abort(&operation->handle);
}

psa_status_t psa_hash_clone(const psa_hash_operation_t *source_operation, psa_hash_operation_t *target_operation)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_CLONE, .operation = source_operation->handle };
    return client_call_begin(&call, &target_operation->handle);
}

/* Begins a hash with all of the input. Nothing is left behind on error. */
static psa_status_t hash_begin(psa_hash_operation_t *operation, psa_algorithm_t alg, const uint8_t *input, size_t len)
{
    *operation = psa_hash_operation_init();
    psa_status_t status = psa_hash_setup(operation, alg);
    if (status == PSA_SUCCESS) {
        status = psa_hash_update(operation, input, len);
    }
    if (status != PSA_SUCCESS) {
        (void)psa_hash_abort(operation);
    }
    return status;
}

psa_status_t psa_hash_compute(psa_algorithm_t alg, const uint8_t *input, size_t input_length, uint8_t *hash,
                              size_t hash_size, size_t *hash_length)
{
    psa_hash_operation_t operation;
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_COMPUTE,
                                    .algorithm = alg,
                                    .in = { client_in(input, input_length) } };
    if (input_length <= CLIENT_ONCE_MAX) {
        return client_call_output(&call, hash, hash_size, hash_length);
    }
    *hash_length = 0;
    psa_status_t status = hash_begin(&operation, alg, input, input_length);
    if (status == PSA_SUCCESS) {
        status = psa_hash_finish(&operation, hash, hash_size, hash_length);
    }
    (void)psa_hash_abort(&operation);
    return status;
}

psa_status_t psa_hash_compare(psa_algorithm_t alg, const uint8_t *input, size_t input_length, const uint8_t *hash,
                              size_t hash_length)
{
    psa_hash_operation_t operation;
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_COMPARE,
                                    .algorithm = alg,
                                    .in = { client_in(input, input_length), client_in(hash, hash_length) } };
    if (input_length <= CLIENT_ONCE_MAX) {
        return sbm_crypto_call(&call);
    }
    psa_status_t status = hash_begin(&operation, alg, input, input_length);
    if (status == PSA_SUCCESS) {
        status = psa_hash_verify(&operation, hash, hash_length);
    }
    (void)psa_hash_abort(&operation);
    return status;
}

int psa_can_do_hash(psa_algorithm_t hash_alg)
{
    return hash_alg == PSA_ALG_SHA_256;
}
