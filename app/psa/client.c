/* SPDX-License-Identifier: Apache-2.0 */
/* client: see client.h. */
#include "app/psa/client.h"

#include <string.h>

psa_status_t client_call_output(struct sbm_crypto_call *call, uint8_t *out, size_t capacity, size_t *len)
{
    *len = 0;
    call->out[0] = (struct sbm_crypto_out){ out, capacity, 0 };
    psa_status_t status = sbm_crypto_call(call);
    if (status == PSA_SUCCESS) {
        *len = call->out[0].len;
    }
    return status;
}

psa_status_t client_call_begin(struct sbm_crypto_call *call, uint32_t *handle)
{
    if (*handle != 0) {
        return PSA_ERROR_BAD_STATE;
    }
    psa_status_t status = sbm_crypto_call(call);
    if (status == PSA_SUCCESS) {
        *handle = call->operation;
    }
    return status;
}

psa_status_t client_call(struct sbm_crypto_call *call, uint32_t *handle)
{
    if (*handle == 0) {
        return PSA_ERROR_BAD_STATE;
    }
    call->operation = *handle;
    psa_status_t status = sbm_crypto_call(call);
    if (status == PSA_SUCCESS) {
        *handle = call->operation; /* 0 when the operation has ended; after an error it waits for the abort */
    }
    return status;
}

psa_status_t client_call_step(struct sbm_crypto_call *call, uint32_t *handle, uint8_t *out, size_t capacity,
                              size_t *len)
{
    *len = 0;
    call->out[0] = (struct sbm_crypto_out){ out, capacity, 0 };
    psa_status_t status = client_call(call, handle);
    if (status == PSA_SUCCESS) {
        *len = call->out[0].len;
    }
    return status;
}

psa_status_t client_call_update(uint32_t function, uint32_t *handle, const uint8_t *in, size_t len)
{
    psa_status_t status;
    do {
        size_t piece = client_piece(len);
        struct sbm_crypto_call call = { .function = function, .in = { client_in(in, piece) } };
        status = client_call(&call, handle);
        in = piece > 0 ? in + piece : in; /* nothing may come without an address */
        len -= piece;
    } while (status == PSA_SUCCESS && len > 0);
    return status;
}

/* The input of a stream. The standard lets buffers overlap in any way: an input that the output of its first pieces
 * would lie over is moved to where each piece is read before it is overwritten. */
static const uint8_t *stream_input(struct sbm_crypto_in in, const struct sbm_crypto_out *out)
{
    uintptr_t ahead = (uintptr_t)out->data - (uintptr_t)in.data;
    if (ahead == 0 || ahead >= in.len || in.len > out->capacity) {
        return in.data;
    }
    return memmove(out->data, in.data, in.len);
}

psa_status_t client_call_stream(uint32_t function, uint32_t *handle, struct sbm_crypto_in in,
                                struct sbm_crypto_out *out)
{
    const uint8_t *from = stream_input(in, out);
    uint8_t *to = out->data;
    size_t left = in.len;
    psa_status_t status;
    out->len = 0;
    do {
        size_t piece = client_piece(left);
        size_t len;
        struct sbm_crypto_call call = { .function = function, .in = { client_in(from, piece) } };
        status = client_call_step(&call, handle, to, out->capacity - out->len, &len);
        from += piece;
        left -= piece;
        to += len;
        out->len += len;
    } while (status == PSA_SUCCESS && left > 0);
    return status;
}

psa_status_t client_abort(uint32_t *handle)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_ABORT, .operation = *handle };
    if (*handle == 0) {
        return PSA_SUCCESS;
    }
    *handle = 0;
    return sbm_crypto_call(&call);
}

struct sbm_crypto_attributes client_attributes(const psa_key_attributes_t *attributes)
{
    return (struct sbm_crypto_attributes){
        .id = psa_get_key_id(attributes),
        .type = psa_get_key_type(attributes),
        .bits = (uint32_t)psa_get_key_bits(attributes),
        .lifetime = psa_get_key_lifetime(attributes),
        .usage = psa_get_key_usage_flags(attributes),
        .algorithm = psa_get_key_algorithm(attributes),
        .algorithm2 = psa_get_key_enrollment_algorithm(attributes),
    };
}
