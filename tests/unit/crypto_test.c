/* SPDX-License-Identifier: Apache-2.0 */
/* crypto: known answers (RFC 6979 A.2.5, and those of the self-test) and refusals of P-256. */
#include "tests/unit/test.h"

#include "crypto/crypto.h"

static const uint8_t rfc6979_public[64] = { 0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB,
                                            0x74, 0xC6, 0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61,
                                            0xFA, 0x6C, 0xE6, 0x69, 0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79,
                                            0x03, 0xFE, 0x10, 0x08, 0xB8, 0xBC, 0x99, 0xA4, 0x1A, 0xE9, 0xE9,
                                            0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2, 0x0C, 0x2D, 0x7E, 0x9F,
                                            0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99 };
static const uint8_t rfc6979_signature[64] = { 0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD,
                                               0x9C, 0xD4, 0x5E, 0x81, 0xD6, 0x9D, 0x2C, 0x87, 0x7B, 0x56, 0xAA,
                                               0xF9, 0x91, 0xC3, 0x4D, 0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16, 0xF7,
                                               0xCB, 0x1C, 0x94, 0x2D, 0x65, 0x7C, 0x41, 0xD4, 0x36, 0xC7, 0xA1,
                                               0xB6, 0xE2, 0x9F, 0x65, 0xF3, 0xE9, 0x00, 0xDB, 0xB9, 0xAF, 0xF4,
                                               0x06, 0x4D, 0xC4, 0xAB, 0x2F, 0x84, 0x3A, 0xCD, 0xA8 };

static void self_tests_pass(void **state)
{
    (void)state;
    assert_int_equal(crypto_selftest(), STATUS_OK);
    assert_int_equal(crypto_selftest_signature(), STATUS_OK);
}

static void known_signature_is_accepted(void **state)
{
    uint8_t digest[32];
    (void)state;
    crypto_sha256(bytes_of("sample", 6), digest);
    assert_int_equal(crypto_p256_verify(rfc6979_public, digest, rfc6979_signature), STATUS_OK);
}

static void every_flipped_bit_of_a_signature_is_refused(void **state)
{
    uint8_t digest[32];
    uint8_t signature[64];
    (void)state;
    crypto_sha256(bytes_of("sample", 6), digest);
    for (size_t bit = 0; bit < 512; bit++) {
        memcpy(signature, rfc6979_signature, sizeof signature);
        signature[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_not_equal(crypto_p256_verify(rfc6979_public, digest, signature), STATUS_OK);
    }
}

static void zero_and_off_curve_keys_are_refused(void **state)
{
    static const uint8_t zero[64];
    uint8_t digest[32] = { 1 };
    uint8_t secret[32];
    uint8_t off_curve[64];
    (void)state;
    memcpy(off_curve, rfc6979_public, sizeof off_curve);
    off_curve[63] ^= 1;
    assert_int_equal(crypto_p256_verify(zero, digest, rfc6979_signature), STATUS_CRYPTO_KEY);
    assert_int_not_equal(crypto_p256_verify(rfc6979_public, digest, zero), STATUS_OK);
    assert_int_equal(crypto_p256_agree(digest, off_curve, secret), STATUS_CRYPTO_KEY);
    assert_int_equal(crypto_p256_sign(zero, digest, off_curve), STATUS_CRYPTO_KEY);
}

static void own_signatures_and_agreements_hold(void **state)
{
    uint8_t secret[2][32];
    uint8_t open[2][64];
    uint8_t again[64];
    uint8_t shared[2][32];
    uint8_t digest[32] = { 7 };
    uint8_t signature[64];
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(crypto_p256_generate(secret[i], open[i]), STATUS_OK);
        assert_int_equal(crypto_p256_public(secret[i], again), STATUS_OK);
        assert_memory_equal(again, open[i], 64);
    }
    assert_int_equal(crypto_p256_sign(secret[0], digest, signature), STATUS_OK);
    assert_int_equal(crypto_p256_verify(open[0], digest, signature), STATUS_OK);
    assert_int_not_equal(crypto_p256_verify(open[1], digest, signature), STATUS_OK);
    assert_int_equal(crypto_p256_agree(secret[0], open[1], shared[0]), STATUS_OK);
    assert_int_equal(crypto_p256_agree(secret[1], open[0], shared[1]), STATUS_OK);
    assert_memory_equal(shared[0], shared[1], 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_tests_pass),
        cmocka_unit_test(known_signature_is_accepted),
        cmocka_unit_test(every_flipped_bit_of_a_signature_is_refused),
        cmocka_unit_test(zero_and_off_curve_keys_are_refused),
        cmocka_unit_test(own_signatures_and_agreements_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
