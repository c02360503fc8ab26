/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto_fw: the crypto room alone on the emulated chip. It checks the known answers and that the inner loops in
 * Thumb-2 give what their C gives, then runs each verb once between two marks, for the counting plugin
 * (tools/bench-crypto).
 */
#include "crypto/aes.h"
#include "crypto/poly1305_blocks.h"
#include "crypto/sha256_blocks.h"

#define DATA_LEN 0x40000u
#define TRIES 5000u

extern uint32_t linker_stack_top[];
_Noreturn void fw_reset(void);
__attribute__((section(".vectors"), used)) static const void *const vectors[2] = { linker_stack_top,
                                                                                   (const void *)fw_reset };

/* The inner loops in C under names of their own. */
void poly1305_blocks_c(struct crypto_poly1305 *p, const uint8_t *in, size_t count, uint32_t top);
void sha256_blocks_c(uint32_t h[8], const uint8_t *in, size_t count);
void aes_block_encrypt_c(const uint32_t round_keys[AES_KEY_WORDS], const uint32_t in[4], uint32_t out[4]);

static uint8_t data[DATA_LEN + 64];
static uint8_t digest[32];

static uint32_t semihost(uint32_t op, const void *argument)
{
    register uint32_t r0 __asm__("r0") = op;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void say(const char *text)
{
    (void)semihost(0x04, text);
}

static _Noreturn void leave(int good)
{
    say(good ? "crypto: good\n" : "crypto: BAD\n");
    (void)semihost(0x18, (const void *)(good ? 0x20026u : 0x20023u));
    for (;;) {
    }
}

status_t crypto_random(uint8_t *out, size_t len)
{
    static uint32_t x = 0x12345678;
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        out[i] = (uint8_t)(x >> 24);
    }
    return STATUS_OK;
}

/* Words that are random, all ones, zero or one: sums of such words carry through all of them. */
static void words_shape(void *out, size_t count)
{
    static const uint32_t rare[3] = { 0xFFFFFFFF, 0, 1 };
    for (size_t i = 0; i < count; i++) {
        uint32_t v[2];
        (void)crypto_random((uint8_t *)v, sizeof v);
        v[0] = v[1] % 4 == 3 ? v[0] : rare[v[1] % 4];
        memcpy((uint8_t *)out + 4 * i, v, 4);
    }
}

/* Any state that the loop may meet: h[4] at most 4, r clamped. One in ten: r is 1 and all of h is ones, so that the
 * carry of the reduction runs through every word. */
static int poly1305_agrees(unsigned i)
{
    struct crypto_poly1305 a;
    struct crypto_poly1305 b;
    uint8_t key[32];
    words_shape(key, 8);
    crypto_poly1305_start(&a, key);
    words_shape(a.h, 4);
    a.h[4] = i / 5 % 5;
    words_shape(data + i % 4, 16);
    if (i % 10 == 1) {
        memset(a.r, 0, sizeof a.r);
        memset(a.s, 0, sizeof a.s);
        a.r[0] = 1;
        memset(a.h, 0xFF, 16);
        memset(data + i % 4, 0, 64);
    }
    b = a;
    poly1305_blocks(&a, data + i % 4, i % 5, i / 25 % 2);
    poly1305_blocks_c(&b, data + i % 4, i % 5, i / 25 % 2);
    return memcmp(&a, &b, sizeof a) == 0;
}

static int sha256_agrees(unsigned i)
{
    uint32_t a[8];
    uint32_t b[8];
    (void)crypto_random((uint8_t *)a, sizeof a);
    (void)crypto_random(data, 260);
    memcpy(b, a, sizeof b);
    sha256_blocks(a, data + i % 4, i % 5);
    sha256_blocks_c(b, data + i % 4, i % 5);
    return memcmp(a, b, sizeof a) == 0;
}

static int aes_agrees(void)
{
    uint32_t round_keys[AES_KEY_WORDS];
    uint32_t a[4];
    uint32_t b[4];
    (void)crypto_random(data, 16);
    aes_key_expand(round_keys, data);
    (void)crypto_random((uint8_t *)a, sizeof a);
    aes_block_encrypt_c(round_keys, a, b);
    aes_block_encrypt(round_keys, a, a);
    return memcmp(a, b, sizeof a) == 0;
}

#define MARK(name)                                                                                                     \
    __attribute__((noinline, used)) void mark_##name(void);                                                            \
    void mark_##name(void)                                                                                             \
    {                                                                                                                  \
        __asm__ volatile("" : : : "memory");                                                                           \
    }
MARK(sha256)
MARK(poly1305)
MARK(ctr)
MARK(aead)
MARK(unwrap)
MARK(hkdf)
MARK(selftest)
MARK(selftest_signature)
MARK(end)

static void measure(void)
{
    static const uint8_t key[32] = { 1, 2, 3 };
    struct crypto_poly1305 mac;
    struct crypto_ctr ctr;
    uint8_t out[48];
    const struct crypto_aead how = { key, key, bytes_of(key, 12) };
    mark_sha256();
    crypto_sha256(bytes_of(data, DATA_LEN), digest);
    mark_poly1305();
    crypto_poly1305_start(&mac, key);
    crypto_poly1305_add(&mac, bytes_of(data, DATA_LEN));
    crypto_poly1305_finish(&mac, digest);
    mark_ctr();
    crypto_ctr_start(&ctr, key, key);
    crypto_ctr_apply(&ctr, data, data, DATA_LEN);
    mark_aead();
    (void)crypto_aead_seal(&how, bytes_of(data, 1024), data, digest);
    mark_unwrap();
    (void)crypto_key_unwrap(key, key, out);
    mark_hkdf();
    (void)crypto_hkdf(bytes_of(key, 32), bytes_of(key, 30), out, 32);
    mark_selftest();
    (void)crypto_selftest();
    mark_selftest_signature();
    (void)crypto_selftest_signature();
    mark_end();
}

_Noreturn void fw_reset(void)
{
    int good = crypto_selftest() == STATUS_OK && crypto_selftest_signature() == STATUS_OK;
    for (unsigned i = 0; i < TRIES && good; i++) {
        good = poly1305_agrees(i) && sha256_agrees(i) && aes_agrees();
    }
    measure();
    leave(good);
}
