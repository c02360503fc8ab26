/* SPDX-License-Identifier: Apache-2.0 */
/* boot_rig: see boot_rig.h. */
#include "tests/unit/boot_rig.h"

#include "boot/stage.h"
#include "tests/unit/boot_maker.h"

#define PIECE_LEN 333

psa_status_t rig_result;
static struct bytes sent;

void rig_boot_run(void)
{
    memset(&device, 0, sizeof device);
    device.state.now.pending = STATE_NONE;
    for (psa_fwu_component_t component = 0; component < PSA_FWU_COMPONENTS; component++) {
        (void)service_update_cancel(component);
        (void)service_update_clean(component);
    }
    stage_main();
}

enum sim_end rig_boot(struct sim *machine)
{
    enum sim_end end = SIM_RESET;
    for (unsigned i = 0; i < 10 && end == SIM_RESET; i++) {
        end = sim_run(machine, rig_boot_run);
    }
    return end;
}

int rig_runs(const struct sim *machine, uint64_t sequence, size_t image_len)
{
    uint32_t primary = machine->map.primary.off;
    int right = device.running_sequence == sequence && machine->started_addr == primary;
    for (size_t i = 0; i < image_len && right; i++) {
        right = machine->flash[primary + i] == maker_image_byte(sequence, i, image_len, primary);
    }
    return right;
}

void rig_update_set(struct bytes update)
{
    sent = update;
}

void rig_update_run(void)
{
    (void)service_update_clean(0);
    rig_result = service_update_start(0);
    for (size_t at = 0; at < sent.len && rig_result == PSA_SUCCESS; at += PIECE_LEN) {
        size_t part = sent.len - at < PIECE_LEN ? sent.len - at : PIECE_LEN;
        rig_result = service_update_write(0, at, bytes_of(sent.data + at, part));
    }
    rig_result = rig_result == PSA_SUCCESS ? service_update_finish(0) : rig_result;
    rig_result = rig_result == PSA_SUCCESS ? service_update_install() : rig_result;
}

void rig_accept_run(void)
{
    rig_result = service_update_accept();
}

void rig_reject_run(void)
{
    rig_result = service_update_reject(PSA_ERROR_GENERIC_ERROR);
}
