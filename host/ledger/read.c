/* SPDX-License-Identifier: Apache-2.0 */
/* read: units, packages and events out of the tables. */
#include "host/ledger/ledger_room.h"

#include <string.h>
#include <time.h>

#include "host/lib/p256.h"
#include "host/sign1/token.h"

#define WALK_STEP 64

void ledger_time_text(uint64_t time, char out[LEDGER_TIME_LEN])
{
    time_t seconds = (time_t)time;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || utc.tm_year > 8099 ||
        strftime(out, LEDGER_TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        memcpy(out, "9999-12-31T23:59:59Z", LEDGER_TIME_LEN);
    }
}

/* ---- events ---- */

static int event_row(void *context, const struct store_value *c)
{
    struct stored_event *event = context;
    if (c[4].kind != STORE_BYTES || c[4].bytes.len > sizeof event->storage) {
        return -1;
    }
    event->seq = (uint64_t)c[1].number;
    event->time = (uint64_t)c[2].number;
    event->kind = (uint64_t)c[3].number;
    memcpy(event->storage, c[4].bytes.data, c[4].bytes.len);
    struct bytes body = bytes_of(event->storage, c[4].bytes.len);
    return event->kind >= EVENT_KINDS || event_body_parse((unsigned)event->kind, body, &event->body) != STATUS_OK ? -1
                                                                                                                  : 1;
}

int ledger_event_load(struct store *store, uint64_t position, struct stored_event *out, struct fault *fault)
{
    const struct store_value arguments[] = { store_number(position) };
    const struct store_query query = { STORE_EVENT_AT, arguments, 1, event_row, out };
    return store_run(store, &query, fault);
}

static int position_row(void *context, const struct store_value *c)
{
    *(uint64_t *)context = (uint64_t)c[0].number;
    return 1;
}

int ledger_position_find(struct store *store, enum store_statement statement, const struct store_value *arguments,
                         size_t count, uint64_t *out, struct fault *fault)
{
    const struct store_query query = { statement, arguments, count, position_row, out };
    return store_run(store, &query, fault);
}

/* ---- units ---- */

/* The event of one mark; one that is named and not there, or of another kind, is a damaged ledger. */
static int mark_load(struct store *store, const struct state_unit *state, enum state_mark mark, unsigned kind,
                     struct stored_event *out, struct fault *fault)
{
    int there = ledger_event_load(store, state->marks[mark], out, fault);
    if (there < 0) {
        return -1;
    }
    if (there == 1 && out->kind == kind && bytes_equal(out->body.uid, bytes_of(state->uid, sizeof state->uid))) {
        return 0;
    }
    (void)fault_set(fault, "ledger: unit %llu points at an event %llu that is not its own",
                    (unsigned long long)state->number, (unsigned long long)state->marks[mark]);
    return fault_hint(fault, "the ledger is damaged or was changed: 'windlass ledger verify' says more");
}

static int certs_fill(struct store *store, const struct state_unit *state, struct ledger_unit *out, struct fault *fault)
{
    struct stored_event event;
    if (state->marks[MARK_CERTIFIED] == 0) {
        return 0;
    }
    if (mark_load(store, state, MARK_CERTIFIED, EVENT_CERTIFIED, &event, fault) != 0) {
        return -1;
    }
    out->device_cert.len = event.body.cert.len;
    out->update_cert.len = event.body.update_cert.len;
    memcpy(out->device_cert.der, event.body.cert.data, event.body.cert.len);
    memcpy(out->update_cert.der, event.body.update_cert.data, event.body.update_cert.len);
    return 0;
}

static int grant_fill(struct store *store, const struct state_unit *state, struct ledger_unit *out, struct fault *fault)
{
    struct stored_event event;
    if (state->marks[MARK_GRANTED] == 0) {
        return 0;
    }
    if (mark_load(store, state, MARK_GRANTED, EVENT_GRANTED, &event, fault) != 0) {
        return -1;
    }
    out->grant_len = event.body.item.len;
    memcpy(out->grant, event.body.item.data, event.body.item.len);
    return 0;
}

static int proofs_fill(struct store *store, const struct state_unit *state, struct ledger_unit *out,
                       struct fault *fault)
{
    struct stored_event event;
    if (state->marks[MARK_CHECKED] != 0) {
        if (mark_load(store, state, MARK_CHECKED, EVENT_CHECKED, &event, fault) != 0) {
            return -1;
        }
        out->has_receipt = 1;
        p256_sha256(event.body.receipt, out->receipt);
        ledger_time_text(event.time, out->checked_at);
    }
    if (state->marks[MARK_DONE] != 0) {
        if (mark_load(store, state, MARK_DONE, EVENT_DONE, &event, fault) != 0) {
            return -1;
        }
        out->has_token = event.body.token.len != 0;
        ledger_time_text(event.time, out->done_at);
    }
    if (state->marks[MARK_QUARANTINED] != 0) {
        if (mark_load(store, state, MARK_QUARANTINED, EVENT_QUARANTINED, &event, fault) != 0) {
            return -1;
        }
        ledger_time_text(event.time, out->quarantined_at);
    }
    if (state->marks[MARK_DEBUGGED] != 0) {
        if (mark_load(store, state, MARK_DEBUGGED, EVENT_DEBUG, &event, fault) != 0) {
            return -1;
        }
        ledger_time_text(event.time, out->debugged_at);
    }
    return 0;
}

int ledger_unit_fill(struct store *store, const struct state_unit *state, struct ledger_unit *out, struct fault *fault)
{
    struct stored_event event;
    memset(out, 0, sizeof *out);
    out->number = state->number;
    out->state = (enum ledger_state)state->state;
    out->package = state->package;
    out->package_sequence = state->sequence;
    memcpy(out->uid, state->uid, sizeof out->uid);
    memcpy(out->identity_key, state->identity_key, sizeof out->identity_key);
    memcpy(out->update_key, state->update_key, sizeof out->update_key);
    if (mark_load(store, state, MARK_RESERVED, EVENT_RESERVED, &event, fault) != 0) {
        return -1;
    }
    ledger_time_text(event.time, out->reserved_at);
    if (grant_fill(store, state, out, fault) != 0 || certs_fill(store, state, out, fault) != 0) {
        return -1;
    }
    return proofs_fill(store, state, out, fault);
}

int ledger_unit_find(struct ledger *ledger, const uint8_t uid[16], struct ledger_unit *out, struct fault *fault)
{
    struct state_unit unit;
    const struct state_view view = state_tables_view(&ledger->reading_tables);
    (void)pthread_mutex_lock(&ledger->reading);
    int found = view.unit_by_uid(view.context, uid, &unit, fault);
    if (found == 1 && ledger_unit_fill(&ledger->reader, &unit, out, fault) != 0) {
        found = -1;
    }
    (void)pthread_mutex_unlock(&ledger->reading);
    return found;
}

static int unit_row(void *context, const struct store_value *columns)
{
    return state_unit_row(columns, context) != 0 ? -1 : 1;
}

int ledger_unit_by_instance(struct ledger *ledger, const uint8_t instance[LEDGER_INSTANCE_LEN], struct ledger_unit *out,
                            struct fault *fault)
{
    struct state_unit unit;
    const struct store_value arguments[] = { store_bytes(instance + 1, LEDGER_INSTANCE_LEN - 1) };
    const struct store_query query = { STORE_UNIT_BY_INSTANCE, arguments, 1, unit_row, &unit };
    if (instance[0] != TOKEN_INSTANCE_RANDOM) {
        return 0;
    }
    (void)pthread_mutex_lock(&ledger->reading);
    int found = store_run(&ledger->reader, &query, fault);
    if (found == 1 && ledger_unit_fill(&ledger->reader, &unit, out, fault) != 0) {
        found = -1;
    }
    (void)pthread_mutex_unlock(&ledger->reading);
    return found;
}

/* Some units that follow one another. */
struct stretch {
    struct state_unit units[WALK_STEP];
    size_t count;
};

static int stretch_row(void *context, const struct store_value *columns)
{
    struct stretch *stretch = context;
    return stretch->count < WALK_STEP ? state_unit_row(columns, &stretch->units[stretch->count++]) : 0;
}

/* Gives the units of a stretch to `each`. 1: it wants no more. */
static int stretch_give(struct ledger *ledger, const struct stretch *stretch,
                        int (*each)(void *context, const struct ledger_unit *unit), void *context, struct fault *fault)
{
    struct ledger_unit unit;
    for (size_t i = 0; i < stretch->count; i++) {
        (void)pthread_mutex_lock(&ledger->reading);
        int failed = ledger_unit_fill(&ledger->reader, &stretch->units[i], &unit, fault);
        (void)pthread_mutex_unlock(&ledger->reading);
        if (failed != 0 || each(context, &unit) != 0) {
            return failed != 0 ? -1 : 1;
        }
    }
    return 0;
}

int ledger_unit_walk(struct ledger *ledger, int (*each)(void *context, const struct ledger_unit *unit), void *context,
                     struct fault *fault)
{
    struct stretch stretch;
    uint64_t last = 0;
    do {
        const struct store_value arguments[] = { store_number(last), store_number(WALK_STEP) };
        const struct store_query query = { STORE_UNITS_AFTER, arguments, 2, stretch_row, &stretch };
        stretch.count = 0;
        (void)pthread_mutex_lock(&ledger->reading);
        int failed = store_run(&ledger->reader, &query, fault);
        (void)pthread_mutex_unlock(&ledger->reading);
        if (failed != 0) {
            return -1;
        }
        int given = stretch_give(ledger, &stretch, each, context, fault);
        if (given != 0) {
            return given < 0 ? -1 : 0;
        }
        last = stretch.count == 0 ? last : stretch.units[stretch.count - 1].number;
    } while (stretch.count == WALK_STEP);
    return 0;
}

/* ---- packages ---- */

static int package_fill(struct ledger *ledger, uint64_t number, uint64_t position, struct ledger_package *out,
                        struct fault *fault)
{
    const struct state_view view = state_tables_view(&ledger->reading_tables);
    struct state_package counts;
    struct stored_event event;
    int there = view.package_find(view.context, number, &counts, fault);
    if (there == 1) {
        there = ledger_event_load(&ledger->reader, position, &event, fault);
    }
    if (there < 0) {
        return -1;
    }
    if (there == 0 || event.kind != EVENT_PACKAGE) {
        return fault_set(fault, "ledger: package %llu is not where it should be", (unsigned long long)number);
    }
    *out = (struct ledger_package){ .number = number,
                                    .quota = event.body.quota,
                                    .block = event.body.block,
                                    .tpm = event.body.tpm != 0,
                                    .not_after = event.body.not_after,
                                    .reserved = counts.reserved,
                                    .done = counts.done };
    memcpy(out->digest, event.body.digest.data, sizeof out->digest);
    memcpy(out->grant_key, event.body.grant_key.data, sizeof out->grant_key);
    memcpy(out->issuing, event.body.issuing.data, sizeof out->issuing);
    return 1;
}

static int package_locked_find(struct ledger *ledger, uint64_t number, struct ledger_package *out, struct fault *fault)
{
    const struct state_view view = state_tables_view(&ledger->reading_tables);
    uint64_t position = 0;
    if (number == 0 && view.load_last(view.context, ledger->chain, &number, fault) != 0) {
        return -1;
    }
    const struct store_value any[] = { store_number(number) };
    const struct store_value own[] = { store_bytes(ledger->chain, sizeof ledger->chain), store_number(number) };
    if (number == 0) {
        return 0;
    }
    if (ledger_position_find(&ledger->reader, STORE_LOAD_OWN, own, 2, &position, fault) < 0 ||
        (position == 0 && ledger_position_find(&ledger->reader, STORE_LOAD_FIND, any, 1, &position, fault) < 0)) {
        return -1;
    }
    return position == 0 ? 0 : package_fill(ledger, number, position, out, fault);
}

int ledger_package_find(struct ledger *ledger, uint64_t number, struct ledger_package *out, struct fault *fault)
{
    (void)pthread_mutex_lock(&ledger->reading);
    int found = package_locked_find(ledger, number, out, fault);
    (void)pthread_mutex_unlock(&ledger->reading);
    return found;
}

/* ---- the end ---- */

struct latest {
    uint64_t count;
    uint64_t time;
};

static int time_row(void *context, const struct store_value *c)
{
    ((struct latest *)context)->time = (uint64_t)c[1].number;
    return 1;
}

static int count_row(void *context, const struct store_value *c)
{
    struct latest *latest = context;
    latest->count = c[0].kind == STORE_NUMBER ? (uint64_t)c[0].number : 0;
    return 0;
}

/* The end of the newest SPENT event, too. */
static int spent_row(void *context, const struct store_value *c)
{
    struct latest *latest = context;
    struct event_body body;
    if (event_body_parse(EVENT_SPENT, c[0].bytes, &body) != STATUS_OK) {
        return -1;
    }
    latest->count = body.tpm_to > latest->count ? body.tpm_to : latest->count;
    return 0;
}

int ledger_latest(struct ledger *ledger, uint64_t *tpm_count, uint64_t *time, struct fault *fault)
{
    struct latest latest = { 0, 0 };
    const struct store_value chain[] = { store_bytes(ledger->chain, sizeof ledger->chain) };
    const struct store_query queries[] = { { STORE_EVENT_LAST, NULL, 0, time_row, &latest },
                                           { STORE_COUNT_LAST, chain, 1, count_row, &latest },
                                           { STORE_SPENT_LAST, chain, 1, spent_row, &latest } };
    int failed = 0;
    (void)pthread_mutex_lock(&ledger->reading);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0] && failed == 0; i++) {
        failed = store_run(&ledger->reader, &queries[i], fault) < 0 ? -1 : 0;
    }
    (void)pthread_mutex_unlock(&ledger->reading);
    *tpm_count = latest.count;
    *time = latest.time;
    return failed;
}
