/* SPDX-License-Identifier: Apache-2.0 */
/* search: units by the beginning of their unique ID, and how many there are (ledger.h). */
#include <string.h>

#include "host/ledger/ledger_room.h"

#define SEARCH_MAX 64

struct found {
    struct state_unit units[SEARCH_MAX];
    size_t count;
    size_t max;
};

static int found_row(void *context, const struct store_value *columns)
{
    struct found *found = context;
    return found->count < found->max ? state_unit_row(columns, &found->units[found->count++]) : 1;
}

static int count_row(void *context, const struct store_value *c)
{
    *(uint64_t *)context = (uint64_t)c[0].number;
    return 0;
}

/* The least or the greatest unique ID that begins with these digits: the rest is filled with `digit`. */
static void bound_of(const char *prefix, char digit, uint8_t out[16])
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < 32; i++) {
        char c = i < len ? prefix[i] : digit;
        unsigned value = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
    }
}

int ledger_unit_search(struct ledger *ledger, const char *prefix, size_t max,
                       int (*each)(void *context, const struct ledger_unit *unit), void *context, uint64_t *total,
                       struct fault *fault)
{
    struct found found = { .max = max < SEARCH_MAX ? max : SEARCH_MAX };
    struct ledger_unit unit;
    uint8_t low[16];
    uint8_t high[16];
    bound_of(prefix, '0', low);
    bound_of(prefix, 'f', high);
    const struct store_value arguments[] = { store_bytes(low, sizeof low), store_bytes(high, sizeof high),
                                             store_number(found.max) };
    const struct store_query units = { STORE_UNITS_BETWEEN, arguments, 3, found_row, &found };
    const struct store_query count = { STORE_UNITS_BETWEEN_N, arguments, 2, count_row, total };
    *total = 0;
    (void)pthread_mutex_lock(&ledger->reading);
    int result =
        store_run(&ledger->reader, &units, fault) < 0 || store_run(&ledger->reader, &count, fault) < 0 ? -1 : 0;
    for (size_t i = 0; i < found.count && result == 0; i++) {
        result = ledger_unit_fill(&ledger->reader, &found.units[i], &unit, fault);
        if (result == 0 && each(context, &unit) != 0) {
            break;
        }
    }
    (void)pthread_mutex_unlock(&ledger->reading);
    return result;
}

int ledger_unit_count(struct ledger *ledger, enum ledger_state state, uint64_t *count, struct fault *fault)
{
    const struct store_value arguments[] = { store_number(state) };
    const struct store_query query = { STORE_UNITS_STATE_N, arguments, 1, count_row, count };
    *count = 0;
    (void)pthread_mutex_lock(&ledger->reading);
    int result = store_run(&ledger->reader, &query, fault) < 0 ? -1 : 0;
    (void)pthread_mutex_unlock(&ledger->reading);
    return result;
}
