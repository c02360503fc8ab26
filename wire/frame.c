/* SPDX-License-Identifier: Apache-2.0 */
/* frame: see frame.h. */
#include "wire/frame.h"

#define SYNC_0 'W'
#define SYNC_1 'L'

static uint16_t crc16(struct bytes data)
{
    unsigned crc = 0;
    for (size_t i = 0; i < data.len; i++) {
        crc ^= (unsigned)data.data[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc << 1) ^ ((crc & 0x8000u) != 0 ? 0x1021u : 0);
        }
    }
    return (uint16_t)crc;
}

/* 1 while what has come can still be the beginning of a frame. */
static int head_is_possible(const struct frame_decoder *d)
{
    uint16_t length = bytes_read_be16(d->data + 2);
    return d->data[0] == SYNC_0 && (d->len < 2 || d->data[1] == SYNC_1) &&
           (d->len != FRAME_HEAD_LEN ||
            (length >= 1 && length <= FRAME_MESSAGE_MAX && (length ^ bytes_read_be16(d->data + 4)) == 0xFFFF));
}

status_t frame_decode(struct frame_decoder *decoder, uint8_t byte, struct bytes *message)
{
    decoder->data[decoder->len++] = byte;
    while (decoder->len > 0 && decoder->len <= FRAME_HEAD_LEN && !head_is_possible(decoder)) {
        decoder->len--; /* the frame may have begun later */
        memmove(decoder->data, decoder->data + 1, decoder->len);
    }
    size_t length = bytes_read_be16(decoder->data + 2);
    if (decoder->len < FRAME_HEAD_LEN || decoder->len < FRAME_HEAD_LEN + length + FRAME_CRC_LEN) {
        return STATUS_NOT_FOUND;
    }
    *message = bytes_of(decoder->data + FRAME_HEAD_LEN, length);
    decoder->len = 0;
    return crc16(*message) == bytes_read_be16(message->data + length) ? STATUS_OK : STATUS_FRAME_CRC;
}

void frame_ends_make(struct bytes message, uint8_t head[FRAME_HEAD_LEN], uint8_t crc[FRAME_CRC_LEN])
{
    head[0] = SYNC_0;
    head[1] = SYNC_1;
    bytes_write_be16(head + 2, (uint16_t)message.len);
    bytes_write_be16(head + 4, (uint16_t)~message.len);
    bytes_write_be16(crc, crc16(message));
}
