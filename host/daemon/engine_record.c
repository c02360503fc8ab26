/* SPDX-License-Identifier: Apache-2.0 */
/* engine_record: what became of a device, in the ledger (engine.h). */
#include "host/daemon/engine_room.h"
#include "host/daemon/log.h"
#include "host/lib/text.h"
#include "host/sign1/ending.h"
#include "host/sign1/scrap.h"

static int unit_of(struct engine *engine, const uint8_t *id, const char *uid, struct ledger_unit *out,
                   struct fault *fault)
{
    int found = ledger_unit_find(engine->ledger, id, out, fault);
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

/* ---- scrap orders ---- */

static int is_scrap(struct bytes in)
{
    return in.len > 0 && in.data[0] == 0xD2; /* tag 18: a COSE_Sign1 alone */
}

/* What the package gets back. */
static int credit_say(struct engine *engine, const struct ledger_unit *unit, struct control_reply *reply,
                      struct fault *fault)
{
    struct ledger_package package;
    int found = ledger_package_find(engine->ledger, 0, &package, fault);
    if (found < 0) {
        return -1;
    }
    control_reply_text(reply, "credit",
                       engine->quota != NULL ? "none: the TPM's count does not go back; a new package gives the unit"
                       : found == 1 && package.number == unit->package
                           ? "the package has room for one more"
                           : "none: its package is no longer loaded; a new package gives the unit");
    return 0;
}

static int scrap_read(struct engine *engine, struct bytes order, struct scrap *out, struct fault *fault)
{
    uint8_t key[64];
    uint8_t chain[SCRAP_CHAIN_LEN];
    if (scrap_check(order, engine->folder->trust.quota_key, out, fault) != 0) {
        return fault_hint(fault, "give what 'windlass master scrap' wrote, of this appliance's maker");
    }
    if (cert_public_key(&engine->folder->records, key, fault) != 0) {
        return -1;
    }
    scrap_chain(key, chain);
    return bytes_equal(out->chain, bytes_of(chain, sizeof chain))
               ? 0
               : fault_set(fault, "the scrap order is for another appliance");
}

static int scrap_record(struct engine *engine, struct bytes order, struct control_reply *reply, struct fault *fault)
{
    struct scrap scrap;
    struct ledger_unit unit;
    char uid[33];
    if (scrap_read(engine, order, &scrap, fault) != 0) {
        return -1;
    }
    text_hex(scrap.uid.data, scrap.uid.len, uid);
    if (unit_of(engine, scrap.uid.data, uid, &unit, fault) != 0 ||
        ledger_unit_scrap(engine->ledger, scrap.uid.data, order, fault) != 0) {
        return -1;
    }
    log_say(LOG_LEVEL_INFO, "unit_scrapped", "uid", uid, NULL);
    control_reply_text(reply, "uid", uid);
    control_reply_text(reply, "state", ledger_state_name(LEDGER_SCRAPPED));
    return credit_say(engine, &unit, reply, fault);
}

/* ---- proofs of the device itself ---- */

static int proof_record(struct engine *engine, struct bytes proof, struct control_reply *reply, struct fault *fault)
{
    const struct production_trust *trust = &engine->folder->trust;
    struct ending ending;
    struct ledger_unit unit;
    char uid[33];
    if (ending_parse(proof, &ending, fault) != 0) {
        return fault_hint(fault, "give what 'windlass device decommission --out', 'windlass device debug --out' or "
                                 "'windlass master scrap' wrote");
    }
    text_hex(ending.uid.data, ending.uid.len, uid);
    if (unit_of(engine, ending.uid.data, uid, &unit, fault) != 0 ||
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

int engine_record(struct engine *engine, struct bytes what, struct control_reply *reply, struct fault *fault)
{
    return is_scrap(what) ? scrap_record(engine, what, reply, fault) : proof_record(engine, what, reply, fault);
}
