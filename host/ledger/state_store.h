/* SPDX-License-Identifier: Apache-2.0 */
/* state_store: units and packages in the database's tables. */
#ifndef HOST_LEDGER_STATE_STORE_H
#define HOST_LEDGER_STATE_STORE_H

#include "host/ledger/state.h"
#include "host/ledger/store.h"

/* The state in `store`, which must outlive it. */
struct state_view state_store_view(struct store *store);
/* A row of units, as the statements give it; -1 when it cannot be right. */
int state_unit_row(const struct store_value *columns, struct state_unit *out);
/* A row of packages. */
int state_package_row(const struct store_value *columns, struct state_package *out);

#endif
