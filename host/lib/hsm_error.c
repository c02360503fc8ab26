/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_error: what PKCS#11 result codes mean for people, and what helps. */
#include <stdio.h>

#include "host/lib/hsm_room.h"

struct hsm_error_entry {
    CK_RV rv;
    const char *text;
    const char *hint; /* or NULL */
};

#define HINT_PIN "check the PIN file; repeated wrong PINs lock the token"
#define HINT_TOKEN "plug the token in, start its service, or check the project's hsm section"
#define HINT_SESSIONS "close other programs that use the token"
#define HINT_MECHANISM "windlass needs P-256: CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, and CKM_ECDH1_DERIVE for key agreement"
#define HINT_GENERAL "look at the module's own log and configuration (SoftHSM: SOFTHSM2_CONF; tpm2: TPM2_PKCS11_STORE)"

#define E(code, text, hint)                                                                                            \
    {                                                                                                                  \
        code, text " (" #code ")", hint                                                                                \
    }
static const struct hsm_error_entry errors[] = {
    E(CKR_HOST_MEMORY, "no memory", NULL),
    E(CKR_SLOT_ID_INVALID, "the slot is gone", HINT_TOKEN),
    E(CKR_GENERAL_ERROR, "the module reports an error of its own", HINT_GENERAL),
    E(CKR_FUNCTION_FAILED, "the token could not do it", HINT_GENERAL),
    E(CKR_ARGUMENTS_BAD, "the module does not take these arguments", NULL),
    E(CKR_CANT_LOCK, "the module cannot be used by several threads", "use a module that supports CKF_OS_LOCKING_OK"),
    E(CKR_ATTRIBUTE_SENSITIVE, "the value may not leave the token", NULL),
    E(CKR_ATTRIBUTE_TYPE_INVALID, "the token does not know an attribute", NULL),
    E(CKR_ATTRIBUTE_VALUE_INVALID, "the token does not take an attribute's value", NULL),
    E(CKR_DEVICE_ERROR, "the device has an error", HINT_TOKEN),
    E(CKR_DEVICE_MEMORY, "the device's memory is full", "remove keys that are no longer needed"),
    E(CKR_DEVICE_REMOVED, "the device was removed", HINT_TOKEN),
    E(CKR_FUNCTION_NOT_SUPPORTED, "the module cannot do that", NULL),
    E(CKR_KEY_FUNCTION_NOT_PERMITTED, "the key may not be used for that", NULL),
    E(CKR_KEY_TYPE_INCONSISTENT, "the key has another type", NULL),
    E(CKR_KEY_SIZE_RANGE, "the token does not take keys of this size", NULL),
    E(CKR_MECHANISM_INVALID, "the token has no such mechanism", HINT_MECHANISM),
    E(CKR_MECHANISM_PARAM_INVALID, "the token does not take the mechanism's parameter", NULL),
    E(CKR_KEY_HANDLE_INVALID, "the key is gone", NULL),
    E(CKR_OBJECT_HANDLE_INVALID, "the object is gone", NULL),
    E(CKR_OPERATION_ACTIVE, "another operation is under way in the session", NULL),
    E(CKR_PIN_INCORRECT, "the PIN is wrong", HINT_PIN),
    E(CKR_PIN_INVALID, "the PIN has characters that the token does not take", HINT_PIN),
    E(CKR_PIN_LEN_RANGE, "the PIN is too short or too long for the token", HINT_PIN),
    E(CKR_PIN_EXPIRED, "the PIN has expired", "set a new PIN with the token's own tool"),
    E(CKR_PIN_LOCKED, "the PIN is locked after too many wrong ones", "unlock it with the token's own tool"),
    E(CKR_SESSION_CLOSED, "the session was closed", HINT_TOKEN),
    E(CKR_SESSION_COUNT, "the token has no further session", HINT_SESSIONS),
    E(CKR_SESSION_HANDLE_INVALID, "the session was lost", HINT_TOKEN),
    E(CKR_SESSION_READ_ONLY, "the session may only read", NULL),
    E(CKR_SESSION_EXISTS, "the token is in use", HINT_SESSIONS),
    E(CKR_TEMPLATE_INCOMPLETE, "the token wants more attributes", NULL),
    E(CKR_TEMPLATE_INCONSISTENT, "the token refuses these attributes together", NULL),
    E(CKR_TOKEN_NOT_PRESENT, "the token is not there", HINT_TOKEN),
    E(CKR_TOKEN_NOT_RECOGNIZED, "the module does not know this token", HINT_TOKEN),
    E(CKR_TOKEN_WRITE_PROTECTED, "the token is write-protected", NULL),
    E(CKR_USER_NOT_LOGGED_IN, "not logged in", "give the token's PIN with pin_file"),
    E(CKR_USER_PIN_NOT_INITIALIZED, "the token has no user PIN yet", "set one with the token's own tool"),
    E(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "somebody else is logged in", HINT_SESSIONS),
    E(CKR_CURVE_NOT_SUPPORTED, "the token does not have the curve P-256", HINT_MECHANISM),
    E(CKR_DOMAIN_PARAMS_INVALID, "the token does not have the curve P-256", HINT_MECHANISM),
    E(CKR_CRYPTOKI_NOT_INITIALIZED, "the module is not initialised", NULL),
    E(CKR_FUNCTION_REJECTED, "the token refused", NULL),
};
#undef E

static const struct hsm_error_entry *hsm_error_entry_of(CK_RV rv)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].rv == rv) {
            return &errors[i];
        }
    }
    return NULL;
}

const char *hsm_error_text(CK_RV rv, char *buffer, size_t buffer_len)
{
    const struct hsm_error_entry *entry = hsm_error_entry_of(rv);
    if (entry != NULL) {
        return entry->text;
    }
    (void)snprintf(buffer, buffer_len, "PKCS#11 result 0x%08lx", (unsigned long)rv);
    return buffer;
}

int hsm_error(struct fault *fault, const char *where, const char *doing, CK_RV rv)
{
    char number[48];
    const struct hsm_error_entry *entry = hsm_error_entry_of(rv);
    (void)fault_set(fault, "%s: cannot %s: %s", where, doing, hsm_error_text(rv, number, sizeof number));
    if (entry != NULL && entry->hint != NULL) {
        (void)fault_hint(fault, "%s", entry->hint);
    }
    return -1;
}

int hsm_error_is_loss(CK_RV rv)
{
    switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_SLOT_ID_INVALID:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
        return 1;
    default:
        return 0;
    }
}
