/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smp: the Simple Management Protocol's packet head and its serial framing (docs/spec.md section 9). Frames are lines
 * of at most 127 bytes; a packet may take several. The decoder holds one packet and drops what is not sound.
 */
#ifndef WIRE_SMP_H
#define WIRE_SMP_H

#include "base/bytes.h"
#include "base/status.h"

#define SMP_HEAD_LEN 8
#define SMP_PACKET_MAX 2048 /* head included */
#define SMP_FRAME_MAX 127   /* newline included */

enum smp_op { SMP_READ = 0, SMP_READ_ANSWER = 1, SMP_WRITE = 2, SMP_WRITE_ANSWER = 3 };
enum smp_group { SMP_GROUP_OS = 0, SMP_GROUP_IMAGE = 1, SMP_GROUP_WINDLASS = 64 };

struct smp_head {
    uint8_t op;
    uint8_t flags;
    uint16_t length; /* of the CBOR that follows */
    uint16_t group;
    uint8_t sequence;
    uint8_t command;
};

/* Splits a packet. `body` is exactly head.length bytes: TRUNCATED or TRAILING otherwise; UNSUPPORTED for an op above 3
 * (with version bits: the op's low three bits count). */
status_t smp_packet_parse(struct bytes packet, struct smp_head *head, struct bytes *body);
/* Writes the 8 bytes. */
void smp_head_build(const struct smp_head *head, uint8_t out[SMP_HEAD_LEN]);

/* Receives bytes of a serial line. Zero it before the first use. */
struct smp_decoder {
    uint8_t line[SMP_FRAME_MAX];
    size_t line_len;
    uint8_t packet[SMP_PACKET_MAX + 4]; /* length and CRC included */
    size_t packet_len;
    size_t expected_len; /* 0: no packet under way */
    int overlong;        /* the current line is too long and will be dropped */
};
/* Takes one byte. STATUS_OK: a whole sound packet is at *packet (a view that lives until the next call). NOT_FOUND: go
 * on. FRAME_CRC, FRAME_FORMAT, TOO_LONG: a line or packet was dropped; the decoder is ready for the next. */
status_t smp_decode(struct smp_decoder *decoder, uint8_t byte, struct bytes *packet);

/* Encodes a packet into frames, all of them, one after the other. NO_SPACE when `capacity` is too small; *len is what
 * was written. SMP_ENCODED_MAX is always enough for SMP_PACKET_MAX. */
#define SMP_ENCODED_MAX 3072
status_t smp_encode(struct bytes packet, uint8_t *out, size_t capacity, size_t *len);

#endif
