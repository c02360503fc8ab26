/* SPDX-License-Identifier: Apache-2.0 */
/* launch: see launch.h. */
#include "sbm/launch.h"

#include "boot/gate.h"
#include "boot/halt.h"
#include "sbm/device.h"

/* The package that is about to run, and the evidence for the gate. */
static struct install candidate;
static struct package verified;
static struct gate_evidence evidence;

static struct bytes slot_view(int slot)
{
    const struct port_region *region = &port_flash()->package[slot];
    return port_flash_view(region->off, region->len);
}

/* An entry point that lies in the image and a stack that lies in the application's RAM. */
static status_t entry_check(const struct package *package)
{
    struct bytes image = install_image(package);
    uint32_t first;
    uint32_t last;
    uint32_t run_addr = port_primary_run_addr();
    if (image.len < 8) {
        return STATUS_SUIT_ENTRY;
    }
    uint32_t stack = bytes_read_le32(image.data);
    uint32_t entry = bytes_read_le32(image.data + 4);
    port_application_ram(&first, &last);
    int sound =
        stack >= first && stack <= last && stack % 8 == 0 && (entry & 1u) == 1 && entry - 1 - run_addr < image.len;
    return sound ? STATUS_OK : STATUS_SUIT_ENTRY;
}

/* Installs the package of `slot` into the primary slot; evidence and `verified` are filled on success. */
static status_t slot_install(int slot, uint64_t least_sequence)
{
    const struct install_trust trust = provisioned_trust(&device.provisioned, least_sequence);
    uint64_t sequence;
    status_t status = install_check(slot_view(slot), &trust, &candidate, &sequence);
    if (status == STATUS_OK) {
        status = install_run(&candidate, evidence.digest);
        verified = candidate.package;
    }
    install_wipe(&candidate);
    if (status == STATUS_OK) {
        status = entry_check(&verified);
    }
    if (status != STATUS_OK) {
        device_refuse(status, sequence);
    }
    return status;
}

/* What a slot's package says of its sequence number; for the record only, nothing is decided by it. */
static uint64_t slot_sequence(int slot)
{
    struct bytes package;
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    if (install_package_find(slot_view(slot), &package) != STATUS_OK ||
        suit_envelope_parse(package, &envelope) != STATUS_OK ||
        suit_manifest_parse(envelope.manifest, &manifest) != STATUS_OK) {
        return 0;
    }
    return manifest.sequence;
}

/* Counts a boot of an unconfirmed application; too many make the other slot's package pending. */
static void trial_count(void)
{
    struct boot_state *now = &device.state.now;
    if (!now->trial || now->pending != STATE_NONE) {
        return;
    }
    now->attempts++;
    if (now->attempts > device.provisioned.policy.trial_boots) {
        device_log("the new application was not confirmed: going back", STATUS_BOOT_NOT_CONFIRMED);
        now->pending = 1 - now->active;
        now->refused = STATUS_BOOT_NOT_CONFIRMED;
        now->refused_sequence = slot_sequence(now->active);
        now->reason = STATE_REASON_REVERTED;
    }
}

/* Installs what is pending. Whatever comes of it, nothing is pending afterwards. */
static status_t pending_install(void)
{
    struct boot_state *now = &device.state.now;
    int slot = now->pending;
    int reverting = now->reason == STATE_REASON_REVERTED;
    if (slot == STATE_NONE) {
        return STATUS_NOT_FOUND;
    }
    device_log("installing", STATUS_OK);
    status_t status = slot_install(slot, now->counter);
    now->pending = STATE_NONE;
    if (status == STATUS_OK) {
        now->active = slot;
        now->trial = !reverting;
        now->attempts = 0;
        now->reason = reverting ? STATE_REASON_REVERTED : STATE_REASON_INSTALLED;
    } else if (reverting) {
        now->reason = STATE_REASON_NORMAL; /* no way back: the unconfirmed one keeps running, if it is sound */
        now->attempts = 0;
    }
    return status;
}

/* Full check of what is installed: signature of its package, digest of the image. */
static status_t installed_verify(void)
{
    const struct boot_state *now = &device.state.now;
    struct bytes package;
    if (now->active == STATE_NONE) {
        return STATUS_BOOT_NO_IMAGE;
    }
    const struct install_trust trust = provisioned_trust(&device.provisioned, now->counter);
    status_t status = install_package_find(slot_view(now->active), &package);
    if (status == STATUS_OK) {
        status = verify_package(package, &trust.verify, &verified);
    }
    if (status == STATUS_OK && verified.image.size > port_flash()->primary.len) {
        status = STATUS_SUIT_SIZE;
    }
    if (status == STATUS_OK) {
        status = verify_image(&verified, install_image(&verified), evidence.digest);
    }
    return status == STATUS_OK ? entry_check(&verified) : status;
}

/* The installed application is damaged: install it again from its package, or another that the counter still allows. */
static status_t damage_repair(void)
{
    struct boot_state *now = &device.state.now;
    device_log("the installed application does not verify", STATUS_BOOT_IMAGE_DAMAGED);
    now->refused = STATUS_BOOT_IMAGE_DAMAGED;
    if (device.provisioned.policy.on_damage != POLICY_DAMAGE_REINSTALL) {
        return STATUS_BOOT_IMAGE_DAMAGED;
    }
    for (int tries = 0; tries < 2; tries++) {
        int slot = tries == 0 ? now->active : 1 - now->active;
        if (slot_install(slot, now->counter) == STATUS_OK) {
            now->trial = slot == now->active ? now->trial : 0;
            now->active = slot;
            now->reason = STATE_REASON_REINSTALLED;
            now->refused = STATUS_BOOT_IMAGE_DAMAGED;
            now->refused_sequence = verified.manifest.sequence;
            return STATUS_OK;
        }
    }
    return STATUS_BOOT_NO_IMAGE;
}

/* An application that does nothing but fault is stopped; the next reset gives it another chance. */
static void faults_count(void)
{
    struct boot_state *now = &device.state.now;
    if (now->trial) {
        return; /* counted by trial_count */
    }
    if (now->reason != STATE_REASON_FAULT) {
        now->attempts = 0;
        return;
    }
    now->attempts++;
    if (now->attempts > device.provisioned.policy.trial_boots) {
        now->attempts = 0;
        now->reason = STATE_REASON_NORMAL;
        (void)state_save(&device.state);
        halt(STATUS_BOOT_APPLICATION_FAULT);
    }
}

static void boot_begin(void)
{
    struct boot_state *now = &device.state.now;
    now->boots++;
    faults_count();
    now->reason = now->reason == STATE_REASON_FAULT ? STATE_REASON_AFTER_FAULT : STATE_REASON_NORMAL;
    trial_count();
}

_Noreturn void launch(void)
{
    struct boot_state *now = &device.state.now;
    boot_begin();
    status_t status = pending_install();
    if (status != STATUS_OK) {
        status = installed_verify();
    }
    if (status != STATUS_OK && now->active != STATE_NONE) {
        status = damage_repair();
    }
    status_t saved = state_save(&device.state);
    if (status != STATUS_OK) {
        halt(status);
    }
    if (saved != STATUS_OK) {
        halt(saved);
    }
    device.running_sequence = verified.manifest.sequence;
    evidence.package = &verified;
    evidence.counter = now->counter;
    device_log_number("application verified, sequence ", device.running_sequence);
    gate_start_application(&evidence, port_primary_run_addr());
}
