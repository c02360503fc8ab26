/* SPDX-License-Identifier: Apache-2.0 */
/* visit: one run of a station, in a process of its own, with one chip: the station's real code over real TLS. The cuts
 * at letters are made here. */
#ifndef TESTS_CRASH_VISIT_H
#define TESTS_CRASH_VISIT_H

#include "host/station/station.h"
#include "tests/crash/works.h"

struct visit {
    int done; /* the station was told so */
    struct station_result result;
    struct fault fault;
};

/* Starts it; `visit` is a page that is shared. */
pid_t visit_begin(struct works *works, const struct works_chip *chip, struct visit *visit);
/* Begins, and waits for its end. */
void visit_run(struct works *works, const struct works_chip *chip, struct visit *visit);

#endif
