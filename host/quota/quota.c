/* SPDX-License-Identifier: Apache-2.0 */
/* quota: opening, what the TPM holds, and spending a unit (quota.h). */
#include "host/quota/quota_room.h"

#include <stdlib.h>
#include <string.h>

/* ---- open ---- */

static int text_take(const char *what, const char *text, char *out, size_t out_len, struct fault *fault)
{
    size_t len = strlen(text);
    if (len == 0 || len >= out_len) {
        return fault_set(fault, "quota: %s: 1 to %zu characters, not %zu", what, out_len - 1, len);
    }
    memcpy(out, text, len + 1);
    return 0;
}

int quota_config_take(const struct quota_config *config, struct quota *out, struct fault *fault)
{
    memset(out, 0, sizeof *out);
    out->seconds = config->seconds;
    memcpy(out->quota_key, config->quota_key, 64);
    if (text_take("TCTI", config->tcti, out->tcti, sizeof out->tcti, fault) != 0 ||
        text_take("folder", config->folder, out->folder, sizeof out->folder, fault) != 0) {
        return -1;
    }
    return pthread_mutex_init(&out->lock, NULL) == 0 ? 0 : fault_set(fault, "quota: no lock to be had");
}

int quota_open(const struct quota_config *config, struct quota **out, struct fault *fault)
{
    struct quota *quota = calloc(1, sizeof *quota);
    if (quota == NULL) {
        return fault_set(fault, "quota: out of memory");
    }
    int result = quota_config_take(config, quota, fault);
    if (result != 0) {
        free(quota);
        return -1;
    }
    (void)pthread_mutex_lock(&quota->lock);
    result = quota_connect(quota, fault);
    (void)pthread_mutex_unlock(&quota->lock);
    if (result != 0) {
        quota_close(quota);
        return -1;
    }
    *out = quota;
    return 0;
}

void quota_close(struct quota *quota)
{
    if (quota != NULL) {
        quota_link_flush(&quota->link);
        quota_link_close(&quota->link);
        (void)pthread_mutex_destroy(&quota->lock);
        free(quota);
    }
}

/* ---- what the TPM holds ---- */

static void settle(struct quota *quota, const struct quota_index *index)
{
    if (quota->known && quota->limit == index->limit && index->count > quota->count) {
        quota->strays += index->count - quota->count;
    }
    quota->count = index->count;
    quota->limit = index->limit;
    quota->written = index->written;
}

int quota_settle(struct quota *quota, struct fault *fault)
{
    struct quota_index index;
    if (quota_index_read(quota, &index, fault) != 0) {
        return -1;
    }
    if (!index.there) {
        (void)fault_set(fault, "TPM: it holds no quota: NV index 0x%08x is missing", TPM_SHAPE_INDEX);
        return fault_hint(
            fault, "was the TPM cleared or replaced? Such a one is enrolled as a new appliance: 'windlassd init'");
    }
    settle(quota, &index);
    return 0;
}

static int connect_check(struct quota *quota, struct fault *fault)
{
    uint8_t public_area[TPM_SHAPE_KEY_MAX];
    uint8_t point[64];
    size_t len;
    int found = quota_key_read(quota, TPM_SHAPE_KEY_GRANT, public_area, &len, point, fault);
    if (found < 0) {
        return -1;
    }
    if (found > 0 || (quota->known && memcmp(point, quota->grant_key, 64) != 0)) {
        (void)fault_set(fault, "TPM: %s",
                        found > 0 ? "it holds no grant key" : "another TPM than before: its grant key is another");
        return fault_hint(fault, "put the appliance's own TPM back, or enrol this one: 'windlassd init'");
    }
    if (quota_settle(quota, fault) != 0) {
        return -1;
    }
    memcpy(quota->grant_key, point, 64);
    quota->known = 1;
    return 0;
}

int quota_connect(struct quota *quota, struct fault *fault)
{
    if (quota->link.sys != NULL) {
        return 0;
    }
    if (quota_link_open(&quota->link, quota->tcti, quota->seconds, fault) != 0) {
        return -1;
    }
    int result = connect_check(quota, fault);
    if (result != 0) {
        quota_link_close(&quota->link);
    }
    return result;
}

int quota_facts(struct quota *quota, struct quota_facts *out, struct fault *fault)
{
    (void)pthread_mutex_lock(&quota->lock);
    int result = quota_connect(quota, fault);
    if (result == 0) {
        result = quota_settle(quota, fault);
    }
    if (result == 0) {
        out->count = quota->count;
        out->limit = quota->limit;
        out->strays = quota->strays;
        memcpy(out->grant_key, quota->grant_key, 64);
    }
    (void)pthread_mutex_unlock(&quota->lock);
    return result;
}

/* ---- spending ---- */

/* The TPM counts when it takes the index's (empty) secret; the key's policy asks for no more than that. */
static TSS2_RC unit_authorise(struct quota_link *link, TPMI_SH_AUTH_SESSION session)
{
    const TPM2B_NONCE none = { .size = 0 };
    TPM2B_TIMEOUT timeout = { .size = 0 };
    TPMT_TK_AUTH ticket;
    memset(&ticket, 0, sizeof ticket);
    return Tss2_Sys_PolicySecret(link->sys, TPM_SHAPE_INDEX, session, &quota_link_password, &none,
                                 (const TPM2B_DIGEST *)&none, &none, 0, &timeout, &ticket, NULL);
}

static TSS2_RC digest_sign(struct quota_link *link, TPMI_SH_AUTH_SESSION session, const uint8_t digest[32],
                           TPMT_SIGNATURE *signature)
{
    TSS2L_SYS_AUTH_COMMAND policy = quota_link_policy(session);
    const TPMT_SIG_SCHEME of_key = { .scheme = TPM2_ALG_NULL };
    const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
    TPM2B_DIGEST text = { .size = 32 };
    policy.auths[0].sessionAttributes = TPMA_SESSION_CONTINUESESSION;
    memcpy(text.buffer, digest, 32);
    memset(signature, 0, sizeof *signature);
    return Tss2_Sys_Sign(link->sys, TPM_SHAPE_GRANT, &policy, &text, &of_key, &no_ticket, signature, NULL);
}

/* 1 when the TPM will not count: its units are used up, or it has none. */
static int is_refusal(TSS2_RC code)
{
    return quota_link_is(code, TPM2_RC_AUTH_UNAVAILABLE) || quota_link_is(code, TPM2_RC_AUTH_FAIL) ||
           quota_link_is(code, TPM2_RC_BAD_AUTH) || quota_link_is(code, TPM2_RC_NV_UNINITIALIZED);
}

/* Says why the TPM did not authorise: its units are used up, or else what it said. */
static int refused(struct quota *quota, TSS2_RC code, struct fault *fault)
{
    if (!is_refusal(code)) {
        return quota_link_fault(&quota->link, fault, "authorising a unit", code);
    }
    quota_link_flush(&quota->link);
    quota_link_close(&quota->link);
    if (quota_connect(quota, fault) != 0) {
        return -1;
    }
    if (quota->written && quota->count < quota->limit) {
        return fault_set(fault, "TPM: it refuses a unit (0x%x) though %u of %u are counted", (unsigned)code,
                         quota->count, quota->limit);
    }
    (void)fault_set(fault, "quota: the TPM has counted %u of %u units: it signs no further one", quota->count,
                    quota->limit);
    (void)fault_hint(fault, "'windlassd order' asks the maker for more; load the production package that answers it");
    return QUOTA_SPENT_OUT;
}

/* In the session of the unit before: with the signature its policy began anew (Part 1, policy sessions). One that the
 * TPM does not know any more gives way to a new one; what was not authorised was not counted. */
static TSS2_RC kept_authorise(struct quota_link *link)
{
    if (!link->has_kept) {
        return TPM2_RC_HANDLE;
    }
    TSS2_RC code = unit_authorise(link, link->kept);
    link->has_kept = code == TSS2_RC_SUCCESS || is_refusal(code);
    return code;
}

static int authorise(struct quota *quota, struct fault *fault)
{
    struct quota_link *link = &quota->link;
    TPM2B_NONCE nonce;
    TSS2_RC code = kept_authorise(link);
    if (!link->has_kept && (code & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER) {
        code = quota_link_session(link, 16, &link->kept, &nonce);
        if (code != TSS2_RC_SUCCESS) {
            return quota_link_fault(link, fault, "starting a session", code);
        }
        link->has_kept = 1;
        code = unit_authorise(link, link->kept);
    }
    return code == TSS2_RC_SUCCESS ? 0 : refused(quota, code, fault);
}

static int unit_spend(struct quota *quota, const uint8_t digest[32], uint8_t signature[64], uint32_t *count,
                      struct fault *fault)
{
    TPMT_SIGNATURE made;
    int authorised = authorise(quota, fault);
    if (authorised != 0) {
        return authorised;
    }
    TSS2_RC code = digest_sign(&quota->link, quota->link.kept, digest, &made);
    if (code != TSS2_RC_SUCCESS || !quota_signature_raw(&made, signature)) {
        return quota_link_fault(&quota->link, fault, "signing with the grant key", code);
    }
    *count = ++quota->count;
    return 0;
}

int quota_sign(struct quota *quota, const uint8_t digest[32], uint8_t signature[64], uint32_t *count,
               struct fault *fault)
{
    (void)pthread_mutex_lock(&quota->lock);
    int result = quota_connect(quota, fault);
    if (result == 0) {
        result = unit_spend(quota, digest, signature, count, fault);
    }
    (void)pthread_mutex_unlock(&quota->lock);
    return result;
}
