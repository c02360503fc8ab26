/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block: key blocks (docs/spec.md section 7.3) on the host: opening one with an HSM's ECDH key, making one for a
 * recipient, signed by an HSM key. The session key is in this process's memory between the two and nowhere else;
 * callers wipe it.
 */
#ifndef HOST_LIB_BLOCK_H
#define HOST_LIB_BLOCK_H

#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"
#include "host/lib/hsm.h"
#include "wire/cose.h"
#include "wire/suit.h"

#define BLOCK_MAX 1024

struct session_key {
    uint8_t key[16];
    uint8_t iv[16];
};

/* What a key block says about the package it belongs to. */
struct block_package {
    uint64_t sequence;
    uint8_t manifest_digest[32];
    uint64_t envelope_len;
};

struct block {
    uint8_t data[BLOCK_MAX];
    size_t len;
};

/* A key block taken apart: views into the encoded block. */
struct block_facts {
    struct suit_envelope envelope;
    struct block_package package; /* the package it belongs to */
    struct cose_encrypt encryption;
    struct cose_sign1 sign1;
};

/* Reads the facts from an encoded package (envelope at the start of `package`, and nothing after it). The stated digest
 * is checked. */
int block_package_read(struct bytes package, struct block_package *out, struct fault *fault);
/* Wraps `key` to `recipient` (P-256 public key) with a fresh ephemeral key and signs the block with `signing_label` of
 * `hsm`. */
int block_make(const struct block_package *package, const struct session_key *key, const uint8_t recipient[64],
               struct hsm *hsm, const char *signing_label, struct block *out, struct fault *fault);
/* Checks the signature by one of `signers` (64 bytes each), that the block belongs to `package` and is for the key
 * `agree_label` of `hsm`, and unwraps. */
int block_open(struct bytes block, const struct block_package *package, struct bytes signers, struct hsm *hsm,
               const char *agree_label, struct session_key *out, struct fault *fault);
/* An envelope to be signed: the manifest's content, and the number of integrated payloads that the caller appends. */
struct block_envelope {
    struct bytes manifest;
    size_t payload_count;
};
/* Signs the manifest with `label` of `hsm` and writes the envelope; payloads follow (suit_payload_head_build). */
int block_envelope_sign(const struct block_envelope *in, struct hsm *hsm, const char *label, struct cbor_writer *out,
                        struct fault *fault);
/* Takes a block apart: exactly the profile of section 7.3, and nothing after it. Nothing is trusted yet. */
int block_read(struct bytes block, struct block_facts *out, struct fault *fault);
/* Checks the signature by one of `signers` (64 bytes each; data NULL: not checked) and that the block belongs to
 * `package` (NULL: not checked). */
int block_check(const struct block_facts *facts, const struct block_package *package, struct bytes signers,
                struct fault *fault);

#endif
