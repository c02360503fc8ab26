/* SPDX-License-Identifier: Apache-2.0 */
/* text: what may be shown on a terminal, and bytes as hexadecimal digits. */
#ifndef HOST_LIB_TEXT_H
#define HOST_LIB_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Length in bytes (1 to 4) of the character at the start of `text`, or 0 when it is not well-formed UTF-8 or is a
 * control character (C0, DEL, C1) or one that turns the direction of writing: such a one could steer a terminal or hide
 * what it shows. `len` is at least 1. RFC 3629. */
size_t text_char_len(const char *text, size_t len);
/* Copies `in` to `out`, with '?' for each byte that text_char_len does not take; cut when it does not fit. */
void text_clean(const char *in, char *out, size_t out_len);
/* Writes 2 x len lower-case digits and a NUL. */
void text_hex(const uint8_t *in, size_t len, char *out);

#endif
