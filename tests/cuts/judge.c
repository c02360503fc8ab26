/* SPDX-License-Identifier: Apache-2.0 */
/* judge: the oracle that all scenarios share, and what several of them do. */
#include "sbm/device.h"
#include "tests/cuts/scenario.h"

#define PIECE_LEN 333u

static psa_fwu_component_t to;
static struct bytes sent;

void send_set(psa_fwu_component_t component, struct bytes package)
{
    to = component;
    sent = package;
}

void send_run(void)
{
    (void)service_update_clean(to);
    rig_result = service_update_start(to);
    for (size_t at = 0; at < sent.len && rig_result == PSA_SUCCESS; at += PIECE_LEN) {
        size_t part = sent.len - at < PIECE_LEN ? sent.len - at : PIECE_LEN;
        rig_result = service_update_write(to, at, bytes_of(sent.data + at, part));
    }
    rig_result = rig_result == PSA_SUCCESS ? service_update_finish(to) : rig_result;
    rig_result = rig_result == PSA_SUCCESS ? service_update_install() : rig_result;
}

const char *scenario_runs(uint64_t sequence)
{
    if (chip_boot() != SIM_STARTED_APPLICATION) {
        return "a later boot does not start an application";
    }
    return chip_ran == sequence ? NULL : "a later boot starts another application";
}

static int sbm_is_expected(const struct scenario *scenario)
{
    uint64_t first = scenario->sbm_first != 0 ? scenario->sbm_first : 1;
    uint64_t last = scenario->sbm_last != 0 ? scenario->sbm_last : 1;
    return chip_ran_sbm >= first && chip_ran_sbm <= last;
}

const char *scenario_judge(const struct scenario *scenario, enum sim_end end)
{
    if (chip_wrong != NULL) {
        return chip_wrong;
    }
    if (scenario->ends) {
        return end != SIM_ASLEEP ? "the device is not at its end" : scenario->after();
    }
    if (end != SIM_STARTED_APPLICATION) {
        return end == SIM_ASLEEP ? "the device halts" : "the device does not come to rest";
    }
    if (chip_ran < scenario->first || chip_ran > scenario->last) {
        return "another application runs than may";
    }
    if (!sbm_is_expected(scenario)) {
        return "another SBM runs than may";
    }
    if (chip_counter() < scenario->counter) {
        return "the security counter went back";
    }
    if (!chip_has_keys()) {
        return "a key is lost";
    }
    const char *why = scenario->after != NULL ? scenario->after() : NULL;
    return why != NULL ? why : chip_wrong;
}
