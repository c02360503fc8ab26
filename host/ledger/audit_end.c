/* SPDX-License-Identifier: Apache-2.0 */
/* audit_end: what can be said only when all events are read: the ends of the chains, the TPM's counts, the tables, what
 * the packages came to. See audit_room.h. */
#include "host/ledger/audit_room.h"

#include <stdlib.h>
#include <string.h>


/* ---- the ends of the chains ---- */

static void chain_end(struct audit *audit, size_t index)
{
    struct audit_chain *chain = &audit->chains[index];
    if (chain->checkpoint_seq < chain->seq) {
        audit_tell(audit, index, chain->checkpoint_seq + 1, 0, "no checkpoint vouches for events %llu to %llu",
                   (unsigned long long)(chain->checkpoint_seq + 1), (unsigned long long)chain->seq);
    }
    while (chain->has_next && !audit->broken) {
        audit_tell(audit, index, chain->next.seq, 0, "there is a checkpoint for it, and no event");
        chain->checkpoint_seq = chain->next.seq;
        audit_checkpoint_next(audit, chain);
    }
}

/* The checkpoint that was kept outside: the ledger must hold it. */
static void head_compare(struct audit *audit, const struct checkpoint *head, struct bytes encoded)
{
    for (size_t i = 0; i < audit->chain_count; i++) {
        const struct audit_chain *chain = &audit->chains[i];
        if (!chain->has_key || checkpoint_check(encoded, chain->key) != STATUS_OK) {
            continue;
        }
        uint8_t link[EVENT_LINK_LEN];
        int held = audit_link_find(audit, chain, head->seq, link);
        if (held == 0) {
            audit_tell(audit, i, head->seq, 0,
                       "the head knows event %llu, the ledger ends at %llu: an older copy was put back",
                       (unsigned long long)head->seq, (unsigned long long)chain->seq);
        } else if (held == 1 && memcmp(link, head->link, sizeof link) != 0) {
            audit_tell(audit, i, head->seq, 0, "the head knows another event here: this is not the same ledger");
        }
        return;
    }
    audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the head is signed by no appliance of this ledger");
}

static void head_check(struct audit *audit)
{
    struct checkpoint head;
    struct bytes encoded = bytes_of(audit->head, audit->head_len);
    if (audit->head == NULL) {
        return;
    }
    status_t status = checkpoint_parse(encoded, &head);
    if (status != STATUS_OK) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the head: %s", status_text(status));
    } else {
        head_compare(audit, &head, encoded);
    }
}

/* ---- the TPM's counts ---- */

static int count_order(const void *a, const void *b)
{
    const struct audit_count *x = a;
    const struct audit_count *y = b;
    if (x->chain != y->chain) {
        return x->chain < y->chain ? -1 : 1;
    }
    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void gap_tell(struct audit *audit, size_t chain, uint64_t from, uint64_t to)
{
    audit->result->gaps += to - from;
    audit_tell(audit, chain, 0, 0, "the TPM counted %llu to %llu, and there is no record of it",
               (unsigned long long)(from + 1), (unsigned long long)to);
}

/* Two that name the same operation must be two units of one block. */
static void overlap_check(struct audit *audit, const struct audit_count *before, const struct audit_count *now)
{
    if (now->from >= before->to) {
        return;
    }
    if (now->from != before->from || !now->has_block || !before->has_block ||
        memcmp(now->block, before->block, sizeof now->block) != 0) {
        audit_tell(audit, now->chain, now->seq, 0, "it names count %llu of the TPM, as event %llu does",
                   (unsigned long long)now->to, (unsigned long long)before->seq);
    }
}

static uint64_t chain_counts_check(struct audit *audit, size_t chain, size_t *at)
{
    uint64_t reached = 0;
    const struct audit_count *before = NULL;
    for (; *at < audit->count_count && audit->counts[*at].chain == chain; (*at)++) {
        const struct audit_count *now = &audit->counts[*at];
        if (now->from > reached) {
            gap_tell(audit, chain, reached, now->from);
        } else if (before != NULL) {
            overlap_check(audit, before, now);
        }
        reached = now->to > reached ? now->to : reached;
        before = now;
    }
    return reached;
}

/* The count that came from outside, against what this chain's events reach. */
static void count_compare(struct audit *audit, size_t chain, uint64_t reached)
{
    uint64_t count = audit->config->count;
    if (count > reached) {
        audit_tell(
            audit, chain, 0, 0,
            "the TPM's count is %llu, the ledger knows of %llu: an older copy was put back, or units are missing",
            (unsigned long long)count, (unsigned long long)reached);
    } else if (count < reached && !audit->config->count_may_be_older) {
        audit_tell(audit, chain, 0, 0, "the TPM's count is %llu, the ledger knows of %llu: the count is older",
                   (unsigned long long)count, (unsigned long long)reached);
    }
}

/* Each operation of a TPM is one grant, one block or one loss that was recorded. */
static void counts_check(struct audit *audit)
{
    const uint8_t *key = audit->config->count_key;
    size_t at = 0;
    int compared = 0;
    if (audit->count_count > 0) {
        qsort(audit->counts, audit->count_count, sizeof *audit->counts, count_order);
    }
    for (size_t i = 0; i < audit->chain_count; i++) {
        uint64_t reached = chain_counts_check(audit, i, &at);
        const struct audit_chain *chain = &audit->chains[i];
        uint64_t stated = chain->has_count ? chain->checkpoint_count : 0;
        if (stated > reached) {
            gap_tell(audit, i, reached, stated);
            reached = stated;
        }
        audit->result->count = reached > audit->result->count ? reached : audit->result->count;
        if (audit->config->has_count && key != NULL && chain->has_key && memcmp(key, chain->key, 64) == 0) {
            count_compare(audit, i, reached);
            compared = 1;
        }
    }
    if (audit->config->has_count && key == NULL) {
        count_compare(audit, AUDIT_NO_CHAIN, audit->result->count);
    } else if (audit->config->has_count && !compared) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the count is of an appliance that wrote nothing here");
    }
}

/* ---- the tables ---- */

static int unit_row_compare(void *context, const struct store_value *columns)
{
    struct audit *audit = context;
    struct state_unit stored;
    if (state_unit_row(columns, &stored) != 0) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "a row of the units cannot be right");
        audit->table_at++;
        return 0;
    }
    while (audit->table_at < audit->memory.unit_count && audit->table_at + 1 < stored.number) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, ++audit->table_at, "its row is missing");
    }
    audit->table_at = stored.number;
    const struct state_unit *derived = stored.number >= 1 && stored.number <= audit->memory.unit_count
                                           ? &audit->memory.units[stored.number - 1]
                                           : NULL;
    if (derived == NULL || derived->state == 0) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, stored.number, "it has a row, and no event");
    } else if (stored.state != derived->state || stored.package != derived->package ||
               stored.sequence != derived->sequence || stored.tpm_count != derived->tpm_count ||
               memcmp(stored.uid, derived->uid, sizeof stored.uid) != 0 ||
               memcmp(stored.identity_key, derived->identity_key, 64) != 0 ||
               memcmp(stored.update_key, derived->update_key, 64) != 0 ||
               memcmp(stored.chain, derived->chain, sizeof stored.chain) != 0 ||
               memcmp(stored.instance, derived->instance, sizeof stored.instance) != 0 ||
               memcmp(stored.marks, derived->marks, sizeof stored.marks) != 0) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, stored.number, "its row is not what its events say");
    }
    return 0;
}

static void units_compare(struct audit *audit)
{
    uint64_t before;
    do {
        const struct store_value arguments[] = { store_number(audit->table_at), store_number(AUDIT_BATCH) };
        const struct store_query query = { STORE_UNITS_AFTER, arguments, 2, unit_row_compare, audit };
        before = audit->table_at;
        audit->broken |= store_run(&audit->store, &query, audit->fault) < 0;
    } while (audit->table_at > before && !audit->broken);
    while (audit->table_at < audit->memory.unit_count) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, ++audit->table_at, "its row is missing");
    }
}

static int package_row_compare(void *context, const struct store_value *columns)
{
    struct audit *audit = context;
    struct state_package stored;
    struct state_package derived;
    if (state_package_row(columns, &stored) != 0 ||
        audit->view.package_find(audit->view.context, stored.number, &derived, audit->fault) != 1 ||
        memcmp(&stored, &derived, sizeof stored) != 0) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the row of package %llu is not what the events say",
                   (unsigned long long)stored.number);
    }
    audit->table_at++;
    return 0;
}

static void packages_compare(struct audit *audit)
{
    const struct store_query query = { STORE_PACKAGES, NULL, 0, package_row_compare, audit };
    audit->table_at = 0;
    audit->broken |= store_run(&audit->store, &query, audit->fault) < 0;
    if (audit->table_at < audit->memory.package_count) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the row of a package is missing");
    }
}

static int load_row_compare(void *context, const struct store_value *c)
{
    struct audit *audit = context;
    size_t place = c[0].kind == STORE_BYTES && c[0].bytes.len == EVENT_CHAIN_LEN && c[1].kind == STORE_NUMBER
                       ? audit_load_find(&audit->memory, c[0].bytes.data, (uint64_t)c[1].number)
                       : 0;
    if (place == 0) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "package %lld has a row as loaded, and no event",
                   (long long)c[1].number);
    } else if ((uint64_t)c[2].number != audit->memory.loads[place - 1].position) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the row of package %lld as loaded points at another event",
                   (long long)c[1].number);
    }
    if (place != 0) {
        audit->memory.loads[place - 1].met = 1;
    }
    return 0;
}

static void loads_compare(struct audit *audit)
{
    const struct store_query query = { STORE_LOADS, NULL, 0, load_row_compare, audit };
    audit->broken |= store_run(&audit->store, &query, audit->fault) < 0;
    for (size_t i = 0; i < audit->memory.load_count; i++) {
        if (!audit->memory.loads[i].met) {
            audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "the row of package %llu as loaded is missing",
                       (unsigned long long)audit->memory.loads[i].number);
        }
    }
}

/* ---- what it came to ---- */

static void unit_sum(struct audit *audit, struct audit_package *p, const struct state_unit *u)
{
    p->reserved += u->state != LEDGER_SCRAPPED;
    p->granted += u->marks[MARK_GRANTED] != 0;
    p->certified += u->marks[MARK_CERTIFIED] != 0;
    p->done += u->state == LEDGER_DONE;
    p->open += u->state == LEDGER_RESERVED || u->state == LEDGER_CHECKED;
    p->quarantined += u->state == LEDGER_QUARANTINED;
    p->scrapped += u->state == LEDGER_SCRAPPED;
    p->decommissioned += u->state == LEDGER_DECOMMISSIONED;
    p->debugged += u->marks[MARK_DEBUGGED] != 0;
    if (audit->config->final && (u->state == LEDGER_RESERVED || u->state == LEDGER_CHECKED)) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, u->number,
                   u->marks[MARK_CHECKED] == 0 ? "its record has no receipt" : "its lock was never seen");
    }
    if (p->number != 0 && u->marks[MARK_CERTIFIED] != 0 && u->marks[MARK_GRANTED] == 0) {
        audit_tell(audit, AUDIT_NO_CHAIN, 0, u->number, "it has certificates, and no grant");
    }
}

static void packages_fill(struct audit *audit)
{
    const struct audit_memory *m = &audit->memory;
    for (size_t i = 0; i < m->package_count; i++) {
        struct audit_package *p = &audit->result->packages[i];
        *p = (struct audit_package){ .number = m->packages[i].number,
                                     .quota = m->packages[i].quota,
                                     .block = m->packages[i].block };
        for (size_t k = 0; k < m->load_count; k++) {
            if (m->loads[k].number == p->number) {
                p->tpm |= m->loads[k].tpm != 0;
                p->not_after = m->loads[k].not_after;
                p->without_token += m->loads[k].without_token;
                p->moved += m->loads[k].moved;
            }
        }
    }
}

static void sums_make(struct audit *audit)
{
    const struct audit_memory *m = &audit->memory;
    audit->result->packages = calloc(m->package_count + 1, sizeof *audit->result->packages);
    if (audit->result->packages == NULL) {
        audit->broken = 1;
        (void)fault_set(audit->fault, "no memory");
        return;
    }
    audit->result->package_count = m->package_count;
    packages_fill(audit);
    for (size_t i = 0; i < m->unit_count; i++) {
        const struct state_unit *u = &m->units[i];
        struct audit_package none = { 0 };
        struct audit_package *p = &none;
        for (size_t k = 0; k < m->package_count && u->package != 0; k++) {
            p = m->packages[k].number == u->package ? &audit->result->packages[k] : p;
        }
        audit->result->units += u->state != 0;
        audit->result->unpackaged += u->state != 0 && u->package == 0;
        if (u->state != 0) {
            unit_sum(audit, p, u);
        }
    }
}

static void found_check(struct audit *audit)
{
    for (size_t i = 0; i < audit->config->found_count; i++) {
        struct cert_facts facts;
        struct fault ignored = FAULT_NONE;
        if (!audit->found_met[i] && cert_facts_read(&audit->config->found[i], &facts, &ignored) == 0) {
            audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "a certificate without a record: %.120s", facts.subject);
        } else if (!audit->found_met[i]) {
            audit_tell(audit, AUDIT_NO_CHAIN, 0, 0, "a certificate without a record, and it cannot be read");
        }
    }
}

void audit_end(struct audit *audit)
{
    audit->result->chains = audit->chain_count;
    for (size_t i = 0; i < audit->chain_count; i++) {
        chain_end(audit, i);
    }
    head_check(audit);
    counts_check(audit);
    units_compare(audit);
    packages_compare(audit);
    loads_compare(audit);
    sums_make(audit);
    found_check(audit);
}
