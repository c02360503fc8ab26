/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios: the table, and the life of an update: sent, installed, confirmed, rejected, taken back, healed. */
#include "tests/cuts/scenario.h"

#include "boot/flash.h"
#include "sbm/device.h"
#include "sbm/service.h"

#define TRIAL_BOOTS 3

static void boot_once(void)
{
    (void)chip_boot();
}

static void prepare_v1(void)
{
    chip_provision(1);
    boot_once();
}

/* Version 2 is about to be sent. */
static void prepare_send(void)
{
    prepare_v1();
    send_set(0, chip_package(2, NULL));
}

static void update_send(uint64_t sequence)
{
    send_set(0, chip_package(sequence, NULL));
    (void)chip_call(send_run);
}

/* Version 2 is in its slot and pending. */
static void prepare_staged(void)
{
    prepare_v1();
    update_send(2);
}

/* Boots until the state journal has no room for what one more boot appends. */
static void state_fill(void)
{
    const struct journal *journal = &device.state.journal;
    for (unsigned i = 0; i < 400; i++) {
        uint32_t used = journal->used[0];
        boot_once();
        uint32_t step = journal->used[0] > used ? journal->used[0] - used : 0;
        if (step > 0 && journal->mirror[0].len - journal->used[0] < 2 * step) {
            return;
        }
    }
}

static void prepare_staged_full(void)
{
    prepare_v1();
    state_fill();
    update_send(2);
}

/* The policy says that each boot checks the seal: installing makes one. */
static void prepare_staged_sealed(void)
{
    chip_maker.boot = POLICY_BOOT_SEALED;
    prepare_staged();
    chip_maker.boot = POLICY_BOOT_SIGNATURE;
}

static void prepare_trial(void)
{
    prepare_staged();
    boot_once();
}

static void prepare_last_trial_boot(void)
{
    prepare_trial();
    for (unsigned i = 0; i < TRIAL_BOOTS; i++) {
        boot_once();
    }
}

static void prepare_confirmed(void)
{
    prepare_trial();
    (void)chip_call(rig_accept_run);
    boot_once();
}

static void prepare_damaged_sealed(void)
{
    chip_maker.boot = POLICY_BOOT_SEALED;
    prepare_confirmed();
    chip_maker.boot = POLICY_BOOT_SIGNATURE;
    chip.flash[chip.map.primary.off + 40] ^= 1;
}

static void prepare_damaged(void)
{
    prepare_confirmed();
    chip.flash[chip.map.primary.off + 40] ^= 1;
}

/* One mirror of each journal is gone: the next boot writes it anew. */
static void prepare_lost_mirrors(void)
{
    prepare_confirmed();
    memset(chip.flash + chip.map.store[0].off, 0x5A, chip.map.store[0].len);
    memset(chip.flash + chip.map.state[1].off, 0x5A, chip.map.state[1].len);
}

static enum sim_end action_send(void)
{
    return chip_call(send_run);
}

static enum sim_end action_confirm(void)
{
    return chip_call(rig_accept_run);
}

static enum sim_end action_reject(void)
{
    return chip_call(rig_reject_run);
}

/* ---- what must hold afterwards ---- */

/* Version 2 was installed and nobody has confirmed it: it is on trial, can be confirmed, and stays. */
static const char *after_install(void)
{
    if (!device.state.now.trial) {
        return "the new application is not on trial";
    }
    (void)chip_call(rig_accept_run);
    if (rig_result != PSA_SUCCESS || chip_counter() != 2) {
        return "the new application cannot be confirmed";
    }
    return scenario_runs(2);
}

/* Whatever the cut left, the update can be sent again, and is then installed. */
static const char *after_send(void)
{
    if (chip_ran == 1) {
        (void)chip_call(send_run);
        if (rig_result != PSA_SUCCESS_REBOOT) {
            return "the update cannot be sent again";
        }
    }
    return scenario_runs(2);
}

/* Confirmed for good, or still on trial and taken back at its end; nothing between. */
static const char *after_confirm(void)
{
    uint64_t last = device.state.now.trial ? 1 : 2;
    if (last == 2 && chip_counter() != 2) {
        return "confirmed, but the counter did not advance";
    }
    for (unsigned i = 0; i < TRIAL_BOOTS + 1; i++) {
        if (chip_boot() != SIM_STARTED_APPLICATION) {
            return "a later boot does not start an application";
        }
    }
    return chip_ran == last || chip_counter() == 2 ? NULL : "a later boot starts another application";
}

/* Taken back for good: the old one is not on trial, and the update can be sent again. */
static const char *after_revert(void)
{
    if (device.state.now.trial) {
        return "the application that was installed before is on trial";
    }
    (void)chip_call(send_run);
    return rig_result == PSA_SUCCESS_REBOOT ? NULL : "the update cannot be sent again";
}

static const char *after_reject(void)
{
    return chip_ran == 1 ? NULL : after_install();
}

static const char *after_heal(void)
{
    return device.state.now.trial ? "a confirmed application is on trial" : scenario_runs(2);
}

const struct scenario scenarios[] = {
    { .name = "install",
      .says = "a pending update is installed",
      .prepare = prepare_staged,
      .action = chip_boot,
      .first = 2,
      .last = 2,
      .counter = 1,
      .after = after_install,
      .nested = 1 },
    { .name = "install-full",
      .says = "the same with a state journal that is full",
      .prepare = prepare_staged_full,
      .action = chip_boot,
      .first = 2,
      .last = 2,
      .counter = 1,
      .after = after_install },
    { .name = "install-sealed",
      .says = "the same where each boot checks the seal",
      .prepare = prepare_staged_sealed,
      .action = chip_boot,
      .first = 2,
      .last = 2,
      .counter = 1,
      .after = after_install,
      .nested = 1 },
    { .name = "revert",
      .says = "an update that nobody confirmed is taken back",
      .prepare = prepare_last_trial_boot,
      .action = chip_boot,
      .first = 1,
      .last = 1,
      .counter = 1,
      .after = after_revert,
      .nested = 1 },
    { .name = "send",
      .says = "an update arrives",
      .prepare = prepare_send,
      .action = action_send,
      .first = 1,
      .last = 2,
      .counter = 1,
      .after = after_send },
    { .name = "confirm",
      .says = "an update is confirmed",
      .prepare = prepare_trial,
      .action = action_confirm,
      .first = 2,
      .last = 2,
      .counter = 1,
      .after = after_confirm },
    { .name = "reject",
      .says = "an update is rejected",
      .prepare = prepare_trial,
      .action = action_reject,
      .first = 1,
      .last = 2,
      .counter = 1,
      .after = after_reject },
    { .name = "heal",
      .says = "a damaged application is installed again",
      .prepare = prepare_damaged,
      .action = chip_boot,
      .first = 2,
      .last = 2,
      .counter = 2,
      .after = after_heal },
    { .name = "heal-sealed",
      .says = "the same where each boot checks the seal",
      .prepare = prepare_damaged_sealed,
      .action = chip_boot,
      .first = 2,
      .last = 2,
      .counter = 2,
      .after = after_heal },
    { .name = "mirrors",
      .says = "lost mirrors of the journals are written anew",
      .prepare = prepare_lost_mirrors,
      .action = chip_boot,
      .first = 2,
      .last = 2,
      .counter = 2,
      .after = after_heal },
    { .name = "counter",
      .says = "counters advance",
      .prepare = counter_prepare,
      .action = counter_run,
      .first = 1,
      .last = 1,
      .counter = 1,
      .after = counter_after },
    { .name = "counter-full",
      .says = "counters advance in full pages",
      .prepare = counter_full_prepare,
      .action = counter_run,
      .first = 1,
      .last = 1,
      .counter = 1,
      .after = counter_after },
    { .name = "provision",
      .says = "the chip's part of provisioning, from its keys to the lock",
      .prepare = provision_prepare,
      .action = provision_run,
      .recover = provision_run,
      .first = 3,
      .last = 3,
      .counter = 3,
      .after = provision_after },
    { .name = "sbm-send",
      .says = "a new SBM arrives",
      .prepare = sbm_send_prepare,
      .action = action_send,
      .first = 1,
      .last = 1,
      .sbm_last = 2,
      .counter = 1,
      .after = sbm_send_after },
    { .name = "sbm-install",
      .says = "a new SBM is written to the other slot and tried",
      .prepare = sbm_staged_prepare,
      .action = chip_boot,
      .first = 1,
      .last = 1,
      .sbm_first = 2,
      .sbm_last = 2,
      .counter = 1,
      .after = sbm_install_after,
      .nested = 1 },
    { .name = "sbm-confirm",
      .says = "a new SBM is confirmed",
      .prepare = sbm_trial_prepare,
      .action = action_confirm,
      .first = 1,
      .last = 1,
      .sbm_first = 2,
      .sbm_last = 2,
      .counter = 1,
      .after = sbm_confirm_after },
    { .name = "sbm-revert",
      .says = "an SBM that nobody confirmed is left",
      .prepare = sbm_last_try_prepare,
      .action = chip_boot,
      .first = 1,
      .last = 1,
      .counter = 1,
      .after = sbm_revert_after },
    { .name = "sbm-heal",
      .says = "a damaged SBM slot is written anew",
      .prepare = sbm_damaged_prepare,
      .action = chip_boot,
      .first = 1,
      .last = 1,
      .sbm_first = 2,
      .sbm_last = 2,
      .counter = 1,
      .after = sbm_heal_after },
    { .name = "storage",
      .says = "an entry of the storage is written, until its journal is rewritten",
      .prepare = storage_prepare,
      .action = storage_run,
      .first = 1,
      .last = 1,
      .counter = 1,
      .after = storage_after },
    { .name = "storage-remove",
      .says = "an entry of the storage is removed",
      .prepare = storage_prepare,
      .action = storage_remove_run,
      .first = 1,
      .last = 1,
      .counter = 1,
      .after = storage_remove_after },
    { .name = "recovery",
      .says = "nothing boots, and an update comes over the data link",
      .prepare = recovery_prepare,
      .action = recovery_run,
      .recover = recovery_run,
      .first = 3,
      .last = 3,
      .counter = 2,
      .after = recovery_after },
    { .name = "decommission",
      .says = "the device is ended for good, and erases what it kept",
      .prepare = end_prepare,
      .action = end_run,
      .recover = end_recover,
      .after = end_after,
      .nested = 1,
      .ends = 1 },
};
const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];
