/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_support: a ledger for tests, in a file or on a real server, and another program's hands in its tables. */
#ifndef TESTS_UNIT_LEDGER_SUPPORT_H
#define TESTS_UNIT_LEDGER_SUPPORT_H

#include "host/ledger/ledger.h"
#include "tests/unit/host_support.h"

/* 1: the tests run on PostgreSQL. */
extern int ledger_on_server;

/* A folder of its own, and an empty database. */
int ledger_folder_setup(void **state);
int ledger_folder_teardown(void **state);
/* Starts and stops the server of a group. */
int ledger_server_setup(void **state);
int ledger_server_teardown(void **state);

const char *ledger_place(void);
/* Without a signer. */
int ledger_open_at(const char *place, enum ledger_access mode, struct ledger **out, struct fault *fault);
/* An open one, without a signer, at ledger_place. */
struct ledger *ledger_new(void);

/* A chip: each byte of its unique ID is `chip`, of its identity key `key`. */
struct ledger_keys {
    uint8_t uid[16];
    uint8_t identity[64];
    uint8_t update[64];
};
struct ledger_keys ledger_keys_of(uint8_t chip, uint8_t key);
/* As ledger_unit_reserve; of no package. */
int ledger_keys_reserve(struct ledger *ledger, const struct ledger_keys *k, struct ledger_unit *unit,
                        struct fault *fault);
/* Two certificates of two and three bytes. */
void ledger_keys_certify(struct ledger *ledger, const struct ledger_keys *k);

/* SQL by another program; fails the test unless it succeeds as expected. */
void ledger_sql(const char *sql, int should_succeed);
/* Takes the guards off the tables, as somebody who owns the database can. */
void ledger_guards_drop(void);

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, ledger_folder_setup, ledger_folder_teardown)

#endif
