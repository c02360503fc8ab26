/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_derive: key derivation. */
#include "sbm/service_crypto_run.h"

static psa_status_t capacity_get(const psa_key_derivation_operation_t *derive, struct sbm_crypto_call *call)
{
    size_t capacity = 0;
    psa_status_t status = psa_key_derivation_get_capacity(derive, &capacity);
    call->number[0] = (uint32_t)capacity;
    return status;
}

static psa_status_t bytes_output(psa_key_derivation_operation_t *derive, struct sbm_crypto_out *out)
{
    psa_status_t status = psa_key_derivation_output_bytes(derive, out->data, out->capacity);
    out->len = status == PSA_SUCCESS ? out->capacity : 0;
    return status;
}

static psa_status_t key_output(psa_key_derivation_operation_t *derive, struct sbm_crypto_call *call)
{
    const psa_key_attributes_t attributes = service_crypto_attributes(&call->attributes);
    mbedtls_svc_key_id_t id = mbedtls_svc_key_id_make(0, 0);
    psa_status_t status = psa_key_derivation_output_key(&attributes, derive, &id);
    call->key = MBEDTLS_SVC_KEY_ID_GET_KEY_ID(id);
    return status;
}

psa_status_t service_crypto_derive_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call)
{
    psa_key_derivation_operation_t *derive = &operation->as.derive;
    psa_key_derivation_step_t step = (psa_key_derivation_step_t)call->number[0];
    mbedtls_svc_key_id_t key = service_crypto_key(call->key);
    const uint8_t *in = call->in[0].data;
    size_t in_len = call->in[0].len;
    switch (call->function) {
    case SBM_CRYPTO_DERIVE_SETUP:
        return psa_key_derivation_setup(derive, call->algorithm);
    case SBM_CRYPTO_DERIVE_GET_CAPACITY:
        return capacity_get(derive, call);
    case SBM_CRYPTO_DERIVE_SET_CAPACITY:
        return psa_key_derivation_set_capacity(derive, call->number[0]);
    case SBM_CRYPTO_DERIVE_INPUT_BYTES:
        return psa_key_derivation_input_bytes(derive, step, in, in_len);
    case SBM_CRYPTO_DERIVE_INPUT_INTEGER:
        return psa_key_derivation_input_integer(derive, step, call->number[1]);
    case SBM_CRYPTO_DERIVE_INPUT_KEY:
        return psa_key_derivation_input_key(derive, step, key);
    case SBM_CRYPTO_DERIVE_KEY_AGREEMENT:
        return psa_key_derivation_key_agreement(derive, step, key, in, in_len);
    case SBM_CRYPTO_DERIVE_OUTPUT_BYTES:
        return bytes_output(derive, &call->out[0]);
    case SBM_CRYPTO_DERIVE_OUTPUT_KEY:
        return key_output(derive, call);
    default:
        return PSA_ERROR_NOT_SUPPORTED;
    }
}
