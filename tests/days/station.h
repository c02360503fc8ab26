/* SPDX-License-Identifier: Apache-2.0 */
/* station: what the stations of bad days share. */
#ifndef TESTS_DAYS_STATION_H
#define TESTS_DAYS_STATION_H

#include "tests/bench/load/station.h"

#define LETTERS_TO_PROOF 2 /* BEGIN, and all up to the keys: the unit is reserved then */

struct day {
    const char *address; /* of the appliance */
    const char *identity;
    unsigned number; /* how many, or for how many seconds */
};

/* Ends the program with the fault when `result` is not 0. */
void day_must(int result, const struct fault *fault);
void day_uid_make(uint8_t uid[16]);
/* Monotonic. */
double day_seconds(void);
/* Opens a station, or ends the program. */
void day_open(const struct day *day, const char *name, struct station *out);

/* Each is a whole program; gives the exit code. */
int day_lies(const struct day *day);
int flood_connects(const struct day *day);
int flood_halves(const struct day *day);
int flood_strangers(const struct day *day);
int flood_letters(const struct day *day);
int flood_failures(const struct day *day);
int flood_readers(const struct day *day);
int flood_writers(const struct day *day);

#endif
