/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto: see service_crypto.h. The one place that touches the application's memory: everything goes through
 * two secure buffers, which are wiped after each call. */
#include "sbm/service_crypto.h"

#include <string.h>

#include "base/wipe.h"
#include "sbm/service_crypto_run.h"
#include "sbm/veneer_guard.h"

#define INS 4u
#define OUTS 2u

static union {
    uint64_t align;
    uint8_t bytes[SBM_CRYPTO_IN_MAX];
} input;
static union {
    uint64_t align;
    uint8_t bytes[SBM_CRYPTO_OUT_MAX + SBM_CRYPTO_OUT2_MAX];
} output;

static const size_t out_off[OUTS] = { 0, SBM_CRYPTO_OUT_MAX };
static const size_t out_max[OUTS] = { SBM_CRYPTO_OUT_MAX, SBM_CRYPTO_OUT2_MAX };

/* Copies the inputs; `call` then points at the copies. */
static psa_status_t inputs_take(struct sbm_crypto_call *call)
{
    size_t used = 0;
    for (unsigned i = 0; i < INS; i++) {
        if (!veneer_may_read(call->in[i].data, call->in[i].len)) {
            return PSA_ERROR_INVALID_ARGUMENT;
        }
    }
    for (unsigned i = 0; i < INS; i++) {
        uint8_t *copy = input.bytes + used;
        size_t len = call->in[i].len;
        if (len > sizeof input.bytes - used) {
            return PSA_ERROR_INSUFFICIENT_MEMORY;
        }
        if (len != 0) {
            veneer_copy(copy, call->in[i].data, len);
        }
        call->in[i].data = copy;
        used += len;
    }
    return PSA_SUCCESS;
}

/* Checks the whole of each output; `call` then points at secure memory, of as much as fits. */
static psa_status_t outputs_open(struct sbm_crypto_call *call)
{
    for (unsigned i = 0; i < OUTS; i++) {
        struct sbm_crypto_out *out = &call->out[i];
        if (out->capacity != 0 && !veneer_may_write(out->data, out->capacity)) {
            return PSA_ERROR_INVALID_ARGUMENT;
        }
        out->data = output.bytes + out_off[i];
        out->capacity = out->capacity < out_max[i] ? out->capacity : out_max[i];
        out->len = 0;
    }
    return PSA_SUCCESS;
}

static psa_status_t run(struct sbm_crypto_call *call)
{
    psa_status_t status = service_crypto_keys_open();
    if (status != PSA_SUCCESS) {
        return status;
    }
    status = service_crypto_keys_run(call);
    if (status == PSA_ERROR_NOT_SUPPORTED) {
        status = service_crypto_once_run(call);
    }
    return status;
}

/* What the caller gets of `done`; the pointers stay its own. */
static void answer(struct sbm_crypto_call *theirs, struct sbm_crypto_call *asked, const struct sbm_crypto_call *done)
{
    for (unsigned i = 0; i < OUTS; i++) {
        asked->out[i].len = done->out[i].len;
        if (done->out[i].len != 0) {
            veneer_copy(asked->out[i].data, done->out[i].data, done->out[i].len);
        }
    }
    asked->operation = done->operation;
    asked->key = done->key;
    memcpy(asked->number, done->number, sizeof asked->number);
    asked->attributes = done->attributes;
    veneer_copy(theirs, asked, sizeof *asked);
}

int32_t service_crypto_call(struct sbm_crypto_call *theirs)
{
    struct sbm_crypto_call asked;
    struct sbm_crypto_call call;
    if (!veneer_may_write(theirs, sizeof asked)) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    veneer_copy(&asked, theirs, sizeof asked);
    call = asked;
    psa_status_t status = inputs_take(&call);
    if (status == PSA_SUCCESS) {
        status = outputs_open(&call);
    }
    if (status == PSA_SUCCESS) {
        status = run(&call);
    }
    for (unsigned i = 0; i < OUTS && status == PSA_SUCCESS; i++) {
        if (call.out[i].len > call.out[i].capacity) {
            status = PSA_ERROR_CORRUPTION_DETECTED;
        }
    }
    if (status == PSA_SUCCESS) {
        answer(theirs, &asked, &call);
    }
    wipe(&input, sizeof input);
    wipe(&output, sizeof output);
    return status;
}

void service_crypto_wipe(void)
{
    service_crypto_operations_wipe();
    service_crypto_keys_wipe();
    service_crypto_digests_wipe();
    wipe(&input, sizeof input);
    wipe(&output, sizeof output);
}
