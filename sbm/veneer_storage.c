/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_storage: the doors to internal trusted storage. The application is one owner; it has no way to name another.
 */
#include "base/wipe.h"
#include "sbm/store_its.h"
#include "sbm/veneer_guard.h"
#include "windlass/storage_call.h"

static uint8_t buffer[STORE_ITS_DATA_MAX];

VENEER_ENTRY psa_status_t sbm_its_set(const struct sbm_its_set *set)
{
    struct sbm_its_set call;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_read(set, sizeof call)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    veneer_copy(&call, set, sizeof call);
    if (!veneer_may_read(call.p_data, call.data_length)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    if (call.data_length > sizeof buffer) {
        return veneer_leave(PSA_ERROR_INSUFFICIENT_STORAGE);
    }
    veneer_copy(buffer, call.p_data, call.data_length);
    result = store_its_set(STORE_ITS_APPLICATION, call.uid, bytes_of(buffer, call.data_length), call.create_flags);
    wipe(buffer, call.data_length);
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t sbm_its_get(struct sbm_its_get *get)
{
    struct sbm_its_get call;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(get, sizeof call)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    veneer_copy(&call, get, sizeof call);
    if (call.data_size != 0 && !veneer_may_write(call.p_data, call.data_size)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    struct store_its_out out = { buffer, call.data_size < sizeof buffer ? call.data_size : sizeof buffer };
    result = store_its_get(STORE_ITS_APPLICATION, call.uid, call.data_offset, &out);
    if (result == PSA_SUCCESS) {
        veneer_copy(call.p_data, buffer, out.len);
        call.data_length = out.len;
        veneer_copy(get, &call, sizeof call);
    }
    wipe(buffer, sizeof buffer);
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *p_info)
{
    struct psa_storage_info_t info;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(p_info, sizeof info)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    result = store_its_get_info(STORE_ITS_APPLICATION, uid, &info);
    if (result == PSA_SUCCESS) {
        veneer_copy(p_info, &info, sizeof info);
    }
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t psa_its_remove(psa_storage_uid_t uid)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(store_its_remove(STORE_ITS_APPLICATION, uid));
}

VENEER_ENTRY psa_status_t sbm_storage_reset(void)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(store_its_reset());
}
