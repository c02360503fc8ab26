/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_derive: key derivation. Private keys of P-256 are made here; the core makes all others. */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "sbm/service_crypto_run.h"

#define PAIR PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)
#define PAIR_LEN 32u
/* One candidate in 2^32 is not a key. */
#define PAIR_TRIES 4

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

int service_crypto_pair_of(uint8_t number[PAIR_LEN])
{
    uint8_t public_key[2 * PAIR_LEN];
    uint32_t carry = 1;
    for (size_t i = PAIR_LEN; i-- > 0;) {
        carry += number[i];
        number[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return crypto_p256_public(number, public_key) == STATUS_OK;
}

/* The next bytes, as a key that the core gives and that is seen here only: so the core judges whether it may be. */
static psa_status_t number_output(psa_key_derivation_operation_t *derive, uint8_t number[PAIR_LEN])
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    mbedtls_svc_key_id_t id = mbedtls_svc_key_id_make(0, 0);
    size_t len;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_RAW_DATA);
    psa_set_key_bits(&attributes, 8u * PAIR_LEN);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_EXPORT);
    psa_status_t status = psa_key_derivation_output_key(&attributes, derive, &id);
    if (status == PSA_SUCCESS) {
        status = psa_export_key(id, number, PAIR_LEN, &len);
        (void)psa_destroy_key(id);
    }
    return status;
}

/* PSA Crypto 1.2, psa_key_derivation_output_key: numbers until one plus 1 is a private key. */
static psa_status_t pair_output(psa_key_derivation_operation_t *derive, struct sbm_crypto_call *call)
{
    const psa_key_attributes_t attributes = service_crypto_attributes(&call->attributes);
    mbedtls_svc_key_id_t id = mbedtls_svc_key_id_make(0, 0);
    uint8_t number[PAIR_LEN];
    int found = 0;
    psa_status_t status = PSA_SUCCESS;
    for (int i = 0; i < PAIR_TRIES && status == PSA_SUCCESS && !found; i++) {
        status = number_output(derive, number);
        found = status == PSA_SUCCESS && service_crypto_pair_of(number);
    }
    if (status == PSA_SUCCESS) {
        status = found ? psa_import_key(&attributes, number, sizeof number, &id) : PSA_ERROR_HARDWARE_FAILURE;
    }
    wipe(number, sizeof number);
    call->key = MBEDTLS_SVC_KEY_ID_GET_KEY_ID(id);
    return status;
}

/* Of the sizes that the family has, SBM has one. */
static psa_status_t pair_size_check(uint32_t bits)
{
    switch (bits) {
    case 8u * PAIR_LEN:
        return PSA_SUCCESS;
    case 192:
    case 224:
    case 384:
    case 521:
        return PSA_ERROR_NOT_SUPPORTED;
    default:
        return PSA_ERROR_INVALID_ARGUMENT;
    }
}

static psa_status_t key_output(psa_key_derivation_operation_t *derive, struct sbm_crypto_call *call)
{
    if (call->attributes.type == PAIR) {
        psa_status_t fits = pair_size_check(call->attributes.bits);
        return fits == PSA_SUCCESS ? pair_output(derive, call) : fits;
    }
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
