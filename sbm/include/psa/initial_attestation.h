/* SPDX-License-Identifier: Apache-2.0 */
/* psa/initial_attestation.h: PSA Certified Attestation API 1.0; the token is that of RFC 9783 (docs/spec.md section
 * 9.2). Not to be called from interrupt handlers. */
#ifndef PSA_INITIAL_ATTESTATION_H
#define PSA_INITIAL_ATTESTATION_H

#include <stddef.h>
#include <stdint.h>

#include "psa/error.h"

#define PSA_INITIAL_ATTEST_API_VERSION_MAJOR 1
#define PSA_INITIAL_ATTEST_API_VERSION_MINOR 0

#define PSA_INITIAL_ATTEST_MAX_TOKEN_SIZE 1024u
#define PSA_INITIAL_ATTEST_CHALLENGE_SIZE_32 32u
#define PSA_INITIAL_ATTEST_CHALLENGE_SIZE_48 48u
#define PSA_INITIAL_ATTEST_CHALLENGE_SIZE_64 64u

/* Signs the verifier's challenge and what runs on the device with the device's identity key. INVALID_ARGUMENT for
 * another challenge size or no buffer at all; BUFFER_TOO_SMALL; SERVICE_FAILURE, INSUFFICIENT_ENTROPY,
 * HARDWARE_FAILURE. */
psa_status_t psa_initial_attest_get_token(const uint8_t *auth_challenge, size_t challenge_size, uint8_t *token_buf,
                                          size_t token_buf_size, size_t *token_size);
/* The size of the token for a challenge of that size. */
psa_status_t psa_initial_attest_get_token_size(size_t challenge_size, size_t *token_size);

#endif
