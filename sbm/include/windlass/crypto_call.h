/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windlass/crypto_call.h: the one door behind the PSA Crypto functions (docs/spec.md, PSA Crypto). Applications call
 * the psa_ functions of psa/crypto.h; app/psa/ makes these calls of them. Numbers are never given away twice.
 */
#ifndef WINDLASS_CRYPTO_CALL_H
#define WINDLASS_CRYPTO_CALL_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that all inputs of one call may have together: INSUFFICIENT_MEMORY beyond. Of each output no more than this is
 * filled, whatever its capacity. */
#define SBM_CRYPTO_IN_MAX 4096u
#define SBM_CRYPTO_OUT_MAX 4096u
#define SBM_CRYPTO_OUT2_MAX 64u
/* The device's identity key: it signs and verifies with ECDSA over SHA-256 and cannot be exported, copied or destroyed.
 * It signs only hashes that SBM computed (the last 8), and nothing that reads like a COSE_Sign1: those are SBM's own
 * statements. NOT_PERMITTED for the rest. */
#define SBM_CRYPTO_KEY_IDENTITY 0x7fff0000u
/* Multipart operations at a time. */
#define SBM_CRYPTO_OPERATIONS 8u

enum sbm_crypto_function {
    SBM_CRYPTO_RANDOM = 1,
    SBM_CRYPTO_KEY_IMPORT = 16,
    SBM_CRYPTO_KEY_GENERATE,
    SBM_CRYPTO_KEY_EXPORT,
    SBM_CRYPTO_KEY_EXPORT_PUBLIC,
    SBM_CRYPTO_KEY_ATTRIBUTES,
    SBM_CRYPTO_KEY_COPY,
    SBM_CRYPTO_KEY_DESTROY,
    SBM_CRYPTO_KEY_PURGE,
    SBM_CRYPTO_SIGN_HASH = 32,
    SBM_CRYPTO_VERIFY_HASH,
    SBM_CRYPTO_SIGN_MESSAGE,
    SBM_CRYPTO_VERIFY_MESSAGE,
    SBM_CRYPTO_KEY_AGREEMENT,
    SBM_CRYPTO_HASH_COMPUTE = 48,
    SBM_CRYPTO_HASH_COMPARE,
    SBM_CRYPTO_HASH_SETUP,
    SBM_CRYPTO_HASH_UPDATE,
    SBM_CRYPTO_HASH_FINISH,
    SBM_CRYPTO_HASH_VERIFY,
    SBM_CRYPTO_HASH_CLONE,
    SBM_CRYPTO_MAC_COMPUTE = 64,
    SBM_CRYPTO_MAC_VERIFY,
    SBM_CRYPTO_MAC_SIGN_SETUP,
    SBM_CRYPTO_MAC_VERIFY_SETUP,
    SBM_CRYPTO_MAC_UPDATE,
    SBM_CRYPTO_MAC_SIGN_FINISH,
    SBM_CRYPTO_MAC_VERIFY_FINISH,
    SBM_CRYPTO_CIPHER_ENCRYPT = 80,
    SBM_CRYPTO_CIPHER_DECRYPT,
    SBM_CRYPTO_CIPHER_ENCRYPT_SETUP,
    SBM_CRYPTO_CIPHER_DECRYPT_SETUP,
    SBM_CRYPTO_CIPHER_GENERATE_IV,
    SBM_CRYPTO_CIPHER_SET_IV,
    SBM_CRYPTO_CIPHER_UPDATE,
    SBM_CRYPTO_CIPHER_FINISH,
    SBM_CRYPTO_AEAD_ENCRYPT = 96,
    SBM_CRYPTO_AEAD_DECRYPT,
    SBM_CRYPTO_AEAD_ENCRYPT_SETUP,
    SBM_CRYPTO_AEAD_DECRYPT_SETUP,
    SBM_CRYPTO_AEAD_GENERATE_NONCE,
    SBM_CRYPTO_AEAD_SET_NONCE,
    SBM_CRYPTO_AEAD_SET_LENGTHS,
    SBM_CRYPTO_AEAD_UPDATE_AD,
    SBM_CRYPTO_AEAD_UPDATE,
    SBM_CRYPTO_AEAD_FINISH,
    SBM_CRYPTO_AEAD_VERIFY,
    SBM_CRYPTO_DERIVE_SETUP = 112,
    SBM_CRYPTO_DERIVE_GET_CAPACITY,
    SBM_CRYPTO_DERIVE_SET_CAPACITY,
    SBM_CRYPTO_DERIVE_INPUT_BYTES,
    SBM_CRYPTO_DERIVE_INPUT_INTEGER,
    SBM_CRYPTO_DERIVE_INPUT_KEY,
    SBM_CRYPTO_DERIVE_KEY_AGREEMENT,
    SBM_CRYPTO_DERIVE_OUTPUT_BYTES,
    SBM_CRYPTO_DERIVE_OUTPUT_KEY,
    SBM_CRYPTO_ABORT = 128 /* of every kind of operation */
};

struct sbm_crypto_in {
    const void *data; /* in the application's RAM or image */
    size_t len;
};

struct sbm_crypto_out {
    void *data; /* in the application's RAM */
    size_t capacity;
    size_t len; /* set by SBM; at most the capacity */
};

struct sbm_crypto_attributes {
    uint32_t id;
    uint32_t type;
    uint32_t bits;
    uint32_t lifetime;
    uint32_t usage;
    uint32_t algorithm;
    uint32_t algorithm2;
};

/* SBM reads it once, whole, and writes key, operation, number, attributes and the outputs' lengths at the end. What a
 * function does not use is ignored. */
struct sbm_crypto_call {
    uint32_t function;  /* enum sbm_crypto_function */
    uint32_t operation; /* of a multipart operation; 0: none */
    uint32_t key;
    uint32_t algorithm;
    uint32_t number[2]; /* derivation step, capacity or integer (low word first); lengths of AD and text */
    struct sbm_crypto_attributes attributes;
    struct sbm_crypto_in in[4];
    struct sbm_crypto_out out[2];
};

/* What the psa_ function says; also INVALID_ARGUMENT for memory that is not the application's, NOT_SUPPORTED for a
 * function that is not in the list, BAD_STATE for a handle that names no operation of the kind, NOT_PERMITTED from an
 * interrupt handler. */
int32_t sbm_crypto_call(struct sbm_crypto_call *call);

#endif
