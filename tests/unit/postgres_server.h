/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_server: a real PostgreSQL server of a test's own: in a folder of its own in /tmp, on a UNIX socket only, as
 * an unprivileged user. */
#ifndef TESTS_UNIT_POSTGRES_SERVER_H
#define TESTS_UNIT_POSTGRES_SERVER_H

/* Makes and starts a server; fails the test when there is no PostgreSQL. It ends with this process at the latest. */
void postgres_start(void);
/* A folder in which the server's data lie already, in "data", takes the place of one of its own: for
 * postgres_start_again. */
void postgres_adopt(const char *folder);
/* Stops it as a power cut would (no orderly end), and starts it again. */
void postgres_crash(void);
void postgres_start_again(void);
/* Stops it and removes its folder. */
void postgres_stop(void);
/* The place of its database. */
const char *postgres_url(void);
/* Runs SQL as the database's owner; fails the test unless it succeeds as expected. */
void postgres_sql(const char *sql, int should_succeed);

#endif
