/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_cases: what every strict parser must withstand, as checks that each parser's test applies to its own messages. A
 * reader parses its input, asserts that its output is all zero when it refuses, and that building gives the input again
 * when it accepts.
 */
#ifndef TESTS_UNIT_WIRE_CASES_H
#define TESTS_UNIT_WIRE_CASES_H

#include "base/bytes.h"
#include "base/status.h"

typedef status_t (*case_reader)(struct bytes in);
/* Writes a whole message around `inner` into `out`; gives its length. NULL where the map is the message. */
typedef size_t (*case_wrapper)(struct bytes inner, uint8_t *out, size_t capacity);

#define CASE_MAX 8192

/* The message is accepted; the empty input and each of its beginnings are refused. */
void case_truncations_check(case_reader read, struct bytes message);
/* One byte more is TRAILING. */
void case_trailing_check(case_reader read, struct bytes message);
/* Each bit flipped, and each byte set to each value: refused or built again exactly. */
void case_flips_check(case_reader read, struct bytes message);
/*
 * `map` is an encoded map whose pairs are all required. Checks that leaving out, repeating, exchanging pairs, adding an
 * unknown key, and giving each value another type are refused, each with its own status. `wrap` puts the map into its
 * message.
 */
void case_map_check(case_reader read, case_wrapper wrap, struct bytes map);
/* As above for a map whose pairs may be left out, but neither repeated nor exchanged nor added to. */
void case_optional_map_check(case_reader read, case_wrapper wrap, struct bytes map);
/* The array gets one item less and one more: both are refused. */
void case_array_check(case_reader read, case_wrapper wrap, struct bytes array);

/* Bytes of hex digits; asserts that they are hex. Gives the length. */
size_t case_hex(const char *hex, uint8_t *out, size_t capacity);
/* Asserts that `len` bytes are zero. */
void case_zero_check(const void *object, size_t len);
/* Calls the reader with a copy of exactly this length on the heap, so that a read beyond it is seen. */
status_t case_read(case_reader read, struct bytes message);

#endif
