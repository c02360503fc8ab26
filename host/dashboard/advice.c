/* SPDX-License-Identifier: Apache-2.0 */
/* advice: see advice.h. */
#include "host/dashboard/advice.h"

#include <stddef.h>
#include <string.h>

static const char dots[] = "\xe2\x80\xa6";

/* Where the words of `row` up to its next dots, `len` bytes, are found in `text`: NULL when not. */
static const char *words_find(const char *text, const char *words, size_t len)
{
    return len == 0 ? text : memmem(text, strlen(text), words, len);
}

/* 1 when the row fits, with the number of its own bytes in *said. The last words must be the end of the text. */
static int row_fits(const char *row, const char *text, size_t *said)
{
    int first = 1;
    *said = 0;
    for (;;) {
        const char *next = strstr(row, dots);
        size_t len = next == NULL ? strlen(row) : (size_t)(next - row);
        size_t rest = strlen(text);
        const char *at = words_find(text, row, len);
        if (next == NULL && !first) {
            at = rest < len || memcmp(text + rest - len, row, len) != 0 ? NULL : text + rest - len;
        }
        if (at == NULL || (first && at != text)) {
            return 0;
        }
        *said += len;
        text = at + len;
        if (next == NULL) {
            return *text == '\0';
        }
        row = next + sizeof dots - 1;
        first = 0;
    }
}

const char *advice_find(const char *message)
{
    const char *found = "";
    size_t most = 0;
    size_t said = 0;
    for (const struct advice *row = advice_table; row->message != NULL; row++) {
        if (row_fits(row->message, message, &said) && said > most) {
            most = said;
            found = row->what;
        }
    }
    return found;
}
