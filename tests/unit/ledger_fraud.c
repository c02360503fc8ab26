/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_fraud: see ledger_fraud.h. */
#include "tests/unit/ledger_fraud.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "host/ledger/store.h"
#include "host/lib/text.h"

static int row_take(void *context, const struct store_value *c)
{
    struct fraud *fraud = context;
    struct fraud_row *row = &fraud->rows[fraud->count++];
    assert_true(fraud->count <= FRAUD_ROWS_MAX);
    memcpy(row->chain, c[1].bytes.data, sizeof row->chain);
    row->seq = (uint64_t)c[2].number;
    row->time = (uint64_t)c[3].number;
    row->kind = (unsigned)c[4].number;
    row->len = c[5].bytes.len;
    memcpy(row->body, c[5].bytes.data, row->len);
    memcpy(row->link, c[6].bytes.data, sizeof row->link);
    return 0;
}

void fraud_load(struct fraud *fraud)
{
    struct store store = { 0 };
    struct fault fault = FAULT_NONE;
    const struct store_value arguments[] = { store_number(0), store_number(FRAUD_ROWS_MAX) };
    const struct store_query query = { STORE_EVENTS_AFTER, arguments, 2, row_take, fraud };
    fraud->count = 0;
    support_check(store_open(ledger_place(), LEDGER_READ, &store, &fault), &fault);
    support_check(store_run(&store, &query, &fault), &fault);
    store_close(&store);
}

/* A byte string as SQL. */
static const char *blob(const uint8_t *data, size_t len)
{
    static char texts[3][2 * EVENT_BODY_MAX + 8];
    static unsigned next;
    char *text = texts[next++ % 3];
    (void)snprintf(text, 4, ledger_on_server ? "'\\x" : "x'");
    text_hex(data, len, text + strlen(text));
    (void)strcat(text, "'");
    return text;
}

void fraud_store(struct fraud *fraud, int cleverly)
{
    static char sql[4 * EVENT_BODY_MAX];
    uint8_t previous[EVENT_LINK_LEN] = { 0 };
    ledger_guards_drop();
    ledger_sql("DELETE FROM events", 1);
    for (size_t i = 0; i < fraud->count; i++) {
        struct fraud_row *row = &fraud->rows[i];
        if (cleverly) {
            row->seq = i + 1;
            const struct event event = { row->seq, row->time, row->kind, bytes_of(row->body, row->len) };
            event_link(previous, &event, row->link);
            memcpy(previous, row->link, sizeof previous);
        }
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO events (position, chain, seq, time, kind, body, link) "
                       "VALUES (%zu, %s, %llu, %llu, %u, %s, %s)",
                       i + 1, blob(row->chain, sizeof row->chain), (unsigned long long)row->seq,
                       (unsigned long long)row->time, row->kind, blob(row->body, row->len),
                       blob(row->link, sizeof row->link));
        ledger_sql(sql, 1);
    }
}

size_t fraud_find(const struct fraud *fraud, unsigned kind, size_t nth)
{
    for (size_t i = 0; i < fraud->count; i++) {
        if (fraud->rows[i].kind == kind && nth-- == 0) {
            return i;
        }
    }
    fail_msg("no such event");
    return 0;
}

void fraud_remove(struct fraud *fraud, size_t at)
{
    memmove(&fraud->rows[at], &fraud->rows[at + 1], (fraud->count - at - 1) * sizeof fraud->rows[0]);
    fraud->count--;
}

/* ---- the auditor ---- */

struct told {
    const char *part;
    unsigned met;
    unsigned lines;
    char all[8192];
};

static void told_add(void *context, const struct audit_finding *finding)
{
    struct told *told = context;
    size_t used = strlen(told->all);
    told->lines++;
    told->met += told->part != NULL && strstr(finding->what, told->part) != NULL;
    (void)snprintf(told->all + used, sizeof told->all - used, "event %llu, unit %llu: %s\n",
                   (unsigned long long)finding->seq, (unsigned long long)finding->unit, finding->what);
}

struct audit_config audit_config_of(struct maker *maker)
{
    return (struct audit_config){ .place = ledger_place(), .trust = &maker->trust, .finding = told_add };
}

void audit_expect_with(const struct audit_config *config, const char *part)
{
    struct told told = { .part = part };
    struct audit_config own = *config;
    struct audit_result result;
    struct fault fault = FAULT_NONE;
    own.finding = told_add;
    own.context = &told;
    support_check(ledger_audit(&own, &result, &fault), &fault);
    audit_result_free(&result);
    assert_int_equal(told.lines, result.findings);
    if (part == NULL ? told.lines != 0 : told.met == 0) {
        fail_msg("wanted: %s; told:\n%s", part == NULL ? "no finding" : part, told.all);
    }
}

void audit_expect(struct maker *maker, const char *part)
{
    const struct audit_config config = audit_config_of(maker);
    audit_expect_with(&config, part);
}

void audit_expect_clean(struct maker *maker)
{
    audit_expect(maker, NULL);
}
