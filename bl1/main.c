/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bl1 main: from reset to the Secure Boot Manager. Finds a sound anchor page, then the newest SBM whose package
 * verifies, and asks the gate. Counts the starts of an SBM on trial and writes nothing else; decrypts nothing, holds no
 * secret.
 */
#include "base/hard.h"
#include "bl1/agent.h"
#include "boot/counter.h"
#include "boot/gate.h"
#include "boot/halt.h"
#include "boot/port.h"
#include "boot/stage.h"
#include "wire/policy.h"

#define TRIAL_SECONDS 60u

/* BL1 holds no secret and keeps no record of a halt; its end is sleep. */
void halt_wipe(void)
{
}

void halt_record(status_t why)
{
    (void)why;
}

_Noreturn void halt_end(void)
{
    port_sleep();
}

/* A number, not a text: the list of texts would fill a fifth of BL1. base/status.h has them. */
void status_digits_write(status_t status, char out[3])
{
    out[0] = (char)('0' + status / 100 % 10);
    out[1] = (char)('0' + status / 10 % 10);
    out[2] = (char)('0' + status % 10);
}

static void status_say(const char *before, status_t status)
{
    char number[] = "status 000\n";
    status_digits_write(status, number + 7);
    port_log(before);
    port_log(number);
}

void halt_say(status_t why)
{
    status_say("[bl1] halt: ", why);
}

_Noreturn void stage_fault(status_t what, uint32_t address)
{
    (void)address;
    halt(what);
}

/* The first anchor page whose SHA-256 is right. */
static status_t anchor_find(struct anchor *out)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bytes page = port_flash_view(port_flash()->anchor[i].off, port_flash()->anchor[i].len);
        uint8_t digest[CRYPTO_SHA256_LEN];
        size_t map_len;
        if (anchor_parse(page, out, &map_len) != STATUS_OK || page.len - map_len < sizeof digest) {
            continue;
        }
        crypto_sha256(bytes_of(page.data, map_len), digest);
        if (hard_compare(digest, page.data + map_len, sizeof digest) == HARD_SAME) {
            return STATUS_OK;
        }
    }
    return STATUS_BOOT_NO_ANCHOR;
}

/* What a slot's envelope says of its sequence number: for the order of trying only, nothing is granted by it. */
static uint64_t slot_sequence(unsigned slot)
{
    const struct port_flash *flash = port_flash();
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    if (suit_envelope_parse(port_flash_view(flash->sbm[slot].off, flash->sbm_image_off), &envelope) != STATUS_OK ||
        suit_manifest_parse(envelope.manifest, &manifest) != STATUS_OK) {
        return 0;
    }
    return manifest.sequence;
}

/* An SBM above the counter is on trial: each start is counted before it happens, up to the limit that the SBM gave
 * which installed it, and must reach the application before the watchdog ends it. `last`: nothing else is left, so one
 * that was not confirmed is better than none. */
static status_t trial_count(uint64_t sequence, uint32_t counter, int last)
{
    uint32_t tries = counter_read(COUNTER_SBM_TRIES);
    if (counter == 0 || sequence <= counter || last) {
        return STATUS_OK;
    }
    if (tries >= counter_read(COUNTER_SBM_TRIES_LIMIT)) {
        return STATUS_BOOT_SBM_NOT_CONFIRMED;
    }
    status_t status = counter_append(COUNTER_SBM_TRIES, tries + 1);
    if (status == STATUS_OK) {
        port_watchdog_start(TRIAL_SECONDS);
    }
    return status;
}

/* No lower sequence number starts. Read for each use anew. */
static uint64_t least_read(const struct anchor *anchor)
{
    uint32_t counter = counter_read(COUNTER_SBM);
    return anchor->least_sequence > counter ? anchor->least_sequence : counter;
}

/* Verifies one slot and starts what is in it; returns why it could not. */
static status_t slot_try(unsigned slot, const struct anchor *anchor, int last)
{
    const struct port_flash *flash = port_flash();
    const struct verify_trust trust = { .keys = { anchor->firmware_keys, port_keys_retired(PORT_KEYS_FIRMWARE) },
                                        .vendor = anchor->vendor,
                                        .class_id = anchor->sbm_class,
                                        .target = slot == 0 ? VERIFY_SBM_A : VERIFY_SBM_B,
                                        .least_sequence = least_read(anchor),
                                        .other_version = VERIFY_ANY_VERSION };
    struct package package;
    struct gate_evidence evidence = { .package = &package };
    uint32_t image_off = flash->sbm[slot].off + flash->sbm_image_off;
    status_t status = verify_package(port_flash_view(flash->sbm[slot].off, flash->sbm_image_off), &trust, &package);
    if (status != STATUS_OK) {
        return status;
    }
    if (package.image.size > flash->sbm[slot].len - flash->sbm_image_off) {
        return STATUS_SUIT_SIZE;
    }
    status = verify_image(&package, port_flash_view(image_off, (uint32_t)package.image.size), evidence.digest);
    if (status == STATUS_OK) {
        status = trial_count(package.manifest.sequence, counter_read(COUNTER_SBM), last);
    }
    if (status == STATUS_OK) {
        evidence.counter = least_read(anchor); /* HARD: one wrong reading does not both verify and start */
        gate_start_sbm(&evidence, port_sbm_run_addr(slot));
    }
    return status;
}

_Noreturn void stage_main(void)
{
    struct anchor anchor;
    port_log("[bl1] Windlass BL1\n");
    if (anchor_find(&anchor) != STATUS_OK) {
        halt(STATUS_BOOT_NO_ANCHOR);
    }
    halt_outputs_set((uint32_t)anchor.outputs_mask, (uint32_t)anchor.outputs_level);
    agent_serve(&anchor);
    unsigned newer = slot_sequence(1) > slot_sequence(0);
    for (unsigned i = 0; i < 4; i++) {
        unsigned slot = newer ^ (i & 1u);
        status_t why = slot_try(slot, &anchor, i >= 2);
        status_say(slot == 0 ? "[bl1] SBM slot A refused: " : "[bl1] SBM slot B refused: ", why);
    }
    halt(STATUS_BOOT_NO_SBM);
}
