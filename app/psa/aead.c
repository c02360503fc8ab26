/* SPDX-License-Identifier: Apache-2.0 */
/* aead: the authenticated cipher functions of PSA Crypto. A long text is worked in pieces; of one that is not
 * authentic nothing stays in the output. */
#include <string.h>

#include "app/psa/client.h"
#include "base/wipe.h"

static psa_status_t begin(uint32_t function, psa_aead_operation_t *operation, mbedtls_svc_key_id_t key,
                          psa_algorithm_t alg)
{
    struct sbm_crypto_call call = { .function = function, .key = key, .algorithm = alg };
    return client_call_begin(&call, &operation->handle);
}

psa_status_t psa_aead_encrypt_setup(psa_aead_operation_t *operation, mbedtls_svc_key_id_t key, psa_algorithm_t alg)
{
    return begin(SBM_CRYPTO_AEAD_ENCRYPT_SETUP, operation, key, alg);
}

psa_status_t psa_aead_decrypt_setup(psa_aead_operation_t *operation, mbedtls_svc_key_id_t key, psa_algorithm_t alg)
{
    return begin(SBM_CRYPTO_AEAD_DECRYPT_SETUP, operation, key, alg);
}

psa_status_t psa_aead_generate_nonce(psa_aead_operation_t *operation, uint8_t *nonce, size_t nonce_size,
                                     size_t *nonce_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_GENERATE_NONCE };
    return client_call_step(&call, &operation->handle, nonce, nonce_size, nonce_length);
}

psa_status_t psa_aead_set_nonce(psa_aead_operation_t *operation, const uint8_t *nonce, size_t nonce_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_SET_NONCE, .in = { client_in(nonce, nonce_length) } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_aead_set_lengths(psa_aead_operation_t *operation, size_t ad_length, size_t plaintext_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_SET_LENGTHS,
                                    .number = { (uint32_t)ad_length, (uint32_t)plaintext_length } };
    return client_call(&call, &operation->handle);
}

psa_status_t psa_aead_update_ad(psa_aead_operation_t *operation, const uint8_t *input, size_t input_length)
{
    return client_call_update(SBM_CRYPTO_AEAD_UPDATE_AD, &operation->handle, input, input_length);
}

psa_status_t psa_aead_update(psa_aead_operation_t *operation, const uint8_t *input, size_t input_length,
                             uint8_t *output, size_t output_size, size_t *output_length)
{
    struct sbm_crypto_out out = { output, output_size, 0 };
    psa_status_t status =
        client_call_stream(SBM_CRYPTO_AEAD_UPDATE, &operation->handle, client_in(input, input_length), &out);
    *output_length = out.len;
    return status;
}

psa_status_t psa_aead_finish(psa_aead_operation_t *operation, uint8_t *ciphertext, size_t ciphertext_size,
                             size_t *ciphertext_length, uint8_t *tag, size_t tag_size, size_t *tag_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_FINISH };
    call.out[1] = (struct sbm_crypto_out){ tag, tag_size, 0 };
    psa_status_t status = client_call_step(&call, &operation->handle, ciphertext, ciphertext_size, ciphertext_length);
    *tag_length = status == PSA_SUCCESS ? call.out[1].len : 0;
    return status;
}

psa_status_t psa_aead_verify(psa_aead_operation_t *operation, uint8_t *plaintext, size_t plaintext_size,
                             size_t *plaintext_length, const uint8_t *tag, size_t tag_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_VERIFY, .in = { client_in(tag, tag_length) } };
    return client_call_step(&call, &operation->handle, plaintext, plaintext_size, plaintext_length);
}

psa_status_t psa_aead_abort(psa_aead_operation_t *operation)
{
    return client_abort(&operation->handle);
}

/* Nonce, lengths and associated data of a text that goes in pieces. */
static psa_status_t head_run(psa_aead_operation_t *operation, const struct sbm_crypto_call *call, size_t text_len)
{
    psa_status_t status = psa_aead_set_lengths(operation, call->in[1].len, text_len);
    if (status == PSA_SUCCESS) {
        status = psa_aead_set_nonce(operation, call->in[0].data, call->in[0].len);
    }
    return status == PSA_SUCCESS ? psa_aead_update_ad(operation, call->in[1].data, call->in[1].len) : status;
}

static psa_status_t long_encrypt(const struct sbm_crypto_call *call, struct sbm_crypto_out *out)
{
    psa_aead_operation_t operation = PSA_AEAD_OPERATION_INIT;
    size_t last = 0;
    size_t tag_len = 0;
    psa_status_t status = psa_aead_encrypt_setup(&operation, call->key, call->algorithm);
    if (status == PSA_SUCCESS) {
        status = head_run(&operation, call, call->in[2].len);
    }
    if (status == PSA_SUCCESS) {
        status = psa_aead_update(&operation, call->in[2].data, call->in[2].len, out->data, out->capacity, &out->len);
    }
    if (status == PSA_SUCCESS) {
        uint8_t *at = (uint8_t *)out->data + out->len;
        uint8_t tag[PSA_AEAD_TAG_MAX_SIZE];
        status = psa_aead_finish(&operation, at, out->capacity - out->len, &last, tag, sizeof tag, &tag_len);
        out->len += last;
        if (status == PSA_SUCCESS && tag_len > out->capacity - out->len) {
            status = PSA_ERROR_BUFFER_TOO_SMALL;
        }
        if (status == PSA_SUCCESS) {
            memcpy(at + last, tag, tag_len);
            out->len += tag_len;
        }
    }
    (void)psa_aead_abort(&operation);
    return status;
}

static psa_status_t long_decrypt(const struct sbm_crypto_call *call, struct sbm_crypto_out *out)
{
    psa_aead_operation_t operation = PSA_AEAD_OPERATION_INIT;
    size_t last = 0;
    size_t tag_len = PSA_ALG_AEAD_GET_TAG_LENGTH(call->algorithm);
    const uint8_t *text = call->in[2].data;
    uint8_t tag[PSA_AEAD_TAG_MAX_SIZE];
    if (tag_len > sizeof tag || call->in[2].len < tag_len) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    size_t text_len = call->in[2].len - tag_len;
    if (out->capacity < text_len) {
        return PSA_ERROR_BUFFER_TOO_SMALL;
    }
    memcpy(tag, text + text_len, tag_len);
    psa_status_t status = psa_aead_decrypt_setup(&operation, call->key, call->algorithm);
    if (status == PSA_SUCCESS) {
        status = head_run(&operation, call, text_len);
    }
    if (status == PSA_SUCCESS) {
        status = psa_aead_update(&operation, text, text_len, out->data, out->capacity, &out->len);
    }
    if (status == PSA_SUCCESS) {
        status =
            psa_aead_verify(&operation, (uint8_t *)out->data + out->len, out->capacity - out->len, &last, tag, tag_len);
        out->len += last;
    }
    (void)psa_aead_abort(&operation);
    if (status != PSA_SUCCESS) {
        wipe(out->data, text_len);
    }
    return status;
}

static psa_status_t run(struct sbm_crypto_call *call, uint8_t *out, size_t capacity, size_t *len)
{
    if (call->in[0].len + call->in[1].len + call->in[2].len <= CLIENT_ONCE_MAX) {
        return client_call_output(call, out, capacity, len);
    }
    struct sbm_crypto_out all = { out, capacity, 0 };
    psa_status_t status =
        call->function == SBM_CRYPTO_AEAD_ENCRYPT ? long_encrypt(call, &all) : long_decrypt(call, &all);
    *len = status == PSA_SUCCESS ? all.len : 0;
    return status;
}

psa_status_t psa_aead_encrypt(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *nonce, size_t nonce_length,
                              const uint8_t *additional_data, size_t additional_data_length, const uint8_t *plaintext,
                              size_t plaintext_length, uint8_t *ciphertext, size_t ciphertext_size,
                              size_t *ciphertext_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_ENCRYPT,
                                    .key = key,
                                    .algorithm = alg,
                                    .in = { client_in(nonce, nonce_length),
                                            client_in(additional_data, additional_data_length),
                                            client_in(plaintext, plaintext_length) } };
    return run(&call, ciphertext, ciphertext_size, ciphertext_length);
}

psa_status_t psa_aead_decrypt(mbedtls_svc_key_id_t key, psa_algorithm_t alg, const uint8_t *nonce, size_t nonce_length,
                              const uint8_t *additional_data, size_t additional_data_length, const uint8_t *ciphertext,
                              size_t ciphertext_length, uint8_t *plaintext, size_t plaintext_size,
                              size_t *plaintext_length)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_AEAD_DECRYPT,
                                    .key = key,
                                    .algorithm = alg,
                                    .in = { client_in(nonce, nonce_length),
                                            client_in(additional_data, additional_data_length),
                                            client_in(ciphertext, ciphertext_length) } };
    return run(&call, plaintext, plaintext_size, plaintext_length);
}
