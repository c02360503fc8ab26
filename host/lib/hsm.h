/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm: the only room that speaks PKCS#11. Keys never leave the token; what comes out is public keys, signatures, ECDH
 * results and random bytes. Works with any module: mechanisms are probed at open, sessions are pooled and opened anew
 * when the token lost them. Thread-safe.
 */
#ifndef HOST_LIB_HSM_H
#define HOST_LIB_HSM_H

#include <stddef.h>
#include <stdint.h>

#include "host/lib/fault.h"

struct hsm;

#define HSM_LABEL_MAX 63

struct hsm_config {
    const char *module;   /* path of the PKCS#11 module */
    const char *uri;      /* token, RFC 7512: "pkcs11:token=windlass-oem" (also serial, manufacturer, model, slot-id) */
    const char *pin_file; /* 0600 file with the PIN on its first line, or NULL */
    int pin_fd; /* file descriptor to read the PIN from when pin_file is NULL; -1 when neither (token without login) */
};

/* Makes and initialises a token with this label (C_InitToken, C_InitPIN) in a free slot of the module. The user PIN is
 * made at random and written to pin_file (0600); when that file is there already, from a run that was cut or made by
 * hand, its PIN is taken. Refused when a token with that label exists. For development and demonstration; production
 * tokens are made by their HSM's own tools. */
int hsm_token_make(const char *module, const char *label, const char *pin_file, struct fault *fault);
/* Finishes a token that hsm_token_make began before a power cut: one without a user PIN gets that of pin_file. Any
 * other token is left as it is. */
int hsm_token_finish(const char *module, const char *uri, const char *pin_file, struct fault *fault);

/* 1 when exactly one initialised token matches the URI, 0 when none does, -1 on error. Needs no PIN. */
int hsm_token_exists(const char *module, const char *uri, struct fault *fault);

int hsm_open(const struct hsm_config *config, struct hsm **out, struct fault *fault);
/* NULL is allowed. */
void hsm_close(struct hsm *hsm);
/* One line for people: module, token label, model. Valid until hsm_close. */
const char *hsm_description(const struct hsm *hsm);

enum hsm_key_kind { HSM_KEY_SIGN, HSM_KEY_AGREE };

/* Generates a P-256 pair inside the token: private half sensitive, not extractable, usable for its kind only. Refused
 * when the label is taken. `public_key` is X then Y. */
int hsm_key_generate(struct hsm *hsm, const char *label, enum hsm_key_kind kind, uint8_t public_key[64],
                     struct fault *fault);
/* Removes what a power cut in the middle of hsm_key_generate left of a key, either half. Only for a key that the caller
 * knows was begun and never finished. */
int hsm_key_torn_drop(struct hsm *hsm, const char *label, struct fault *fault);
/* 1 when there is a private key with that label, 0 when not, -1 on error. */
int hsm_key_exists(struct hsm *hsm, const char *label, struct fault *fault);
int hsm_key_public(struct hsm *hsm, const char *label, uint8_t public_key[64], struct fault *fault);
/* Checks that the token says: sensitive, never extractable, generated inside. Fault otherwise. */
int hsm_key_check_sealed(struct hsm *hsm, const char *label, struct fault *fault);
/* ECDSA over a 32-byte digest; `signature` is r then s. */
int hsm_sign(struct hsm *hsm, const char *label, const uint8_t digest[32], uint8_t signature[64], struct fault *fault);
/* ECDH with the peer's public key: `secret` is the X coordinate, 32 bytes; the caller wipes it. */
int hsm_agree(struct hsm *hsm, const char *label, const uint8_t peer[64], uint8_t secret[32], struct fault *fault);
/* The token's random bytes, for values that are no secret: nonces, numbers. A few are fetched ahead of need. */
int hsm_random(struct hsm *hsm, uint8_t *out, size_t len, struct fault *fault);

#endif
