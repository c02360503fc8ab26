/* SPDX-License-Identifier: Apache-2.0 */
/* words: texts for people of the numbers with which a device tells of itself (docs/spec.md sections 4.4 and 9.1). Both
 * the device's console and the host's tools say them. Each is never NULL, "unknown" for a number that is not known. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdint.h>

/* 0 open to 3 decommissioned. */
const char *words_lifecycle(uint64_t lifecycle);
/* Why this boot. */
const char *words_reason(uint64_t reason);
/* One of the stores whose health is told. */
const char *words_place(uint64_t place);
/* 0 sound, 1 mended at this boot, 2 damaged. */
const char *words_health(uint64_t health);
/* A kind of record of the event log. */
const char *words_event(uint64_t kind);

#endif
