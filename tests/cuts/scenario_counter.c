/* SPDX-License-Identifier: Apache-2.0 */
/* scenario_counter: counters advance one after the other; each has its old or its new value after a cut. */
#include "boot/counter.h"
#include "boot/flash.h"
#include "tests/cuts/scenario.h"

#define STEPS 3
#define COUNTED 1000u /* the start value: more than a page has records */
/* Kinds that no boot of a provisioned chip counts by itself. */
static const enum counter_kind kinds[STEPS] = { COUNTER_SBM_TRIES, COUNTER_SBM_TRIES_LIMIT, COUNTER_SBM_TRIES };
static const uint32_t before[STEPS] = { COUNTED, COUNTED, COUNTED };
static const uint32_t values[STEPS] = { COUNTED + 1, COUNTED + 10, COUNTED + 2 };

static void start_values(void)
{
    (void)counter_advance(COUNTER_SBM_TRIES, COUNTED);
    (void)counter_advance(COUNTER_SBM_TRIES_LIMIT, COUNTED);
}

void counter_prepare(void)
{
    chip_provision(1);
    (void)chip_boot();
    (void)chip_call(start_values);
}

/* Fills the pages with what is old by now, up to the last two records: those have the start values. */
static void pages_fill(void)
{
    const struct port_region *page = &port_flash()->counter[0];
    uint32_t last = page->off + page->len - 3 * COUNTER_RECORD_LEN;
    uint32_t first = counter_read(COUNTER_SBM_TRIES) + 1;
    for (uint32_t value = first; value < COUNTED && flash_is_erased(last, COUNTER_RECORD_LEN); value++) {
        (void)counter_append(COUNTER_SBM_TRIES, value);
    }
    start_values();
}

void counter_full_prepare(void)
{
    chip_provision(1);
    (void)chip_boot();
    (void)chip_call(pages_fill);
}

static void advance_all(void)
{
    for (unsigned i = 0; i < STEPS; i++) {
        (void)counter_advance(kinds[i], values[i]);
    }
}

enum sim_end counter_run(void)
{
    return chip_call(advance_all);
}

const char *counter_after(void)
{
    uint32_t tries = counter_read(COUNTER_SBM_TRIES);
    uint32_t limit = counter_read(COUNTER_SBM_TRIES_LIMIT);
    if (tries < before[0] || tries > values[2] || (limit != before[1] && limit != values[1])) {
        return "a counter has neither its old nor its new value";
    }
    (void)chip_call(advance_all);
    if (counter_read(COUNTER_SBM_TRIES) != values[2] || counter_read(COUNTER_SBM_TRIES_LIMIT) != values[1]) {
        return "a counter cannot advance any more";
    }
    return NULL;
}
