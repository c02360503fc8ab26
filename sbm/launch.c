/* SPDX-License-Identifier: Apache-2.0 */
/* launch: see launch.h. */
#include "sbm/launch.h"

#include "boot/counter.h"
#include "boot/gate.h"
#include "boot/halt.h"
#include "boot/seal.h"
#include "boot/statement.h"
#include "sbm/device.h"
#include "sbm/log.h"
#include "sbm/self.h"

/* What is about to run, and the evidence for the gate. */
static struct package verified;
static struct gate_evidence evidence;
static struct gate_seal sealed;

static struct bytes slot_view(int slot)
{
    const struct port_region *region = &port_flash()->package[slot];
    return port_flash_view(region->off, region->len);
}

/* Installs the package of `slot` into the primary slot; evidence and `verified` are filled on success. */
static status_t slot_install(int slot, uint64_t least_sequence)
{
    const struct install_trust trust = provisioned_trust(&device.provisioned, least_sequence);
    uint64_t sequence;
    status_t status = install_check(slot_view(slot), &trust, &device.candidate, &sequence);
    if (status == STATUS_OK) {
        status = install_run(&device.candidate, evidence.digest);
        verified = device.candidate.package;
    }
    install_wipe(&device.candidate);
    if (status == STATUS_OK) {
        status = install_entry_check(&verified);
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

/* Installs what is pending. Whatever comes of it, nothing is pending afterwards. During a trial only the way back can
 * be: nothing is staged then. */
static status_t pending_install(void)
{
    struct boot_state *now = &device.state.now;
    int slot = now->pending;
    int reverting = now->trial;
    if (slot == STATE_NONE) {
        return STATUS_NOT_FOUND;
    }
    device_log("installing", STATUS_OK);
    status_t status = slot_install(slot, now->counter);
    now->pending = STATE_NONE;
    if (status == STATUS_OK) {
        now->active = slot;
        now->trial = !reverting || verified.manifest.sequence > now->counter;
        now->attempts = 0;
        now->reason = reverting ? STATE_REASON_REVERTED : STATE_REASON_INSTALLED;
    } else if (reverting) {
        now->reason = STATE_REASON_NORMAL; /* no way back: the unconfirmed one keeps running, if it is sound */
        now->attempts = 0;
    }
    return status;
}

/* The signed statement about what is installed: in its package, else the copy in the state journal. */
static status_t statement_find(const struct verify_trust *trust)
{
    struct bytes package;
    status_t status = install_package_find(slot_view(device.state.now.active), &package);
    if (status == STATUS_OK) {
        status = statement_verify(package, trust, &verified);
    }
    if (status == STATUS_OK || state_envelope_read(&device.state, &package) != STATUS_OK) {
        return status;
    }
    device_log("the package is damaged, using the copy of its envelope", status);
    return statement_verify(package, trust, &verified);
}

status_t launch_installed_verify(void)
{
    const struct boot_state *now = &device.state.now;
    if (now->active == STATE_NONE) {
        return STATUS_BOOT_NO_IMAGE;
    }
    const struct install_trust trust = provisioned_trust(&device.provisioned, now->counter);
    status_t status = statement_find(&trust.verify);
    if (status == STATUS_OK && verified.image.size > port_flash()->primary.len) {
        status = STATUS_SUIT_SIZE;
    }
    if (status == STATUS_OK) {
        status = verify_image(&verified, install_image(&verified), evidence.digest);
    }
    return status == STATUS_OK ? install_entry_check(&verified) : status;
}

/* Installs the package of `slot` in place of what is damaged. One that was never confirmed is on trial. */
static status_t slot_reinstall(int slot)
{
    struct boot_state *now = &device.state.now;
    status_t status = slot_install(slot, now->counter);
    if (status != STATUS_OK) {
        return status;
    }
    if (slot != now->active) {
        now->trial = verified.manifest.sequence > now->counter;
        now->attempts = 0;
        now->active = slot;
    }
    now->reason = STATE_REASON_REINSTALLED;
    now->refused = STATUS_BOOT_IMAGE_DAMAGED;
    now->refused_sequence = verified.manifest.sequence;
    return STATUS_OK;
}

/* The installed application is damaged: install it again from its package, or another that the counter still allows.
 * `own_doing`: an installation was under way, so the policy about damage does not apply. */
static status_t damage_repair(int own_doing)
{
    struct boot_state *now = &device.state.now;
    device_log("the installed application does not verify", STATUS_BOOT_IMAGE_DAMAGED);
    now->refused = STATUS_BOOT_IMAGE_DAMAGED;
    now->refused_sequence = 0;
    if (!own_doing && device.provisioned.policy.on_damage != POLICY_DAMAGE_REINSTALL) {
        return STATUS_BOOT_IMAGE_DAMAGED;
    }
    int active = now->active;
    if (slot_reinstall(active) == STATUS_OK || slot_reinstall(1 - active) == STATUS_OK) {
        return STATUS_OK;
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

/* Keeps what runs for status and attestation. */
static void running_note(uint64_t sequence, const uint8_t digest[CRYPTO_SHA256_LEN], const uint8_t key_id[COSE_KID_LEN])
{
    device.running_sequence = sequence;
    memcpy(device.running_digest, digest, CRYPTO_SHA256_LEN);
    memcpy(device.running_key_id, key_id, COSE_KID_LEN);
    if (device.provisioned.policy.watchdog_seconds != 0) {
        port_watchdog_start((uint32_t)device.provisioned.policy.watchdog_seconds);
    } else {
        port_watchdog_stop(); /* BL1 starts it for an SBM on trial */
    }
}

/* A confirmed application is what the counter says: completes a confirmation that a power cut left half done. */
static status_t counter_complete(uint64_t sequence)
{
    struct boot_state *now = &device.state.now;
    if (now->trial || sequence <= now->counter) {
        return STATUS_OK;
    }
    now->counter = sequence;
    return counter_advance(COUNTER_APP, (uint32_t)sequence);
}

/* The key that signed what was sealed may have been retired since. */
static status_t sealed_key_check(const struct seal *seal)
{
    const struct verify_keys keys = { device.provisioned.policy.firmware_keys, port_keys_retired(PORT_KEYS_FIRMWARE) };
    const uint8_t *key;
    return verify_key_find(&keys, bytes_of(seal->statement + SEAL_KEY_ID_OFF, COSE_KID_LEN), &key);
}

/* The way of the `sealed` policy: returns when there is no seal that fits what lies in the primary slot. */
static void sealed_start(void)
{
    struct seal seal;
    if (device.provisioned.policy.boot != POLICY_BOOT_SEALED || device.state.now.active == STATE_NONE ||
        device.state.now.pending != STATE_NONE) {
        return;
    }
    status_t status = seal_check(&device.state, &seal, &sealed);
    if (status == STATUS_OK) {
        status = sealed_key_check(&seal);
    }
    if (status == STATUS_OK && counter_complete(sealed.sequence) == STATUS_OK &&
        state_save(&device.state) == STATUS_OK) {
        device_log_number("application sealed, sequence ", sealed.sequence);
        running_note(sealed.sequence, seal.statement + SEAL_DIGEST_OFF, seal.statement + SEAL_KEY_ID_OFF);
        sealed.counter = counter_read(COUNTER_APP); /* HARD: as in launch */
        gate_start_sealed(&sealed, port_primary_run_addr());
    }
    device_log("no seal holds: verifying in full", status);
}

/* The full way: whatever is pending, then what is installed, then what mends it. */
static status_t verified_find(void)
{
    struct boot_state *now = &device.state.now;
    int installing = now->pending != STATE_NONE;
    status_t status = pending_install();
    if (status != STATUS_OK) {
        status = launch_installed_verify();
    }
    if (status != STATUS_OK && now->active != STATE_NONE) {
        status = damage_repair(installing);
    }
    return status;
}

/* Spares for the next boots, which depend on neither: a copy of the statement, and the seal. */
static void spares_save(void)
{
    (void)state_envelope_save(&device.state, &verified.envelope);
    if (device.provisioned.policy.boot == POLICY_BOOT_SEALED) {
        (void)seal_make(&device.state, &verified);
    }
}

/* What an ordinary boot does not do, and this one did. */
static void boot_log(void)
{
    static const uint8_t kinds[] = { [STATE_REASON_INSTALLED] = LOG_INSTALLED,
                                     [STATE_REASON_REVERTED] = LOG_REVERTED,
                                     [STATE_REASON_REINSTALLED] = LOG_REINSTALLED };
    uint32_t reason = device.state.now.reason;
    if (reason < sizeof kinds && kinds[reason] != 0) {
        (void)log_append((enum log_kind)kinds[reason], STATUS_OK, verified.manifest.sequence);
    }
}

_Noreturn void launch(void)
{
    struct cose_sign1 sign1;
    boot_begin();
    self_maintain();
    sealed_start();
    status_t status = crypto_selftest_signature();
    if (status == STATUS_OK) {
        status = verified_find();
    }
    status_t saved = state_save(&device.state);
    if (saved != STATUS_OK) {
        device_damaged(SBM_PLACE_STATE);
    }
    if (status == STATUS_OK && device.state.now.trial) {
        status = saved; /* a trial must be counted; any other boot is the same without its record */
    }
    /* After the state: seal and copy never speak for an image of which the state does not know yet. */
    if (status == STATUS_OK) {
        spares_save();
        status = counter_complete(verified.manifest.sequence);
    }
    if (status == STATUS_OK) {
        status = cose_sign1_parse(verified.envelope.sign1, &sign1);
    }
    if (status != STATUS_OK) {
        halt(status);
    }
    boot_log();
    device_log_number("application verified, sequence ", verified.manifest.sequence);
    running_note(verified.manifest.sequence, verified.image.digest.data, sign1.kid.data);
    evidence.package = &verified;
    evidence.counter = counter_read(COUNTER_APP); /* HARD: one wrong reading does not both verify and start */
    gate_start_application(&evidence, port_primary_run_addr());
}
