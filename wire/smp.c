/* SPDX-License-Identifier: Apache-2.0 */
/* smp: packet head, serial frames, base64 (RFC 4648 section 4) and CRC-16/XMODEM. Strict: one encoding for each packet.
 */
#include "wire/smp.h"

#define MARK_0 0x06
#define MARK_1 0x09
#define CONTINUE_0 0x04
#define CONTINUE_1 0x14
#define LINE_PAYLOAD 93u /* bytes in a full frame: 124 characters of base64 */

status_t smp_packet_parse(struct bytes packet, struct smp_head *head, struct bytes *body)
{
    memset(head, 0, sizeof *head);
    *body = bytes_of(NULL, 0);
    if (packet.len < SMP_HEAD_LEN) {
        return STATUS_TRUNCATED;
    }
    const uint8_t *p = packet.data;
    if ((p[0] & 7u) > SMP_WRITE_ANSWER) {
        return STATUS_UNSUPPORTED;
    }
    size_t length = bytes_read_be16(p + 2);
    if (packet.len - SMP_HEAD_LEN != length) {
        return packet.len - SMP_HEAD_LEN < length ? STATUS_TRUNCATED : STATUS_TRAILING;
    }
    *head = (struct smp_head){ p[0] & 7u, p[1], (uint16_t)length, bytes_read_be16(p + 4), p[6], p[7] };
    *body = bytes_of(p + SMP_HEAD_LEN, length);
    return STATUS_OK;
}

void smp_head_build(const struct smp_head *head, uint8_t out[SMP_HEAD_LEN])
{
    out[0] = head->op;
    out[1] = head->flags;
    bytes_write_be16(out + 2, head->length);
    bytes_write_be16(out + 4, head->group);
    out[6] = head->sequence;
    out[7] = head->command;
}

static uint16_t crc16(const uint8_t *p, size_t len)
{
    unsigned crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)p[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc << 1) ^ ((crc & 0x8000u) != 0 ? 0x1021u : 0);
        }
    }
    return (uint16_t)crc;
}

/* Value of a base64 character, or -1. */
static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static uint8_t base64_digit(unsigned value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return (uint8_t)digits[value & 63u];
}

/* Decodes four characters into 1 to 3 bytes; 0 when they are not canonical base64. */
static size_t base64_group_read(const uint8_t *in, uint8_t out[3])
{
    size_t padding = in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int v = i < 4 - padding ? base64_value(in[i]) : 0;
        if (v < 0) {
            return 0;
        }
        bits = bits << 6 | (uint32_t)v;
    }
    if ((bits & ((1u << (8 * padding)) - 1u)) != 0) {
        return 0;
    }
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
    return 3 - padding;
}

/* Appends the base64 of a frame to the packet; padding only where the packet ends. */
static status_t frame_append(struct smp_decoder *d)
{
    for (size_t i = 2; i < d->line_len; i += 4) {
        uint8_t group[3];
        size_t n = d->line_len - i >= 4 ? base64_group_read(&d->line[i], group) : 0;
        if (n == 0 || n > sizeof d->packet - d->packet_len) {
            return n == 0 ? STATUS_FRAME_FORMAT : STATUS_TOO_LONG;
        }
        memcpy(d->packet + d->packet_len, group, n);
        d->packet_len += n;
        if (d->expected_len == 0) { /* the first group of a packet: its length, CRC counted */
            d->expected_len = n == 3 ? 2u + bytes_read_be16(d->packet) : 0;
            if (d->expected_len < SMP_HEAD_LEN + 4 || d->expected_len > sizeof d->packet) {
                return d->expected_len > sizeof d->packet ? STATUS_TOO_LONG : STATUS_FRAME_FORMAT;
            }
        }
        if (d->packet_len > d->expected_len || (n < 3 && d->packet_len != d->expected_len)) {
            return STATUS_FRAME_FORMAT;
        }
    }
    return STATUS_OK;
}

/* A whole line has come. NOT_FOUND: the packet goes on. */
static status_t line_take(struct smp_decoder *d, struct bytes *packet)
{
    const uint8_t *line = d->line;
    int first = d->line_len > 2 && line[0] == MARK_0 && line[1] == MARK_1;
    int further = d->line_len > 2 && line[0] == CONTINUE_0 && line[1] == CONTINUE_1 && d->expected_len != 0;
    if (!first && !further) {
        return STATUS_FRAME_FORMAT;
    }
    if (first) {
        d->packet_len = 0;
        d->expected_len = 0;
    }
    status_t status = frame_append(d);
    if (status != STATUS_OK) {
        return status;
    }
    if (d->packet_len < d->expected_len) {
        return STATUS_NOT_FOUND;
    }
    size_t len = d->expected_len - 4;
    if (crc16(d->packet + 2, len) != bytes_read_be16(d->packet + 2 + len)) {
        return STATUS_FRAME_CRC;
    }
    *packet = bytes_of(d->packet + 2, len);
    return STATUS_OK;
}

status_t smp_decode(struct smp_decoder *decoder, uint8_t byte, struct bytes *packet)
{
    *packet = bytes_of(NULL, 0);
    if (byte != '\n') {
        if (decoder->line_len == SMP_FRAME_MAX - 1) {
            decoder->overlong = 1;
        } else {
            decoder->line[decoder->line_len++] = byte;
        }
        return STATUS_NOT_FOUND;
    }
    status_t status = STATUS_TOO_LONG;
    if (!decoder->overlong) {
        status = line_take(decoder, packet);
    }
    if (status != STATUS_NOT_FOUND) {
        decoder->expected_len = 0;
        decoder->packet_len = 0;
    }
    decoder->line_len = 0;
    decoder->overlong = 0;
    return status;
}

/* What goes over the line is length, packet and CRC, one after the other: byte `i` of that. */
struct encoded {
    struct bytes packet;
    uint16_t crc;
};

static uint8_t encoded_byte(const struct encoded *e, size_t i)
{
    size_t len = e->packet.len + 2;
    if (i < 2) {
        return (uint8_t)(i == 0 ? len >> 8 : len);
    }
    if (i < len) {
        return e->packet.data[i - 2];
    }
    return (uint8_t)(i == len ? e->crc >> 8 : e->crc);
}

/* Writes the four characters for bytes i to i + 2 of `total`. */
static void base64_group_write(const struct encoded *e, size_t i, size_t total, uint8_t out[4])
{
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; k++) {
        bits = bits << 8 | (i + k < total ? encoded_byte(e, i + k) : 0u);
    }
    out[0] = base64_digit(bits >> 18);
    out[1] = base64_digit(bits >> 12);
    out[2] = i + 1 < total ? base64_digit(bits >> 6) : '=';
    out[3] = i + 2 < total ? base64_digit(bits) : '=';
}

status_t smp_encode(struct bytes packet, uint8_t *out, size_t capacity, size_t *len)
{
    *len = 0;
    if (packet.len < SMP_HEAD_LEN || packet.len > SMP_PACKET_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    const struct encoded e = { packet, crc16(packet.data, packet.len) };
    size_t total = packet.len + 4;
    size_t frames = (total + LINE_PAYLOAD - 1) / LINE_PAYLOAD;
    if (capacity < 3 * frames + (total + 2) / 3 * 4) {
        return STATUS_NO_SPACE;
    }
    size_t n = 0;
    for (size_t i = 0; i < total; i += 3) {
        if (i % LINE_PAYLOAD == 0) {
            out[n++] = i == 0 ? MARK_0 : CONTINUE_0;
            out[n++] = i == 0 ? MARK_1 : CONTINUE_1;
        }
        base64_group_write(&e, i, total, out + n);
        n += 4;
        if ((i + 3) % LINE_PAYLOAD == 0 || i + 3 >= total) {
            out[n++] = '\n';
        }
    }
    *len = n;
    return STATUS_OK;
}
