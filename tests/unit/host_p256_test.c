/* SPDX-License-Identifier: Apache-2.0 */
/* p256 of the host: its check of signatures against published vectors and at the corners of the curve. */
#include "tests/unit/test.h"

#include <string.h>

#include "host/lib/p256.h"
#include "tests/unit/crypto_p256_maker.h"
#include "tests/unit/crypto_p256_vectors.h"

static void status_is(status_t got, status_t want)
{
    assert_string_equal(status_name(got), status_name(want));
}

static void cavp_signatures_have_their_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof signature_vectors / sizeof signature_vectors[0]; i++) {
        uint8_t key[64];
        uint8_t digest[32];
        uint8_t signature[64];
        maker_hex(signature_vectors[i].key, key, 64);
        maker_hex(signature_vectors[i].digest, digest, 32);
        maker_hex(signature_vectors[i].signature, signature, 64);
        status_is(p256_verify(key, digest, signature), signature_vectors[i].good ? STATUS_OK : STATUS_CRYPTO_SIGNATURE);
    }
}

static void cavp_public_keys_have_their_answers(void **state)
{
    static const uint8_t digest[32] = { 1 };
    static const uint8_t signature[64] = { 1 };
    (void)state;
    for (size_t i = 0; i < sizeof key_vectors / sizeof key_vectors[0]; i++) {
        uint8_t key[64];
        maker_hex(key_vectors[i].key, key, 64);
        status_is(p256_verify(key, digest, signature),
                  key_vectors[i].good ? STATUS_CRYPTO_SIGNATURE : STATUS_CRYPTO_KEY);
    }
}

static void small_multiples_verify(void **state)
{
    static const int keys[] = { 1, -1, 2, -2, 3, -3, 5, -7, 15, -15, 16, -16 };
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        for (int u1 = 0; u1 <= 18; u1++) {
            for (int u2 = 1; u2 <= 18; u2++) {
                struct maker_case c;
                int finite = maker_case_of(&c, u1, u2, keys[i]);
                status_is(p256_verify(c.key, c.digest, c.signature), finite ? STATUS_OK : STATUS_CRYPTO_SIGNATURE);
            }
        }
    }
}

static void x_between_n_and_p_verifies_and_r_plus_n_is_refused(void **state)
{
    struct maker_case c;
    uint8_t plus[64];
    (void)state;
    maker_case_wrapped(&c, plus);
    status_is(p256_verify(c.key, c.digest, c.signature), STATUS_OK);
    status_is(p256_verify(c.key, c.digest, plus), STATUS_CRYPTO_SIGNATURE);
}

static void numbers_out_of_range_are_refused(void **state)
{
    struct maker_case c;
    uint8_t bad[3][32] = { { 0 } };
    (void)state;
    maker_number("order", bad[1]);
    memset(bad[2], 0xFF, 32);
    (void)maker_case_of(&c, 5, 7, 3);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t signature[64];
        memcpy(signature, c.signature, 64);
        memcpy(signature, bad[i], 32);
        status_is(p256_verify(c.key, c.digest, signature), STATUS_CRYPTO_SIGNATURE);
        memcpy(signature + 32, bad[i], 32);
        status_is(p256_verify(c.key, c.digest, signature), STATUS_CRYPTO_SIGNATURE);
        memcpy(signature, c.signature, 32);
        status_is(p256_verify(c.key, c.digest, signature), STATUS_CRYPTO_SIGNATURE);
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    struct maker_case c;
    (void)state;
    (void)maker_case_of(&c, 5, 7, 3);
    for (unsigned bit = 0; bit < 8 * 64; bit++) {
        c.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        status_is(p256_verify(c.key, c.digest, c.signature), STATUS_CRYPTO_SIGNATURE);
        c.signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (unsigned bit = 0; bit < 8 * 32; bit++) {
        c.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        status_is(p256_verify(c.key, c.digest, c.signature), STATUS_CRYPTO_SIGNATURE);
        c.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cavp_signatures_have_their_answers),
        cmocka_unit_test(cavp_public_keys_have_their_answers),
        cmocka_unit_test(small_multiples_verify),
        cmocka_unit_test(x_between_n_and_p_verifies_and_r_plus_n_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
