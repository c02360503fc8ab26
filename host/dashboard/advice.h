/* SPDX-License-Identifier: Apache-2.0 */
/* advice: what docs/factory.md says to do about a message, for those that come without a hint. */
#ifndef HOST_DASHBOARD_ADVICE_H
#define HOST_DASHBOARD_ADVICE_H

struct advice {
    const char *message; /* "…" stands for whatever comes there; the last one is NULL */
    const char *what;
};
extern const struct advice advice_table[];

/* Of the rows that fit `message`, the one that says most of its words; "" when none does. */
const char *advice_find(const char *message);

#endif
