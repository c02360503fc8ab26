/* SPDX-License-Identifier: Apache-2.0 */
/* secret_forms: the forms in which bytes stand in files and on wires: hexadecimal, base64, GDB's escapes, backwards. */
#ifndef TESTS_SYSTEM_SECRET_FORMS_H
#define TESTS_SYSTEM_SECRET_FORMS_H

#include <stddef.h>
#include <stdint.h>

/* Of the heap; whoever gets one frees its data. */
struct text {
    uint8_t *data;
    size_t len;
};

#define TEXT_FORMS 7u /* hexadecimal from an even and an odd digit, base64 from each of four digits, GDB's escapes */
#define TEXT_BACKWARDS 1u
#define TEXT_PLANTS 6u /* as it is, backwards, hexadecimal lower and upper, base64, GDB's escapes */

/* 0, or -1 when the file cannot be read. */
int text_read(const char *path, struct text *out);
struct text text_backwards(struct text in);
/* All that stands in `in` in this form, one after the other, in plain. */
struct text text_decoded(struct text in, unsigned form);
/* `host` with `secret` in this form at offset `at`. */
struct text text_planted(struct text host, size_t at, struct text secret, unsigned form);

#endif
