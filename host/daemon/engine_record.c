/* SPDX-License-Identifier: Apache-2.0 */
/* engine_record: what became of a device, in the ledger (engine.h). */
#include "host/daemon/engine_room.h"
#include "host/daemon/log.h"
#include "host/lib/text.h"
#include "host/sign1/ending.h"

static int unit_of(struct engine *engine, const struct ending *ending, const char *uid, struct ledger_unit *out,
                   struct fault *fault)
{
    int found = ledger_unit_find(engine->ledger, ending->uid.data, out, fault);
    if (found == 0) {
        (void)fault_set(fault, "the ledger does not know the device %s", uid);
        return fault_hint(fault, "record it where it was made");
    }
    return found == 1 ? 0 : -1;
}

static int ending_record(struct ledger *ledger, const struct ending *ending, struct fault *fault)
{
    return ending->is_debug ? ledger_unit_debug(ledger, ending->uid.data, ending->order, ending->token, fault)
                            : ledger_unit_decommission(ledger, ending->uid.data, ending->order, ending->token, fault);
}

int engine_record(struct engine *engine, struct bytes proof, struct control_reply *reply, struct fault *fault)
{
    const struct production_trust *trust = &engine->folder->trust;
    struct ending ending;
    struct ledger_unit unit;
    char uid[33];
    if (ending_parse(proof, &ending, fault) != 0) {
        return fault_hint(fault,
                          "give what 'windlass device decommission --out' or 'windlass device debug --out' wrote");
    }
    text_hex(ending.uid.data, ending.uid.len, uid);
    if (unit_of(engine, &ending, uid, &unit, fault) != 0 ||
        ending_check(&ending, bytes_of(trust->mastering_keys, trust->mastering_len), unit.identity_key, fault) != 0 ||
        ending_record(engine->ledger, &ending, fault) != 0) {
        return -1;
    }
    log_say(LOG_LEVEL_INFO, ending.is_debug ? "unit_debugged" : "unit_decommissioned", "uid", uid, NULL);
    control_reply_text(reply, "uid", uid);
    control_reply_text(reply, "state", ledger_state_name(ending.is_debug ? unit.state : LEDGER_DECOMMISSIONED));
    if (ending.is_debug) {
        control_reply_text(reply, "recorded", "debug rights");
    }
    return 0;
}
