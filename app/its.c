/* SPDX-License-Identifier: Apache-2.0 */
/* its: the two functions of psa/internal_trusted_storage.h that have more arguments than a secure call takes. */
#include "windlass/storage_call.h"

psa_status_t psa_its_set(psa_storage_uid_t uid, size_t data_length, const void *p_data,
                         psa_storage_create_flags_t create_flags)
{
    const struct sbm_its_set call = { uid, p_data, data_length, create_flags };
    return sbm_its_set(&call);
}

psa_status_t psa_its_get(psa_storage_uid_t uid, size_t data_offset, size_t data_size, void *p_data,
                         size_t *p_data_length)
{
    struct sbm_its_get call = { uid, data_offset, p_data, data_size, 0 };
    psa_status_t status = sbm_its_get(&call);
    if (status == PSA_SUCCESS) {
        *p_data_length = call.data_length;
    }
    return status;
}
