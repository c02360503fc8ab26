/* SPDX-License-Identifier: Apache-2.0 */
/* sbm main: the resident manager's way from BL1 to the application, and its end when something is wrong. */
#include "boot/counter.h"
#include "boot/halt.h"
#include "boot/stage.h"
#include "sbm/agent.h"
#include "sbm/device.h"
#include "sbm/launch.h"
#include "sbm/log.h"
#include "sbm/order.h"
#include "sbm/recovery.h"
#include "sbm/self.h"
#include "sbm/service_crypto.h"
#include "sbm/store_its.h"

#define COUNTER_ROOM 4u    /* records that BL1 may have to append */
#define HALT_WAIT_MS 1000u /* before the first reset; twice as long with each halt in a row */
#define HALT_DOUBLINGS 6u  /* 64 seconds at most */
#define HALTS_MAX 16u      /* in a row: then the device waits for good */

void halt_wipe(void)
{
    provisioned_wipe(&device.provisioned);
    install_wipe(&device.candidate);
    store_its_wipe();
    service_crypto_wipe();
}

static struct {
    uint32_t ends; /* enum policy_halt */
    uint32_t wait_ms;
} after_halt;

/* How this halt ends. What counts on the log waits when the log cannot be written; so does a recovery that failed, or
 * was not reached after the halt before. */
void halt_record(status_t why)
{
    uint32_t halts = log_halts();
    after_halt.ends = device.recovering ? POLICY_HALT_WAIT : (uint32_t)device.provisioned.policy.on_halt;
    after_halt.wait_ms = HALT_WAIT_MS << (halts < HALT_DOUBLINGS ? halts : HALT_DOUBLINGS);
    if (after_halt.ends == 0 || (after_halt.ends == POLICY_HALT_RESET && halts + 1 >= HALTS_MAX) ||
        (after_halt.ends == POLICY_HALT_RECOVERY && log_recovery_wanted())) {
        after_halt.ends = POLICY_HALT_WAIT;
    }
    if (self_on_trial() && halts <= HALTS_MAX) {
        after_halt.ends = POLICY_HALT_RESET; /* BL1 counts the starts, at most 16, and goes back to the confirmed SBM */
    }
    if (log_append(LOG_HALT, why, after_halt.ends) != STATUS_OK) {
        after_halt.ends = POLICY_HALT_WAIT;
    }
}

_Noreturn void halt_end(void)
{
    if (after_halt.ends == POLICY_HALT_WAIT) {
        port_sleep();
    }
    if (after_halt.ends == POLICY_HALT_RESET) {
        port_sleep_ms(after_halt.wait_ms);
    }
    port_reset();
}

void halt_say(status_t why)
{
    port_log("[sbm] halt: ");
    port_log(status_text(why));
    port_log("\n");
}

/* A fault is recorded and ends in a reset; a device that does nothing but fault is stopped by the trial count and, at
 * last, by halt. */
_Noreturn void stage_fault(status_t what, uint32_t address)
{
    if (halt_under_way()) {
        halt_wipe();
        port_sleep();
    }
    device_log("fault", what);
    device_log_address("at address ", address);
    if (device.running_sequence != 0) {
        device.state.now.fault = what;
        device.state.now.reason = STATE_REASON_FAULT;
        if (state_save(&device.state) == STATUS_OK) {
            (void)log_append(LOG_FAULT, what, address);
            halt_wipe();
            port_reset();
        }
    }
    halt(what);
}

/* Everything that provisioning installed and the boots since have counted. */
static status_t device_open(void)
{
    /* Completes a lock that a power cut left half done. */
    status_t status = port_lock_for_good(port_flash()->boot_sectors);
    if (status == STATUS_OK) {
        int whole = counter_is_whole();
        status_t healed = counter_heal(COUNTER_ROOM); /* one sound page is enough to read */
        if (healed != STATUS_OK) {
            device_damaged(SBM_PLACE_COUNTER);
        } else if (!whole) {
            device_mended(SBM_PLACE_COUNTER);
        }
        status = provisioned_load(&device.provisioned);
    }
    halt_outputs_set((uint32_t)device.provisioned.policy.outputs_mask,
                     (uint32_t)device.provisioned.policy.outputs_level);
    if (status == STATUS_OK) {
        status = state_open(&device.state);
    }
    if (device.state.healed) {
        device_mended(SBM_PLACE_STATE);
    }
    /* No device was ever locked without its counters: both pages are lost, and with them what may run. */
    if (status == STATUS_OK && (counter_read(COUNTER_APP) == 0 || counter_read(COUNTER_SBM) == 0)) {
        status = STATUS_BOOT_STATE_DAMAGED;
    }
    return status;
}

_Noreturn void stage_main(void)
{
    halt_outputs_set(0, 0);
    port_log("[sbm] Windlass Secure Boot Manager\n");
    log_open();
    if (crypto_selftest() != STATUS_OK) {
        halt(STATUS_CRYPTO_SELFTEST);
    }
    device.lifecycle = port_lifecycle();
    self_load();
    if (port_unique_id(device.unique_id) != STATUS_OK) {
        halt(STATUS_FLASH_IO);
    }
    if (device.lifecycle == PORT_OPEN || device.lifecycle == PORT_PROVISIONING) {
        agent_run();
    }
    /* HARD: asked twice, for it cannot be undone. */
    if (device.lifecycle == PORT_DECOMMISSIONED && port_lifecycle() == PORT_DECOMMISSIONED) {
        order_remains_erase();
    }
    if (device.lifecycle != PORT_SECURED) {
        halt(STATUS_LIFECYCLE);
    }
    status_t status = device_open();
    if (status != STATUS_OK) {
        halt(status);
    }
    if (log_recovery_wanted()) {
        recovery();
    }
    launch();
}
