/* SPDX-License-Identifier: Apache-2.0 */
/* line: a line of text from a person's terminal, byte for byte: backspace, Ctrl-U, CR, LF or CR LF. It is short and
 * printable, or it is refused as a whole: nothing of a line is left out of what is obeyed. Pure memory. */
#ifndef APP_LINE_H
#define APP_LINE_H

#include <stddef.h>
#include <stdint.h>

#define LINE_TEXT_MAX 64u

enum line_event {
    LINE_NOTHING = 0,
    LINE_ADDED,   /* the byte was added: echo it */
    LINE_RUBBED,  /* the last character is gone */
    LINE_CLEARED, /* Ctrl-U or Ctrl-C */
    LINE_DONE,    /* `text` is the line */
    LINE_LONG,    /* the line has ended, and had more than LINE_TEXT_MAX characters */
    LINE_STRANGE  /* the line has ended, and had a character that is not printable ASCII */
};

/* All zeros is an empty line. */
struct line {
    char text[LINE_TEXT_MAX + 1]; /* what was typed so far; ends with 0 */
    size_t len;
    enum line_event end; /* what the line is when it ends here: done, long or strange; LINE_NOTHING: it has ended */
    uint8_t before;      /* the byte before this one */
};

/* The line that ended is forgotten when the next byte comes. */
enum line_event line_take(struct line *line, uint8_t byte);

#endif
