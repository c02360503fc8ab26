/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_keys: the application's keys and the identity key. The core knows an owner for each key, so a number
 * from the application only ever names a key of the application. */
#include "base/wipe.h"
#include "crypto/psa/pool.h"
#include "sbm/device.h"
#include "sbm/service_crypto_run.h"

#define OWNER_SBM 0
#define OWNER_APPLICATION 1

static uint32_t ready;
static mbedtls_svc_key_id_t identity; /* in the core, owned by SBM; number 0: there is none */

static psa_status_t identity_import(void)
{
    static const uint8_t none[32];
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    if (memcmp(device.provisioned.identity, none, sizeof none) == 0) {
        return PSA_SUCCESS; /* not provisioned yet */
    }
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_SIGN_MESSAGE |
                                             PSA_KEY_USAGE_VERIFY_HASH | PSA_KEY_USAGE_VERIFY_MESSAGE);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    mbedtls_set_key_owner_id(&attributes, OWNER_SBM);
    return psa_import_key(&attributes, device.provisioned.identity, 32, &identity);
}

psa_status_t service_crypto_keys_open(void)
{
    if (ready) {
        return PSA_SUCCESS;
    }
    psa_status_t status = psa_crypto_init();
    if (status == PSA_SUCCESS) {
        status = identity_import();
    }
    ready = status == PSA_SUCCESS;
    return status;
}

void service_crypto_keys_wipe(void)
{
    mbedtls_psa_crypto_free();
    crypto_psa_pool_wipe();
    wipe(&identity, sizeof identity);
    ready = 0;
}

mbedtls_svc_key_id_t service_crypto_key(uint32_t id)
{
    return id == SBM_CRYPTO_KEY_IDENTITY ? identity : mbedtls_svc_key_id_make(OWNER_APPLICATION, id);
}

psa_key_attributes_t service_crypto_attributes(const struct sbm_crypto_attributes *a)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, (psa_key_type_t)a->type);
    psa_set_key_bits(&attributes, a->bits);
    psa_set_key_usage_flags(&attributes, a->usage);
    psa_set_key_algorithm(&attributes, a->algorithm);
    psa_set_key_enrollment_algorithm(&attributes, a->algorithm2);
    if (!PSA_KEY_LIFETIME_IS_VOLATILE(a->lifetime)) {
        psa_set_key_id(&attributes, mbedtls_svc_key_id_make(OWNER_APPLICATION, a->id));
    }
    psa_set_key_lifetime(&attributes, a->lifetime);
    mbedtls_set_key_owner_id(&attributes, OWNER_APPLICATION);
    return attributes;
}

static psa_status_t attributes_run(struct sbm_crypto_call *call)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_status_t status = psa_get_key_attributes(service_crypto_key(call->key), &attributes);
    call->attributes = (struct sbm_crypto_attributes){
        .id = MBEDTLS_SVC_KEY_ID_GET_KEY_ID(psa_get_key_id(&attributes)),
        .type = psa_get_key_type(&attributes),
        .bits = (uint32_t)psa_get_key_bits(&attributes),
        .lifetime = psa_get_key_lifetime(&attributes),
        .usage = psa_get_key_usage_flags(&attributes),
        .algorithm = psa_get_key_algorithm(&attributes),
        .algorithm2 = psa_get_key_enrollment_algorithm(&attributes),
    };
    if (call->key == SBM_CRYPTO_KEY_IDENTITY) {
        call->attributes.id = SBM_CRYPTO_KEY_IDENTITY;
        call->attributes.lifetime = PSA_KEY_LIFETIME_FROM_PERSISTENCE_AND_LOCATION(PSA_KEY_PERSISTENCE_READ_ONLY,
                                                                                   PSA_KEY_LOCATION_LOCAL_STORAGE);
    }
    return status;
}

static psa_status_t make_run(struct sbm_crypto_call *call)
{
    const psa_key_attributes_t attributes = service_crypto_attributes(&call->attributes);
    mbedtls_svc_key_id_t id = mbedtls_svc_key_id_make(0, 0);
    psa_status_t status;
    if (call->function == SBM_CRYPTO_KEY_IMPORT) {
        status = psa_import_key(&attributes, call->in[0].data, call->in[0].len, &id);
    } else if (call->function == SBM_CRYPTO_KEY_GENERATE) {
        status = psa_generate_key(&attributes, &id);
    } else {
        status = psa_copy_key(service_crypto_key(call->key), &attributes, &id);
    }
    call->key = MBEDTLS_SVC_KEY_ID_GET_KEY_ID(id);
    return status;
}

psa_status_t service_crypto_keys_run(struct sbm_crypto_call *call)
{
    mbedtls_svc_key_id_t key = service_crypto_key(call->key);
    struct sbm_crypto_out *out = &call->out[0];
    switch (call->function) {
    case SBM_CRYPTO_KEY_IMPORT:
    case SBM_CRYPTO_KEY_GENERATE:
    case SBM_CRYPTO_KEY_COPY:
        return make_run(call);
    case SBM_CRYPTO_KEY_EXPORT:
        return psa_export_key(key, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_KEY_EXPORT_PUBLIC:
        return psa_export_public_key(key, out->data, out->capacity, &out->len);
    case SBM_CRYPTO_KEY_ATTRIBUTES:
        return attributes_run(call);
    case SBM_CRYPTO_KEY_DESTROY:
        return call->key == SBM_CRYPTO_KEY_IDENTITY ? PSA_ERROR_NOT_PERMITTED : psa_destroy_key(key);
    case SBM_CRYPTO_KEY_PURGE:
        return call->key == SBM_CRYPTO_KEY_IDENTITY ? PSA_SUCCESS : psa_purge_key(key);
    default:
        return PSA_ERROR_NOT_SUPPORTED;
    }
}
