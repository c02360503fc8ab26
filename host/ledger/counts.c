/* SPDX-License-Identifier: Apache-2.0 */
/* counts: what the TPM counted, as grants and SPENT events of one appliance hold it, and what nobody holds. */
#include <stdlib.h>

#include "host/ledger/ledger_room.h"

struct range {
    uint64_t from; /* not in it */
    uint64_t to;
};

struct ranges {
    struct range *all;
    size_t count;
    size_t room;
};

static int range_add(struct ranges *r, uint64_t from, uint64_t to)
{
    if (r->count == r->room) {
        size_t room = r->room == 0 ? 1024 : 2 * r->room;
        struct range *all = realloc(r->all, room * sizeof *all);
        if (all == NULL) {
            return -1;
        }
        r->all = all;
        r->room = room;
    }
    r->all[r->count++] = (struct range){ from, to };
    return 0;
}

static int count_row(void *context, const struct store_value *c)
{
    return range_add(context, (uint64_t)c[0].number - 1, (uint64_t)c[0].number);
}

static int spent_row(void *context, const struct store_value *c)
{
    struct event_body body;
    return event_body_parse(EVENT_SPENT, c[0].bytes, &body) == STATUS_OK
               ? range_add(context, body.tpm_count, body.tpm_to)
               : -1;
}

static int range_order(const void *a, const void *b)
{
    const struct range *x = a;
    const struct range *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static int ranges_read(struct ledger *ledger, struct ranges *out, struct fault *fault)
{
    const struct store_value chain[] = { store_bytes(ledger->chain, sizeof ledger->chain) };
    const struct store_query queries[] = { { STORE_COUNTS, chain, 1, count_row, out },
                                           { STORE_SPENT, chain, 1, spent_row, out } };
    int failed = 0;
    (void)pthread_mutex_lock(&ledger->reading);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0] && failed == 0; i++) {
        failed = store_run(&ledger->reader, &queries[i], fault) < 0 ? -1 : 0;
    }
    (void)pthread_mutex_unlock(&ledger->reading);
    return failed;
}

int ledger_gap_walk(struct ledger *ledger, int (*each)(void *context, uint64_t from, uint64_t to), void *context,
                    uint64_t *highest, struct fault *fault)
{
    struct ranges ranges = { NULL, 0, 0 };
    int result = ranges_read(ledger, &ranges, fault);
    *highest = 0;
    if (result == 0 && ranges.count > 0) {
        qsort(ranges.all, ranges.count, sizeof ranges.all[0], range_order);
    }
    for (size_t i = 0; i < ranges.count && result == 0; i++) {
        const struct range *r = &ranges.all[i];
        result = r->from > *highest ? each(context, *highest, r->from) : 0;
        *highest = r->to > *highest ? r->to : *highest;
    }
    free(ranges.all);
    return result;
}

static int found_row(void *context, const struct store_value *c)
{
    (void)c;
    *(int *)context = 1;
    return 1;
}

int ledger_count_find(struct ledger *ledger, uint64_t tpm_count, struct fault *fault)
{
    int found = 0;
    const struct store_value what[] = { store_bytes(ledger->chain, sizeof ledger->chain), store_number(tpm_count) };
    const struct store_query query = { STORE_COUNT_FIND, what, 2, found_row, &found };
    (void)pthread_mutex_lock(&ledger->reading);
    int failed = store_run(&ledger->reader, &query, fault) < 0;
    (void)pthread_mutex_unlock(&ledger->reading);
    return failed ? -1 : found;
}
