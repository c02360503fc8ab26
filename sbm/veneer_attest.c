/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_attest: the doors to attestation (see veneer.c). The standard's function has five arguments, which do not all
 * fit in registers: the application's part of it calls this with one. */
#include "psa/initial_attestation.h"
#include "sbm/service.h"
#include "sbm/veneer_guard.h"

VENEER_ENTRY psa_status_t sbm_attest_token(struct sbm_attest *theirs)
{
    static uint8_t token[PSA_INITIAL_ATTEST_MAX_TOKEN_SIZE];
    struct sbm_attest call;
    uint8_t challenge[PSA_INITIAL_ATTEST_CHALLENGE_SIZE_64];
    size_t len;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(theirs, sizeof call)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    veneer_copy(&call, theirs, sizeof call);
    if (call.challenge_len > sizeof challenge || !veneer_may_read(call.challenge, call.challenge_len) ||
        !veneer_may_write(call.token, call.token_capacity)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    veneer_copy(challenge, call.challenge, call.challenge_len);
    result = service_attest_token(bytes_of(challenge, call.challenge_len), token, sizeof token, &len);
    if (result == PSA_SUCCESS && len > call.token_capacity) {
        result = PSA_ERROR_BUFFER_TOO_SMALL;
    }
    if (result == PSA_SUCCESS) {
        veneer_copy(call.token, token, len);
        call.token_len = len;
        veneer_copy(theirs, &call, sizeof call);
    }
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t psa_initial_attest_get_token_size(size_t challenge_size, size_t *token_size)
{
    size_t len;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(token_size, sizeof *token_size)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    result = service_attest_token_size(challenge_size, &len);
    if (result == PSA_SUCCESS) {
        veneer_copy(token_size, &len, sizeof len);
    }
    return veneer_leave(result);
}
