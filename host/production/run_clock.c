/* SPDX-License-Identifier: Apache-2.0 */
/* run_clock: how long a run may go on. See run.h. */
#include "host/production/run.h"

#include <time.h>

#define SLACK 60 /* seconds: a clock that is kept right moves a little */

struct run_clock run_clock_now(void)
{
    struct timespec even = { 0, 0 };
    (void)clock_gettime(CLOCK_BOOTTIME, &even);
    return (struct run_clock){ (int64_t)time(NULL), (int64_t)even.tv_sec };
}

int run_clock_check(const struct run *run, struct fault *fault)
{
    const struct run_clock now = run_clock_now();
    const int64_t due = run->since.shown + (now.even - run->since.even);
    if (now.shown < due - SLACK) {
        (void)fault_set(fault,
                        "the clock was set back: it is %lld seconds behind what has passed since the production "
                        "package was loaded",
                        (long long)(due - now.shown));
        return fault_hint(fault, "set the appliance's clock; then bring the chip again");
    }
    if (run->not_after != 0 && (uint64_t)now.shown > run->not_after) {
        (void)fault_set(fault, "the production package is no longer valid");
        return fault_hint(fault, "look at the appliance's clock; if it is right, the maker gives another package");
    }
    return 0;
}
