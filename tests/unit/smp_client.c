/* SPDX-License-Identifier: Apache-2.0 */
/* smp_client: see smp_client.h. */
#include "tests/unit/smp_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"

static uint8_t line[CLIENT_LINE_MAX];
static size_t line_len;
static uint8_t sequence;
static uint8_t request_op = SMP_WRITE;

void client_clear(void)
{
    line_len = 0;
    request_op = SMP_WRITE;
}

void client_op_set(uint8_t op)
{
    request_op = op;
}

struct bytes client_line(void)
{
    return bytes_of(line, line_len);
}

void client_add_raw(struct bytes bytes)
{
    if (bytes.len > sizeof line - line_len) {
        abort();
    }
    memcpy(line + line_len, bytes.data, bytes.len);
    line_len += bytes.len;
}

void client_add(uint16_t group, uint8_t command, struct bytes body)
{
    uint8_t packet[SMP_PACKET_MAX];
    size_t len = 0;
    const struct smp_head head = {
        .op = request_op, .length = (uint16_t)body.len, .group = group, .sequence = sequence++, .command = command
    };
    smp_head_build(&head, packet);
    memcpy(packet + SMP_HEAD_LEN, body.data, body.len);
    if (smp_encode(bytes_of(packet, SMP_HEAD_LEN + body.len), line + line_len, sizeof line - line_len, &len) !=
        STATUS_OK) {
        abort();
    }
    line_len += len;
}

void client_add_piece(struct bytes all, size_t off, size_t len)
{
    uint8_t body[CLIENT_PIECE_MAX + 64];
    struct cbor_writer w = cbor_writer_of(body, sizeof body);
    cbor_write_map(&w, off == 0 ? 3 : 2);
    smp_pair_bytes(&w, "data", bytes_of(all.data + off, len));
    if (off == 0) {
        smp_pair_uint(&w, "len", all.len);
    }
    smp_pair_uint(&w, "off", off);
    client_add(SMP_GROUP_IMAGE, 1, cbor_written(&w));
}

void client_add_upload(struct bytes all, size_t piece_len)
{
    for (size_t off = 0; off < all.len; off += piece_len) {
        client_add_piece(all, off, all.len - off < piece_len ? all.len - off : piece_len);
    }
}

unsigned client_answers(struct bytes in, struct bytes *bodies, unsigned max)
{
    static struct smp_decoder decoder;
    static uint8_t store[65536];
    size_t used = 0;
    unsigned count = 0;
    memset(&decoder, 0, sizeof decoder);
    for (size_t i = 0; i < in.len; i++) {
        struct smp_head head;
        struct bytes packet;
        struct bytes body;
        if (smp_decode(&decoder, in.data[i], &packet) != STATUS_OK ||
            smp_packet_parse(packet, &head, &body) != STATUS_OK) {
            continue;
        }
        if (count == max || body.len > sizeof store - used) {
            abort();
        }
        memcpy(store + used, body.data, body.len);
        bodies[count++] = bytes_of(store + used, body.len);
        used += body.len;
    }
    return count;
}

uint64_t client_number(struct bytes body, const char *key)
{
    struct cbor_reader r = cbor_reader_of(body);
    struct smp_map map = smp_map_open(&r);
    struct bytes name;
    uint64_t found = UINT64_MAX;
    while (smp_map_next(&map, &name)) {
        if (smp_key_is(name, key) && cbor_peek(&r) == CBOR_UINT) {
            found = cbor_read_uint(&r);
        } else {
            (void)cbor_skip(&r);
        }
    }
    return r.status == STATUS_OK ? found : UINT64_MAX;
}

status_t client_reason(struct bytes body)
{
    struct cbor_reader r = cbor_reader_of(body);
    struct smp_map map = smp_map_open(&r);
    struct bytes name;
    struct bytes reason = { NULL, 0 };
    char text[160];
    while (smp_map_next(&map, &name)) {
        struct bytes value = cbor_peek(&r) == CBOR_TSTR ? cbor_read_tstr(&r) : cbor_skip(&r);
        reason = smp_key_is(name, "rsn") ? value : reason;
    }
    for (unsigned i = 1; r.status == STATUS_OK && i <= UINT8_MAX; i++) {
        (void)snprintf(text, sizeof text, "%u: %s", i, status_text((status_t)i));
        if (bytes_equal(reason, bytes_of(text, strlen(text)))) {
            return (status_t)i;
        }
    }
    return STATUS_OK;
}
