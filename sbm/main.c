/* SPDX-License-Identifier: Apache-2.0 */
/* sbm main: the resident manager's way from BL1 to the application, and its end when something is wrong. */
#include "boot/halt.h"
#include "boot/stage.h"
#include "sbm/agent.h"
#include "sbm/device.h"
#include "sbm/launch.h"
#include "sbm/service_crypto.h"

void halt_wipe(void)
{
    provisioned_wipe(&device.provisioned);
    install_wipe(&device.candidate);
    service_crypto_wipe();
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
    device_log("fault", what);
    device_log_address("at address ", address);
    if (device.running_sequence != 0) {
        device.state.now.fault = what;
        device.state.now.reason = STATE_REASON_FAULT;
        if (state_save(&device.state) == STATUS_OK) {
            halt_wipe();
            port_reset();
        }
    }
    halt(what);
}

/* The sequence number of this SBM, from the envelope that BL1 verified a moment ago. */
static uint64_t own_sequence(void)
{
    const struct port_flash *flash = port_flash();
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    if (suit_envelope_parse(port_flash_view(flash->sbm[0].off, flash->sbm_image_off), &envelope) != STATUS_OK ||
        suit_manifest_parse(envelope.manifest, &manifest) != STATUS_OK) {
        return 0;
    }
    return manifest.sequence;
}

_Noreturn void stage_main(void)
{
    port_log("[sbm] Windlass Secure Boot Manager\n");
    if (crypto_selftest() != STATUS_OK) {
        halt(STATUS_CRYPTO_SELFTEST);
    }
    device.lifecycle = port_lifecycle();
    device.sbm_sequence = own_sequence();
    if (port_unique_id(device.unique_id) != STATUS_OK) {
        halt(STATUS_FLASH_IO);
    }
    if (device.lifecycle == PORT_OPEN || device.lifecycle == PORT_PROVISIONING) {
        agent_run();
    }
    if (device.lifecycle != PORT_SECURED) {
        halt(STATUS_LIFECYCLE);
    }
    status_t status =
        port_lock_for_good(port_flash()->boot_sectors); /* completes a lock that a power cut left half done */
    if (status == STATUS_OK) {
        status = provisioned_load(&device.provisioned);
    }
    if (status == STATUS_OK) {
        status = state_open(&device.state);
    }
    if (status != STATUS_OK) {
        halt(status);
    }
    launch();
}
