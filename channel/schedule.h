/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule: transcript hashes, keys, MACs and what is signed, of EDHOC (RFC 9528 sections 4 and 5) with SHA-256 and
 * signatures on both sides (method 0: PRK_2e, PRK_3e2m and PRK_4e3m are one). Pure functions; the machine is edhoc.h.
 */
#ifndef CHANNEL_SCHEDULE_H
#define CHANNEL_SCHEDULE_H

#include "base/bytes.h"
#include "base/status.h"

#define SCHEDULE_LEN 32 /* of a hash, a PRK, a MAC */

/* info_label of EDHOC_KDF (section 4.1.2). */
enum schedule_label {
    SCHEDULE_KEYSTREAM_2 = 0,
    SCHEDULE_MAC_2 = 2,
    SCHEDULE_K_3 = 3,
    SCHEDULE_IV_3 = 4,
    SCHEDULE_MAC_3 = 6,
    SCHEDULE_PRK_OUT = 7,
    SCHEDULE_K_4 = 8,
    SCHEDULE_IV_4 = 9,
    SCHEDULE_PRK_EXPORTER = 10
};

/* What one side says of itself: encoded items, but for c_r and ead, which may be empty. */
struct schedule_party {
    struct bytes c_r; /* the Responder's alone */
    struct bytes id_cred;
    struct bytes cred;
    struct bytes ead;
};

/* TH_2 = H(G_Y, H(message_1)). */
void schedule_th_2(const uint8_t g_y[32], const uint8_t message_1_digest[SCHEDULE_LEN], uint8_t th[SCHEDULE_LEN]);
/* The next transcript hash, in place: H(TH, PLAINTEXT, CRED). */
void schedule_th_next(struct bytes plaintext, struct bytes cred, uint8_t th[SCHEDULE_LEN]);
/* PRK_2e = HMAC(TH_2, G_XY). */
void schedule_prk(const uint8_t th_2[SCHEDULE_LEN], const uint8_t shared[32], uint8_t prk[SCHEDULE_LEN]);
/* EDHOC_KDF(prk, label, context, len): context at most 32 bytes, len at most 8160. */
void schedule_kdf(const uint8_t prk[SCHEDULE_LEN], uint32_t label, struct bytes context, uint8_t *out, size_t len);
/* MAC_2 or MAC_3 (label): over << ?C_R, ID_CRED, TH, CRED, ?EAD >>. */
void schedule_mac(const uint8_t prk[SCHEDULE_LEN], enum schedule_label label, const struct schedule_party *party,
                  const uint8_t th[SCHEDULE_LEN], uint8_t mac[SCHEDULE_LEN]);
/* SHA-256 of ["Signature1", << ID_CRED >>, << TH, CRED, ?EAD >>, MAC]: what ES256 signs. */
void schedule_signed_digest(const struct schedule_party *party, const uint8_t th[SCHEDULE_LEN],
                            const uint8_t mac[SCHEDULE_LEN], uint8_t digest[SCHEDULE_LEN]);

#endif
