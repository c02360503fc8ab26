/* SPDX-License-Identifier: Apache-2.0 */
/* calls: one function for each kind of event. What was recorded already with the same bytes is done, and not recorded
 * twice: a caller that did not hear the answer may ask again. */
#include "host/ledger/ledger_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int unit_get(struct ledger *ledger, const uint8_t *uid, struct state_unit *out, struct fault *fault)
{
    const struct state_view view = state_tables_view(&ledger->tables);
    return view.unit_by_uid(view.context, uid, out, fault);
}

/* ---- an event that is just recorded ---- */

struct plain {
    unsigned kind;
    struct event_body body;
};

static int plain_work(struct ledger *ledger, void *input, struct fault *fault)
{
    const struct plain *plain = input;
    return ledger_event_write(ledger, plain->kind, &plain->body, fault);
}

static int plain_record(struct ledger *ledger, unsigned kind, const struct event_body *body, struct fault *fault)
{
    struct plain plain = { kind, *body };
    return ledger_ask(ledger, plain_work, &plain, fault);
}

/* ---- an event of a unit that happens once: the same again is done ---- */

struct once {
    struct plain plain;
    enum state_mark mark;
    enum ledger_state closes; /* a unit in this state is done already, whatever the bytes; 0: no such state */
};

struct ledger_pending {
    struct once once;
    const struct ledger_pending *after; /* NULL, or what must be on record before */
    struct fault fault;
    struct ask ask;
};

static int same_body(const struct plain *plain, const struct stored_event *stored)
{
    uint8_t a[EVENT_BODY_MAX];
    uint8_t b[EVENT_BODY_MAX];
    struct cbor_writer wa = cbor_writer_of(a, sizeof a);
    struct cbor_writer wb = cbor_writer_of(b, sizeof b);
    if (stored->kind != plain->kind) {
        return 0;
    }
    event_body_build(plain->kind, &plain->body, &wa);
    event_body_build(plain->kind, &stored->body, &wb);
    return bytes_equal(cbor_written(&wa), cbor_written(&wb));
}

static int once_work(struct ledger *ledger, void *input, struct fault *fault)
{
    struct once *once = input;
    struct state_unit unit;
    struct stored_event stored;
    int found = unit_get(ledger, once->plain.body.uid.data, &unit, fault);
    if (found < 0) {
        return -1;
    }
    once->plain.body.unit = found == 1 ? unit.number : 0; /* of a grant */
    if (found == 1 && once->closes != 0 && unit.state == (uint64_t)once->closes) {
        return 0;
    }
    if (found == 1 && unit.marks[once->mark] != 0 && unit.state != LEDGER_QUARANTINED) {
        int there = ledger_event_load(&ledger->writer, unit.marks[once->mark], &stored, fault);
        if (there < 0 || (there == 1 && same_body(&once->plain, &stored))) {
            return there < 0 ? -1 : 0;
        }
    }
    return plain_work(ledger, &once->plain, fault);
}

static int once_record(struct ledger *ledger, struct once *once, struct fault *fault)
{
    return ledger_ask(ledger, once_work, once, fault);
}

/* ---- packages ---- */

static int package_work(struct ledger *ledger, void *input, struct fault *fault)
{
    const struct plain *plain = input;
    const struct store_value own[] = { store_bytes(ledger->chain, sizeof ledger->chain),
                                       store_number(plain->body.package) };
    struct stored_event stored;
    uint64_t position = 0;
    if (ledger_position_find(&ledger->writer, STORE_LOAD_OWN, own, 2, &position, fault) < 0) {
        return -1;
    }
    int there = position == 0 ? 0 : ledger_event_load(&ledger->writer, position, &stored, fault);
    if (there < 0 || (there == 1 && same_body(plain, &stored))) {
        return there < 0 ? -1 : 0;
    }
    return ledger_event_write(ledger, plain->kind, &plain->body, fault);
}

int ledger_package_load(struct ledger *ledger, const struct ledger_package *p, struct fault *fault)
{
    struct plain plain = { EVENT_PACKAGE,
                           { .package = p->number,
                             .digest = bytes_of(p->digest, sizeof p->digest),
                             .quota = p->quota,
                             .block = p->block,
                             .tpm = p->tpm != 0,
                             .not_after = p->not_after,
                             .grant_key = bytes_of(p->grant_key, sizeof p->grant_key),
                             .issuing = bytes_of(p->issuing, sizeof p->issuing) } };
    return ledger_ask(ledger, package_work, &plain, fault);
}

/* ---- units ---- */

struct reservation {
    const struct ledger_claim *claim;
    struct ledger_unit *out;
};

static int newcomer_refuse(const struct state_unit *unit, const char *why, struct fault *fault)
{
    (void)fault_set(fault, "unit %llu: %s; the unit is %s", (unsigned long long)unit->number, why,
                    ledger_state_name((enum ledger_state)unit->state));
    return fault_hint(fault, "put the chip aside and find out which one is genuine");
}

/* The first newcomer changes the unit's state, and is always recorded; of those that follow, so many a minute. */
#define NEWCOMERS_A_MINUTE 60
static int newcomer_fits(struct ledger *ledger, const struct state_unit *unit)
{
    struct timespec now = { 0, 0 };
    if (unit->marks[MARK_QUARANTINED] == 0) {
        return 1;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (ledger->newcomer_minute != now.tv_sec / 60) {
        ledger->newcomer_minute = now.tv_sec / 60;
        ledger->newcomers = 0;
    }
    return ledger->newcomers++ < NEWCOMERS_A_MINUTE;
}

/* It was reserved, and its package ended before its grant was made. */
static int unit_is_left(const struct state_unit *unit, const struct ledger_claim *claim)
{
    return unit->state == LEDGER_RESERVED && unit->marks[MARK_GRANTED] == 0 && unit->marks[MARK_CERTIFIED] == 0 &&
           claim->package != 0 && unit->package != claim->package;
}

static int unit_move(struct ledger *ledger, const struct ledger_claim *claim, struct state_unit *unit,
                     struct fault *fault)
{
    const struct event_body body = { .uid = bytes_of(claim->uid, 16),
                                     .package_from = unit->package,
                                     .package = claim->package };
    return ledger_event_write(ledger, EVENT_MOVED, &body, fault) != 0 || unit_get(ledger, claim->uid, unit, fault) != 1
               ? -1
               : 0;
}

/* The unique ID is known. */
static int known_work(struct ledger *ledger, const struct reservation *in, struct state_unit *unit, struct fault *fault)
{
    const struct ledger_claim *claim = in->claim;
    const struct event_body body = { .uid = bytes_of(claim->uid, 16),
                                     .identity_key = bytes_of(claim->identity_key, 64),
                                     .update_key = bytes_of(claim->update_key, 64) };
    if (memcmp(unit->identity_key, claim->identity_key, 64) != 0 ||
        memcmp(unit->update_key, claim->update_key, 64) != 0) {
        if ((newcomer_fits(ledger, unit) && ledger_event_write(ledger, EVENT_QUARANTINED, &body, fault) != 0) ||
            unit_get(ledger, claim->uid, unit, fault) != 1) {
            return -1;
        }
        return newcomer_refuse(unit, "this unique ID came before with another key", fault);
    }
    if (unit->state > LEDGER_DONE) {
        return newcomer_refuse(
            unit, unit->state == LEDGER_QUARANTINED ? "its unique ID was used twice" : "it is out of use", fault);
    }
    if (memcmp(unit->chain, ledger->chain, sizeof unit->chain) != 0) {
        (void)fault_set(fault, "unit %llu: another appliance began it", (unsigned long long)unit->number);
        return fault_hint(fault, "finish it at the line where it was begun");
    }
    if (unit_is_left(unit, claim) && unit_move(ledger, claim, unit, fault) != 0) {
        return -1;
    }
    return ledger_unit_fill(&ledger->writer, unit, in->out, fault);
}

static int reserve_work(struct ledger *ledger, void *input, struct fault *fault)
{
    const struct reservation *in = input;
    const struct ledger_claim *claim = in->claim;
    const struct state_view view = state_tables_view(&ledger->tables);
    struct state_unit unit;
    uint64_t last = 0;
    int found = unit_get(ledger, claim->uid, &unit, fault);
    if (found != 0) {
        return found < 0 ? -1 : known_work(ledger, in, &unit, fault);
    }
    if (claim->package == 0 && ledger->signer.sign != NULL) {
        return fault_set(fault, "ledger: a unit is counted in a production package, and none is named");
    }
    if (view.unit_last(view.context, &last, fault) != 0) {
        return -1;
    }
    const struct event_body body = { .uid = bytes_of(claim->uid, 16),
                                     .identity_key = bytes_of(claim->identity_key, 64),
                                     .update_key = bytes_of(claim->update_key, 64),
                                     .package = claim->package,
                                     .unit = last + 1 };
    if (ledger_event_write(ledger, EVENT_RESERVED, &body, fault) != 0) {
        return -1;
    }
    memset(in->out, 0, sizeof *in->out);
    in->out->number = last + 1;
    in->out->state = LEDGER_RESERVED;
    in->out->package = claim->package;
    memcpy(in->out->uid, claim->uid, sizeof in->out->uid);
    memcpy(in->out->identity_key, claim->identity_key, sizeof in->out->identity_key);
    memcpy(in->out->update_key, claim->update_key, sizeof in->out->update_key);
    ledger_time_text(ledger->tail.time, in->out->reserved_at);
    return 0;
}

int ledger_unit_reserve(struct ledger *ledger, const struct ledger_claim *claim, struct ledger_unit *out,
                        struct fault *fault)
{
    struct reservation in = { claim, out };
    return ledger_ask(ledger, reserve_work, &in, fault);
}

static struct once grant_once(const uint8_t uid[16], uint64_t tpm_count, struct bytes item)
{
    return (struct once){ { EVENT_GRANTED, { .uid = bytes_of(uid, 16), .tpm_count = tpm_count, .item = item } },
                          MARK_GRANTED,
                          0 };
}

static struct once certify_once(const uint8_t uid[16], const struct cert *device, const struct cert *update)
{
    return (struct once){ { EVENT_CERTIFIED,
                            { .uid = bytes_of(uid, 16),
                              .cert = bytes_of(device->der, device->len),
                              .update_cert = bytes_of(update->der, update->len) } },
                          MARK_CERTIFIED,
                          0 };
}

int ledger_unit_grant(struct ledger *ledger, const uint8_t uid[16], uint64_t tpm_count, struct bytes item,
                      struct fault *fault)
{
    struct once once = grant_once(uid, tpm_count, item);
    return once_record(ledger, &once, fault);
}

int ledger_unit_certify(struct ledger *ledger, const uint8_t uid[16], const struct cert *device,
                        const struct cert *update, struct fault *fault)
{
    struct once once = certify_once(uid, device, update);
    return once_record(ledger, &once, fault);
}

/* ---- the same, while the caller goes on ---- */

/* `after` has been run when this is, by the same thread, and its owner waits for it later. */
static int pending_work(struct ledger *ledger, void *input, struct fault *fault)
{
    struct ledger_pending *pending = input;
    if (pending->after != NULL && pending->after->ask.result != 0) {
        return fault_set(fault, "ledger: what comes before could not be recorded");
    }
    return once_work(ledger, &pending->once, fault);
}

static struct ledger_pending *pending_begin(struct ledger *ledger, const struct once *once,
                                            const struct ledger_pending *after, struct fault *fault)
{
    struct ledger_pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL) {
        (void)fault_set(fault, "no memory");
        return NULL;
    }
    pending->once = *once;
    pending->after = after;
    pending->ask = (struct ask){ .work = pending_work, .input = pending, .fault = &pending->fault };
    if (ledger_ask_begin(ledger, &pending->ask, fault) != 0) {
        free(pending);
        return NULL;
    }
    return pending;
}

struct ledger_pending *ledger_unit_grant_begin(struct ledger *ledger, const uint8_t uid[16], uint64_t tpm_count,
                                               struct bytes item, struct fault *fault)
{
    const struct once once = grant_once(uid, tpm_count, item);
    return pending_begin(ledger, &once, NULL, fault);
}

struct ledger_pending *ledger_unit_certify_begin(struct ledger *ledger, const uint8_t uid[16],
                                                 const struct cert *device, const struct cert *update,
                                                 const struct ledger_pending *grant, struct fault *fault)
{
    const struct once once = certify_once(uid, device, update);
    return pending_begin(ledger, &once, grant, fault);
}

int ledger_pending_end(struct ledger_pending *pending, struct fault *fault)
{
    if (pending == NULL) {
        return 0;
    }
    int result = ledger_ask_end(&pending->ask);
    if (result != 0) {
        (void)fault_set(fault, "%s", pending->fault.what);
        (void)fault_hint(fault, "%s", pending->fault.hint);
    }
    free(pending);
    return result;
}

int ledger_unit_check(struct ledger *ledger, const uint8_t uid[16], struct bytes receipt, uint64_t package_sequence,
                      struct fault *fault)
{
    const struct event_body body = { .uid = bytes_of(uid, 16), .receipt = receipt, .sequence = package_sequence };
    return plain_record(ledger, EVENT_CHECKED, &body, fault);
}

int ledger_unit_close(struct ledger *ledger, const uint8_t uid[16], struct bytes nonce, struct bytes token,
                      struct fault *fault)
{
    struct once once = { { EVENT_DONE, { .uid = bytes_of(uid, 16), .nonce = nonce, .token = token } },
                         MARK_DONE,
                         LEDGER_DONE };
    return once_record(ledger, &once, fault);
}

int ledger_unit_scrap(struct ledger *ledger, const uint8_t uid[16], struct bytes order, struct fault *fault)
{
    struct once once = { { EVENT_SCRAPPED, { .uid = bytes_of(uid, 16), .order = order } },
                         MARK_ENDED,
                         LEDGER_SCRAPPED };
    return once_record(ledger, &once, fault);
}

int ledger_unit_decommission(struct ledger *ledger, const uint8_t uid[16], struct bytes order, struct bytes proof,
                             struct fault *fault)
{
    struct once once = { { EVENT_DECOMMISSIONED, { .uid = bytes_of(uid, 16), .order = order, .proof = proof } },
                         MARK_ENDED,
                         LEDGER_DECOMMISSIONED };
    return once_record(ledger, &once, fault);
}

int ledger_unit_debug(struct ledger *ledger, const uint8_t uid[16], struct bytes order, struct bytes proof,
                      struct fault *fault)
{
    struct once once = { { EVENT_DEBUG, { .uid = bytes_of(uid, 16), .order = order, .proof = proof } },
                         MARK_DEBUGGED,
                         0 };
    return once_record(ledger, &once, fault);
}

/* ---- the appliance ---- */

/* A text that fits its field: whole characters of UTF-8, as many as there is room for. */
static struct bytes text_fit(const char *text)
{
    size_t len = text == NULL ? 0 : strnlen(text, LEDGER_TEXT_MAX);
    if (len >= LEDGER_TEXT_MAX) {
        len = LEDGER_TEXT_MAX - 1;
        while (len > 0 && ((uint8_t)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return bytes_of(len == 0 ? "" : text, len);
}

struct spent {
    struct plain plain;
    int held; /* by a grant, or by the last event of this kind */
};

static int spent_held_row(void *context, const struct store_value *c)
{
    (void)c;
    ((struct spent *)context)->held = 1;
    return 1;
}

/* Why it was spent may be told in other words the second time. */
static int spent_last_row(void *context, const struct store_value *c)
{
    struct spent *spent = context;
    struct event_body last;
    if (event_body_parse(EVENT_SPENT, c[0].bytes, &last) != STATUS_OK) {
        return -1;
    }
    spent->held |= last.tpm_count == spent->plain.body.tpm_count && last.tpm_to == spent->plain.body.tpm_to;
    return 0;
}

/* Whoever did not hear of a commit does not know whether its grant, or this event, is on record. */
static int spent_work(struct ledger *ledger, void *input, struct fault *fault)
{
    struct spent *spent = input;
    const struct event_body *body = &spent->plain.body;
    const struct store_value what[] = { store_bytes(ledger->chain, sizeof ledger->chain), store_number(body->tpm_to) };
    const struct store_query last = { STORE_SPENT_LAST, what, 1, spent_last_row, spent };
    const struct store_query grant = { STORE_COUNT_FIND, what, 2, spent_held_row, spent };
    if (store_run(&ledger->writer, &last, fault) < 0 ||
        (body->tpm_to - body->tpm_count == 1 && store_run(&ledger->writer, &grant, fault) < 0)) {
        return -1;
    }
    return spent->held ? 0 : plain_work(ledger, &spent->plain, fault);
}

int ledger_spent_record(struct ledger *ledger, uint64_t from, uint64_t to, const char *why, struct fault *fault)
{
    struct spent spent = { { EVENT_SPENT, { .tpm_count = from, .tpm_to = to, .text = text_fit(why) } }, 0 };
    return ledger_ask(ledger, spent_work, &spent, fault);
}

int ledger_failure_record(struct ledger *ledger, const struct ledger_failure *f, struct fault *fault)
{
    const struct event_body body = { .uid = bytes_of(f->uid, f->uid == NULL ? 0 : 16),
                                     .socket = text_fit(f->socket),
                                     .step = text_fit(f->step),
                                     .code = f->code,
                                     .text = text_fit(f->text) };
    return plain_record(ledger, EVENT_FAILED, &body, fault);
}

int ledger_start_record(struct ledger *ledger, const char *version, struct fault *fault)
{
    const struct event_body body = { .text = text_fit(version) };
    return plain_record(ledger, EVENT_STARTED, &body, fault);
}

int ledger_stop_record(struct ledger *ledger, struct fault *fault)
{
    const struct event_body body = { .uid = { NULL, 0 } };
    return plain_record(ledger, EVENT_STOPPED, &body, fault);
}
