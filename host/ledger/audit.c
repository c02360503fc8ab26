/* SPDX-License-Identifier: Apache-2.0 */
/* audit: the walk over the events, in the order in which they were committed. See audit.h. */
#include "host/ledger/audit_room.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/file.h"
#include "host/lib/p256.h"

#define FINDINGS_TOLD 1000

void audit_tell(struct audit *audit, size_t chain, uint64_t seq, uint64_t unit, const char *format, ...)
{
    char what[AUDIT_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    const struct audit_finding finding = { chain == AUDIT_NO_CHAIN ? NULL : audit->chains[chain].id, seq, unit, what };
    audit->result->findings++;
    if (audit->result->findings <= FINDINGS_TOLD) {
        audit->config->finding(audit->config->context, &finding);
    }
}

/* ---- checkpoints ---- */

static int checkpoint_row(void *context, const struct store_value *columns)
{
    struct audit_chain *chain = context;
    if (columns[1].kind != STORE_BYTES || columns[1].bytes.len > sizeof chain->next_bytes) {
        return -1;
    }
    chain->has_next = 1;
    chain->next_len = columns[1].bytes.len;
    memcpy(chain->next_bytes, columns[1].bytes.data, chain->next_len);
    chain->next.seq = (uint64_t)columns[0].number;
    return 1;
}

void audit_checkpoint_next(struct audit *audit, struct audit_chain *chain)
{
    const struct store_value arguments[] = { store_bytes(chain->id, sizeof chain->id),
                                             store_number(chain->checkpoint_seq + 1), store_number(1) };
    const struct store_query query = { STORE_CHECKPOINTS_FROM, arguments, 3, checkpoint_row, chain };
    chain->has_next = 0;
    audit->broken |= store_run(&audit->store, &query, audit->fault) < 0;
}

static int link_row(void *context, const struct store_value *columns)
{
    if (columns[0].bytes.len != EVENT_LINK_LEN) {
        return -1;
    }
    memcpy(context, columns[0].bytes.data, EVENT_LINK_LEN);
    return 1;
}

int audit_link_find(struct audit *audit, const struct audit_chain *chain, uint64_t seq, uint8_t link[EVENT_LINK_LEN])
{
    const struct store_value arguments[] = { store_bytes(chain->id, sizeof chain->id), store_number(seq) };
    const struct store_query query = { STORE_EVENT_LINK, arguments, 2, link_row, link };
    int held = store_run(&audit->store, &query, audit->fault);
    audit->broken |= held < 0;
    return held;
}

static struct bytes arena_keep(struct audit *audit, struct bytes in)
{
    uint8_t *place = audit->arena + audit->arena_used;
    memcpy(place, in.data, in.len);
    audit->arena_used += in.len;
    return bytes_of(place, in.len);
}

static void checkpoint_compare(struct audit *audit, size_t index, const struct checkpoint *c, uint64_t row_seq)
{
    struct audit_chain *chain = &audit->chains[index];
    if (c->seq != row_seq) {
        audit_tell(audit, index, row_seq, 0, "its checkpoint is for event %llu", (unsigned long long)c->seq);
    } else if (memcmp(c->link, chain->link, sizeof c->link) != 0) {
        audit_tell(audit, index, row_seq, 0,
                   "its checkpoint was signed over another chain: an event up to here was changed, dropped or moved");
    }
    if (c->has_previous != chain->has_checkpoint ||
        (c->has_previous && memcmp(c->previous, chain->checkpoint_digest, sizeof c->previous) != 0)) {
        audit_tell(audit, index, row_seq, 0, "its checkpoint does not follow the checkpoint before: one was dropped");
    }
    if (c->has_count && chain->has_count && c->count < chain->checkpoint_count) {
        audit_tell(audit, index, row_seq, 0, "the TPM's count goes back from %llu to %llu",
                   (unsigned long long)chain->checkpoint_count, (unsigned long long)c->count);
    }
    if (c->time != chain->time) {
        audit_tell(audit, index, row_seq, 0, "its checkpoint has another time");
    }
}

/* The checkpoint in hand is for the event that was just read. */
static void checkpoint_meet(struct audit *audit, size_t index)
{
    struct audit_chain *chain = &audit->chains[index];
    struct checkpoint c;
    struct bytes encoded = bytes_of(chain->next_bytes, chain->next_len);
    uint64_t row_seq = chain->next.seq;
    status_t status = checkpoint_parse(encoded, &c);
    audit->result->checkpoints++;
    if (status != STATUS_OK) {
        audit_tell(audit, index, row_seq, 0, "its checkpoint: %s", status_text(status));
    } else {
        checkpoint_compare(audit, index, &c, row_seq);
        chain->has_count |= c.has_count;
        chain->checkpoint_count = c.has_count ? c.count : chain->checkpoint_count;
    }
    audit->jobs[audit->job_count++] =
        (struct job){ .kind = JOB_CHECKPOINT, .chain = index, .seq = row_seq, .encoded = arena_keep(audit, encoded) };
    chain->has_checkpoint = 1;
    p256_sha256(encoded, chain->checkpoint_digest);
    chain->checkpoint_seq = row_seq;
    audit_checkpoint_next(audit, chain);
}

static void checkpoints_follow(struct audit *audit, size_t index)
{
    struct audit_chain *chain = &audit->chains[index];
    while (chain->has_next && chain->next.seq < chain->seq && !audit->broken) {
        audit_tell(audit, index, chain->next.seq, 0, "there is a checkpoint for it, and no event");
        chain->checkpoint_seq = chain->next.seq;
        audit_checkpoint_next(audit, chain);
    }
    if (chain->has_next && chain->next.seq == chain->seq && !audit->broken) {
        checkpoint_meet(audit, index);
    }
}

/* ---- chains ---- */

/* The place of a chain, a new one when it is not known; AUDIT_NO_CHAIN when there are too many. */
static size_t chain_at(struct audit *audit, struct bytes id)
{
    for (size_t i = 0; i < audit->chain_count; i++) {
        if (bytes_equal(id, bytes_of(audit->chains[i].id, EVENT_CHAIN_LEN))) {
            return i;
        }
    }
    if (id.len != EVENT_CHAIN_LEN || audit->chain_count == AUDIT_CHAINS_MAX) {
        return AUDIT_NO_CHAIN;
    }
    struct audit_chain *chain = &audit->chains[audit->chain_count];
    memset(chain, 0, sizeof *chain);
    memcpy(chain->id, id.data, id.len);
    audit_checkpoint_next(audit, chain);
    return audit->chain_count++;
}

/* ---- events ---- */

/* A unit's number that does not follow: those between are missing. */
static int number_follow(struct audit *audit, size_t index, const struct event_body *body)
{
    uint64_t wanted = audit->memory.unit_count + 1;
    if (body->unit == wanted) {
        return 0;
    }
    if (body->unit > wanted && audit_units_skip(&audit->memory, body->unit, audit->fault) == 0) {
        audit_tell(audit, index, audit->chains[index].seq, wanted, "there is no record of units %llu to %llu",
                   (unsigned long long)wanted, (unsigned long long)(body->unit - 1));
        return 0;
    }
    return -1;
}

static void body_apply(struct audit *audit, size_t index, const struct event *event)
{
    const struct audit_chain *chain = &audit->chains[index];
    struct event_body body;
    struct fault fault = FAULT_NONE;
    status_t status = event_body_parse(event->kind, event->body, &body);
    if (status != STATUS_OK) {
        audit_tell(audit, index, event->seq, 0, "%s: %s", event_kind_name(event->kind), status_text(status));
        return;
    }
    const struct state_event step = { chain->id, audit->position, event->seq, event->kind, &body };
    if (event->kind == EVENT_RESERVED) {
        (void)number_follow(audit, index, &body);
    }
    if (state_event_apply(&audit->view, &step, &fault) != 0) {
        audit_tell(audit, index, event->seq, body.unit, "%s breaks a rule: %s", event_kind_name(event->kind),
                   fault.what);
        return;
    }
    audit_event_note(audit, index, event->kind, &body);
}

static void event_place_check(struct audit *audit, size_t index, const struct event *event,
                              const uint8_t stored[EVENT_LINK_LEN])
{
    struct audit_chain *chain = &audit->chains[index];
    uint8_t link[EVENT_LINK_LEN];
    int follows = event->seq == chain->seq + 1;
    if (!follows) {
        audit_tell(audit, index, event->seq, 0, "it follows event %llu: events were dropped or moved",
                   (unsigned long long)chain->seq);
    }
    event_link(chain->link, event, link);
    if (memcmp(link, stored, sizeof link) != 0) {
        audit_tell(audit, index, event->seq, 0, "%s: the chain is broken: it or an event before it was changed",
                   event_kind_name(event->kind));
    }
    if (event->time < chain->time) {
        audit_tell(audit, index, event->seq, 0, "it is older than the event before it");
    }
    chain->seq = event->seq;
    chain->time = event->time;
    memcpy(chain->link, stored, sizeof chain->link);
}

static int event_row(void *context, const struct store_value *c)
{
    struct audit *audit = context;
    size_t index = chain_at(audit, c[1].bytes);
    if (index == AUDIT_NO_CHAIN || c[6].bytes.len != EVENT_LINK_LEN || c[3].number < 0 || c[4].number < 0) {
        return -1;
    }
    if ((uint64_t)c[0].number != audit->position + 1) {
        audit_tell(audit, index, (uint64_t)c[2].number, 0, "rows are missing before it");
    }
    audit->position = (uint64_t)c[0].number;
    audit->result->events++;
    audit->result->first_time = audit->result->first_time == 0 ? (uint64_t)c[3].number : audit->result->first_time;
    audit->result->last_time = (uint64_t)c[3].number;
    if (c[5].bytes.len > EVENT_BODY_MAX) {
        audit_tell(audit, index, (uint64_t)c[2].number, 0, "it is longer than an event can be");
        return 0;
    }
    const struct event event = { (uint64_t)c[2].number, (uint64_t)c[3].number,
                                 c[4].number < EVENT_KINDS ? (unsigned)c[4].number : EVENT_KINDS,
                                 arena_keep(audit, c[5].bytes) };
    event_place_check(audit, index, &event, c[6].bytes.data);
    body_apply(audit, index, &event);
    checkpoints_follow(audit, index);
    return audit->broken ? -1 : 0;
}

static int events_walk(struct audit *audit)
{
    uint64_t before;
    do {
        const struct store_value arguments[] = { store_number(audit->position), store_number(AUDIT_BATCH) };
        const struct store_query query = { STORE_EVENTS_AFTER, arguments, 2, event_row, audit };
        before = audit->result->events;
        audit->job_count = 0;
        audit->arena_used = 0;
        if (store_run(&audit->store, &query, audit->fault) != 0 || audit->broken) {
            return -1;
        }
        audit_jobs_run(audit);
    } while (audit->result->events == before + AUDIT_BATCH);
    return 0;
}

/* ---- the whole ---- */

static int parts_open(struct audit *audit)
{
    const struct audit_config *config = audit->config;
    audit->chains = calloc(AUDIT_CHAINS_MAX, sizeof *audit->chains);
    audit->jobs = calloc(2 * AUDIT_BATCH, sizeof *audit->jobs);
    audit->arena = malloc((size_t)AUDIT_BATCH * (EVENT_BODY_MAX + CHECKPOINT_MAX));
    audit->found = calloc(config->found_count + 1, sizeof *audit->found);
    audit->found_met = calloc(config->found_count + 1, sizeof *audit->found_met);
    if (audit->chains == NULL || audit->jobs == NULL || audit->arena == NULL || audit->found == NULL ||
        audit->found_met == NULL) {
        return fault_set(audit->fault, "no memory");
    }
    for (size_t i = 0; i < config->found_count; i++) {
        p256_sha256(bytes_of(config->found[i].der, config->found[i].len), audit->found[i]);
    }
    audit->view = audit_memory_view(&audit->memory);
    if (config->head != NULL &&
        file_read(config->head, CHECKPOINT_MAX, &audit->head, &audit->head_len, audit->fault) != 0) {
        return -1;
    }
    return audit_issuers_open(audit, audit->fault) != 0 ||
                   store_open(config->place, LEDGER_READ, &audit->store, audit->fault) != 0 ||
                   store_begin(&audit->store, audit->fault) != 0
               ? -1
               : 0;
}

static void parts_close(struct audit *audit)
{
    store_close(&audit->store);
    audit_issuers_close(audit);
    audit_memory_free(&audit->memory);
    free(audit->chains);
    free(audit->jobs);
    free(audit->arena);
    free(audit->found);
    free(audit->found_met);
    free(audit->counts);
    free(audit->head);
}

int ledger_audit(const struct audit_config *config, struct audit_result *result, struct fault *fault)
{
    struct audit audit = { .config = config, .result = result, .fault = fault };
    memset(result, 0, sizeof *result);
    int failed = parts_open(&audit);
    if (failed == 0) {
        failed = events_walk(&audit);
    }
    if (failed == 0) {
        audit_end(&audit);
        failed = audit.broken ? -1 : 0;
    }
    parts_close(&audit);
    return failed;
}

void audit_result_free(struct audit_result *result)
{
    free(result->packages);
    result->packages = NULL;
}
