/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_room: what the files of this room share. Not for others. */
#ifndef HOST_LEDGER_LEDGER_ROOM_H
#define HOST_LEDGER_LEDGER_ROOM_H

#include <sqlite3.h>

#include "host/ledger/ledger.h"

#define LEDGER_PATH_MAX 600

struct ledger {
    sqlite3 *db;
    char path[LEDGER_PATH_MAX];
};

/* Says what SQLite's result means, and how to mend it. Returns -1. */
int ledger_fault(struct ledger *ledger, const char *doing, int result, struct fault *fault);
/* Runs one statement that has no results and no arguments. */
int ledger_run(struct ledger *ledger, const char *sql, const char *doing, struct fault *fault);
int ledger_prepare(struct ledger *ledger, const char *sql, sqlite3_stmt **out, struct fault *fault);
/* Steps a statement that gives no row, and finalizes it. *changes (may be NULL): the rows it changed. */
int ledger_step_done(struct ledger *ledger, sqlite3_stmt *statement, int *changes, struct fault *fault);

#endif
