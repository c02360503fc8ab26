/* SPDX-License-Identifier: Apache-2.0 */
/* wall_token: a PKCS#11 module before another: counts calls, and at one of them the process dies, or the token is lost
 * (wall.h). */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "tests/crash/wall.h"

#define OUT_CALLS 3 /* for so many calls a token that was pulled out stays out */

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static CK_FUNCTION_LIST *behind;
static CK_FUNCTION_LIST list;

/* What the caller is told instead; CKR_OK: the call goes through. */
static CK_RV token_state(void)
{
    if (wall_cut == NULL) {
        return CKR_OK;
    }
    if (cut_here(wall_cut, CUT_CALL)) {
        wall_die();
    }
    if (cut_here(wall_cut, CUT_LOST)) {
        CK_SLOT_ID slots[16];
        CK_ULONG count = 16;
        if (behind->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK) {
            for (CK_ULONG i = 0; i < count; i++) {
                (void)behind->C_CloseAllSessions(slots[i]);
            }
        }
        return CKR_SESSION_HANDLE_INVALID;
    }
    if (cut_here(wall_cut, CUT_OUT)) {
        atomic_store(&wall_cut->left, OUT_CALLS);
    }
    uint32_t left = atomic_load(&wall_cut->left);
    if (left == 0) {
        return CKR_OK;
    }
    atomic_store(&wall_cut->left, left - 1);
    return left % 2 == 0 ? CKR_TOKEN_NOT_PRESENT : CKR_DEVICE_REMOVED;
}

#define THROUGH(name, parameters, arguments)                                                                           \
    static CK_RV own_##name parameters                                                                                 \
    {                                                                                                                  \
        CK_RV rv = token_state();                                                                                      \
        return rv != CKR_OK ? rv : behind->name arguments;                                                             \
    }
#define S CK_SESSION_HANDLE s

THROUGH(C_GetSlotList, (CK_BBOOL only, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count), (only, slots, count))
THROUGH(C_GetTokenInfo, (CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info), (slot, info))
THROUGH(C_OpenSession, (CK_SLOT_ID slot, CK_FLAGS flags, void *context, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR out),
        (slot, flags, context, notify, out))
THROUGH(C_GetSessionInfo, (S, CK_SESSION_INFO_PTR info), (s, info))
THROUGH(C_Login, (S, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG len), (s, user, pin, len))
THROUGH(C_FindObjectsInit, (S, CK_ATTRIBUTE_PTR what, CK_ULONG count), (s, what, count))
THROUGH(C_FindObjects, (S, CK_OBJECT_HANDLE_PTR out, CK_ULONG max, CK_ULONG_PTR count), (s, out, max, count))
THROUGH(C_FindObjectsFinal, (S), (s))
THROUGH(C_GetAttributeValue, (S, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR what, CK_ULONG count),
        (s, object, what, count))
THROUGH(C_DestroyObject, (S, CK_OBJECT_HANDLE object), (s, object))
THROUGH(C_SignInit, (S, CK_MECHANISM_PTR how, CK_OBJECT_HANDLE key), (s, how, key))
THROUGH(C_Sign, (S, CK_BYTE_PTR data, CK_ULONG len, CK_BYTE_PTR out, CK_ULONG_PTR out_len),
        (s, data, len, out, out_len))
THROUGH(C_DeriveKey,
        (S, CK_MECHANISM_PTR how, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_PTR what, CK_ULONG count,
         CK_OBJECT_HANDLE_PTR out),
        (s, how, key, what, count, out))
THROUGH(C_GenerateKeyPair,
        (S, CK_MECHANISM_PTR how, CK_ATTRIBUTE_PTR open, CK_ULONG open_count, CK_ATTRIBUTE_PTR secret,
         CK_ULONG secret_count, CK_OBJECT_HANDLE_PTR open_out, CK_OBJECT_HANDLE_PTR secret_out),
        (s, how, open, open_count, secret, secret_count, open_out, secret_out))
THROUGH(C_GenerateRandom, (S, CK_BYTE_PTR out, CK_ULONG len), (s, out, len))

static void list_fill(void)
{
    list = *behind;
    list.C_GetSlotList = own_C_GetSlotList;
    list.C_GetTokenInfo = own_C_GetTokenInfo;
    list.C_OpenSession = own_C_OpenSession;
    list.C_GetSessionInfo = own_C_GetSessionInfo;
    list.C_Login = own_C_Login;
    list.C_FindObjectsInit = own_C_FindObjectsInit;
    list.C_FindObjects = own_C_FindObjects;
    list.C_FindObjectsFinal = own_C_FindObjectsFinal;
    list.C_GetAttributeValue = own_C_GetAttributeValue;
    list.C_DestroyObject = own_C_DestroyObject;
    list.C_SignInit = own_C_SignInit;
    list.C_Sign = own_C_Sign;
    list.C_DeriveKey = own_C_DeriveKey;
    list.C_GenerateKeyPair = own_C_GenerateKeyPair;
    list.C_GenerateRandom = own_C_GenerateRandom;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
    void *(*open)(const char *, int);
    CK_C_GetFunctionList get;
    *(void **)(void *)&open = dlsym(RTLD_NEXT, "dlopen");
    void *library = open(getenv("WINDLASS_CRASH_MODULE"), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
    memcpy(&get, &symbol, sizeof get);
    if (get == NULL || get(&behind) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    list_fill();
    *out = &list;
    return CKR_OK;
}
