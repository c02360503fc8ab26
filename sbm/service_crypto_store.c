/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_store: the PSA core's persistent keys, in the vault under an owner of their own: the application's
 * storage calls cannot name them. */
#include "crypto/psa/its.h"
#include "sbm/store_its.h"

int32_t crypto_psa_its_set(uint64_t uid, uint32_t len, const void *data, uint32_t flags)
{
    return store_its_set(STORE_ITS_CRYPTO, uid, bytes_of(data, len), flags);
}

int32_t crypto_psa_its_get(uint64_t uid, uint32_t offset, uint32_t len, void *out, size_t *out_len)
{
    struct store_its_out view = { out, len };
    psa_status_t status = store_its_get(STORE_ITS_CRYPTO, uid, offset, &view);
    *out_len = status == PSA_SUCCESS ? view.len : 0;
    return status;
}

int32_t crypto_psa_its_get_info(uint64_t uid, struct crypto_psa_its_info *info)
{
    struct psa_storage_info_t found;
    psa_status_t status = store_its_get_info(STORE_ITS_CRYPTO, uid, &found);
    if (status == PSA_SUCCESS) {
        *info = (struct crypto_psa_its_info){ (uint32_t)found.capacity, (uint32_t)found.size, found.flags };
    }
    return status;
}

int32_t crypto_psa_its_remove(uint64_t uid)
{
    return store_its_remove(STORE_ITS_CRYPTO, uid);
}
