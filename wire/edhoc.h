/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edhoc: the messages of EDHOC (RFC 9528) as Windlass uses it (docs/spec.md section 17): method 0, cipher suite 5.
 * Syntax only: no key, no cipher. Messages are CBOR sequences; parsers give views into their input.
 */
#ifndef WIRE_EDHOC_H
#define WIRE_EDHOC_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define EDHOC_METHOD 0 /* both sides sign */
#define EDHOC_SUITE 5  /* ChaCha20/Poly1305, SHA-256, 16, P-256, ES256 */
#define EDHOC_KCWT 13  /* COSE header parameters: what ID_CRED holds */
#define EDHOC_X5CHAIN 33
#define EDHOC_MESSAGE_MAX 1536u
#define EDHOC_PLAINTEXT_MAX 1400u
#define EDHOC_CHAIN_MAX 3

struct edhoc_message_1 {
    struct bytes g_x; /* 32 */
    struct bytes c_i; /* the encoded item: an integer of one byte, or a byte string */
};
/* UNSUPPORTED: another method, or a critical EAD item. CHANNEL_SUITE: the selected suite is not ours, or ours was
 * preferred to it (section 5.2.3); to be answered with edhoc_suites_build. */
status_t edhoc_message_1_parse(struct bytes in, struct edhoc_message_1 *out);
void edhoc_message_1_build(const struct edhoc_message_1 *in, struct cbor_writer *out);

/* A message that is one byte string: 2, 3 and 4. CHANNEL_PEER when it is an error message instead. */
status_t edhoc_string_parse(struct bytes in, struct bytes *out);

/* PLAINTEXT_2 and PLAINTEXT_3. */
struct edhoc_plaintext {
    struct bytes c_r;       /* the encoded item; empty in PLAINTEXT_3 */
    struct bytes id_cred;   /* the encoded map */
    struct bytes cred;      /* PLAINTEXT_3, parsed: the CWT in id_cred, which is CRED_I */
    struct bytes signature; /* 64 */
    struct bytes ead;       /* items that are not critical, as they stand */
};
/* CHANNEL_CREDENTIAL for an ID_CRED_R that is no map. */
status_t edhoc_plaintext_2_parse(struct bytes in, struct edhoc_plaintext *out);
/* ID_CRED_I is {13: CWT}, an untagged COSE_Sign1 with kid; CHANNEL_CREDENTIAL for another. */
status_t edhoc_plaintext_3_parse(struct bytes in, struct edhoc_plaintext *out);
void edhoc_plaintext_build(const struct edhoc_plaintext *in, struct cbor_writer *out);

/* Error message: code 1 with a text for people. */
void edhoc_error_build(const char *text, struct cbor_writer *out);
/* Error message: code 2 with the suites of this side. */
void edhoc_suites_build(struct cbor_writer *out);
struct edhoc_error {
    int64_t code;
    struct bytes text; /* of code 1, else empty */
    int suite_ours;    /* code 2 names our suite */
};
/* Not authentic: for people only. */
status_t edhoc_error_parse(struct bytes in, struct edhoc_error *out);

/* ID_CRED {13: CWT}, an untagged COSE_Sign1. */
void edhoc_kcwt_build(struct bytes cwt, struct cbor_writer *out);
/* ID_CRED {33: certificate} or {33: [certificates]}, the end entity's first: gives their DER. CRED is the first as a
 * byte string. CHANNEL_CREDENTIAL for any other. */
struct edhoc_chain {
    struct bytes certificate[EDHOC_CHAIN_MAX];
    size_t count;
};
status_t edhoc_x5chain_parse(struct bytes id_cred, struct edhoc_chain *out);
void edhoc_x5chain_build(const struct edhoc_chain *in, struct cbor_writer *out);

/* Claims of the appliance's credential, a CWT (RFC 8392) with a key (RFC 8747). */
struct edhoc_claims {
    struct bytes subject;  /* text: the appliance's name, 1 to 64 bytes */
    uint64_t expires;      /* unix seconds */
    struct bytes x;        /* 32: the key, P-256 */
    struct bytes y;        /* 32 */
    struct bytes vendor;   /* UUID, 16 */
    struct bytes class_id; /* UUID of the application, 16 */
};
status_t edhoc_claims_parse(struct bytes in, struct edhoc_claims *out);
void edhoc_claims_build(const struct edhoc_claims *in, struct cbor_writer *out);

#endif
