/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_use: signatures, key agreement and random bytes. */
#include <string.h>

#include "base/wipe.h"
#include "host/lib/hsm_room.h"

#define SECRET_LEN 32
#define RANDOM_CHUNK 1024

struct sign_context {
    struct hsm *hsm;
    struct hsm_lookup lookup;
    const uint8_t *digest;
    uint8_t signature[64];
    CK_ULONG signature_len;
};

static CK_RV sign_with(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, void *opaque)
{
    struct sign_context *context = (struct sign_context *)opaque;
    CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
    CK_RV rv = call->C_SignInit(session, &mechanism, key);
    if (rv != CKR_OK) {
        return rv;
    }
    context->signature_len = sizeof context->signature;
    return call->C_Sign(session, (unsigned char *)(uintptr_t)context->digest, 32, context->signature,
                        &context->signature_len);
}

static CK_RV sign_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *opaque)
{
    struct sign_context *context = (struct sign_context *)opaque;
    (void)call;
    return hsm_known_use(context->hsm, session, &context->lookup, sign_with, context);
}

int hsm_sign(struct hsm *hsm, const char *label, const uint8_t digest[32], uint8_t signature[64], struct fault *fault)
{
    struct sign_context context = { .hsm = hsm,
                                    .lookup = { .object_class = CKO_PRIVATE_KEY, .label = label },
                                    .digest = digest };
    if (hsm_label_check(label, fault) != 0 || hsm_run(hsm, "sign", sign_work, &context, fault) != 0 ||
        hsm_lookup_check(hsm, &context.lookup, fault) != 0) {
        return -1;
    }
    if (context.signature_len != sizeof context.signature) {
        return fault_set(fault, "%s: a P-256 signature has 64 bytes, the token gave %lu", hsm->name,
                         (unsigned long)context.signature_len);
    }
    memcpy(signature, context.signature, sizeof context.signature);
    return 0;
}

struct agree_context {
    struct hsm *hsm;
    struct hsm_lookup lookup;
    unsigned char point[2 + HSM_POINT_LEN]; /* DER OCTET STRING; the raw point begins at 2 */
    uint8_t secret[SECRET_LEN];
    CK_ULONG secret_len;
};

/* With the key in context->lookup. */
static CK_RV agree_derive(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, struct agree_context *context, int der,
                          CK_OBJECT_HANDLE *derived)
{
    CK_ECDH1_DERIVE_PARAMS params = { .kdf = CKD_NULL };
    CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof params };
    CK_OBJECT_CLASS object_class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG len = SECRET_LEN;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE wanted[] = {
        { CKA_CLASS, &object_class, sizeof object_class },
        { CKA_KEY_TYPE, &type, sizeof type },
        { CKA_TOKEN, &no, sizeof no },
        { CKA_SENSITIVE, &no, sizeof no },
        { CKA_EXTRACTABLE, &yes, sizeof yes },
        { CKA_VALUE_LEN, &len, sizeof len },
    };
    params.public_data = der ? context->point : context->point + 2;
    params.public_data_len = der ? sizeof context->point : HSM_POINT_LEN;
    return call->C_DeriveKey(session, &mechanism, context->lookup.handle, wanted, sizeof wanted / sizeof wanted[0],
                             derived);
}

/* The raw point is the standard's default (PKCS#11 2.40 section 2.3.8); some modules want it in DER. */
static CK_RV agree_with(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, void *opaque)
{
    struct agree_context *context = (struct agree_context *)opaque;
    CK_OBJECT_HANDLE derived = 0;
    context->lookup.handle = key;
    CK_RV rv = agree_derive(call, session, context, 0, &derived);
    if (rv == CKR_MECHANISM_PARAM_INVALID || rv == CKR_ARGUMENTS_BAD || rv == CKR_DATA_INVALID) {
        rv = agree_derive(call, session, context, 1, &derived);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    CK_ATTRIBUTE value = { CKA_VALUE, context->secret, sizeof context->secret };
    rv = call->C_GetAttributeValue(session, derived, &value, 1);
    context->secret_len = rv == CKR_OK ? value.ulValueLen : 0;
    CK_RV gone = call->C_DestroyObject(session, derived);
    return rv != CKR_OK ? rv : gone;
}

static CK_RV agree_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *opaque)
{
    struct agree_context *context = (struct agree_context *)opaque;
    (void)call;
    return hsm_known_use(context->hsm, session, &context->lookup, agree_with, context);
}

int hsm_agree(struct hsm *hsm, const char *label, const uint8_t peer[64], uint8_t secret[32], struct fault *fault)
{
    struct agree_context context = { .hsm = hsm, .lookup = { .object_class = CKO_PRIVATE_KEY, .label = label } };
    if (!hsm->can_agree) {
        return hsm_error(fault, hsm->name, "agree on a secret (ECDH)", CKR_MECHANISM_INVALID);
    }
    context.point[0] = 0x04;
    context.point[1] = HSM_POINT_LEN;
    context.point[2] = 0x04;
    memcpy(context.point + 3, peer, 64);
    int result = hsm_label_check(label, fault);
    if (result == 0) {
        result = hsm_run(hsm, "agree on a secret (ECDH)", agree_work, &context, fault);
    }
    if (result == 0) {
        result = hsm_lookup_check(hsm, &context.lookup, fault);
    }
    if (result == 0 && (context.secret_len == 0 || context.secret_len > SECRET_LEN)) {
        result = fault_set(fault, "%s: the token gave no secret of %d bytes", hsm->name, SECRET_LEN);
    }
    if (result == 0) {
        /* Some modules leave leading zero bytes out. */
        memset(secret, 0, SECRET_LEN);
        memcpy(secret + (SECRET_LEN - context.secret_len), context.secret, context.secret_len);
    }
    wipe(&context, sizeof context);
    return result;
}

struct random_context {
    uint8_t *out;
    CK_ULONG len;
};

static CK_RV random_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *opaque)
{
    const struct random_context *context = (const struct random_context *)opaque;
    return call->C_GenerateRandom(session, context->out, context->len);
}

static int random_fetch(struct hsm *hsm, uint8_t *out, size_t len, struct fault *fault)
{
    while (len > 0) {
        struct random_context context = { out, (CK_ULONG)(len < RANDOM_CHUNK ? len : RANDOM_CHUNK) };
        if (hsm_run(hsm, "give random bytes", random_work, &context, fault) != 0) {
            return -1;
        }
        out += context.len;
        len -= (size_t)context.len;
    }
    return 0;
}

/* With `drawing` held. Each byte is given once. */
static int random_draw(struct hsm *hsm, uint8_t *out, size_t len, struct fault *fault)
{
    if (hsm->ahead_len < len) {
        hsm->ahead_len = 0;
        if (random_fetch(hsm, hsm->ahead, sizeof hsm->ahead, fault) != 0) {
            return -1;
        }
        hsm->ahead_len = sizeof hsm->ahead;
    }
    hsm->ahead_len -= len;
    memcpy(out, hsm->ahead + hsm->ahead_len, len);
    wipe(hsm->ahead + hsm->ahead_len, len);
    return 0;
}

int hsm_random(struct hsm *hsm, uint8_t *out, size_t len, struct fault *fault)
{
    if (len > HSM_AHEAD_LEN / 4) {
        return random_fetch(hsm, out, len, fault);
    }
    (void)pthread_mutex_lock(&hsm->drawing);
    int result = random_draw(hsm, out, len, fault);
    (void)pthread_mutex_unlock(&hsm->drawing);
    return result;
}
