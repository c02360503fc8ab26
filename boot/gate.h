/* SPDX-License-Identifier: Apache-2.0 */
/* gate: the only place that grants. Refusal may be soft and stands elsewhere; what gets through here runs. */
#ifndef BOOT_GATE_H
#define BOOT_GATE_H

#include "boot/verify.h"

/* What a stage found out about the image that it wants to start. */
struct gate_evidence {
    const struct package *package;     /* signature checked: its status is in it */
    uint8_t digest[CRYPTO_SHA256_LEN]; /* computed over the image as it lies */
    uint64_t counter;                  /* security counter */
};

#define GATE_TAG_LEN 16

/* The same where the image was sealed at an earlier, full verification (boot/seal.h). */
struct gate_seal {
    uint8_t computed[GATE_TAG_LEN]; /* over the image as it lies */
    uint8_t stated[GATE_TAG_LEN];
    uint64_t sequence;
    uint64_t counter;
};

/* HARD: every decision is made twice, far apart, on opaque values; anything but twice yes is halt(BOOT_DECISION). */
_Noreturn void gate_start_sbm(const struct gate_evidence *evidence, uint32_t addr);
_Noreturn void gate_start_application(const struct gate_evidence *evidence, uint32_t addr);
_Noreturn void gate_start_sealed(const struct gate_seal *evidence, uint32_t addr);

#endif
