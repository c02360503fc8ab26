/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self: the SBM as a component: which slot runs, its update, and the spare copy in the other slot. SBM only ever writes
 * the slot that does not run; BL1 decides which one starts (docs/spec.md section 7.4).
 */
#ifndef SBM_SELF_H
#define SBM_SELF_H

#include "boot/verify.h"

/* Fills device.sbm_slot and .sbm_sequence from the running slot, which BL1 has verified. */
void self_load(void);
/* What the running slot's envelope says: the digest of this SBM's image, and the identifier of the key that signed it.
 * Errors as verify_package. */
status_t self_describe(uint8_t digest[CRYPTO_SHA256_LEN], uint8_t key_id[COSE_KID_LEN]);
/* 1: this SBM is above its security counter and not confirmed yet. */
int self_on_trial(void);
struct self_demand {
    uint64_t least; /* sequence number */
    int version;    /* 1: the application must have the version that the package demands */
};
/* Checks the package in SBM_PACKAGE (`len` bytes of it, or the whole region): signature, class, what `demand` says,
 * both payloads, that each image fits. *sequence is set when the signature was right, else 0. SUIT_*,
 * CRYPTO_SIGNATURE. */
status_t self_package_check(uint32_t len, const struct self_demand *demand, uint64_t *sequence);
/*
 * At each boot, before the application is looked at: finishes a pending update (writes the other slot, lets BL1 try it,
 * resets), and puts a confirmed SBM into the other slot when that holds another one or a damaged copy. cut: the running
 * slot is never touched; the next boot goes on.
 */
void self_maintain(void);
/* The running SBM is good: the other slot gets it too, then the security counter moves. FLASH_*. cut: still on trial,
 * or confirmed. */
status_t self_confirm(void);
/* The running SBM on trial is not to be started again, if the other slot holds one. FLASH_*. cut: as before or
 * rejected. */
status_t self_reject(void);

#endif
