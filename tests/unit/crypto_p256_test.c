/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_p256: the curve against published vectors, cases made for its corners, and random cases against OpenSSL. */
#include "tests/unit/test.h"

#include "crypto/crypto.h"
#include "crypto/p256/limbs.h"
#include "tests/unit/crypto_p256_maker.h"
#include "tests/unit/crypto_p256_vectors.h"

#define RANDOM_CASES 1000

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
        status_is(crypto_p256_verify(key, digest, signature),
                  signature_vectors[i].good ? STATUS_OK : STATUS_CRYPTO_SIGNATURE);
    }
}

static void cavp_public_keys_have_their_answers(void **state)
{
    uint8_t one[32] = { 0 };
    (void)state;
    one[31] = 1;
    for (size_t i = 0; i < sizeof key_vectors / sizeof key_vectors[0]; i++) {
        uint8_t key[64];
        uint8_t x[32];
        maker_hex(key_vectors[i].key, key, 64);
        status_is(crypto_p256_agree(one, key, x), key_vectors[i].good ? STATUS_OK : STATUS_CRYPTO_KEY);
    }
}

static void cavp_secrets_have_their_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secret_vectors / sizeof secret_vectors[0]; i++) {
        uint8_t private_key[32];
        uint8_t peer[64];
        uint8_t want[32];
        uint8_t got[32];
        maker_hex(secret_vectors[i].private_key, private_key, 32);
        maker_hex(secret_vectors[i].peer, peer, 64);
        maker_hex(secret_vectors[i].secret, want, 32);
        if (secret_vectors[i].good) {
            status_is(crypto_p256_agree(private_key, peer, got), STATUS_OK);
            assert_memory_equal(got, want, 32);
        } else {
            status_is(crypto_p256_agree(private_key, peer, got), STATUS_CRYPTO_KEY);
        }
    }
}

static void rfc5903_secret_comes_out(void **state)
{
    uint8_t private_key[32];
    uint8_t peer[64];
    uint8_t want[32];
    uint8_t got[32];
    (void)state;
    maker_hex(RFC5903_PRIVATE, private_key, 32);
    maker_hex(RFC5903_PEER, peer, 64);
    maker_hex(RFC5903_SECRET, want, 32);
    status_is(crypto_p256_agree(private_key, peer, got), STATUS_OK);
    assert_memory_equal(got, want, 32);
}

/* Every sum that can meet infinity, an equal or an opposite point: small u1, u2, and Q small multiples of G. */
static void small_multiples_verify(void **state)
{
    static const int keys[] = { 1, -1, 2, -2, 3, -3, 5, -7, 15, -15, 16, -16 };
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        for (int u1 = 0; u1 <= 18; u1++) {
            for (int u2 = 1; u2 <= 18; u2++) {
                struct maker_case c;
                int finite = maker_case_of(&c, u1, u2, keys[i]);
                status_is(crypto_p256_verify(c.key, c.digest, c.signature),
                          finite ? STATUS_OK : STATUS_CRYPTO_SIGNATURE);
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
    status_is(crypto_p256_verify(c.key, c.digest, c.signature), STATUS_OK);
    status_is(crypto_p256_verify(c.key, c.digest, plus), STATUS_CRYPTO_SIGNATURE);
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
        uint8_t out[64];
        uint8_t signature[64];
        memcpy(signature, c.signature, 64);
        memcpy(signature, bad[i], 32);
        status_is(crypto_p256_verify(c.key, c.digest, signature), STATUS_CRYPTO_SIGNATURE);
        memcpy(signature + 32, bad[i], 32);
        status_is(crypto_p256_verify(c.key, c.digest, signature), STATUS_CRYPTO_SIGNATURE);
        memcpy(signature, c.signature, 32);
        status_is(crypto_p256_verify(c.key, c.digest, signature), STATUS_CRYPTO_SIGNATURE);
        status_is(crypto_p256_sign(bad[i], c.digest, out), STATUS_CRYPTO_KEY);
        status_is(crypto_p256_public(bad[i], out), STATUS_CRYPTO_KEY);
        status_is(crypto_p256_agree(bad[i], c.key, out), STATUS_CRYPTO_KEY);
    }
}

static void points_off_the_curve_are_refused(void **state)
{
    struct maker_case c;
    uint8_t key[64];
    uint8_t secret[32];
    (void)state;
    (void)maker_case_of(&c, 5, 7, 3);
    for (unsigned i = 0; i < 512; i++) {
        memcpy(key, c.key, 64);
        key[i / 8] ^= (uint8_t)(1u << i % 8);
        status_is(crypto_p256_verify(key, c.digest, c.signature), STATUS_CRYPTO_KEY);
        status_is(crypto_p256_agree(c.digest, key, secret), STATUS_CRYPTO_KEY);
    }
    maker_number("x plus p", key); /* a point whose x is small, written as x + p */
    status_is(crypto_p256_agree(c.digest, key, secret), STATUS_CRYPTO_KEY);
    maker_number("x", key);
    status_is(crypto_p256_agree(c.digest, key, secret), STATUS_OK);
}

/* 1..100 and n-100..n-1: among them 2 and n - 2, where equal points meet. */
static void special_private_keys_give_openssl_results(void **state)
{
    (void)state;
    for (int i = -100; i <= 100; i++) {
        uint8_t private_key[32];
        uint8_t want[64];
        uint8_t got[64];
        if (i == 0) {
            continue;
        }
        maker_scalar(i, private_key);
        maker_multiply(private_key, NULL, want);
        status_is(crypto_p256_public(private_key, got), STATUS_OK);
        assert_memory_equal(got, want, 64);
        status_is(crypto_p256_agree(private_key, maker_generator(), got), STATUS_OK);
        assert_memory_equal(got, want, 32);
    }
}

static void random_signatures_agree_with_openssl(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RANDOM_CASES; i++) {
        uint8_t private_key[32];
        uint8_t key[64];
        uint8_t want[64];
        uint8_t digest[32];
        uint8_t signature[64];
        status_is(crypto_p256_generate(private_key, key), STATUS_OK);
        maker_multiply(private_key, NULL, want);
        assert_memory_equal(key, want, 64);
        status_is(crypto_random(digest, sizeof digest), STATUS_OK);
        if (i % 16 == 0) {
            memset(digest, i % 32 == 0 ? 0xFF : 0, sizeof digest);
        }
        status_is(crypto_p256_sign(private_key, digest, signature), STATUS_OK);
        assert_true(maker_verify(key, digest, signature));
        status_is(crypto_p256_verify(key, digest, signature), STATUS_OK);
        maker_sign(private_key, key, digest, signature);
        status_is(crypto_p256_verify(key, digest, signature), STATUS_OK);
        signature[i % 64] ^= (uint8_t)(1u << i % 8);
        status_is(crypto_p256_verify(key, digest, signature), STATUS_CRYPTO_SIGNATURE);
        assert_false(maker_verify(key, digest, signature));
    }
}

static void random_secrets_agree_with_openssl(void **state)
{
    uint8_t peer[64];
    uint8_t peer_private[32];
    (void)state;
    status_is(crypto_p256_generate(peer_private, peer), STATUS_OK);
    for (unsigned i = 0; i < RANDOM_CASES; i++) {
        uint8_t private_key[32];
        uint8_t key[64];
        uint8_t want[64];
        uint8_t got[32];
        status_is(crypto_p256_generate(private_key, key), STATUS_OK);
        maker_multiply(private_key, peer, want);
        status_is(crypto_p256_agree(private_key, peer, got), STATUS_OK);
        assert_memory_equal(got, want, 32);
        status_is(crypto_p256_agree(peer_private, key, got), STATUS_OK);
        assert_memory_equal(got, want, 32);
        memcpy(peer, key, 64);
        memcpy(peer_private, private_key, 32);
    }
}

/* The limbs near 0, 1 and all ones, in all positions: carries, borrows and the last subtraction. */
static void field_and_order_products_agree_with_openssl(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t a[P256_LIMBS];
        uint32_t b[P256_LIMBS];
        uint32_t got[P256_LIMBS];
        uint32_t want[P256_LIMBS];
        for (int op = 0; op < 4; op++) {
            const struct p256_modulus *m = op == 3 ? &p256_order : &p256_prime;
            maker_limbs(i, a, m->value);
            maker_limbs(i * 7 + 3, b, m->value);
            maker_calculate(op, want, a, b, m->value);
            (op == 1 ? p256_field_add : op == 2 ? p256_field_sub : m->mul)(got, a, b);
            assert_memory_equal(got, want, sizeof got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_and_order_products_agree_with_openssl),
        cmocka_unit_test(cavp_signatures_have_their_answers),
        cmocka_unit_test(cavp_public_keys_have_their_answers),
        cmocka_unit_test(cavp_secrets_have_their_answers),
        cmocka_unit_test(rfc5903_secret_comes_out),
        cmocka_unit_test(small_multiples_verify),
        cmocka_unit_test(x_between_n_and_p_verifies_and_r_plus_n_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(special_private_keys_give_openssl_results),
        cmocka_unit_test(random_signatures_agree_with_openssl),
        cmocka_unit_test(random_secrets_agree_with_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
