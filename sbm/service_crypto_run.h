/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_run: the rooms behind service_crypto. All pointers of a call are secure memory here, never NULL. */
#ifndef SBM_SERVICE_CRYPTO_RUN_H
#define SBM_SERVICE_CRYPTO_RUN_H

#include <psa/crypto.h>

#include "windlass/crypto_call.h"

/* Makes the core ready and gives it the identity key. Repeating it does nothing. */
psa_status_t service_crypto_keys_open(void);
/* Forgets all keys in memory. */
void service_crypto_keys_wipe(void);
/* The application's key of this number, or the identity key. Keys of others cannot be named. */
mbedtls_svc_key_id_t service_crypto_key(uint32_t id);
/* Attributes of a key that the application makes. */
psa_key_attributes_t service_crypto_attributes(const struct sbm_crypto_attributes *a);
/* Everything that needs no operation. NOT_SUPPORTED when it is not in the list. */
psa_status_t service_crypto_keys_run(struct sbm_crypto_call *call);
psa_status_t service_crypto_once_run(struct sbm_crypto_call *call);

/* How what is hashed begins. */
#define SERVICE_CRYPTO_HEAD_LEN 12u
struct service_crypto_head {
    uint32_t len;
    uint8_t bytes[SERVICE_CRYPTO_HEAD_LEN];
};
void service_crypto_head_add(struct service_crypto_head *head, const uint8_t *in, size_t len);
/* SBM gave out this SHA-256 digest of something that begins so. */
void service_crypto_digest_remember(const struct service_crypto_head *head, const struct sbm_crypto_out *digest);
/* NOT_PERMITTED when the call would sign, with the identity key, a statement of SBM (COSE_Sign1) or a hash of which
 * that cannot be known: not one of the last 8 that SBM computed. */
psa_status_t service_crypto_identity_check(const struct sbm_crypto_call *call);
void service_crypto_digests_wipe(void);

enum service_crypto_kind {
    SERVICE_CRYPTO_HASH = 0x15,
    SERVICE_CRYPTO_MAC = 0x2A,
    SERVICE_CRYPTO_CIPHER = 0x33,
    SERVICE_CRYPTO_AEAD = 0x4C,
    SERVICE_CRYPTO_DERIVE = 0x55
};
struct service_crypto_operation {
    uint32_t handle; /* 0: unused */
    enum service_crypto_kind kind;
    struct service_crypto_head head; /* of a hash */
    union {
        psa_hash_operation_t hash;
        psa_mac_operation_t mac;
        psa_cipher_operation_t cipher;
        psa_aead_operation_t aead;
        psa_key_derivation_operation_t derive;
    } as;
};
/* An unused entry, or NULL. Its handle was never given before (but after 2^24 operations). */
struct service_crypto_operation *service_crypto_operation_take(enum service_crypto_kind kind);
/* The live operation of this handle and kind, or NULL. */
struct service_crypto_operation *service_crypto_operation_find(uint32_t handle, enum service_crypto_kind kind);
/* Aborts and wipes it; the handle is dead. */
void service_crypto_operation_give(struct service_crypto_operation *operation);
/* Aborts whatever has this handle; nothing when it is dead. */
void service_crypto_operation_abort(uint32_t handle);
void service_crypto_operations_wipe(void);

/* Every function on an operation: takes or finds it, runs it, and gives it back when it ended or failed. */
psa_status_t service_crypto_operation_run(struct sbm_crypto_call *call);
/* The functions on hashes and MACs, on ciphers and AEADs, and on derivations. */
psa_status_t service_crypto_digest_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call);
psa_status_t service_crypto_cipher_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call);
/* Adds 1 to a number, big-endian. 1 when it is a private key of P-256 then. CT: in the number. */
int service_crypto_pair_of(uint8_t number[32]);
psa_status_t service_crypto_derive_run(struct service_crypto_operation *operation, struct sbm_crypto_call *call);

#endif
