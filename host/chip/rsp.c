/* SPDX-License-Identifier: Apache-2.0 */
/* rsp: see rsp.h. */
#include "host/chip/rsp.h"

#define ESCAPE 0x7Du
#define ESCAPE_FLIP 0x20u

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static uint8_t digit_of(unsigned v)
{
    return (uint8_t) "0123456789abcdef"[v & 15u];
}

void rsp_parser_init(struct rsp_parser *p)
{
    p->state = RSP_IDLE;
    p->body_len = 0;
}

static void body_begin(struct rsp_parser *p)
{
    p->state = RSP_BODY;
    p->damaged = false;
    p->sum = 0;
    p->body_len = 0;
}

static void body_append(struct rsp_parser *p, uint8_t in)
{
    if (p->body_len == RSP_BODY_MAX) {
        p->damaged = true;
        return;
    }
    p->body[p->body_len++] = in;
}

static enum rsp_event idle_byte(struct rsp_parser *p, uint8_t in)
{
    switch (in) {
    case '$':
        body_begin(p);
        return RSP_NOTHING;
    case '+':
        return RSP_ACK;
    case '-':
        return RSP_NACK;
    case 0x03:
        return RSP_INTERRUPT;
    default:
        return RSP_JUNK;
    }
}

static enum rsp_event body_byte(struct rsp_parser *p, uint8_t in)
{
    if (in == '$') {
        /* The sender began again: what came before was cut short. */
        body_begin(p);
        return RSP_NOTHING;
    }
    if (in == '#') {
        p->damaged = p->damaged || p->state == RSP_ESCAPE;
        p->state = RSP_SUM_HIGH;
        return RSP_NOTHING;
    }
    p->sum = (uint8_t)(p->sum + in);
    if (p->state == RSP_ESCAPE) {
        p->state = RSP_BODY;
        body_append(p, (uint8_t)(in ^ ESCAPE_FLIP));
    } else if (in == ESCAPE) {
        p->state = RSP_ESCAPE;
    } else {
        body_append(p, in);
    }
    return RSP_NOTHING;
}

static enum rsp_event sum_byte(struct rsp_parser *p, uint8_t in)
{
    int value = digit_value(in);
    p->damaged = p->damaged || value < 0;
    if (p->state == RSP_SUM_HIGH) {
        p->stated = (uint8_t)((unsigned)value << 4);
        p->state = RSP_SUM_LOW;
        return RSP_NOTHING;
    }
    p->state = RSP_IDLE;
    if (p->damaged || (uint8_t)(p->stated | (unsigned)value) != p->sum) {
        return RSP_DAMAGED;
    }
    p->body[p->body_len] = 0;
    return RSP_PACKET;
}

enum rsp_event rsp_byte(struct rsp_parser *p, uint8_t in)
{
    switch (p->state) {
    case RSP_IDLE:
        return idle_byte(p, in);
    case RSP_BODY:
    case RSP_ESCAPE:
        return body_byte(p, in);
    default:
        return sum_byte(p, in);
    }
}

size_t rsp_encode(const uint8_t *body, size_t len, uint8_t out[RSP_PACKET_MAX])
{
    size_t at = 0;
    uint8_t sum = 0;
    out[at++] = '$';
    for (size_t i = 0; i < len; i++) {
        uint8_t c = body[i];
        if (c == '$' || c == '#' || c == '*' || c == ESCAPE) {
            out[at++] = ESCAPE;
            sum = (uint8_t)(sum + ESCAPE);
            c ^= ESCAPE_FLIP;
        }
        out[at++] = c;
        sum = (uint8_t)(sum + c);
    }
    out[at++] = '#';
    out[at++] = digit_of(sum >> 4);
    out[at++] = digit_of(sum);
    return at;
}

bool rsp_number_read(const uint8_t **at, const uint8_t *end, uint64_t max, uint64_t *value)
{
    unsigned digits = 0;
    *value = 0;
    while (*at < end && digit_value(**at) >= 0) {
        if (++digits > 16) {
            return false;
        }
        *value = *value << 4 | (unsigned)digit_value(**at);
        (*at)++;
    }
    return digits != 0 && *value <= max;
}

bool rsp_character_read(const uint8_t **at, const uint8_t *end, char character)
{
    if (*at == end || **at != (uint8_t)character) {
        return false;
    }
    (*at)++;
    return true;
}

void rsp_hex_write(const uint8_t *data, size_t len, uint8_t *out)
{
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digit_of(data[i] >> 4);
        out[2 * i + 1] = digit_of(data[i]);
    }
}

bool rsp_hex_read(const uint8_t *hex, size_t hex_len, uint8_t *out)
{
    if (hex_len % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < hex_len; i += 2) {
        int high = digit_value(hex[i]);
        int low = digit_value(hex[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}
