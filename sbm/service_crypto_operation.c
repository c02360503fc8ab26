/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_operation: the table of multipart operations. A handle is the entry's number and a generation, so that
 * an old or invented one names nothing. */
#include "base/wipe.h"
#include "sbm/service_crypto.h"
#include "sbm/service_crypto_run.h"

static struct service_crypto_operation table[SBM_CRYPTO_OPERATIONS];
static uint32_t generation;

struct service_crypto_operation *service_crypto_operation_take(enum service_crypto_kind kind)
{
    for (uint32_t i = 0; i < SBM_CRYPTO_OPERATIONS; i++) {
        if (table[i].handle == 0) {
            generation++;
            table[i].handle = generation << 8 | (i + 1u);
            table[i].kind = kind;
            return &table[i];
        }
    }
    return NULL;
}

static struct service_crypto_operation *entry_of(uint32_t handle)
{
    uint32_t i = (handle & 0xFFu) - 1u;
    return i < SBM_CRYPTO_OPERATIONS && table[i].handle == handle ? &table[i] : NULL;
}

struct service_crypto_operation *service_crypto_operation_find(uint32_t handle, enum service_crypto_kind kind)
{
    struct service_crypto_operation *operation = entry_of(handle);
    return operation != NULL && operation->kind == kind ? operation : NULL;
}

void service_crypto_operation_give(struct service_crypto_operation *operation)
{
    switch (operation->kind) {
    case SERVICE_CRYPTO_HASH:
        (void)psa_hash_abort(&operation->as.hash);
        break;
    case SERVICE_CRYPTO_MAC:
        (void)psa_mac_abort(&operation->as.mac);
        break;
    case SERVICE_CRYPTO_CIPHER:
        (void)psa_cipher_abort(&operation->as.cipher);
        break;
    case SERVICE_CRYPTO_AEAD:
        (void)psa_aead_abort(&operation->as.aead);
        break;
    case SERVICE_CRYPTO_DERIVE:
        (void)psa_key_derivation_abort(&operation->as.derive);
        break;
    }
    wipe(operation, sizeof *operation);
}

void service_crypto_operation_abort(uint32_t handle)
{
    struct service_crypto_operation *operation = entry_of(handle);
    if (operation != NULL) {
        service_crypto_operation_give(operation);
    }
}

void service_crypto_operations_wipe(void)
{
    wipe(table, sizeof table);
}

unsigned service_crypto_operations_count(void)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < SBM_CRYPTO_OPERATIONS; i++) {
        count += table[i].handle != 0 ? 1u : 0u;
    }
    return count;
}

/* The kind by the function's number: sixteen to a kind. */
static enum service_crypto_kind kind_of(uint32_t function)
{
    switch (function / 16u) {
    case SBM_CRYPTO_HASH_COMPUTE / 16:
        return SERVICE_CRYPTO_HASH;
    case SBM_CRYPTO_MAC_COMPUTE / 16:
        return SERVICE_CRYPTO_MAC;
    case SBM_CRYPTO_CIPHER_ENCRYPT / 16:
        return SERVICE_CRYPTO_CIPHER;
    case SBM_CRYPTO_AEAD_ENCRYPT / 16:
        return SERVICE_CRYPTO_AEAD;
    default:
        return SERVICE_CRYPTO_DERIVE;
    }
}

static int begins(uint32_t function)
{
    switch (function) {
    case SBM_CRYPTO_HASH_SETUP:
    case SBM_CRYPTO_HASH_CLONE:
    case SBM_CRYPTO_MAC_SIGN_SETUP:
    case SBM_CRYPTO_MAC_VERIFY_SETUP:
    case SBM_CRYPTO_CIPHER_ENCRYPT_SETUP:
    case SBM_CRYPTO_CIPHER_DECRYPT_SETUP:
    case SBM_CRYPTO_AEAD_ENCRYPT_SETUP:
    case SBM_CRYPTO_AEAD_DECRYPT_SETUP:
    case SBM_CRYPTO_DERIVE_SETUP:
        return 1;
    default:
        return 0;
    }
}

static int ends(uint32_t function)
{
    switch (function) {
    case SBM_CRYPTO_HASH_FINISH:
    case SBM_CRYPTO_HASH_VERIFY:
    case SBM_CRYPTO_MAC_SIGN_FINISH:
    case SBM_CRYPTO_MAC_VERIFY_FINISH:
    case SBM_CRYPTO_CIPHER_FINISH:
    case SBM_CRYPTO_AEAD_FINISH:
    case SBM_CRYPTO_AEAD_VERIFY:
        return 1;
    default:
        return 0;
    }
}

static psa_status_t kind_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call)
{
    switch (operation->kind) {
    case SERVICE_CRYPTO_HASH:
    case SERVICE_CRYPTO_MAC:
        return service_crypto_digest_run(operation, call);
    case SERVICE_CRYPTO_CIPHER:
    case SERVICE_CRYPTO_AEAD:
        return service_crypto_cipher_run(operation, call);
    default:
        return service_crypto_derive_run(operation, call);
    }
}

/* Two errors of a derivation leave it as it is: it has not that much to give, or it may not give that much. */
static int goes_on(uint32_t function, psa_status_t status)
{
    return status == PSA_SUCCESS || status == PSA_ERROR_INSUFFICIENT_DATA ||
           (status == PSA_ERROR_INVALID_ARGUMENT && function == SBM_CRYPTO_DERIVE_SET_CAPACITY);
}

psa_status_t service_crypto_operation_run(struct sbm_crypto_call *call)
{
    enum service_crypto_kind kind = kind_of(call->function);
    int beginning = begins(call->function);
    struct service_crypto_operation *operation =
        beginning ? service_crypto_operation_take(kind) : service_crypto_operation_find(call->operation, kind);
    if (operation == NULL) {
        return beginning ? PSA_ERROR_INSUFFICIENT_MEMORY : PSA_ERROR_BAD_STATE;
    }
    psa_status_t status = kind_run(operation, call);
    call->operation = operation->handle;
    if (!goes_on(call->function, status) || ends(call->function)) {
        service_crypto_operation_give(operation);
        call->operation = 0;
    }
    return status;
}
