/* SPDX-License-Identifier: Apache-2.0 */
/* scenario_sbm: the SBM's own update. Application 1 runs all the time; SBM 1 is to be replaced by SBM 2. */
#include "boot/counter.h"
#include "sbm/device.h"
#include "sbm/self.h"
#include "tests/cuts/scenario.h"

#define TRIAL_BOOTS 3u

void sbm_send_prepare(void)
{
    chip_provision(1);
    (void)chip_boot();
    send_set(PSA_FWU_COMPONENT_SBM, chip_sbm_package(2));
}

void sbm_staged_prepare(void)
{
    sbm_send_prepare();
    (void)chip_call(send_run);
}

void sbm_trial_prepare(void)
{
    sbm_staged_prepare();
    (void)chip_boot();
}

void sbm_last_try_prepare(void)
{
    sbm_trial_prepare();
    for (unsigned i = 0; i < TRIAL_BOOTS; i++) {
        (void)chip_boot();
    }
}

void sbm_damaged_prepare(void)
{
    sbm_trial_prepare();
    (void)chip_call(rig_accept_run);
    (void)chip_boot();
    chip.flash[chip.map.sbm[0].off + chip.map.sbm_image_off + 9] ^= 1;
}

/* NULL when SBM 2 runs and stays, whatever the trial would say. */
static const char *stays_confirmed(void)
{
    for (unsigned i = 0; i < TRIAL_BOOTS + 2; i++) {
        const char *why = scenario_runs(1);
        if (why != NULL) {
            return why;
        }
    }
    return chip_ran_sbm == 2 ? NULL : "a confirmed SBM is left";
}

static const char *confirm(void)
{
    (void)chip_call(rig_accept_run);
    return rig_result == PSA_SUCCESS && counter_read(COUNTER_SBM) == 2 ? NULL : "the new SBM cannot be confirmed";
}

const char *sbm_install_after(void)
{
    const char *why = self_on_trial() ? confirm() : "the new SBM is not on trial";
    return why != NULL ? why : stays_confirmed();
}

const char *sbm_send_after(void)
{
    if (chip_ran_sbm == 2) {
        return sbm_install_after();
    }
    (void)chip_call(send_run);
    if (rig_result != PSA_SUCCESS_REBOOT) {
        return "the new SBM cannot be sent again";
    }
    const char *why = scenario_runs(1);
    return why != NULL ? why : chip_ran_sbm == 2 ? NULL : "the new SBM is not installed";
}

const char *sbm_confirm_after(void)
{
    return counter_read(COUNTER_SBM) == 2 ? stays_confirmed() : sbm_install_after();
}

const char *sbm_revert_after(void)
{
    const char *why = scenario_runs(1);
    return why != NULL ? why : chip_ran_sbm == 1 && counter_read(COUNTER_SBM) == 1 ? NULL : "the old SBM does not stay";
}

/* Both slots hold SBM 2 again at the latest when the spare was looked at: then either alone starts. */
const char *sbm_heal_after(void)
{
    for (unsigned i = 0; i < 17; i++) {
        const char *why = scenario_runs(1);
        if (why != NULL) {
            return why;
        }
    }
    for (unsigned slot = 0; slot < 2; slot++) {
        const uint8_t *image = chip.flash + chip.map.sbm[slot].off + chip.map.sbm_image_off;
        for (size_t i = 0; i < CHIP_SBM_LEN; i++) {
            if (image[i] != maker_sbm_byte(2, slot, i)) {
                return "a damaged SBM slot is not healed";
            }
        }
    }
    return NULL;
}
