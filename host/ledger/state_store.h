/* SPDX-License-Identifier: Apache-2.0 */
/* state_store: units and packages in the database's tables. */
#ifndef HOST_LEDGER_STATE_STORE_H
#define HOST_LEDGER_STATE_STORE_H

#include "host/ledger/state.h"
#include "host/ledger/store.h"

#define STATE_CACHE_UNITS 64

/*
 * What one transaction has seen already. While it holds the right to write, nobody else changes it; state_tables_forget
 * at its beginning.
 */
struct state_cache {
    int is_on;
    int has_last;
    uint64_t last;
    int has_package;
    struct state_package package;
    int has_load;
    uint8_t chain[EVENT_CHAIN_LEN];
    uint64_t load;
    size_t units_seen; /* the newest STATE_CACHE_UNITS are kept */
    struct state_unit units[STATE_CACHE_UNITS];
};

struct state_tables {
    struct store *store;
    struct state_cache cache;
};

/* The state in a store; both must outlive it. */
struct state_view state_tables_view(struct state_tables *tables);
void state_tables_forget(struct state_tables *tables);
/* A row of units, as the statements give it; -1 when it cannot be right. */
int state_unit_row(const struct store_value *columns, struct state_unit *out);
/* A row of packages. */
int state_package_row(const struct store_value *columns, struct state_package *out);

#endif
