/* SPDX-License-Identifier: Apache-2.0 */
/* channel_line: see channel_line.h. */
#include "tests/unit/channel_line.h"

#include <unistd.h>

#include "crypto/crypto.h"
#include "tests/unit/test.h"

#define MESSAGE_1_MARK 0xF5
#define C_R 0x01

static void all_write(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        assert_true(n > 0);
        data += n;
        len -= (size_t)n;
    }
}

void channel_line_send(struct channel_line *l, struct bytes message)
{
    uint8_t head[FRAME_HEAD_LEN], crc[FRAME_CRC_LEN];
    frame_ends_make(message, head, crc);
    all_write(l->fd, head, sizeof head);
    all_write(l->fd, message.data, message.len);
    all_write(l->fd, crc, sizeof crc);
}

struct bytes channel_line_get(struct channel_line *l)
{
    struct bytes message = { NULL, 0 };
    uint8_t byte;
    l->decoder.len = 0;
    while (read(l->fd, &byte, 1) == 1) {
        if (frame_decode(&l->decoder, byte, &message) == STATUS_OK) {
            return message;
        }
    }
    return bytes_of(NULL, 0);
}

struct bytes channel_line_marked(struct channel_line *l, uint8_t mark, struct bytes message)
{
    uint8_t data[EDHOC_MESSAGE_MAX];
    assert_true(message.len < sizeof data);
    data[0] = mark;
    memcpy(data + 1, message.data, message.len);
    channel_line_send(l, bytes_of(data, message.len + 1));
    return channel_line_get(l);
}

static status_t chip_check(struct channel_rig *rig)
{
    struct edhoc *e = &rig->appliance;
    struct edhoc_chain chain;
    uint8_t encoded[1100];
    struct cbor_writer cred = cbor_writer_of(encoded, sizeof encoded);
    assert_int_equal(edhoc_x5chain_parse(e->peer.id_cred, &chain), STATUS_OK);
    cbor_write_bstr(&cred, chain.certificate[0]);
    return edhoc_message_2_check(e, cbor_written(&cred), rig->expected);
}

status_t channel_line_shake(struct channel_line *l, struct channel_rig *rig)
{
    struct edhoc *e = &rig->appliance;
    struct edhoc_error error;
    uint8_t buffer[EDHOC_MESSAGE_MAX], digest[32], signature[64];
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    assert_int_equal(edhoc_message_1_make(e, &w), STATUS_OK);
    status_t status = edhoc_message_2_open(e, channel_line_marked(l, MESSAGE_1_MARK, cbor_written(&w)));
    status = status == STATUS_OK ? chip_check(rig) : status;
    if (status != STATUS_OK) {
        return status;
    }
    w = cbor_writer_of(buffer, sizeof buffer);
    assert_int_equal(edhoc_message_3_begin(e, &rig->own_i, digest), STATUS_OK);
    assert_int_equal(crypto_p256_sign(rig->channel.secret, digest, signature), STATUS_OK);
    assert_int_equal(edhoc_message_3_finish(e, &rig->own_i, signature, &w), STATUS_OK);
    struct bytes last = channel_line_marked(l, C_R, cbor_written(&w));
    status = edhoc_message_4_open(e, last);
    if (status == STATUS_CHANNEL_PEER && edhoc_error_parse(last, &error) == STATUS_OK && error.text.len == 10) {
        memcpy(l->refusal, error.text.data, 10);
    }
    return status == STATUS_OK ? record_channel_open(&l->channel, e, RECORD_LABEL_TO_CHIP) : status;
}

uint64_t channel_line_answer(struct channel_line *l)
{
    size_t len = 0;
    if (record_open(&l->channel, channel_line_get(l), l->plain, &len) != STATUS_OK) {
        return STATUS_MESSAGE;
    }
    assert_int_equal(provision_answer_parse(bytes_of(l->plain, len), &l->answer), STATUS_OK);
    return l->answer.status;
}

uint64_t channel_line_ask(struct channel_line *l, const struct provision_request *in)
{
    uint8_t data[FRAME_MESSAGE_MAX];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    struct cbor_writer r = cbor_writer_of(l->request.data, sizeof l->request.data);
    provision_request_build(in, &w);
    assert_int_equal(record_seal(&l->channel, cbor_written(&w), &r), STATUS_OK);
    l->request.len = r.len;
    channel_line_send(l, bytes_of(l->request.data, l->request.len));
    return channel_line_answer(l);
}
