/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cose: the COSE structures (RFC 9052, 9053, 9459, 9864) that Windlass uses: COSE_Sign1 with ESP256, COSE_Encrypt with
 * AES-128-CTR and one ECDH-ES+A128KW recipient, COSE_Encrypt0 with ChaCha20/Poly1305. Syntax only: no key, no cipher.
 */
#ifndef WIRE_COSE_H
#define WIRE_COSE_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define COSE_ALG_ESP256 (-9)
#define COSE_ALG_A128KW (-3)
#define COSE_ALG_ECDH_ES_A128KW (-29)
#define COSE_ALG_A128CTR (-65534)

#define COSE_KID_LEN 8
#define COSE_SIGNATURE_LEN 64
#define COSE_SIGN1_MAX 96    /* a detached COSE_Sign1 with kid */
#define COSE_ENCRYPT_MAX 192 /* an encryption-info */
#define COSE_KDF_CONTEXT_MAX 64

struct cose_sign1 {
    struct bytes protected_header; /* content of the byte string: <<{1: -9}>> */
    struct bytes kid;              /* 8 bytes; data == NULL when absent */
    struct bytes payload;          /* data == NULL when detached (nil) */
    struct bytes signature;        /* 64: r then s */
};

/* Parses a whole COSE_Sign1 with tag 18: TRAILING when bytes follow. UNSUPPORTED for another algorithm. On error *out
 * is zero. */
status_t cose_sign1_parse(struct bytes in, struct cose_sign1 *out);
/* The same without the tag: a CWT in an EDHOC credential. */
status_t cose_sign1_untagged_parse(struct bytes in, struct cose_sign1 *out);
/* kid.data == NULL: none; payload.data == NULL: nil. */
void cose_sign1_build(const struct cose_sign1 *in, struct cbor_writer *out);
/* Writes Sig_structure (RFC 9052 section 4.4): what is hashed and signed. Protected header {1: -9}. */
void cose_sig_structure_build(struct bytes external_aad, struct bytes payload, struct cbor_writer *out);

struct cose_encrypt {
    struct bytes iv;          /* 16 */
    struct bytes ephemeral_x; /* 32 */
    struct bytes ephemeral_y; /* 32 */
    struct bytes kid;         /* 8: recipient key */
    struct bytes wrapped_key; /* 24: RFC 3394 of a 16-byte key */
};

status_t cose_encrypt_parse(struct bytes in, struct cose_encrypt *out);
void cose_encrypt_build(const struct cose_encrypt *in, struct cbor_writer *out);
/* Writes the COSE_KDF_Context of docs/spec.md section 7.3: the HKDF info. */
void cose_kdf_context_build(struct cbor_writer *out);

/* COSE_Encrypt0 (tag 16) of the secure channel (docs/spec.md section 17.3): protected {1: 24}, unprotected {6:
 * counter}. */
#define COSE_COUNTER_LEN 4
#define COSE_TAG_LEN 16 /* of the cipher, at the end of the ciphertext */
#define COSE_RECORD_HEAD_MAX 19
struct cose_record {
    struct bytes counter; /* Partial IV: 4, big-endian */
    struct bytes ciphertext;
};
/* MESSAGE: not such a record. */
status_t cose_record_parse(struct bytes in, struct cose_record *out);
/* The counter of what is such a record. */
uint32_t cose_record_counter(struct bytes record);
/* Only the head: ciphertext.len bytes follow. */
void cose_record_head_build(const struct cose_record *in, struct cbor_writer *out);
/* Enc_structure (RFC 9052 section 5.3) of such a record: the additional data. The same for all. */
extern const uint8_t cose_record_aad[16];

#endif
