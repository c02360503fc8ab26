/* SPDX-License-Identifier: Apache-2.0 */
/* text: numbers and bytes as text. */
#ifndef APP_TEXT_H
#define APP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_NUMBER_MAX 21u
/* Decimal; somewhere within `room`, where it ends with 0. */
const char *text_number(uint64_t number, char room[TEXT_NUMBER_MAX]);
/* Two lower-case hexadecimal digits. */
void text_hex(uint8_t byte, char out[2]);

#endif
