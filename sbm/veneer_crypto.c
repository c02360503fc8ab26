/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_crypto: the door to PSA Crypto. service_crypto checks and copies what the call names. */
#include "sbm/service_crypto.h"
#include "sbm/veneer_guard.h"

VENEER_ENTRY int32_t sbm_crypto_call(struct sbm_crypto_call *call)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_crypto_call(call));
}
