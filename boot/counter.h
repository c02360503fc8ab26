/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter: numbers that never go back, in two pages of secure flash (docs/spec.md section 4.3). The value of a kind is
 * the highest that a sound record of either page states; no damaged, torn or missing record can raise it, and only the
 * loss of both pages can lower it. BL1 reads and counts; it never erases.
 */
#ifndef BOOT_COUNTER_H
#define BOOT_COUNTER_H

#include <stdint.h>

#include "base/status.h"

#define COUNTER_RECORD_LEN 32u

enum counter_kind {
    COUNTER_APP = 1,             /* security counter of the application: no lower sequence number runs */
    COUNTER_SBM = 2,             /* the same of the SBM */
    COUNTER_STORE = 3,           /* newest sequence of the STORE journal */
    COUNTER_VAULT = 4,           /* newest sequence of the VAULT journal */
    COUNTER_SBM_TRIES = 5,       /* starts of an SBM on trial, over the chip's life */
    COUNTER_SBM_TRIES_LIMIT = 6, /* BL1 starts an SBM on trial while the tries are below this */
    COUNTER_KINDS = 7            /* one more than the last */
};

/* 0 for a kind that was never counted. */
uint32_t counter_read(enum counter_kind kind);
/* Brings `kind` to `value` in both pages; nothing is written where it stands there already. A full page is erased and
 * filled from the other one, never both at once. Done when one page knows it: counter_heal brings the other. FLASH_*,
 * NO_SPACE. cut: the old or the new value, of every kind. */
status_t counter_advance(enum counter_kind kind, uint32_t value);
/* Appends only, to the pages that have room: NO_SPACE when neither has. What BL1 may do. cut: as above. */
status_t counter_append(enum counter_kind kind, uint32_t value);
/* 1 when each page knows what the other one knows. */
int counter_is_whole(void);
/* Makes room for at least `records` appends, and brings a page up to date that lacks something. cut: as above. */
status_t counter_heal(uint32_t records);

#endif
