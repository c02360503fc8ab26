/* SPDX-License-Identifier: Apache-2.0 */
/* attest: the standard's attestation call as a call to SBM. */
#include "psa/initial_attestation.h"
#include "windlass/sbm.h"

psa_status_t psa_initial_attest_get_token(const uint8_t *auth_challenge, size_t challenge_size, uint8_t *token_buf,
                                          size_t token_buf_size, size_t *token_size)
{
    struct sbm_attest call = { .challenge = auth_challenge,
                               .challenge_len = challenge_size,
                               .token = token_buf,
                               .token_capacity = token_buf_size };
    psa_status_t result = sbm_attest_token(&call);
    if (result == PSA_SUCCESS) {
        *token_size = call.token_len;
    }
    return result;
}
