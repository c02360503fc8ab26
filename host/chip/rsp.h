/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsp: packets of the GDB Remote Serial Protocol ("GDB manual", appendix E): framing, checksum, escapes, hex. Pure;
 * both legs of the debug port use it. A packet that is too long, or whose checksum is wrong, is reported and dropped;
 * nothing is ever written past the buffer.
 */
#ifndef HOST_CHIP_RSP_H
#define HOST_CHIP_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RSP_BODY_MAX 4096u
/* Room for an encoded packet: each byte may be escaped; '$', '#', two digits. */
#define RSP_PACKET_MAX (2u * RSP_BODY_MAX + 4u)

enum rsp_event {
    RSP_NOTHING,   /* more bytes are needed */
    RSP_PACKET,    /* body and body_len are valid until the next byte */
    RSP_DAMAGED,   /* wrong checksum, too long or wrongly escaped: ask again */
    RSP_ACK,       /* '+' */
    RSP_NACK,      /* '-' */
    RSP_INTERRUPT, /* 0x03 */
    RSP_JUNK       /* a byte that has no place between packets */
};

struct rsp_parser {
    enum { RSP_IDLE, RSP_BODY, RSP_ESCAPE, RSP_SUM_HIGH, RSP_SUM_LOW } state;
    bool damaged;
    uint8_t sum;
    uint8_t stated;
    size_t body_len;
    uint8_t body[RSP_BODY_MAX + 1]; /* a NUL follows the body; the body itself may hold NULs */
};

void rsp_parser_init(struct rsp_parser *p);
enum rsp_event rsp_byte(struct rsp_parser *p, uint8_t in);
/* Encodes `len` (at most RSP_BODY_MAX) bytes into `out`, escaping what must be; gives the length of the packet. */
size_t rsp_encode(const uint8_t *body, size_t len, uint8_t out[RSP_PACKET_MAX]);

/* Reads 1 to 16 hex digits at *at and moves it; false when there is none, or when the number exceeds `max`. */
bool rsp_number_read(const uint8_t **at, const uint8_t *end, uint64_t max, uint64_t *value);
/* Reads exactly `character`. */
bool rsp_character_read(const uint8_t **at, const uint8_t *end, char character);
/* `out` gets 2 * len digits, no NUL. */
void rsp_hex_write(const uint8_t *data, size_t len, uint8_t *out);
/* Decodes an even number of digits into `out` (room for hex_len / 2); false when there is anything else. */
bool rsp_hex_read(const uint8_t *hex, size_t hex_len, uint8_t *out);

#endif
