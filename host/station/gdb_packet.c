/* SPDX-License-Identifier: Apache-2.0 */
/* gdb_packet: see gdb_packet.h. */
#include "host/station/gdb_packet.h"

enum { IDLE, BODY, ESCAPED, RUN, SUM_HIGH, SUM_LOW };

int gdb_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int gdb_hex_read(struct bytes in, uint8_t *out, size_t len)
{
    if (in.len != 2 * len) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        int high = gdb_hex_digit(in.data[2 * i]);
        int low = gdb_hex_digit(in.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

void gdb_hex_write(struct bytes in, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < in.len; i++) {
        out[2 * i] = digits[in.data[i] >> 4];
        out[2 * i + 1] = digits[in.data[i] & 15];
    }
    out[2 * in.len] = '\0';
}

static void packet_start(struct gdb_decoder *d, int is_notification)
{
    d->state = BODY;
    d->is_notification = is_notification;
    d->defect = GDB_EVENT_NONE;
    d->sum = 0;
    d->len = 0;
}

static void content_append(struct gdb_decoder *d, uint8_t byte, size_t count)
{
    if (d->defect != GDB_EVENT_NONE) {
        return;
    }
    if (count > sizeof d->data - d->len) {
        d->defect = GDB_EVENT_TOO_LONG;
        return;
    }
    memset(d->data + d->len, byte, count);
    d->len += count;
}

/* The count character of a run: 29 more than the number of repetitions; printable, at least 3 repetitions. */
static void run_append(struct gdb_decoder *d, uint8_t count)
{
    if (d->len == 0 || count < 32 || count > 126) {
        d->defect = d->defect == GDB_EVENT_NONE ? GDB_EVENT_MALFORMED : d->defect;
        return;
    }
    content_append(d, d->data[d->len - 1], (size_t)count - 29);
}

static enum gdb_event idle_take(struct gdb_decoder *d, uint8_t byte)
{
    switch (byte) {
    case '+':
        return GDB_EVENT_ACK;
    case '-':
        return GDB_EVENT_NAK;
    case '$':
    case '%':
        packet_start(d, byte == '%');
        return GDB_EVENT_NONE;
    default:
        return GDB_EVENT_NONE;
    }
}

static void body_take(struct gdb_decoder *d, uint8_t byte)
{
    if (byte == '#') {
        if (d->state != BODY) {
            d->defect = d->defect == GDB_EVENT_NONE ? GDB_EVENT_MALFORMED : d->defect;
        }
        d->state = SUM_HIGH;
        return;
    }
    d->sum = (uint8_t)(d->sum + byte);
    if (d->state == ESCAPED) {
        content_append(d, byte ^ 0x20, 1);
        d->state = BODY;
    } else if (d->state == RUN) {
        run_append(d, byte);
        d->state = BODY;
    } else if (byte == '}') {
        d->state = ESCAPED;
    } else if (byte == '*') {
        d->state = RUN;
    } else {
        content_append(d, byte, 1);
    }
}

static enum gdb_event packet_end(struct gdb_decoder *d, int low)
{
    d->state = IDLE;
    if (low < 0 || d->defect == GDB_EVENT_MALFORMED) {
        return GDB_EVENT_MALFORMED;
    }
    if ((uint8_t)(d->stated_sum | low) != d->sum) {
        return GDB_EVENT_BAD_SUM;
    }
    if (d->defect != GDB_EVENT_NONE) {
        return d->defect;
    }
    return d->is_notification ? GDB_EVENT_NOTIFICATION : GDB_EVENT_PACKET;
}

enum gdb_event gdb_packet_decode(struct gdb_decoder *d, uint8_t byte)
{
    if (d->state == IDLE) {
        return idle_take(d, byte);
    }
    if (d->state == SUM_HIGH) {
        int high = gdb_hex_digit(byte);
        if (high < 0) {
            d->state = IDLE;
            return GDB_EVENT_MALFORMED;
        }
        d->stated_sum = (uint8_t)(high << 4);
        d->state = SUM_LOW;
        return GDB_EVENT_NONE;
    }
    if (d->state == SUM_LOW) {
        return packet_end(d, gdb_hex_digit(byte));
    }
    if (byte == '$') {
        packet_start(d, 0); /* the peer broke off and began again */
        return GDB_EVENT_NONE;
    }
    body_take(d, byte);
    return GDB_EVENT_NONE;
}

size_t gdb_packet_encode(struct bytes content, uint8_t *out, size_t capacity)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    uint8_t sum = 0;
    if (capacity < 4) {
        return 0;
    }
    out[len++] = '$';
    for (size_t i = 0; i < content.len; i++) {
        uint8_t c = content.data[i];
        int escape = c == '#' || c == '$' || c == '}' || c == '*';
        if (capacity - len < (escape ? 5u : 4u)) {
            return 0;
        }
        if (escape) {
            out[len++] = '}';
            sum = (uint8_t)(sum + '}');
            c ^= 0x20;
        }
        out[len++] = c;
        sum = (uint8_t)(sum + c);
    }
    out[len++] = '#';
    out[len++] = (uint8_t)digits[sum >> 4];
    out[len++] = (uint8_t)digits[sum & 15];
    return len;
}
