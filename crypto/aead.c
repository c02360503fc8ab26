/* SPDX-License-Identifier: Apache-2.0 */
/* aead: ChaCha20 and AEAD_CHACHA20_POLY1305 of crypto.h (RFC 8439 sections 2.1 to 2.8). Built for size. */
#include "base/hard.h"
#include "base/wipe.h"
#include "crypto/crypto.h"

#define DOUBLE_ROUNDS 10
#define DATA_LEN_MAX 0x7FFFFFFFu

/* One message: the cipher's input and the block of key stream that came of it. */
struct stream {
    uint32_t state[16];
    uint32_t block[16];
};

static uint32_t rotated(uint32_t v, unsigned bits)
{
    return v << bits | v >> (32 - bits);
}

static void quarter_round(uint32_t x[16], size_t a, size_t b, size_t c, size_t d)
{
    x[a] += x[b];
    x[d] = rotated(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotated(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotated(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotated(x[b] ^ x[c], 7);
}

/* Makes the next block; the block counter goes on by one. */
static void stream_next(struct stream *s)
{
    memcpy(s->block, s->state, sizeof s->block);
    for (unsigned round = 0; round < DOUBLE_ROUNDS; round++) {
        for (size_t i = 0; i < 4; i++) {
            quarter_round(s->block, i, 4 + i, 8 + i, 12 + i);
        }
        for (size_t i = 0; i < 4; i++) {
            quarter_round(s->block, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
    }
    for (size_t i = 0; i < 16; i++) {
        s->block[i] += s->state[i];
    }
    s->state[12]++;
}

static void stream_apply(struct stream *s, struct bytes in, uint8_t *out)
{
    for (size_t i = 0; i < in.len; i++) {
        if (i % 64 == 0) {
            stream_next(s);
        }
        out[i] = (uint8_t)(in.data[i] ^ s->block[i % 64 / 4] >> (8 * (i % 4)));
    }
}

/* Block 0 of the key stream is the key of the MAC. */
static void stream_start(struct stream *s, struct crypto_poly1305 *mac, const struct crypto_aead *how)
{
    static const uint8_t sigma[16] = { 'e', 'x', 'p', 'a', 'n', 'd', ' ', '3', '2', '-', 'b', 'y', 't', 'e', ' ', 'k' };
    uint8_t key[32];
    for (size_t i = 0; i < 4; i++) {
        s->state[i] = bytes_read_le32(sigma + 4 * i);
    }
    for (size_t i = 0; i < 8; i++) {
        s->state[4 + i] = bytes_read_le32(how->key + 4 * i);
    }
    s->state[12] = 0;
    for (size_t i = 0; i < 3; i++) {
        s->state[13 + i] = bytes_read_le32(how->nonce + 4 * i);
    }
    stream_next(s);
    for (size_t i = 0; i < 8; i++) {
        bytes_write_le32(key + 4 * i, s->block[i]);
    }
    crypto_poly1305_start(mac, key);
    wipe(key, sizeof key);
}

static void padded_add(struct crypto_poly1305 *mac, struct bytes data)
{
    static const uint8_t zeros[16];
    crypto_poly1305_add(mac, data);
    crypto_poly1305_add(mac, bytes_of(zeros, (16 - data.len % 16) % 16));
}

static void mac_finish(struct crypto_poly1305 *mac, struct bytes aad, struct bytes cipher, uint8_t tag[16])
{
    uint8_t lengths[16] = { 0 };
    padded_add(mac, aad);
    padded_add(mac, cipher);
    bytes_write_le32(lengths, (uint32_t)aad.len);
    bytes_write_le32(lengths + 4, (uint32_t)((uint64_t)aad.len >> 32));
    bytes_write_le32(lengths + 8, (uint32_t)cipher.len);
    bytes_write_le32(lengths + 12, (uint32_t)((uint64_t)cipher.len >> 32));
    crypto_poly1305_add(mac, bytes_of(lengths, sizeof lengths));
    crypto_poly1305_finish(mac, tag);
}

status_t crypto_aead_seal(const struct crypto_aead *how, struct bytes plain, uint8_t *out, uint8_t tag[16])
{
    struct stream s;
    struct crypto_poly1305 mac;
    if (plain.len > DATA_LEN_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    stream_start(&s, &mac, how);
    stream_apply(&s, plain, out);
    mac_finish(&mac, how->aad, bytes_of(out, plain.len), tag);
    wipe(&s, sizeof s);
    return STATUS_OK;
}

/* HARD: what is returned is computed from the comparison; a skipped branch does not turn it into STATUS_OK. */
status_t crypto_aead_open(const struct crypto_aead *how, struct bytes cipher, const uint8_t tag[16], uint8_t *out)
{
    struct stream s;
    struct crypto_poly1305 mac;
    uint8_t expected[16];
    stream_start(&s, &mac, how);
    mac_finish(&mac, how->aad, cipher, expected);
    status_t status = STATUS_OK ^ HARD_SAME ^ hard_compare(expected, tag, sizeof expected);
    if (status == STATUS_OK && cipher.len <= DATA_LEN_MAX) {
        stream_apply(&s, cipher, out);
    } else {
        wipe(out, cipher.len);
        status = STATUS_CRYPTO_TAG;
    }
    wipe(expected, sizeof expected);
    wipe(&s, sizeof s);
    return status;
}
