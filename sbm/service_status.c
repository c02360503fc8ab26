/* SPDX-License-Identifier: Apache-2.0 */
/* service_status: versions, counters, lifecycle, reasons. */
#include "boot/counter.h"
#include "sbm/device.h"
#include "sbm/log.h"
#include "sbm/self.h"
#include "sbm/service.h"

void service_status_read(struct sbm_status *out)
{
    const struct boot_state *now = &device.state.now;
    memset(out, 0, sizeof *out);
    memcpy(out->unique_id, device.unique_id, sizeof out->unique_id);
    out->lifecycle = (uint32_t)device.lifecycle;
    out->sbm_sequence = (uint32_t)device.sbm_sequence;
    out->app_sequence = (uint32_t)device.running_sequence;
    out->counter = (uint32_t)now->counter;
    out->pending_sequence = service_update_pending();
    out->trial = (uint32_t)now->trial;
    out->boots = now->boots;
    out->reason = now->reason;
    out->refused = now->refused;
    out->refused_sequence = (uint32_t)now->refused_sequence;
    out->fault = now->fault;
    out->halt = log_last_halt();
    out->recovery = (uint32_t)device.recovering;
    out->sbm_counter = counter_read(COUNTER_SBM);
    out->sbm_trial = (uint32_t)self_on_trial();
    out->sbm_slot = device.sbm_slot;
    memcpy(out->health, device.health, sizeof out->health);
}
