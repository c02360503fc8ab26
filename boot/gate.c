/* SPDX-License-Identifier: Apache-2.0 */
/* gate: see gate.h. Written for the object code: each comparison reads its operands anew through hard_opaque. */
#include "boot/gate.h"

#include "base/hard.h"
#include "boot/halt.h"
#include "boot/port.h"

#define GATE_YES 0x5AC3A53Cu
#define GATE_NO 0xA53C5AC3u

static uint32_t signature_decide(const struct gate_evidence *e)
{
    return hard_opaque(e->package->signature) == hard_opaque(STATUS_OK) ? GATE_YES : GATE_NO;
}

/* HARD: without this, one skipped branch in verify_envelope would let another manifest in under a genuine signature. */
static uint32_t manifest_decide(const struct gate_evidence *e)
{
    uint32_t same = hard_compare(e->package->manifest_digest, e->package->envelope.digest.data, CRYPTO_SHA256_LEN);
    return hard_opaque(same) == hard_opaque(HARD_SAME) ? GATE_YES : GATE_NO;
}

static uint32_t digest_decide(const struct gate_evidence *e)
{
    uint32_t same = hard_compare(e->digest, e->package->image.digest.data, CRYPTO_SHA256_LEN);
    return hard_opaque(same) == hard_opaque(HARD_SAME) ? GATE_YES : GATE_NO;
}

static uint32_t counter_decide(uint64_t sequence, uint64_t counter)
{
    uint32_t high = hard_opaque((uint32_t)(sequence >> 32));
    uint32_t low = hard_opaque((uint32_t)sequence);
    return ((uint64_t)high << 32 | low) >= counter ? GATE_YES : GATE_NO;
}

/* Returns only when all four say yes; kept out of line so that two calls are two executions. */
__attribute__((noinline)) static void decide(const struct gate_evidence *e)
{
    volatile uint32_t count = 0;
    if (hard_opaque(signature_decide(e)) != GATE_YES) {
        halt(STATUS_BOOT_DECISION);
    }
    count += 1;
    if (hard_opaque(digest_decide(e)) != GATE_YES) {
        halt(STATUS_BOOT_DECISION);
    }
    count += 2;
    if (hard_opaque(counter_decide(e->package->manifest.sequence, e->counter)) != GATE_YES) {
        halt(STATUS_BOOT_DECISION);
    }
    count += 4;
    if (hard_opaque(manifest_decide(e)) != GATE_YES) {
        halt(STATUS_BOOT_DECISION);
    }
    count += 8;
    if (hard_opaque(count) != 15) {
        halt(STATUS_BOOT_DECISION);
    }
}

_Noreturn void gate_start_sbm(const struct gate_evidence *evidence, uint32_t addr)
{
    decide(evidence);
    uint32_t where = hard_opaque(addr);
    decide(evidence);
    port_start_sbm(where);
}

_Noreturn void gate_start_application(const struct gate_evidence *evidence, uint32_t addr)
{
    decide(evidence);
    uint32_t where = hard_opaque(addr);
    decide(evidence);
    port_start_application(where);
}

/* As decide; two things to agree about. */
__attribute__((noinline)) static void sealed_decide(const struct gate_seal *e)
{
    volatile uint32_t count = 0;
    if (hard_opaque(hard_compare(e->computed, e->stated, GATE_TAG_LEN)) != hard_opaque(HARD_SAME)) {
        halt(STATUS_BOOT_DECISION);
    }
    count += 1;
    if (hard_opaque(counter_decide(e->sequence, e->counter)) != GATE_YES) {
        halt(STATUS_BOOT_DECISION);
    }
    count += 2;
    if (hard_opaque(count) != 3) {
        halt(STATUS_BOOT_DECISION);
    }
}

_Noreturn void gate_start_sealed(const struct gate_seal *evidence, uint32_t addr)
{
    sealed_decide(evidence);
    uint32_t where = hard_opaque(addr);
    sealed_decide(evidence);
    port_start_application(where);
}
