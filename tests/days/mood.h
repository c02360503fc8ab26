/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mood: what kind of day it is: the beginning of a file of MOOD_LEN bytes. "full": files take nothing; "torn": nothing
 * gets to the disk in the end; "clock N": seconds that the clock is off; "lost": the token has forgotten its sessions,
 * "idle": its login; "out": it is out; "fails": it does not sign. Anything else: an ordinary day.
 */
#ifndef TESTS_DAYS_MOOD_H
#define TESTS_DAYS_MOOD_H

#define MOOD_LEN 64
#define MOOD_MODULE "WINDLASS_MOOD_MODULE"

int mood_is(const char *name);
/* The number behind it, or 0. */
long mood_number(const char *name);

#endif
