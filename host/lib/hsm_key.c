/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_key: making keys inside a token, finding them by label, reading public halves, and checking that private halves
 * are sealed. */
#include <stdio.h>
#include <string.h>

#include "host/lib/hsm_room.h"

/* DER of the named curve P-256 (RFC 5480): the value of CKA_EC_PARAMS. */
static const unsigned char key_p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

int hsm_label_check(const char *label, struct fault *fault)
{
    size_t len = strlen(label);
    int sound = len >= 1 && len <= HSM_LABEL_MAX;
    for (size_t i = 0; sound && i < len; i++) {
        sound = label[i] > 0x20 && label[i] < 0x7f;
    }
    return sound
               ? 0
               : fault_set(fault, "a key's label has 1 to %d printable ASCII characters without spaces", HSM_LABEL_MAX);
}

CK_RV hsm_lookup_run(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, struct hsm_lookup *lookup)
{
    CK_OBJECT_HANDLE found[2] = { 0, 0 };
    CK_ATTRIBUTE wanted[] = {
        { CKA_CLASS, &lookup->object_class, sizeof lookup->object_class },
        { CKA_LABEL, (void *)(uintptr_t)lookup->label, strlen(lookup->label) },
    };
    lookup->count = 0;
    CK_RV rv = call->C_FindObjectsInit(session, wanted, 2);
    if (rv != CKR_OK) {
        return rv;
    }
    /* A token may give fewer than asked for: go on until it gives none. */
    CK_ULONG got = 1;
    while (rv == CKR_OK && got != 0 && lookup->count < 2) {
        got = 0;
        rv = call->C_FindObjects(session, found + lookup->count, 2 - lookup->count, &got);
        lookup->count += got;
    }
    CK_RV final = call->C_FindObjectsFinal(session);
    lookup->handle = found[0];
    return rv != CKR_OK ? rv : final;
}

int hsm_lookup_check(const struct hsm *hsm, const struct hsm_lookup *lookup, struct fault *fault)
{
    if (lookup->count == 0) {
        (void)fault_set(fault, "%s: there is no key '%s'", hsm->name, lookup->label);
        return fault_hint(fault, "'windlass pki create' makes the project's keys; 'windlass pki show' lists them");
    }
    if (lookup->count > 1) {
        (void)fault_set(fault, "%s: more than one key is called '%s'", hsm->name, lookup->label);
        return fault_hint(fault, "labels must be unique: remove or rename one with the token's own tool");
    }
    return 0;
}

static CK_RV key_lookup_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *context)
{
    return hsm_lookup_run(call, session, (struct hsm_lookup *)context);
}

int hsm_key_exists(struct hsm *hsm, const char *label, struct fault *fault)
{
    struct hsm_lookup lookup = { .object_class = CKO_PRIVATE_KEY, .label = label };
    if (hsm_label_check(label, fault) != 0 || hsm_run(hsm, "look for a key", key_lookup_work, &lookup, fault) != 0) {
        return -1;
    }
    return lookup.count != 0;
}

/* ---- public halves ---- */

struct key_public_context {
    const char *label;
    CK_ULONG count; /* private keys with the label */
    int is_p256;
    int has_point;
    uint8_t point[HSM_POINT_LEN];
};

/* CKA_EC_POINT comes as DER OCTET STRING (PKCS#11 2.20 and later) or, from some modules, raw. */
static void key_point_take(struct key_public_context *context, const unsigned char *value, CK_ULONG len)
{
    if (len == HSM_POINT_LEN + 2 && value[0] == 0x04 && value[1] == HSM_POINT_LEN) {
        value += 2;
        len -= 2;
    }
    if (len == HSM_POINT_LEN && value[0] == 0x04) {
        memcpy(context->point, value, HSM_POINT_LEN);
        context->has_point = 1;
    }
}

/* Reads curve and point of one object; a private key need not have the point. */
static CK_RV key_public_read(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle,
                             struct key_public_context *context)
{
    unsigned char params[64];
    unsigned char point[HSM_POINT_LEN + 16];
    CK_ATTRIBUTE curve = { CKA_EC_PARAMS, params, sizeof params };
    CK_ATTRIBUTE place = { CKA_EC_POINT, point, sizeof point };
    CK_RV rv = call->C_GetAttributeValue(session, handle, &curve, 1);
    if (rv != CKR_OK) {
        return rv;
    }
    context->is_p256 = curve.ulValueLen == sizeof key_p256 && memcmp(params, key_p256, sizeof key_p256) == 0;
    rv = call->C_GetAttributeValue(session, handle, &place, 1);
    if (rv == CKR_OK) {
        key_point_take(context, point, place.ulValueLen);
    }
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ? CKR_OK : rv;
}

static CK_RV key_public_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *opaque)
{
    struct key_public_context *context = (struct key_public_context *)opaque;
    struct hsm_lookup private_half = { .object_class = CKO_PRIVATE_KEY, .label = context->label };
    struct hsm_lookup public_half = { .object_class = CKO_PUBLIC_KEY, .label = context->label };
    CK_RV rv = hsm_lookup_run(call, session, &private_half);
    context->count = private_half.count;
    if (rv != CKR_OK || private_half.count != 1) {
        return rv;
    }
    rv = hsm_lookup_run(call, session, &public_half);
    if (rv != CKR_OK || public_half.count > 1) {
        context->count = public_half.count;
        return rv;
    }
    return key_public_read(call, session, public_half.count == 1 ? public_half.handle : private_half.handle, context);
}

int hsm_key_public(struct hsm *hsm, const char *label, uint8_t public_key[64], struct fault *fault)
{
    struct key_public_context context = { .label = label };
    unsigned generation = hsm_known_generation(hsm);
    if (hsm_known_public_read(hsm, label, public_key)) {
        return 0;
    }
    if (hsm_label_check(label, fault) != 0 ||
        hsm_run(hsm, "read a public key", key_public_work, &context, fault) != 0) {
        return -1;
    }
    struct hsm_lookup lookup = { .label = label, .count = context.count };
    if (hsm_lookup_check(hsm, &lookup, fault) != 0) {
        return -1;
    }
    if (!context.is_p256 || !context.has_point) {
        return fault_set(fault, "%s: the key '%s' is not a P-256 key, or its public half is missing", hsm->name, label);
    }
    memcpy(public_key, context.point + 1, 64);
    hsm_known_public_keep(hsm, generation, label, public_key);
    return 0;
}

/* ---- generation ---- */

struct key_generate_context {
    const char *label;
    enum hsm_key_kind kind;
};

#define ATTRIBUTE(type, value)                                                                                         \
    {                                                                                                                  \
        (type), &(value), sizeof(value)                                                                                \
    }

static CK_RV key_generate_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *opaque)
{
    const struct key_generate_context *context = (const struct key_generate_context *)opaque;
    CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL sign = context->kind == HSM_KEY_SIGN ? CK_TRUE : CK_FALSE;
    CK_BBOOL derive = context->kind == HSM_KEY_AGREE ? CK_TRUE : CK_FALSE;
    unsigned char id[8];
    void *label = (void *)(uintptr_t)context->label;
    CK_OBJECT_HANDLE handles[2] = { 0, 0 };
    CK_RV rv = call->C_GenerateRandom(session, id, sizeof id);
    if (rv != CKR_OK) {
        return rv;
    }
    CK_ATTRIBUTE public_half[] = {
        ATTRIBUTE(CKA_TOKEN, yes),   { CKA_LABEL, label, strlen(context->label) },
        { CKA_ID, id, sizeof id },   { CKA_EC_PARAMS, (void *)(uintptr_t)key_p256, sizeof key_p256 },
        ATTRIBUTE(CKA_VERIFY, sign),
    };
    CK_ATTRIBUTE private_half[] = {
        ATTRIBUTE(CKA_TOKEN, yes),     { CKA_LABEL, label, strlen(context->label) },
        { CKA_ID, id, sizeof id },     ATTRIBUTE(CKA_PRIVATE, yes),
        ATTRIBUTE(CKA_SENSITIVE, yes), ATTRIBUTE(CKA_EXTRACTABLE, no),
        ATTRIBUTE(CKA_SIGN, sign),     ATTRIBUTE(CKA_DERIVE, derive),
    };
    return call->C_GenerateKeyPair(session, &mechanism, public_half, sizeof public_half / sizeof public_half[0],
                                   private_half, sizeof private_half / sizeof private_half[0], &handles[0],
                                   &handles[1]);
}

/* A label counts as taken when either half has it. */
static int key_label_check_free(struct hsm *hsm, const char *label, struct fault *fault)
{
    struct hsm_lookup lookup = { .object_class = CKO_PUBLIC_KEY, .label = label };
    int taken = hsm_key_exists(hsm, label, fault);
    if (taken == 0) {
        if (hsm_run(hsm, "look for a key", key_lookup_work, &lookup, fault) != 0) {
            return -1;
        }
        taken = lookup.count != 0;
    }
    if (taken == 1) {
        (void)fault_set(fault, "%s: a key '%s' exists already and is never overwritten", hsm->name, label);
        return fault_hint(fault, "choose another label, or another token");
    }
    return taken;
}

static int key_can_make(const struct hsm *hsm, enum hsm_key_kind kind, struct fault *fault)
{
    if (!hsm->can_generate) {
        return hsm_error(fault, hsm->name, "generate a P-256 key", CKR_MECHANISM_INVALID);
    }
    if (kind == HSM_KEY_AGREE && !hsm->can_agree) {
        return hsm_error(fault, hsm->name, "generate a key for key agreement (ECDH)", CKR_MECHANISM_INVALID);
    }
    return 0;
}

int hsm_key_generate(struct hsm *hsm, const char *label, enum hsm_key_kind kind, uint8_t public_key[64],
                     struct fault *fault)
{
    struct key_generate_context context = { label, kind };
    if (hsm_label_check(label, fault) != 0 || key_can_make(hsm, kind, fault) != 0) {
        return -1;
    }
    (void)pthread_mutex_lock(&hsm->generating);
    int result = key_label_check_free(hsm, label, fault);
    if (result == 0) {
        sigset_t before;
        hsm_calm_begin(&before);
        result = hsm_run(hsm, "generate a key", key_generate_work, &context, fault);
        hsm_known_forget(hsm, label);
        hsm_calm_end(&before);
    }
    (void)pthread_mutex_unlock(&hsm->generating);
    return result != 0 ? -1 : hsm_key_public(hsm, label, public_key, fault);
}

static CK_RV key_torn_drop_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *context)
{
    static const CK_OBJECT_CLASS halves[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
    CK_RV rv = CKR_OK;
    for (size_t i = 0; rv == CKR_OK && i < sizeof halves / sizeof halves[0]; i++) {
        struct hsm_lookup half = { .object_class = halves[i], .label = (const char *)context };
        rv = hsm_lookup_run(call, session, &half);
        if (rv == CKR_OK && half.count == 1) {
            rv = call->C_DestroyObject(session, half.handle);
        }
    }
    return rv;
}

int hsm_key_torn_drop(struct hsm *hsm, const char *label, struct fault *fault)
{
    hsm_known_forget(hsm, label);
    return hsm_label_check(label, fault) != 0
               ? -1
               : hsm_run(hsm, "remove half a key", key_torn_drop_work, (void *)(uintptr_t)label, fault);
}

/* ---- sealed ---- */

enum { SEAL_SENSITIVE, SEAL_EXTRACTABLE, SEAL_ALWAYS_SENSITIVE, SEAL_NEVER_EXTRACTABLE, SEAL_LOCAL, SEAL_COUNT };

struct key_seal_context {
    struct hsm_lookup lookup;
    int value[SEAL_COUNT]; /* 1, 0, or -1 when the token does not say */
};

static CK_RV key_seal_work(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *opaque)
{
    static const CK_ATTRIBUTE_TYPE types[SEAL_COUNT] = { CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE,
                                                         CKA_NEVER_EXTRACTABLE, CKA_LOCAL };
    struct key_seal_context *context = (struct key_seal_context *)opaque;
    CK_RV rv = hsm_lookup_run(call, session, &context->lookup);
    for (size_t i = 0; rv == CKR_OK && context->lookup.count == 1 && i < SEAL_COUNT; i++) {
        CK_BBOOL value = CK_FALSE;
        CK_ATTRIBUTE attribute = { types[i], &value, sizeof value };
        rv = call->C_GetAttributeValue(session, context->lookup.handle, &attribute, 1);
        context->value[i] = rv != CKR_OK || attribute.ulValueLen != sizeof value ? -1 : value != CK_FALSE;
        if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
            rv = CKR_OK;
        }
    }
    return rv;
}

/* What speaks against the key, or NULL. A token that does not say is not believed. */
static const char *key_seal_wrong(const int value[SEAL_COUNT])
{
    for (size_t i = 0; i < SEAL_COUNT; i++) {
        if (value[i] < 0) {
            return "may not be sealed: the token does not say whether it was always sensitive, never extractable and "
                   "made inside";
        }
    }
    if (value[SEAL_EXTRACTABLE] != 0 || value[SEAL_NEVER_EXTRACTABLE] != 1) {
        return "may be or could once be extracted";
    }
    if (value[SEAL_SENSITIVE] != 1 || value[SEAL_ALWAYS_SENSITIVE] != 1) {
        return "is not, or was not always, sensitive";
    }
    return value[SEAL_LOCAL] != 1 ? "was not generated inside the token" : NULL;
}

int hsm_key_check_sealed(struct hsm *hsm, const char *label, struct fault *fault)
{
    struct key_seal_context context = { .lookup = { .object_class = CKO_PRIVATE_KEY, .label = label } };
    if (hsm_label_check(label, fault) != 0 ||
        hsm_run(hsm, "read a key's attributes", key_seal_work, &context, fault) != 0 ||
        hsm_lookup_check(hsm, &context.lookup, fault) != 0) {
        return -1;
    }
    const char *wrong = key_seal_wrong(context.value);
    if (wrong != NULL) {
        (void)fault_set(fault, "%s: the key '%s' %s", hsm->name, label, wrong);
        return fault_hint(fault, "a key that somebody else may hold is of no use: make a new one inside the token");
    }
    return 0;
}
