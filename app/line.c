/* SPDX-License-Identifier: Apache-2.0 */
/* line: see line.h. */
#include "app/line.h"

#define CTRL_C 0x03u
#define CTRL_H 0x08u
#define CTRL_U 0x15u
#define RUBOUT 0x7Fu

static void clear(struct line *line)
{
    line->len = 0;
    line->text[0] = '\0';
    line->end = LINE_DONE;
}

static enum line_event add(struct line *line, uint8_t byte)
{
    if (line->len == LINE_TEXT_MAX) {
        line->end = line->end == LINE_DONE ? LINE_LONG : line->end;
        return LINE_NOTHING;
    }
    line->text[line->len++] = (char)byte;
    line->text[line->len] = '\0';
    return LINE_ADDED;
}

/* What did not fit or was not printable cannot be rubbed out: nobody saw it. */
static enum line_event rub(struct line *line)
{
    if (line->len == 0 || line->end != LINE_DONE) {
        return LINE_NOTHING;
    }
    line->text[--line->len] = '\0';
    return LINE_RUBBED;
}

static enum line_event finish(struct line *line)
{
    enum line_event end = line->end;
    line->end = LINE_NOTHING;
    return end;
}

enum line_event line_take(struct line *line, uint8_t byte)
{
    int is_second = byte == '\n' && line->before == '\r';
    line->before = byte;
    if (is_second) {
        return LINE_NOTHING;
    }
    if (line->end == LINE_NOTHING) {
        clear(line);
    }
    switch (byte) {
    case '\r':
    case '\n':
        return finish(line);
    case CTRL_H:
    case RUBOUT:
        return rub(line);
    case CTRL_C:
    case CTRL_U:
        clear(line);
        return LINE_CLEARED;
    default:
        if (byte < 0x20 || byte > 0x7E) {
            line->end = LINE_STRANGE;
            return LINE_NOTHING;
        }
        return add(line, byte);
    }
}
