/* SPDX-License-Identifier: Apache-2.0 */
/* mood_token: a PKCS#11 module before another, which has the moods of tokens (mood.h). */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "tests/days/mood.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static CK_FUNCTION_LIST *behind;
static CK_FUNCTION_LIST list;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE newest;

/* Once each time that the mood comes: sessions are closed, or logged out, behind the user's back. */
static void forget(void)
{
    static int lost;
    static int idle;
    (void)pthread_mutex_lock(&lock);
    if (mood_is("lost") && !lost) {
        (void)behind->C_CloseAllSessions(slot);
    }
    if (mood_is("idle") && !idle) {
        (void)behind->C_Logout(newest);
    }
    lost = mood_is("lost");
    idle = mood_is("idle");
    (void)pthread_mutex_unlock(&lock);
}

static CK_RV own_GetSlotList(CK_BBOOL only, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count)
{
    if (mood_is("out") && only) {
        *count = 0;
        return CKR_OK;
    }
    return behind->C_GetSlotList(only, slots, count);
}

static CK_RV own_GetTokenInfo(CK_SLOT_ID which, CK_TOKEN_INFO_PTR info)
{
    return mood_is("out") ? CKR_TOKEN_NOT_PRESENT : behind->C_GetTokenInfo(which, info);
}

static CK_RV own_OpenSession(CK_SLOT_ID which, CK_FLAGS flags, void *context, CK_NOTIFY notify,
                             CK_SESSION_HANDLE_PTR out)
{
    if (mood_is("out")) {
        return CKR_TOKEN_NOT_PRESENT;
    }
    CK_RV rv = behind->C_OpenSession(which, flags, context, notify, out);
    if (rv == CKR_OK) {
        slot = which;
        newest = *out;
    }
    return rv;
}

/* Asked before each piece of work. */
static CK_RV own_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info)
{
    forget();
    return mood_is("out") ? CKR_DEVICE_REMOVED : behind->C_GetSessionInfo(session, info);
}

static CK_RV own_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG len, CK_BYTE_PTR out, CK_ULONG_PTR out_len)
{
    return mood_is("out")     ? CKR_DEVICE_REMOVED
           : mood_is("fails") ? CKR_DEVICE_ERROR
                              : behind->C_Sign(session, data, len, out, out_len);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
    void *(*open)(const char *, int);
    CK_C_GetFunctionList get;
    *(void **)(void *)&open = dlsym(RTLD_NEXT, "dlopen");
    void *library = open(getenv(MOOD_MODULE), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
    memcpy(&get, &symbol, sizeof get);
    if (get == NULL || get(&behind) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    list = *behind;
    list.C_GetSlotList = own_GetSlotList;
    list.C_GetTokenInfo = own_GetTokenInfo;
    list.C_OpenSession = own_OpenSession;
    list.C_GetSessionInfo = own_GetSessionInfo;
    list.C_Sign = own_Sign;
    *out = &list;
    return CKR_OK;
}
