/* SPDX-License-Identifier: Apache-2.0 */
/* psa_door: SBM's PSA Crypto on a simulated board, with an application's memory and the door to it:
 * sbm_crypto_call carries a call of the client's library with all that it names into that memory and back. */
#ifndef TESTS_UNIT_PSA_DOOR_H
#define TESTS_UNIT_PSA_DOOR_H

#include "windlass/crypto_call.h"

#define DOOR_ARENA_LEN (64u * 1024u)

/* The application's RAM. */
extern uint8_t door_arena[DOOR_ARENA_LEN];
/* The device's identity, and a byte pattern that tests plant in keys. */
extern uint8_t door_identity[96];
extern const uint8_t door_marker[32];

/* A new board with an identity key; nothing is left of the last one. For cmocka. */
int door_setup(void **state);
/* A reset: all memory but the flash is lost. */
void door_reset(void);
/* 1 when a secret is in the flash in the clear. */
int door_flash_shows_secret(void);
/* From now on the device has no identity key. */
void door_forget_identity(void);
/* The call `call`, whose pointers are used as they are: it and they lie in the arena, or are wrong. */
int32_t door_call(struct sbm_crypto_call *call);
/* 1 when 8 bytes of the identity or of the marker are anywhere in [p, p + len). */
int door_shows_secret(const uint8_t *p, size_t len);

#endif
