/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bl1 main: from reset to the Secure Boot Manager. Finds a sound anchor page, then the first SBM slot whose package
 * verifies, and asks the gate. Writes nothing, decrypts nothing, holds no secret.
 */
#include "base/hard.h"
#include "boot/gate.h"
#include "boot/halt.h"
#include "boot/port.h"
#include "boot/stage.h"
#include "wire/policy.h"

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
static void status_say(const char *before, status_t status)
{
    char number[] = "status 000\n";
    number[7] = (char)('0' + status / 100 % 10);
    number[8] = (char)('0' + status / 10 % 10);
    number[9] = (char)('0' + status % 10);
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

/* Verifies one slot and starts what is in it; returns why it could not. */
static status_t slot_try(unsigned slot, const struct anchor *anchor)
{
    const struct port_flash *flash = port_flash();
    const struct verify_trust trust = { .keys = { anchor->firmware_keys, port_keys_retired(PORT_KEYS_FIRMWARE) },
                                        .vendor = anchor->vendor,
                                        .class_id = anchor->sbm_class,
                                        .component = "sbm",
                                        .least_sequence = anchor->least_sequence };
    struct package package;
    struct gate_evidence evidence = { .package = &package, .counter = anchor->least_sequence };
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
    for (unsigned slot = 0; slot < 2; slot++) {
        status_t why = slot_try(slot, &anchor);
        status_say(slot == 0 ? "[bl1] SBM slot A refused: " : "[bl1] SBM slot B refused: ", why);
    }
    halt(STATUS_BOOT_NO_SBM);
}
