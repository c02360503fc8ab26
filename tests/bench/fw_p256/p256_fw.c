/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p256_fw: the curve alone on the emulated chip. The field in Thumb-2 must give what its C gives, corners included; a
 * published signature must verify and a changed one not; key pairs must agree. Then each verb runs between two marks.
 */
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/p256/field.h"

#define TRIES 20000u

extern uint32_t linker_stack_top[];
_Noreturn void fw_reset(void);
__attribute__((section(".vectors"), used)) static const void *const vectors[2] = { linker_stack_top,
                                                                                   (const void *)fw_reset };

typedef void field_op(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
field_op field_mul_c, field_add_c, field_sub_c, scalar_mul_c;

/* RFC 6979 A.2.5: the key, SHA-256 of "sample", and its signature. */
static const uint8_t key[64] = { 0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74, 0xC6,
                                 0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6, 0x69,
                                 0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8, 0xBC,
                                 0x99, 0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2, 0x0C,
                                 0x2D, 0x7E, 0x9F, 0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99 };
static const uint8_t digest[32] = { 0xAF, 0x2B, 0xDB, 0xE1, 0xAA, 0x9B, 0x6E, 0xC1, 0xE2, 0xAD, 0xE1,
                                    0xD6, 0x94, 0xF4, 0x1F, 0xC7, 0x1A, 0x83, 0x1D, 0x02, 0x68, 0xE9,
                                    0x89, 0x15, 0x62, 0x11, 0x3D, 0x8A, 0x62, 0xAD, 0xD1, 0xBF };
static const uint8_t signature[64] = { 0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD, 0x9C, 0xD4,
                                       0x5E, 0x81, 0xD6, 0x9D, 0x2C, 0x87, 0x7B, 0x56, 0xAA, 0xF9, 0x91, 0xC3, 0x4D,
                                       0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16, 0xF7, 0xCB, 0x1C, 0x94, 0x2D, 0x65, 0x7C,
                                       0x41, 0xD4, 0x36, 0xC7, 0xA1, 0xB6, 0xE2, 0x9F, 0x65, 0xF3, 0xE9, 0x00, 0xDB,
                                       0xB9, 0xAF, 0xF4, 0x06, 0x4D, 0xC4, 0xAB, 0x2F, 0x84, 0x3A, 0xCD, 0xA8 };

static uint32_t semihost(uint32_t op, const void *argument)
{
    register uint32_t r0 __asm__("r0") = op;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static _Noreturn void leave(int good)
{
    (void)semihost(0x04, good ? "p256: good\n" : "p256: BAD\n");
    (void)semihost(0x18, (const void *)(good ? 0x20026u : 0x20023u));
    for (;;) {
    }
}

/* Starts from zeroed memory: nobody copies .data here. */
static uint32_t noise(void)
{
    static uint32_t count;
    count += 0x9E3779B9u;
    uint32_t x = count ^ count >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    return x ^ x >> 16;
}

status_t crypto_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(noise() >> 24);
    }
    return STATUS_OK;
}

/* Limbs with many 0, 1 and all ones, below both moduli. */
static void limbs_make(uint32_t out[P256_LIMBS], unsigned i)
{
    static const uint32_t corners[8] = { 0, 1, 0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFEu, 0x80000000u, 2, 0xFFFFFFFFu };
    for (unsigned j = 0; j < P256_LIMBS; j++) {
        uint32_t random = noise();
        out[j] = i % 4 != 0 && random & 0x400u ? corners[random >> 20 & 7u] : noise();
    }
    if (out[7] == 0xFFFFFFFFu) { /* p - something small, n - something small, or below */
        const uint32_t *m = i & 64u ? p256_prime.value : p256_order.value;
        memcpy(out, m, i & 32u ? 4 * P256_LIMBS : 0);
        out[6] = 0;
        out[5] -= i & 16u ? 1u : 0;
        out[4] -= i & 16u ? 1u : 0;
        out[0] -= 1u;
    }
}

static int field_agrees(unsigned i)
{
    static field_op *const pairs[4][2] = { { p256_field_mul, field_mul_c },
                                           { p256_field_add, field_add_c },
                                           { p256_field_sub, field_sub_c },
                                           { p256_scalar_mul, scalar_mul_c } };
    uint32_t a[P256_LIMBS];
    uint32_t b[P256_LIMBS];
    uint32_t want[P256_LIMBS];
    limbs_make(a, i);
    limbs_make(b, i * 3);
    field_op *const *pair = pairs[i % 4];
    pair[1](want, a, b);
    if (i & 8u) { /* the result over an input */
        pair[0](i & 4u ? a : b, a, b);
        return memcmp(i & 4u ? a : b, want, sizeof want) == 0;
    }
    uint32_t got[P256_LIMBS];
    pair[0](got, a, b);
    return memcmp(got, want, sizeof want) == 0;
}

static int verbs_agree(void)
{
    uint8_t secret[2][32];
    uint8_t open[2][64];
    uint8_t shared[2][32];
    uint8_t made[64];
    for (unsigned i = 0; i < 2; i++) {
        if (crypto_p256_generate(secret[i], open[i]) != STATUS_OK) {
            return 0;
        }
    }
    if (crypto_p256_agree(secret[0], open[1], shared[0]) != STATUS_OK ||
        crypto_p256_agree(secret[1], open[0], shared[1]) != STATUS_OK || memcmp(shared[0], shared[1], 32) != 0) {
        return 0;
    }
    if (crypto_p256_sign(secret[0], shared[0], made) != STATUS_OK ||
        crypto_p256_verify(open[0], shared[0], made) != STATUS_OK) {
        return 0;
    }
    made[noise() % 64] ^= 1;
    return crypto_p256_verify(open[0], shared[0], made) == STATUS_CRYPTO_SIGNATURE;
}

#define MARK(name)                                                                                                     \
    __attribute__((noinline, used)) void mark_##name(void);                                                            \
    void mark_##name(void)                                                                                             \
    {                                                                                                                  \
        __asm__ volatile("" : : : "memory");                                                                           \
    }
MARK(verify)
MARK(sign)
MARK(public)
MARK(public_one)
MARK(public_last)
MARK(loop_end)
MARK(agree)
MARK(field_mul)
MARK(scalar_mul)
MARK(end)

/* One loop, so that the instructions around each call are the same; those after the last call are not compared. */
static void public_measure(void)
{
    static const uint8_t one[32] = { [31] = 1 };
    static const uint8_t last[32] = { 0xFF, 0xFF, 0xFF, 0xFF, 0,    0,    0,    0,    0xFF, 0xFF, 0xFF,
                                      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
                                      0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x50 }; /* n - 1 */
    static const struct {
        void (*mark)(void);
        const uint8_t *private_key;
    } runs[] = {
        { mark_public, digest }, { mark_public_one, one }, { mark_public_last, last }, { mark_loop_end, one }
    };
    uint8_t out[64];
    for (unsigned i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        runs[i].mark();
        (void)crypto_p256_public(runs[i].private_key, out);
    }
}

static int measure(void)
{
    uint8_t out[64];
    uint32_t limbs[P256_LIMBS] = { 1 };
    mark_verify();
    status_t status = crypto_p256_verify(key, digest, signature);
    mark_sign();
    (void)crypto_p256_sign(digest, digest, out);
    public_measure();
    mark_agree();
    (void)crypto_p256_agree(digest, key, out);
    mark_field_mul();
    p256_field_mul(limbs, limbs, limbs);
    mark_scalar_mul();
    p256_scalar_mul(limbs, limbs, limbs);
    mark_end();
    return status == STATUS_OK;
}

_Noreturn void fw_reset(void)
{
    int good = measure();
    for (unsigned i = 0; i < TRIES && good; i++) {
        good = field_agrees(i);
    }
    for (unsigned i = 0; i < 20 && good; i++) {
        good = verbs_agree();
    }
    leave(good);
}
