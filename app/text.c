/* SPDX-License-Identifier: Apache-2.0 */
/* text: see text.h. */
#include "app/text.h"

const char *text_number(uint64_t number, char room[TEXT_NUMBER_MAX])
{
    size_t first = TEXT_NUMBER_MAX - 1;
    room[first] = '\0';
    do {
        room[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return room + first;
}

void text_hex(uint8_t byte, char out[2])
{
    static const char digits[] = "0123456789abcdef";
    out[0] = digits[byte >> 4];
    out[1] = digits[byte & 15];
}
