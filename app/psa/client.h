/* SPDX-License-Identifier: Apache-2.0 */
/* client: what the psa_ functions share. The functions themselves are those of psa/crypto.h; their contract stands
 * there. None may be called from an interrupt handler. */
#ifndef APP_PSA_CLIENT_H
#define APP_PSA_CLIENT_H

#include <psa/crypto.h>

#include "windlass/crypto_call.h"

/* Bytes of a long input that go in one call. */
#define CLIENT_PIECE_LEN 2048u
/* Longer inputs in sum are worked in pieces. */
#define CLIENT_ONCE_MAX (SBM_CRYPTO_IN_MAX - 64u)

static inline struct sbm_crypto_in client_in(const void *data, size_t len)
{
    return (struct sbm_crypto_in){ data, len };
}

static inline size_t client_piece(size_t len)
{
    return len < CLIENT_PIECE_LEN ? len : CLIENT_PIECE_LEN;
}

/* Calls for one output; *len is what came of it, 0 on error. */
psa_status_t client_call_output(struct sbm_crypto_call *call, uint8_t *out, size_t capacity, size_t *len);
/* Calls a function that begins an operation; *handle names it. BAD_STATE when *handle is in use. */
psa_status_t client_call_begin(struct sbm_crypto_call *call, uint32_t *handle);
/* Calls a function that goes on with (or ends) the operation *handle. BAD_STATE when there is none. */
psa_status_t client_call(struct sbm_crypto_call *call, uint32_t *handle);
/* Both. */
psa_status_t client_call_step(struct sbm_crypto_call *call, uint32_t *handle, uint8_t *out, size_t capacity,
                              size_t *len);
/* Sends [in, in + len) in pieces to a function without output. */
psa_status_t client_call_update(uint32_t function, uint32_t *handle, const uint8_t *in, size_t len);
/* Sends it to a function with output, one after another. *out_len: all that came. */
psa_status_t client_call_stream(uint32_t function, uint32_t *handle, struct sbm_crypto_in in,
                                struct sbm_crypto_out *out);
/* Ends the operation. Always done. */
psa_status_t client_abort(uint32_t *handle);
struct sbm_crypto_attributes client_attributes(const psa_key_attributes_t *attributes);

#endif
