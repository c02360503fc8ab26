/* SPDX-License-Identifier: Apache-2.0 */
/* aead: ChaCha20 and AEAD_CHACHA20_POLY1305 of crypto.h (RFC 8439 sections 2.1 to 2.8). Built for size. */
#include "base/hard.h"
#include "base/wipe.h"
#include "crypto/crypto.h"

#define ROUNDS 20
#define DATA_LEN_MAX 0x7FFFFFFFu

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are taken from memory as they lie");

/* One message: the cipher's input and the block of key stream that came of it. */
struct stream {
    uint32_t state[16];
    uint32_t block[16];
};

static uint32_t rotated(uint32_t v, unsigned bits)
{
    return v << bits | v >> (32 - bits);
}

/* On the four words of x whose places are the digits of `where`, the first lowest. */
static void quarter_round(uint32_t x[16], uint32_t where)
{
    uint32_t a = x[where & 15u];
    uint32_t b = x[where >> 4 & 15u];
    uint32_t c = x[where >> 8 & 15u];
    uint32_t d = x[where >> 12];
    a += b;
    d = rotated(d ^ a, 16);
    c += d;
    b = rotated(b ^ c, 12);
    a += b;
    d = rotated(d ^ a, 8);
    c += d;
    b = rotated(b ^ c, 7);
    x[where & 15u] = a;
    x[where >> 4 & 15u] = b;
    x[where >> 8 & 15u] = c;
    x[where >> 12] = d;
}

/* Makes the next block; the block counter goes on by one. */
static void stream_next(struct stream *s)
{
    /* The quarter rounds of two rounds: on columns, then on diagonals. */
    static const uint16_t places[8] = { 0xC840, 0xD951, 0xEA62, 0xFB73, 0xFA50, 0xCB61, 0xD872, 0xE943 };
    memcpy(s->block, s->state, sizeof s->block);
    for (size_t i = 0; i < 4 * ROUNDS; i++) {
        quarter_round(s->block, places[i % 8]);
    }
    for (size_t i = 0; i < 16; i++) {
        s->block[i] += s->state[i];
    }
    s->state[12]++;
}

__attribute__((noinline)) static void stream_apply(struct stream *s, struct bytes in, uint8_t *out)
{
    for (size_t i = 0; i < in.len; i++) {
        if (i % 64 == 0) {
            stream_next(s);
        }
        out[i] = in.data[i] ^ ((const uint8_t *)s->block)[i % 64];
    }
}

/* Block 0 of the key stream is the key of the MAC. */
static void stream_start(struct stream *s, struct crypto_poly1305 *mac, const struct crypto_aead *how)
{
    memcpy(s->state, "expand 32-byte k", 16);
    memcpy(s->state + 4, how->key, 32);
    s->state[12] = 0;
    memcpy(s->state + 13, how->nonce, 12);
    stream_next(s);
    crypto_poly1305_start(mac, (const uint8_t *)s->block);
}

static void padded_add(struct crypto_poly1305 *mac, struct bytes data)
{
    static const uint8_t zeros[16];
    crypto_poly1305_add(mac, data);
    crypto_poly1305_add(mac, bytes_of(zeros, (16 - data.len % 16) % 16));
}

static void mac_finish(struct crypto_poly1305 *mac, struct bytes aad, struct bytes cipher, uint8_t tag[16])
{
    const uint64_t lengths[2] = { aad.len, cipher.len };
    padded_add(mac, aad);
    padded_add(mac, cipher);
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

/* Computes the tag from nothing but the arguments and compares it. `fill`: what a skipped step works with. */
__attribute__((noinline)) static uint32_t tag_compare(const struct crypto_aead *how, struct bytes cipher,
                                                      const uint8_t tag[16], uint8_t fill)
{
    struct stream s;
    struct crypto_poly1305 mac;
    uint8_t expected[16];
    memset(&s, fill, sizeof s);
    memset(&mac, fill, sizeof mac);
    memset(expected, fill, sizeof expected);
    stream_start(&s, &mac, how);
    mac_finish(&mac, how->aad, cipher, expected);
    uint32_t same = hard_compare(expected, tag, sizeof expected);
    wipe(expected, sizeof expected);
    wipe(&s, sizeof s);
    return same;
}

/* HARD: the tag is computed twice, and what is returned is computed from both comparisons: neither a skipped branch nor
 * a tag that fits one wrong step gives STATUS_OK. */
status_t crypto_aead_open(const struct crypto_aead *how, struct bytes cipher, const uint8_t tag[16], uint8_t *out)
{
    struct stream s;
    struct crypto_poly1305 mac;
    uint32_t difference = HARD_SAME ^ tag_compare(how, cipher, tag, 0x00);
    difference |= HARD_SAME ^ tag_compare(how, cipher, tag, 0xFF);
    status_t status = STATUS_OK ^ difference;
    if (status == STATUS_OK && cipher.len <= DATA_LEN_MAX) {
        stream_start(&s, &mac, how);
        stream_apply(&s, cipher, out);
        wipe(&mac, sizeof mac);
        wipe(&s, sizeof s);
    } else {
        wipe(out, cipher.len);
        status = STATUS_CRYPTO_TAG;
    }
    return status;
}
