/* SPDX-License-Identifier: Apache-2.0 */
/* cipher: the unauthenticated cipher functions of PSA Crypto. */
#include <string.h>

#include "app/psa/client.h"

static psa_status_t begin(uint32_t function, psa_cipher_operation_t *operation, mbedtls_svc_key_id_t key,
                          psa_algorithm_t alg)
{
    struct sbm_crypto_call call = { .function = function, .key = key, .algorithm = alg };
    return client_call_begin(&call, &operation->handle);
}

psa_status_t psa_cipher_encrypt_setup(psa_cipher_operation_t *operation, mbedtls_svc_key_id_t key, psa_algorithm_t alg)
{
    return begin(SBM_CRYPTO_CIPHER_ENCRYPT_SETUP, operation, key, alg);
}

psa_status_t psa_cipher_decrypt_setup(psa_cipher_operation_t *operation, mbedtls_svc_key_id_t key, psa_algorithm_t alg)
{
    return begin(SBM_CRYPTO_CIPHER_DECRYPT_SETUP, operation, key, alg);
}

psa_status_t psa_cipher_generate_iv(psa_cipher_operation_t *operation, uint8_t *iv, size_t iv_size, size_t *iv_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_CIPHER_GENERATE_IV };
    return client_call_step(&call, &operation->handle, iv, iv_size, iv_length);
}

psa_status_t psa_cipher_set_iv(psa_cipher_operation_t *operation, const uint8_t *iv, size_t iv_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_CIPHER_SET_IV, .in = { client_in(iv, iv_length) } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_cipher_update(psa_cipher_operation_t *operation, const uint8_t *input, size_t input_length,
                               uint8_t *output, size_t output_size, size_t *output_length)
{
    struct sbm_crypto_out out = { output, output_size, 0 };
    psa_status_t status =
        client_call_stream(SBM_CRYPTO_CIPHER_UPDATE, &operation->handle, client_in(input, input_length), &out);
    *output_length = out.len;
    return status;
}

psa_status_t psa_cipher_finish(psa_cipher_operation_t *operation, uint8_t *output, size_t output_size,
                               size_t *output_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_CIPHER_FINISH };
    return client_call_step(&call, &operation->handle, output, output_size, output_length);
}

psa_status_t psa_cipher_abort(psa_cipher_operation_t *operation)
{
    return client_abort(&operation->handle);
}

/* The rest of a long text after the IV. */
static psa_status_t text_run(psa_cipher_operation_t *operation, struct sbm_crypto_in in, struct sbm_crypto_out *out)
{
    size_t last = 0;
    psa_status_t status = psa_cipher_update(operation, in.data, in.len, out->data, out->capacity, &out->len);
    if (status == PSA_SUCCESS) {
        status = psa_cipher_finish(operation, (uint8_t *)out->data + out->len, out->capacity - out->len, &last);
        out->len += last;
    }
    return status;
}

psa_status_t psa_cipher_encrypt(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
                                size_t input_length, uint8_t *output, size_t output_size, size_t *output_length)
{
    psa_cipher_operation_t operation = PSA_CIPHER_OPERATION_INIT;
    struct sbm_crypto_call call = {
        .function = SBM_CRYPTO_CIPHER_ENCRYPT, .key = key, .algorithm = alg, .in = { client_in(input, input_length) }
    };
    uint8_t iv[PSA_CIPHER_IV_MAX_SIZE]; /* written last: its place may be the input's */
    size_t iv_len = 0;
    if (input_length <= CLIENT_ONCE_MAX) {
        return client_call_output(&call, output, output_size, output_length);
    }
    *output_length = 0;
    psa_status_t status = psa_cipher_encrypt_setup(&operation, key, alg);
    if (status == PSA_SUCCESS) {
        status = psa_cipher_generate_iv(&operation, iv, sizeof iv, &iv_len);
    }
    if (status == PSA_SUCCESS && iv_len > output_size) {
        status = PSA_ERROR_BUFFER_TOO_SMALL;
    }
    if (status == PSA_SUCCESS) {
        struct sbm_crypto_out out = { output + iv_len, output_size - iv_len, 0 };
        status = text_run(&operation, client_in(input, input_length), &out);
        memcpy(output, iv, iv_len);
        *output_length = iv_len + out.len;
    }
    (void)psa_cipher_abort(&operation);
    return status;
}

psa_status_t psa_cipher_decrypt(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *input,
                                size_t input_length, uint8_t *output, size_t output_size, size_t *output_length)
{
    psa_cipher_operation_t operation = PSA_CIPHER_OPERATION_INIT;
    struct sbm_crypto_call call = {
        .function = SBM_CRYPTO_CIPHER_DECRYPT, .key = key, .algorithm = alg, .in = { client_in(input, input_length) }
    };
    size_t iv_len = PSA_CIPHER_IV_LENGTH(PSA_KEY_TYPE_AES, alg);
    if (input_length <= CLIENT_ONCE_MAX) {
        return client_call_output(&call, output, output_size, output_length);
    }
    *output_length = 0;
    psa_status_t status = psa_cipher_decrypt_setup(&operation, key, alg);
    if (status == PSA_SUCCESS) {
        status = psa_cipher_set_iv(&operation, input, iv_len);
    }
    if (status == PSA_SUCCESS) {
        struct sbm_crypto_out out = { output, output_size, 0 };
        status = text_run(&operation, client_in(input + iv_len, input_length - iv_len), &out);
        *output_length = out.len;
    }
    (void)psa_cipher_abort(&operation);
    return status;
}

int psa_can_do_cipher(psa_key_type_t key_type, psa_algorithm_t cipher_alg)
{
    if (key_type == PSA_KEY_TYPE_AES) {
        return cipher_alg == PSA_ALG_CTR || cipher_alg == PSA_ALG_GCM || cipher_alg == PSA_ALG_CCM;
    }
    return key_type == PSA_KEY_TYPE_CHACHA20 && cipher_alg == PSA_ALG_CHACHA20_POLY1305;
}
