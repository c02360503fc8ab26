/* SPDX-License-Identifier: Apache-2.0 */
/* quota_order: asking the maker for units, and taking his answer. The session whose nonce he signs waits as a saved
 * context, which the TPM loads once and not after a restart. */
#include "host/quota/quota_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_mu.h>

#include "base/cbor.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"

#define WAITING_MAX 6144

/* An order that waits: the nonce it asks about, and its session. */
struct waiting {
    uint8_t nonce[32];
    TPMS_CONTEXT session;
};

struct refill {
    uint64_t count;
    uint64_t limit;
    uint8_t signature[64];
    uint64_t written;
};

static int waiting_path(const struct quota *quota, char *out, size_t out_len)
{
    return snprintf(out, out_len, "%s/order.session", quota->folder) < (int)out_len;
}

/* ---- the file ---- */

static int waiting_write(const struct quota *quota, const struct waiting *waiting, struct fault *fault)
{
    uint8_t context[sizeof waiting->session + 64];
    uint8_t text[WAITING_MAX];
    char path[600];
    size_t len = 0;
    if (!waiting_path(quota, path, sizeof path) ||
        Tss2_MU_TPMS_CONTEXT_Marshal(&waiting->session, context, sizeof context, &len) != TSS2_RC_SUCCESS) {
        return fault_set(fault, "quota: the order's session cannot be kept");
    }
    struct cbor_writer w = cbor_writer_of(text, sizeof text);
    cbor_write_map(&w, 2);
    cbor_write_uint(&w, 1);
    cbor_write_bstr(&w, bytes_of(waiting->nonce, sizeof waiting->nonce));
    cbor_write_uint(&w, 2);
    cbor_write_bstr(&w, bytes_of(context, len));
    if (w.status != STATUS_OK) {
        return fault_status(fault, path, w.status);
    }
    return file_write(path, cbor_written(&w), 0600, FILE_REPLACE, fault);
}

static int waiting_parse(struct bytes text, struct waiting *out)
{
    int64_t key;
    size_t at = 0;
    struct bytes nonce = { NULL, 0 };
    struct bytes session = { NULL, 0 };
    struct cbor_reader r = cbor_reader_of(text);
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &key)) {
        if (key == 1) {
            nonce = cbor_read_bstr_len(&r, 32);
        } else if (key == 2) {
            session = cbor_read_bstr(&r);
        } else {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (cbor_reader_finish(&r) != STATUS_OK || nonce.len != 32 || session.len == 0) {
        return 0;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->nonce, nonce.data, 32);
    return Tss2_MU_TPMS_CONTEXT_Unmarshal(session.data, session.len, &at, &out->session) == TSS2_RC_SUCCESS;
}

static int no_order(struct fault *fault, const char *why)
{
    (void)fault_set(fault, "quota: %s", why);
    return fault_hint(fault, "make a new order ('windlassd order') and have the maker answer that with a new package");
}

static int waiting_read(const struct quota *quota, struct waiting *out, struct fault *fault)
{
    char path[600];
    uint8_t *text;
    size_t len;
    if (!waiting_path(quota, path, sizeof path) || access(path, F_OK) != 0) {
        return no_order(fault, "no order waits for a refill");
    }
    if (file_read(path, WAITING_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    int fine = waiting_parse(bytes_of(text, len), out);
    free(text);
    return fine ? 0 : no_order(fault, "the session of the order is damaged");
}

/* Gives the TPM back the session of an order before: that order is void. */
static void waiting_drop(struct quota *quota)
{
    struct fault unsaid = FAULT_NONE;
    struct waiting waiting;
    TPMI_DH_CONTEXT session;
    char path[600];
    if (waiting_read(quota, &waiting, &unsaid) == 0 &&
        Tss2_Sys_ContextLoad(quota->link.sys, &waiting.session, &session) == TSS2_RC_SUCCESS) {
        (void)Tss2_Sys_FlushContext(quota->link.sys, session);
    }
    if (waiting_path(quota, path, sizeof path)) {
        (void)unlink(path);
    }
}

/* ---- order ---- */

static int order_encode(const struct quota_statement *statement, const uint8_t fields[3][32], uint8_t *order,
                        size_t *order_len, struct fault *fault)
{
    struct cbor_writer w = cbor_writer_of(order, QUOTA_ORDER_MAX);
    cbor_write_map(&w, 5);
    cbor_write_uint(&w, 1);
    cbor_write_bstr(&w, bytes_of(fields[0], 32));
    cbor_write_uint(&w, 2);
    cbor_write_bstr(&w, bytes_of(statement->attest, statement->attest_len));
    cbor_write_uint(&w, 3);
    cbor_write_bstr(&w, bytes_of(fields[1], 32));
    cbor_write_uint(&w, 4);
    cbor_write_bstr(&w, bytes_of(statement->signature, 64));
    cbor_write_uint(&w, 5);
    cbor_write_bstr(&w, bytes_of(fields[2], 32));
    *order_len = w.len;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "order", w.status);
}

/* `fields`: transport digest, nonce (filled here), certificate digest. */
static int order_begin(struct quota *quota, uint8_t fields[3][32], struct quota_statement *statement,
                       struct fault *fault)
{
    TPMI_SH_AUTH_SESSION session;
    TPM2B_NONCE nonce;
    struct waiting waiting;
    uint8_t qualifying[32];
    TSS2_RC code = quota_link_session(&quota->link, 32, &session, &nonce);
    if (code != TSS2_RC_SUCCESS || nonce.size != 32) {
        return quota_link_fault(&quota->link, fault, "starting the order's session", code);
    }
    memcpy(fields[1], nonce.buffer, 32);
    tpm_shape_order(fields[0], fields[1], fields[2], qualifying);
    code = quota->written ? quota_state_index(quota, qualifying, statement)
                          : quota_state_grant(quota, qualifying, statement);
    if (code != TSS2_RC_SUCCESS) {
        return quota_link_fault(&quota->link, fault, "stating what the index holds", code);
    }
    memset(&waiting, 0, sizeof waiting);
    memcpy(waiting.nonce, fields[1], 32);
    code = Tss2_Sys_ContextSave(quota->link.sys, session, &waiting.session);
    if (code != TSS2_RC_SUCCESS) {
        return quota_link_fault(&quota->link, fault, "saving the order's session", code);
    }
    return waiting_write(quota, &waiting, fault);
}

int quota_order_build(struct quota *quota, const uint8_t transport_digest[32], struct bytes grant_certificate,
                      uint8_t *order, size_t *order_len, struct fault *fault)
{
    struct quota_statement statement;
    uint8_t fields[3][32];
    memcpy(fields[0], transport_digest, 32);
    p256_sha256(grant_certificate, fields[2]);
    (void)pthread_mutex_lock(&quota->lock);
    int result = quota_connect(quota, fault);
    if (result == 0) {
        result = quota_settle(quota, fault);
    }
    if (result == 0) {
        waiting_drop(quota);
        result = order_begin(quota, fields, &statement, fault);
    }
    (void)pthread_mutex_unlock(&quota->lock);
    return result == 0 ? order_encode(&statement, (const uint8_t(*)[32])fields, order, order_len, fault) : -1;
}

/* ---- refill ---- */

static int refill_parse(struct bytes text, struct refill *out, struct fault *fault)
{
    int64_t key;
    unsigned seen = 0;
    struct cbor_reader r = cbor_reader_of(text);
    struct cbor_map map = cbor_read_map(&r);
    struct bytes signature = { NULL, 0 };
    while (cbor_map_next(&map, &key)) {
        if (key == 1) {
            out->count = cbor_read_uint(&r);
        } else if (key == 2) {
            out->limit = cbor_read_uint(&r);
        } else if (key == 3) {
            signature = cbor_read_bstr_len(&r, 64);
        } else if (key == 4) {
            out->written = cbor_read_uint(&r);
        } else {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
        }
        seen++;
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK || seen != 4 || signature.len != 64 || out->written > 1 || out->limit > UINT32_MAX ||
        out->count >= out->limit) {
        return fault_status(fault, "refill", status != STATUS_OK ? status : STATUS_BAD_ARGUMENT);
    }
    memcpy(out->signature, signature.data, 64);
    return 0;
}

/* 1: the TPM holds this refill already. 0: go on. */
static int refill_is_new(const struct quota *quota, const struct refill *refill, struct fault *fault)
{
    if (quota->written && quota->limit == refill->limit && quota->count >= refill->count) {
        return 1;
    }
    if (quota->written && quota->limit > refill->limit) {
        (void)fault_set(fault, "refill: an old one: up to unit %llu, and the TPM was given units up to %u since",
                        (unsigned long long)refill->limit, quota->limit);
        return fault_hint(fault, "load the newest production package");
    }
    return 0;
}

/* Checked here too, so that what is not the maker's answer does not use up the session. */
static int refill_check(const struct quota *quota, const struct refill *refill, const struct waiting *waiting,
                        const uint8_t pin[8], struct fault *fault)
{
    uint8_t digest[32];
    tpm_shape_refill(quota->quota_key, (int)refill->written, waiting->nonce, pin, digest);
    if (p256_verify(quota->quota_key, digest, refill->signature) != STATUS_OK) {
        (void)fault_set(fault, "refill: the maker did not sign it for the order that waits in this appliance");
        return fault_hint(
            fault, "it answers another order, or another appliance's: load the package made for the newest order");
    }
    if ((int)refill->written != quota->written) {
        return no_order(fault, "the refill is for an index that was written before, and this one was made anew");
    }
    return 0;
}

static TSS2_RC quota_key_load(struct quota *quota, TPM2_HANDLE *handle, struct fault *fault)
{
    TPM2B_PUBLIC area;
    TPM2B_NAME name = { .size = 0 };
    if (quota_public_build(quota, TPM_SHAPE_KEY_QUOTA, quota->quota_key, &area, fault) != 0) {
        return TSS2_SYS_RC_BAD_VALUE;
    }
    return Tss2_Sys_LoadExternal(quota->link.sys, NULL, NULL, &area, TPM2_RH_NULL, handle, &name, NULL);
}

static TSS2_RC nonce_answer(struct quota *quota, TPM2_HANDLE key, TPMI_SH_POLICY session, const struct waiting *waiting,
                            const struct refill *refill, const uint8_t pin[8])
{
    const TPM2B_NONCE no_reference = { .size = 0 };
    TPM2B_NONCE nonce = { .size = 32 };
    TPM2B_DIGEST write = { .size = 32 };
    TPM2B_TIMEOUT timeout = { .size = 0 };
    TPMT_TK_AUTH ticket;
    TPMT_SIGNATURE signature = { .sigAlg = TPM2_ALG_ECDSA,
                                 .signature.ecdsa = {
                                     .hash = TPM2_ALG_SHA256, .signatureR.size = 32, .signatureS.size = 32 } };
    memset(&ticket, 0, sizeof ticket);
    memcpy(nonce.buffer, waiting->nonce, 32);
    tpm_shape_write(quota->quota_key, (int)refill->written, pin, write.buffer);
    memcpy(signature.signature.ecdsa.signatureR.buffer, refill->signature, 32);
    memcpy(signature.signature.ecdsa.signatureS.buffer, refill->signature + 32, 32);
    return Tss2_Sys_PolicySigned(quota->link.sys, key, session, NULL, &nonce, &write, &no_reference, 0, &signature,
                                 &timeout, &ticket, NULL);
}

static TSS2_RC index_write(struct quota *quota, TPMI_SH_POLICY session, const uint8_t pin[8])
{
    const TSS2L_SYS_AUTH_COMMAND policy = quota_link_policy(session);
    TPM2B_MAX_NV_BUFFER data = { .size = 8 };
    memcpy(data.buffer, pin, 8);
    return Tss2_Sys_NV_Write(quota->link.sys, TPM_SHAPE_INDEX, TPM_SHAPE_INDEX, &policy, &data, 0, NULL);
}

static int refill_apply(struct quota *quota, const struct refill *refill, const struct waiting *waiting,
                        const uint8_t pin[8], struct fault *fault)
{
    TPMI_DH_CONTEXT session;
    TPM2_HANDLE key;
    if (Tss2_Sys_ContextLoad(quota->link.sys, &waiting->session, &session) != TSS2_RC_SUCCESS) {
        quota_link_close(&quota->link);
        return no_order(
            fault, "the TPM does not know the order's session: it was restarted, or the order was used or replaced");
    }
    TSS2_RC code = quota_key_load(quota, &key, fault);
    if (code == TSS2_RC_SUCCESS) {
        code = nonce_answer(quota, key, session, waiting, refill, pin);
        TSS2_RC flushed = Tss2_Sys_FlushContext(quota->link.sys, key);
        code = code == TSS2_RC_SUCCESS ? flushed : code;
    }
    if (code == TSS2_RC_SUCCESS) {
        code = index_write(quota, session, pin);
    }
    return code == TSS2_RC_SUCCESS ? 0 : quota_link_fault(&quota->link, fault, "taking the maker's answer", code);
}

static int refill_run(struct quota *quota, const struct refill *refill, struct fault *fault)
{
    struct waiting waiting;
    uint8_t pin[8];
    char path[600];
    int held = refill_is_new(quota, refill, fault);
    if (held != 0) {
        return held == 1 ? 0 : -1;
    }
    tpm_shape_pin((uint32_t)refill->count, (uint32_t)refill->limit, pin);
    if (waiting_read(quota, &waiting, fault) != 0 || refill_check(quota, refill, &waiting, pin, fault) != 0 ||
        refill_apply(quota, refill, &waiting, pin, fault) != 0) {
        return -1;
    }
    if (waiting_path(quota, path, sizeof path)) {
        (void)unlink(path);
    }
    return quota_settle(quota, fault);
}

int quota_refill(struct quota *quota, struct bytes refill, struct fault *fault)
{
    struct refill parsed = { 0 };
    if (refill_parse(refill, &parsed, fault) != 0) {
        return -1;
    }
    (void)pthread_mutex_lock(&quota->lock);
    int result = quota_connect(quota, fault);
    if (result == 0) {
        result = quota_settle(quota, fault);
    }
    if (result == 0) {
        result = refill_run(quota, &parsed, fault);
    }
    (void)pthread_mutex_unlock(&quota->lock);
    return result;
}
