/* SPDX-License-Identifier: Apache-2.0 */
/* wire_suit_cases: readers and wrappers for the tests of SUIT: see wire_cases.h for what these are. */
#ifndef TESTS_UNIT_WIRE_SUIT_CASES_H
#define TESTS_UNIT_WIRE_SUIT_CASES_H

#include "tests/unit/wire_cases.h"

status_t suit_case_manifest(struct bytes in);
status_t suit_case_envelope(struct bytes in);
/* Writes a manifest with one component, one dependency and this sequence under `key` (4: shared); gives its length. */
size_t suit_case_sequence(uint64_t key, struct bytes sequence, uint8_t *out, size_t capacity);

#endif
