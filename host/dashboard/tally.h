/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally: counts what happens at the sockets while the appliance runs, and tells it as the parts of a dashboard_line:
 * sockets, failures, steps, rate, yield. In memory only; what must last stands in the ledger. Thread-safe; never waits.
 */
#ifndef HOST_DASHBOARD_TALLY_H
#define HOST_DASHBOARD_TALLY_H

#include "host/dashboard/dashboard.h"

#define TALLY_PLACES 4096 /* connections */
#define TALLY_SAMPLES 256 /* of a step's times: the newest */

struct tally;

/* `now_ms`: unix time in milliseconds; NULL: the system's clock. */
int tally_make(uint64_t (*now_ms)(void), struct tally **out, struct fault *fault);
/* NULL is allowed. */
void tally_free(struct tally *tally);

/* A station's connection, which is one socket, has come: its place, 1 to TALLY_PLACES, or 0 when there is none left.
 * Place 0 is allowed in all that follows and does nothing. */
size_t tally_enter(struct tally *tally, const char *station);
/* A chip is in that socket. */
void tally_begin(struct tally *tally, size_t place, const char *socket);
/* The next step begins, the one before is done. `uid`: hexadecimal digits, empty when not yet known. */
void tally_step(struct tally *tally, size_t place, const char *step, const char *uid);
/* The next step began `took_ms` after the one before, as the station says; not later than now. */
void tally_step_after(struct tally *tally, size_t place, const char *step, const char *uid, uint64_t took_ms);
/* The unit is done. */
void tally_done(struct tally *tally, size_t place);
/* It failed: why and what to do. Failures whose reasons differ in unique IDs and other long numbers only are one. */
void tally_fail(struct tally *tally, size_t place, const char *reason, const char *hint, int alarm);
/* The connection ended; with a chip in hand that is a failure. */
void tally_leave(struct tally *tally, size_t place);

/* A new package: failures, steps and yield begin anew. */
void tally_reset(struct tally *tally);
/* Fills sockets, stations, failures, steps, minutes, tried and good; the rest of *line is left as it is. */
void tally_tell(struct tally *tally, struct dashboard_line *line);

#endif
