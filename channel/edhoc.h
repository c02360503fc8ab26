/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edhoc: the handshake of the secure channel: EDHOC (RFC 9528), method 0, cipher suite 5, message_4 always. Both sides;
 * whoever calls carries the messages, holds the signing key and decides about the other's credential. One call for each
 * step, in one order; any failure wipes the session (a caller that refuses a credential does it itself), and only a new
 * one begins with message_1 again.
 */
#ifndef CHANNEL_EDHOC_H
#define CHANNEL_EDHOC_H

#include "channel/schedule.h"
#include "wire/edhoc.h"

struct edhoc {
    uint32_t stage; /* enum edhoc_stage; 0: no session */
    uint8_t private_key[32];
    uint8_t own_x[32];
    uint8_t peer_point[64];
    uint8_t th[SCHEDULE_LEN];
    uint8_t prk[SCHEDULE_LEN];
    uint8_t plaintext[EDHOC_PLAINTEXT_MAX]; /* the newest that came or goes */
    size_t plaintext_len;
    struct edhoc_plaintext peer; /* after _open: views into plaintext, until the next call */
};

/*
 * Initiator. Each in its turn: 1_make, 2_open, 2_check, 3_begin, 3_finish, 4_open. Errors of all: BAD_STATE out of
 * turn, what the parsers say, CRYPTO_KEY for a point off the curve, NO_SPACE, TRNG_FAILED. An error message in place of
 * an answer is CHANNEL_PEER.
 */
status_t edhoc_message_1_make(struct edhoc *e, struct cbor_writer *out);
/* Decrypts; nothing of it is authentic yet. e->peer tells whose credential to look at. */
status_t edhoc_message_2_open(struct edhoc *e, struct bytes message);
/* `cred`: the encoded item; `key`: its public key, after the caller found that it takes both. CRYPTO_SIGNATURE. */
status_t edhoc_message_2_check(struct edhoc *e, struct bytes cred, const uint8_t key[64]);
/* `own`: one's own credential, no c_r, no ead, the same in _begin and _finish. Gives what its key must sign (ES256). */
status_t edhoc_message_3_begin(struct edhoc *e, const struct schedule_party *own, uint8_t digest[32]);
status_t edhoc_message_3_finish(struct edhoc *e, const struct schedule_party *own, const uint8_t signature[64],
                                struct cbor_writer *out);
/* CRYPTO_TAG. After it the other side is known to have the keys. */
status_t edhoc_message_4_open(struct edhoc *e, struct bytes message);

/* Responder: 1_open (begins a new session in any state), 2_begin, 2_finish, 3_open, 3_check, 4_make.
 * `own` has c_r, the Responder's connection identifier. */
status_t edhoc_message_1_open(struct edhoc *e, struct bytes message);
status_t edhoc_message_2_begin(struct edhoc *e, const struct schedule_party *own, uint8_t digest[32]);
status_t edhoc_message_2_finish(struct edhoc *e, const struct schedule_party *own, const uint8_t signature[64],
                                struct cbor_writer *out);
status_t edhoc_message_3_open(struct edhoc *e, struct bytes message);
/* `key`: that of e->peer.cred, after the caller found that it takes it. */
status_t edhoc_message_3_check(struct edhoc *e, const uint8_t key[64]);
status_t edhoc_message_4_make(struct edhoc *e, struct cbor_writer *out);

/* EDHOC_Exporter(label, h'', len), after message_4. BAD_STATE before. The caller wipes what it gets. */
status_t edhoc_export(const struct edhoc *e, uint32_t label, uint8_t *out, size_t len);
/* Forgets everything. */
void edhoc_wipe(struct edhoc *e);

#endif
