/* SPDX-License-Identifier: Apache-2.0 */
/* none: functions of PSA Crypto for which SBM has no algorithm. They are here so that every application links. */
#include "app/psa/client.h"

psa_status_t psa_asymmetric_encrypt(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
                                    size_t input_length, const uint8_t *salt, size_t salt_length, uint8_t *output,
                                    size_t output_size, size_t *output_length)
{
    (void)key, (void)alg, (void)input, (void)input_length, (void)salt, (void)salt_length, (void)output;
    (void)output_size;
    *output_length = 0;
    return PSA_ERROR_NOT_SUPPORTED;
}

psa_status_t psa_asymmetric_decrypt(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
                                    size_t input_length, const uint8_t *salt, size_t salt_length, uint8_t *output,
                                    size_t output_size, size_t *output_length)
{
    return psa_asymmetric_encrypt(key, alg, input, input_length, salt, salt_length, output, output_size, output_length);
}

psa_status_t psa_key_derivation_verify_key(psa_key_derivation_operation_t *operation, mbedtls_svc_key_id_t expected)
{
    (void)operation, (void)expected;
    return PSA_ERROR_NOT_SUPPORTED;
}
