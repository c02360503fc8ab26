/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame: messages on a serial line in the factory (docs/spec.md section 17.4): `W` `L`, length (u16 BE), its
 * complement, the message, CRC-16/XMODEM over it (BE). The CRC finds noise; who may say what is the secure channel's
 * business.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/bytes.h"
#include "base/status.h"

#define FRAME_MESSAGE_MAX 2048u
#define FRAME_HEAD_LEN 6u
#define FRAME_CRC_LEN 2u
#define FRAME_MAX (FRAME_HEAD_LEN + FRAME_MESSAGE_MAX + FRAME_CRC_LEN)

/* Receives bytes of the line. Zero it before the first use. */
struct frame_decoder {
    uint8_t data[FRAME_MAX];
    size_t len;
};
/* Takes one byte. STATUS_OK: a whole message is at *message (a view until the next call). NOT_FOUND: go on. FRAME_CRC:
 * one was dropped. What is no frame is passed over. */
status_t frame_decode(struct frame_decoder *decoder, uint8_t byte, struct bytes *message);
/* Head and CRC of a message of 1 to FRAME_MESSAGE_MAX bytes, which goes between them. */
void frame_ends_make(struct bytes message, uint8_t head[FRAME_HEAD_LEN], uint8_t crc[FRAME_CRC_LEN]);

#endif
