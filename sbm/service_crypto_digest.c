/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_digest: hashes and MACs in parts. */
#include "sbm/service_crypto_run.h"

static psa_status_t update(struct service_crypto_operation *operation, const struct sbm_crypto_in *in)
{
    service_crypto_head_add(&operation->head, in->data, in->len);
    return psa_hash_update(&operation->as.hash, in->data, in->len);
}

static psa_status_t finish(struct service_crypto_operation *operation, struct sbm_crypto_out *out)
{
    psa_status_t status = psa_hash_finish(&operation->as.hash, out->data, out->capacity, &out->len);
    if (status == PSA_SUCCESS) {
        service_crypto_digest_remember(&operation->head, out);
    }
    return status;
}

/* The clone takes the source's place in the call: operation is the source's handle. */
static psa_status_t duplicate(struct service_crypto_operation *operation, const struct sbm_crypto_call *call)
{
    const struct service_crypto_operation *source = service_crypto_operation_find(call->operation, SERVICE_CRYPTO_HASH);
    if (source == NULL || source == operation) {
        return PSA_ERROR_BAD_STATE;
    }
    operation->head = source->head;
    return psa_hash_clone(&source->as.hash, &operation->as.hash);
}

psa_status_t service_crypto_digest_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call)
{
    psa_hash_operation_t *hash = &operation->as.hash;
    psa_mac_operation_t *mac = &operation->as.mac;
    const uint8_t *in = call->in[0].data;
    size_t in_len = call->in[0].len;
    struct sbm_crypto_out *out = &call->out[0];
    switch (call->function) {
    case SBM_CRYPTO_HASH_SETUP:
        return psa_hash_setup(hash, call->algorithm);
    case SBM_CRYPTO_HASH_UPDATE:
        return update(operation, &call->in[0]);
    case SBM_CRYPTO_HASH_FINISH:
        return finish(operation, out);
    case SBM_CRYPTO_HASH_VERIFY:
        return psa_hash_verify(hash, in, in_len);
    case SBM_CRYPTO_HASH_CLONE:
        return duplicate(operation, call);
    case SBM_CRYPTO_MAC_SIGN_SETUP:
        return psa_mac_sign_setup(mac, service_crypto_key(call->key), call->algorithm);
    case SBM_CRYPTO_MAC_VERIFY_SETUP:
        return psa_mac_verify_setup(mac, service_crypto_key(call->key), call->algorithm);
    case SBM_CRYPTO_MAC_UPDATE:
        return psa_mac_update(mac, in, in_len);
    case SBM_CRYPTO_MAC_SIGN_FINISH:
        return psa_mac_sign_finish(mac, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_MAC_VERIFY_FINISH:
        return psa_mac_verify_finish(mac, in, in_len);
    default:
        return PSA_ERROR_NOT_SUPPORTED;
    }
}
