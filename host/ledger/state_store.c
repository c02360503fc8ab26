/* SPDX-License-Identifier: Apache-2.0 */
/* state_store: see state_store.h. */
#include "host/ledger/state_store.h"

#include <string.h>

static int blob_get(const struct store_value *column, uint8_t *out, size_t len)
{
    if (column->kind != STORE_BYTES || column->bytes.len != len) {
        return -1;
    }
    memcpy(out, column->bytes.data, len);
    return 0;
}

static int number_get(const struct store_value *column, uint64_t *out)
{
    *out = (uint64_t)column->number;
    return column->kind == STORE_NUMBER && column->number >= 0 ? 0 : -1;
}

int state_unit_row(const struct store_value *c, struct state_unit *out)
{
    int wrong = number_get(&c[0], &out->number) | blob_get(&c[1], out->uid, sizeof out->uid) |
                blob_get(&c[2], out->identity_key, sizeof out->identity_key) |
                blob_get(&c[3], out->update_key, sizeof out->update_key) | number_get(&c[4], &out->state) |
                number_get(&c[5], &out->package) | number_get(&c[6], &out->sequence) |
                blob_get(&c[7], out->chain, sizeof out->chain) | number_get(&c[8], &out->tpm_count);
    for (unsigned i = 0; i < STATE_MARKS; i++) {
        wrong |= number_get(&c[9 + i], &out->marks[i]);
    }
    wrong |= blob_get(&c[9 + STATE_MARKS], out->instance, sizeof out->instance);
    return wrong || out->state < LEDGER_RESERVED || out->state > LEDGER_DECOMMISSIONED ? -1 : 0;
}

int state_package_row(const struct store_value *c, struct state_package *out)
{
    return number_get(&c[0], &out->number) | number_get(&c[1], &out->quota) | number_get(&c[2], &out->block) |
           number_get(&c[3], &out->reserved) | number_get(&c[4], &out->done);
}

/* What a query of one row fills; found becomes 1. */
struct one {
    struct state_unit *unit;
    struct state_package *package;
    uint64_t *number;
    int found;
};

static int one_row(void *context, const struct store_value *columns)
{
    struct one *one = context;
    one->found = 1;
    if (one->unit != NULL) {
        return state_unit_row(columns, one->unit);
    }
    return one->package != NULL ? state_package_row(columns, one->package) : number_get(&columns[0], one->number);
}

/* 1, 0 or -1. */
static int one_find(struct store *store, enum store_statement statement, const struct store_value *arguments,
                    size_t count, struct one *one, struct fault *fault)
{
    const struct store_query query = { statement, arguments, count, one_row, one };
    one->found = 0;
    return store_run(store, &query, fault) != 0 ? -1 : one->found;
}

/* ---- what is known already ---- */

static struct state_unit *unit_known(struct state_tables *t, const uint8_t uid[16])
{
    size_t count = t->cache.units_seen < STATE_CACHE_UNITS ? t->cache.units_seen : STATE_CACHE_UNITS;
    for (size_t i = 0; i < count && t->cache.is_on; i++) {
        if (memcmp(t->cache.units[i].uid, uid, 16) == 0) {
            return &t->cache.units[i];
        }
    }
    return NULL;
}

static void unit_know(struct state_tables *t, const struct state_unit *unit)
{
    struct state_unit *known = unit_known(t, unit->uid);
    if (known == NULL) {
        known = &t->cache.units[t->cache.units_seen++ % STATE_CACHE_UNITS];
    }
    *known = *unit;
}

void state_tables_forget(struct state_tables *tables)
{
    memset(&tables->cache, 0, sizeof tables->cache);
    tables->cache.is_on = 1;
}

/* ---- units ---- */

static int unit_by_uid(void *context, const uint8_t uid[16], struct state_unit *out, struct fault *fault)
{
    struct state_tables *t = context;
    const struct state_unit *known = unit_known(t, uid);
    const struct store_value arguments[] = { store_bytes(uid, 16) };
    if (known != NULL) {
        *out = *known;
        return 1;
    }
    int found = one_find(t->store, STORE_UNIT_BY_UID, arguments, 1, &(struct one){ .unit = out }, fault);
    if (found == 1 && t->cache.is_on) {
        unit_know(t, out);
    }
    return found;
}

static int unit_by_keys(void *context, const uint8_t identity_key[64], const uint8_t update_key[64],
                        struct state_unit *out, struct fault *fault)
{
    struct state_tables *t = context;
    const struct store_value arguments[] = { store_bytes(identity_key, 64), store_bytes(update_key, 64) };
    return one_find(t->store, STORE_UNIT_BY_KEYS, arguments, 2, &(struct one){ .unit = out }, fault);
}

static int unit_last(void *context, uint64_t *number, struct fault *fault)
{
    struct state_tables *t = context;
    struct state_cache *cache = &t->cache;
    if (!cache->is_on || !cache->has_last) {
        cache->last = 0;
        cache->has_last =
            one_find(t->store, STORE_UNIT_LAST, NULL, 0, &(struct one){ .number = &cache->last }, fault) >= 0;
    }
    *number = cache->last;
    return cache->has_last ? 0 : -1;
}

static int unit_add(struct store *store, const struct state_unit *u, struct fault *fault)
{
    struct store_value values[10 + STATE_MARKS] = { store_number(u->number),
                                                    store_bytes(u->uid, sizeof u->uid),
                                                    store_bytes(u->identity_key, sizeof u->identity_key),
                                                    store_bytes(u->update_key, sizeof u->update_key),
                                                    store_number(u->state),
                                                    store_number(u->package),
                                                    store_number(u->sequence),
                                                    store_bytes(u->chain, sizeof u->chain),
                                                    store_number(u->tpm_count) };
    for (unsigned i = 0; i < STATE_MARKS; i++) {
        values[9 + i] = store_number(u->marks[i]);
    }
    values[9 + STATE_MARKS] = store_bytes(u->instance, sizeof u->instance);
    return store_write(store, STORE_UNIT_ADD, values, 10 + STATE_MARKS, fault);
}

static int unit_set(struct store *store, const struct state_unit *u, struct fault *fault)
{
    const struct store_value values[] = { store_number(u->state),
                                          store_number(u->package),
                                          store_number(u->sequence),
                                          store_number(u->tpm_count),
                                          store_number(u->marks[MARK_GRANTED]),
                                          store_number(u->marks[MARK_CERTIFIED]),
                                          store_number(u->marks[MARK_CHECKED]),
                                          store_number(u->marks[MARK_DONE]),
                                          store_number(u->marks[MARK_QUARANTINED]),
                                          store_number(u->marks[MARK_ENDED]),
                                          store_number(u->marks[MARK_DEBUGGED]),
                                          store_number(u->number) };
    return store_write(store, STORE_UNIT_SET, values, sizeof values / sizeof values[0], fault);
}

static int unit_put(void *context, const struct state_unit *u, int is_new, struct fault *fault)
{
    struct state_tables *t = context;
    if ((is_new ? unit_add(t->store, u, fault) : unit_set(t->store, u, fault)) != 0) {
        return -1;
    }
    unit_know(t, u);
    t->cache.last = is_new ? u->number : t->cache.last;
    return 0;
}

/* ---- packages ---- */

static int package_find(void *context, uint64_t number, struct state_package *out, struct fault *fault)
{
    struct state_tables *t = context;
    struct state_cache *cache = &t->cache;
    const struct store_value arguments[] = { store_number(number) };
    if (cache->is_on && cache->has_package && cache->package.number == number) {
        *out = cache->package;
        return 1;
    }
    int found = one_find(t->store, STORE_PACKAGE_FIND, arguments, 1, &(struct one){ .package = out }, fault);
    if (found == 1) {
        cache->has_package = 1;
        cache->package = *out;
    }
    return found;
}

static int package_put(void *context, const struct state_package *p, int is_new, struct fault *fault)
{
    struct state_tables *t = context;
    const struct store_value all[] = { store_number(p->number), store_number(p->quota), store_number(p->block),
                                       store_number(p->reserved), store_number(p->done) };
    const struct store_value counts[] = { store_number(p->reserved), store_number(p->done), store_number(p->number) };
    t->cache.has_package = 1;
    t->cache.package = *p;
    return is_new ? store_write(t->store, STORE_PACKAGE_ADD, all, 5, fault)
                  : store_write(t->store, STORE_PACKAGE_SET, counts, 3, fault);
}

static int load_last(void *context, const uint8_t chain[EVENT_CHAIN_LEN], uint64_t *number, struct fault *fault)
{
    struct state_tables *t = context;
    struct state_cache *cache = &t->cache;
    const struct store_value arguments[] = { store_bytes(chain, EVENT_CHAIN_LEN) };
    *number = cache->load;
    if (cache->is_on && cache->has_load && memcmp(cache->chain, chain, EVENT_CHAIN_LEN) == 0) {
        return 0;
    }
    *number = 0;
    if (one_find(t->store, STORE_LOAD_LAST, arguments, 1, &(struct one){ .number = number }, fault) < 0) {
        return -1;
    }
    cache->has_load = 1;
    cache->load = *number;
    memcpy(cache->chain, chain, EVENT_CHAIN_LEN);
    return 0;
}

static int load_put(void *context, const uint8_t chain[EVENT_CHAIN_LEN], uint64_t number, uint64_t position,
                    struct fault *fault)
{
    struct state_tables *t = context;
    const struct store_value values[] = { store_bytes(chain, EVENT_CHAIN_LEN), store_number(number),
                                          store_number(position) };
    t->cache.has_load = 0;
    return store_write(t->store, STORE_LOAD_ADD, values, 3, fault);
}

struct state_view state_tables_view(struct state_tables *tables)
{
    return (struct state_view){ tables,       unit_by_uid, unit_by_keys, unit_last, unit_put,
                                package_find, package_put, load_last,    load_put };
}
