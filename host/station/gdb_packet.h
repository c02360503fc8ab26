/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdb_packet: packets of the GDB Remote Serial Protocol (GDB manual, appendix E.1 "Overview"): check sums, escapes,
 * run-length encoding. Pure: takes bytes, gives events. The peer is not trusted; a packet longer than GDB_PACKET_MAX is
 * refused.
 */
#ifndef HOST_STATION_GDB_PACKET_H
#define HOST_STATION_GDB_PACKET_H

#include "base/bytes.h"

#define GDB_PACKET_MAX 16384u /* bytes of a packet's content, decoded */

enum gdb_event {
    GDB_EVENT_NONE,         /* go on */
    GDB_EVENT_ACK,          /* '+' */
    GDB_EVENT_NAK,          /* '-' */
    GDB_EVENT_PACKET,       /* a sound packet: decoder->data, decoder->len */
    GDB_EVENT_NOTIFICATION, /* a sound notification: likewise */
    GDB_EVENT_BAD_SUM,      /* a packet with a wrong check sum was dropped */
    GDB_EVENT_MALFORMED,    /* a packet that breaks the rules was dropped */
    GDB_EVENT_TOO_LONG      /* a packet longer than GDB_PACKET_MAX was dropped */
};

/* Zero it before the first use. */
struct gdb_decoder {
    unsigned state;
    int is_notification;
    enum gdb_event defect; /* what is wrong with the packet under way */
    uint8_t sum;
    uint8_t stated_sum;
    size_t len;
    uint8_t data[GDB_PACKET_MAX];
};

/* Takes one byte from the line. Content is valid until the next call. */
enum gdb_event gdb_packet_decode(struct gdb_decoder *decoder, uint8_t byte);

/*
 * Writes "$content#sum" with '#', '$', '}' and '*' escaped. Gives its length, or 0 when `capacity` is too small; 2 x
 * content + 4 is always enough.
 */
size_t gdb_packet_encode(struct bytes content, uint8_t *out, size_t capacity);

/* The value of a hexadecimal digit, or -1. */
int gdb_hex_digit(uint8_t c);
/* Reads exactly 2 x len hexadecimal digits. 0, or -1 when `in` has another length or another character. */
int gdb_hex_read(struct bytes in, uint8_t *out, size_t len);
/* Writes 2 x in.len digits and a NUL. */
void gdb_hex_write(struct bytes in, char *out);

#endif
