/* SPDX-License-Identifier: Apache-2.0 */
/* state: the rules. See state.h. */
#include "host/ledger/state.h"

#include <string.h>

#include "host/sign1/token.h"

#define BLOCK_MAX_UNITS 1000

/* One step under way: the view, the event, the unit that it is about. */
struct step {
    const struct state_view *view;
    const struct state_event *event;
    const struct event_body *body;
    struct state_unit unit;
    struct fault *fault;
};

const char *ledger_state_name(enum ledger_state state)
{
    static const char *const names[] = { "reserved", "checked", "done", "quarantined", "scrapped", "decommissioned" };
    return state >= LEDGER_RESERVED && state <= LEDGER_DECOMMISSIONED ? names[state - 1] : "unknown";
}

static int is_in(const struct state_unit *unit, enum ledger_state a, enum ledger_state b, enum ledger_state c)
{
    return unit->state == a || unit->state == b || unit->state == c;
}

/* The unit must be known; when `own`, this chain must have begun it. */
static int unit_load(struct step *s, int own)
{
    int found = s->view->unit_by_uid(s->view->context, s->body->uid.data, &s->unit, s->fault);
    if (found <= 0) {
        return found < 0 ? -1 : fault_set(s->fault, "ledger: no unit with this unique ID was reserved");
    }
    if (own && memcmp(s->unit.chain, s->event->chain, EVENT_CHAIN_LEN) != 0) {
        (void)fault_set(s->fault, "unit %llu: another appliance began it", (unsigned long long)s->unit.number);
        return fault_hint(s->fault, "finish it there");
    }
    return 0;
}

static int unit_refuse(const struct step *s, const char *why)
{
    return fault_set(s->fault, "unit %llu: %s (it is %s)", (unsigned long long)s->unit.number, why,
                     ledger_state_name((enum ledger_state)s->unit.state));
}

static int unit_store(struct step *s)
{
    return s->view->unit_put(s->view->context, &s->unit, 0, s->fault);
}

/* Adds to the counts of the unit's package. */
static int package_count(struct step *s, int reserved, int done)
{
    struct state_package package;
    if (s->unit.package == 0) {
        return 0;
    }
    int found = s->view->package_find(s->view->context, s->unit.package, &package, s->fault);
    if (found <= 0) {
        return found < 0
                   ? -1
                   : fault_set(s->fault, "ledger: package %llu is not there", (unsigned long long)s->unit.package);
    }
    package.reserved += (uint64_t)(int64_t)reserved;
    package.done += (uint64_t)(int64_t)done;
    return s->view->package_put(s->view->context, &package, 0, s->fault);
}

static int package_apply(struct step *s)
{
    const struct event_body *b = s->body;
    struct state_package package;
    uint64_t last = 0;
    if (b->package == 0 || b->quota == 0 || b->block == 0 || b->block > BLOCK_MAX_UNITS || b->tpm > 1) {
        return fault_set(s->fault, "ledger: a package with a number, quota or block out of its range");
    }
    if (s->view->load_last(s->view->context, s->event->chain, &last, s->fault) != 0) {
        return -1;
    }
    if (b->package <= last) {
        (void)fault_set(s->fault, "package %llu: this appliance has loaded package %llu already",
                        (unsigned long long)b->package, (unsigned long long)last);
        return fault_hint(s->fault,
                          "every package has a higher number than those before it: ask the OEM for a new one");
    }
    int found = s->view->package_find(s->view->context, b->package, &package, s->fault);
    if (found < 0) {
        return -1;
    }
    if (found == 1 && (package.quota != b->quota || package.block != b->block)) {
        return fault_set(s->fault, "package %llu: another appliance loaded it with quota %llu and block %llu",
                         (unsigned long long)b->package, (unsigned long long)package.quota,
                         (unsigned long long)package.block);
    }
    package = (struct state_package){ b->package, b->quota, b->block, found == 1 ? package.reserved : 0,
                                      found == 1 ? package.done : 0 };
    if (found == 0 && s->view->package_put(s->view->context, &package, 1, s->fault) != 0) {
        return -1;
    }
    return s->view->load_put(s->view->context, s->event->chain, b->package, s->event->position, s->fault);
}

/* The package must be this appliance's newest, with room for one more. */
static int quota_check(struct step *s)
{
    struct state_package package;
    uint64_t last = 0;
    if (s->body->package == 0) {
        return 0;
    }
    int found = s->view->package_find(s->view->context, s->body->package, &package, s->fault);
    if (found < 0 || s->view->load_last(s->view->context, s->event->chain, &last, s->fault) != 0) {
        return -1;
    }
    if (found == 0 || last != s->body->package) {
        return fault_set(s->fault, "package %llu: not the one that this appliance loaded last",
                         (unsigned long long)s->body->package);
    }
    if (package.reserved >= package.quota) {
        (void)fault_set(s->fault, "package %llu: its quota of %llu units is used up",
                        (unsigned long long)package.number, (unsigned long long)package.quota);
        return fault_hint(s->fault, "ask the OEM for a further production package");
    }
    return 0;
}

/* Neither the unique ID nor a key may be known. */
static int newcomer_check(struct step *s)
{
    const struct event_body *b = s->body;
    int found = s->view->unit_by_uid(s->view->context, b->uid.data, &s->unit, s->fault);
    if (found != 0) {
        return found < 0 ? -1 : unit_refuse(s, "its unique ID is reserved already");
    }
    found = s->view->unit_by_keys(s->view->context, b->identity_key.data, b->update_key.data, &s->unit, s->fault);
    if (found != 0) {
        (void)fault_set(s->fault, "ledger: a key of this chip belongs to unit %llu: keys are UNIQUE",
                        (unsigned long long)s->unit.number);
        return fault_hint(s->fault, "a key that another unit holds already is refused: look for a copied chip");
    }
    return 0;
}

static void instance_make(struct state_unit *unit)
{
    uint8_t id[TOKEN_INSTANCE_LEN];
    token_instance_id(unit->identity_key, id);
    memcpy(unit->instance, id + 1, sizeof unit->instance);
}

static int reserved_apply(struct step *s)
{
    const struct event_body *b = s->body;
    uint64_t last = 0;
    if (newcomer_check(s) != 0 || quota_check(s) != 0 || s->view->unit_last(s->view->context, &last, s->fault) != 0) {
        return -1;
    }
    if (b->unit != last + 1) {
        return fault_set(s->fault, "ledger: unit %llu does not follow unit %llu", (unsigned long long)b->unit,
                         (unsigned long long)last);
    }
    s->unit = (struct state_unit){ .number = b->unit, .state = LEDGER_RESERVED, .package = b->package };
    memcpy(s->unit.uid, b->uid.data, sizeof s->unit.uid);
    memcpy(s->unit.identity_key, b->identity_key.data, sizeof s->unit.identity_key);
    memcpy(s->unit.update_key, b->update_key.data, sizeof s->unit.update_key);
    memcpy(s->unit.chain, s->event->chain, sizeof s->unit.chain);
    instance_make(&s->unit);
    s->unit.marks[MARK_RESERVED] = s->event->position;
    return package_count(s, 1, 0) != 0 ? -1 : s->view->unit_put(s->view->context, &s->unit, 1, s->fault);
}

static int granted_apply(struct step *s)
{
    if (unit_load(s, 1) != 0) {
        return -1;
    }
    if (s->unit.state != LEDGER_RESERVED || s->unit.marks[MARK_GRANTED] != 0) {
        return unit_refuse(s, "it has its grant already, or may not have one");
    }
    if (s->body->unit != s->unit.number) {
        return unit_refuse(s, "the grant is for another unit");
    }
    s->unit.marks[MARK_GRANTED] = s->event->position;
    s->unit.tpm_count = s->body->tpm_count;
    return unit_store(s);
}

static int certified_apply(struct step *s)
{
    if (unit_load(s, 1) != 0) {
        return -1;
    }
    if (s->unit.state != LEDGER_RESERVED || s->unit.marks[MARK_CERTIFIED] != 0) {
        return unit_refuse(s, "it is not reserved, or has its certificates already");
    }
    s->unit.marks[MARK_CERTIFIED] = s->event->position;
    return unit_store(s);
}

static int checked_apply(struct step *s)
{
    if (unit_load(s, 1) != 0) {
        return -1;
    }
    if (!is_in(&s->unit, LEDGER_RESERVED, LEDGER_CHECKED, LEDGER_DONE) || s->unit.marks[MARK_CERTIFIED] == 0) {
        return unit_refuse(s, "it has no certificates, or is out of the line");
    }
    s->unit.state = s->unit.state == LEDGER_RESERVED ? LEDGER_CHECKED : s->unit.state;
    s->unit.sequence = s->body->sequence;
    s->unit.marks[MARK_CHECKED] = s->event->position;
    return unit_store(s);
}

static int done_apply(struct step *s)
{
    if (unit_load(s, 1) != 0) {
        return -1;
    }
    if (s->unit.state != LEDGER_CHECKED) {
        return unit_refuse(s, "it was not checked, or is out of the line");
    }
    s->unit.state = LEDGER_DONE;
    s->unit.marks[MARK_DONE] = s->event->position;
    return package_count(s, 0, 1) != 0 ? -1 : unit_store(s);
}

static int quarantined_apply(struct step *s)
{
    const struct event_body *b = s->body;
    if (unit_load(s, 0) != 0) {
        return -1;
    }
    if (memcmp(s->unit.identity_key, b->identity_key.data, 64) == 0 &&
        memcmp(s->unit.update_key, b->update_key.data, 64) == 0) {
        return unit_refuse(s, "a quarantine with the unit's own keys");
    }
    if (is_in(&s->unit, LEDGER_RESERVED, LEDGER_CHECKED, LEDGER_DONE)) {
        s->unit.state = LEDGER_QUARANTINED;
    }
    if (s->unit.marks[MARK_QUARANTINED] == 0) {
        s->unit.marks[MARK_QUARANTINED] = s->event->position;
    }
    return unit_store(s);
}

/* Credit is given where the unit was begun. */
static int ended_apply(struct step *s)
{
    if (unit_load(s, s->event->kind == EVENT_SCRAPPED) != 0) {
        return -1;
    }
    if (s->unit.marks[MARK_ENDED] != 0) {
        return unit_refuse(s, "it is out of the count already");
    }
    int scrapped = s->event->kind == EVENT_SCRAPPED;
    s->unit.state = scrapped ? LEDGER_SCRAPPED : LEDGER_DECOMMISSIONED;
    s->unit.marks[MARK_ENDED] = s->event->position;
    return package_count(s, scrapped ? -1 : 0, 0) != 0 ? -1 : unit_store(s);
}

/* Its reservation goes into the package that this appliance loaded last. Only before the grant: that names a package.
 */
static int moved_apply(struct step *s)
{
    if (unit_load(s, 1) != 0) {
        return -1;
    }
    if (s->unit.state != LEDGER_RESERVED || s->unit.marks[MARK_GRANTED] != 0 || s->unit.marks[MARK_CERTIFIED] != 0) {
        return unit_refuse(s, "it has its grant or certificates already, and stays in its package");
    }
    if (s->body->package_from != s->unit.package || s->body->package == 0 || s->body->package == s->unit.package) {
        return unit_refuse(s, "it is not moved from the package that it is in to another one");
    }
    if (quota_check(s) != 0 || package_count(s, -1, 0) != 0) {
        return -1;
    }
    s->unit.package = s->body->package;
    return package_count(s, 1, 0) != 0 ? -1 : unit_store(s);
}

static int debugged_apply(struct step *s)
{
    if (unit_load(s, 0) != 0) {
        return -1;
    }
    s->unit.marks[MARK_DEBUGGED] = s->event->position;
    return unit_store(s);
}

int state_event_apply(const struct state_view *view, const struct state_event *event, struct fault *fault)
{
    struct step s = { view, event, event->body, { 0 }, fault };
    if ((event->kind == EVENT_OPENED) != (event->seq == 1)) {
        return fault_set(fault, "ledger: a chain begins with OPENED, once");
    }
    switch (event->kind) {
    case EVENT_PACKAGE:
        return package_apply(&s);
    case EVENT_RESERVED:
        return reserved_apply(&s);
    case EVENT_GRANTED:
        return granted_apply(&s);
    case EVENT_CERTIFIED:
        return certified_apply(&s);
    case EVENT_CHECKED:
        return checked_apply(&s);
    case EVENT_DONE:
        return done_apply(&s);
    case EVENT_QUARANTINED:
        return quarantined_apply(&s);
    case EVENT_SCRAPPED:
    case EVENT_DECOMMISSIONED:
        return ended_apply(&s);
    case EVENT_DEBUG:
        return debugged_apply(&s);
    case EVENT_MOVED:
        return moved_apply(&s);
    case EVENT_SPENT:
        return event->body->tpm_to > event->body->tpm_count
                   ? 0
                   : fault_set(fault, "ledger: the TPM's count does not grow there");
    default:
        return event->kind < EVENT_KINDS ? 0 : fault_set(fault, "ledger: an event of an unknown kind");
    }
}
