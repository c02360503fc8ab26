/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_symmetric: SHA-256, HKDF, AES-128-CTR and key unwrap: published answers, random cases against OpenSSL, pieces.
 */
#include "tests/unit/test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/crypto.h"
#include "tests/unit/crypto_support.h"

#define DATA_MAX 400

static void digest_assert(struct bytes data, const char *want_hex)
{
    uint8_t want[32];
    uint8_t digest[32];
    hex_read(want_hex, want, sizeof want);
    crypto_sha256(data, digest);
    assert_memory_equal(digest, want, 32);
}

/* FIPS 180-4 examples (one block, two blocks), the empty message, and a million times "a". */
static void published_digests_come_out(void **state)
{
    static uint8_t many[1000000];
    (void)state;
    memset(many, 'a', sizeof many);
    digest_assert(bytes_of("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_assert(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    digest_assert(bytes_of(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_assert(bytes_of(many, sizeof many), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void digests_equal_those_of_openssl(void **state)
{
    uint8_t data[DATA_MAX + 3];
    uint8_t digest[32];
    uint8_t want[32];
    (void)state;
    for (size_t len = 0; len <= DATA_MAX; len++) {
        uint8_t *at = data + len % 4;
        random_shape(at, len, (unsigned)(len / 4 % 4));
        crypto_sha256(bytes_of(at, len), digest);
        assert_int_equal(EVP_Digest(at, len, want, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(digest, want, 32);
    }
}

static void digest_in_pieces_equals_digest_at_once(void **state)
{
    static const struct crypto_sha256 zero;
    uint8_t data[200];
    uint8_t want[32];
    uint8_t digest[32];
    struct crypto_sha256 s;
    (void)state;
    random_shape(data, sizeof data, 0);
    crypto_sha256(bytes_of(data, sizeof data), want);
    for (size_t first = 0; first <= sizeof data; first++) {
        for (size_t second = first; second <= sizeof data; second++) {
            crypto_sha256_start(&s);
            crypto_sha256_add(&s, bytes_of(data, first));
            crypto_sha256_add(&s, bytes_of(data + first, second - first));
            crypto_sha256_add(&s, bytes_of(data + second, sizeof data - second));
            crypto_sha256_finish(&s, digest);
            assert_memory_equal(digest, want, 32);
        }
    }
    assert_memory_equal(&s, &zero, sizeof s);
}

static void hkdf_openssl(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len)
{
    char digest[] = "SHA256";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret.data, secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.data, info.len),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_KDF_derive(ctx, out, out_len, parameters), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void hkdf_equals_that_of_openssl(void **state)
{
    uint8_t secret[100];
    uint8_t info[100];
    uint8_t ours[200];
    uint8_t theirs[200];
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        struct bytes secret_view = bytes_of(secret, 1 + i % sizeof secret);
        struct bytes info_view = bytes_of(info, i * 7 % sizeof info);
        size_t len = 1 + i % sizeof ours;
        random_shape(secret, sizeof secret, 0);
        random_shape(info, sizeof info, 0);
        hkdf_openssl(secret_view, info_view, theirs, len);
        assert_int_equal(crypto_hkdf(secret_view, info_view, ours, len), STATUS_OK);
        assert_memory_equal(ours, theirs, len);
    }
}

static void hkdf_gives_up_to_255_blocks_and_no_more(void **state)
{
    static uint8_t ours[8161];
    static uint8_t theirs[8160];
    (void)state;
    hkdf_openssl(bytes_of("key", 3), bytes_of("info", 4), theirs, sizeof theirs);
    assert_int_equal(crypto_hkdf(bytes_of("key", 3), bytes_of("info", 4), ours, 8160), STATUS_OK);
    assert_memory_equal(ours, theirs, sizeof theirs);
    assert_int_equal(crypto_hkdf(bytes_of("key", 3), bytes_of("info", 4), ours, 8161), STATUS_BAD_ARGUMENT);
}

static void ctr_openssl(const uint8_t key[16], const uint8_t iv[16], struct bytes in, uint8_t *out)
{
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, iv), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, in.data, (int)in.len), 1);
    EVP_CIPHER_CTX_free(ctx);
}

/* SP 800-38A F.5.1: four blocks. */
static void published_ctr_answer_comes_out(void **state)
{
    uint8_t key[16];
    uint8_t iv[16];
    uint8_t data[64];
    uint8_t want[64];
    struct crypto_ctr ctr;
    (void)state;
    hex_read("2b7e151628aed2a6abf7158809cf4f3c", key, sizeof key);
    hex_read("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", iv, sizeof iv);
    hex_read(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f"
        "9b17ad2b417be66c3710",
        data, sizeof data);
    hex_read(
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe"
        "03d1792170a0f3009cee",
        want, sizeof want);
    crypto_ctr_start(&ctr, key, iv);
    crypto_ctr_apply(&ctr, data, data, sizeof data);
    assert_memory_equal(data, want, sizeof data);
}

/* Random keys, IVs whose last bytes wrap, lengths and alignments; two pieces; in place. */
static void ctr_equals_that_of_openssl(void **state)
{
    uint8_t key[16];
    uint8_t iv[16];
    uint8_t in[DATA_MAX];
    uint8_t ours[DATA_MAX];
    uint8_t theirs[DATA_MAX];
    struct crypto_ctr ctr;
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        size_t skew = i % 4;
        size_t len = random_below(DATA_MAX - 3);
        size_t first = random_below(len + 1);
        random_shape(key, sizeof key, i % 5 == 0 ? 2 : 0);
        random_shape(iv, sizeof iv, 0);
        memset(iv + 16 - i % 17, 0xFF, i % 17);
        random_shape(in, sizeof in, 0);
        ctr_openssl(key, iv, bytes_of(in + skew, len), theirs);
        memcpy(ours, in, sizeof ours);
        crypto_ctr_start(&ctr, key, iv);
        crypto_ctr_apply(&ctr, in + skew, ours + 3 - skew, first);
        crypto_ctr_apply(&ctr, in + skew + first, ours + 3 - skew + first, len - first);
        assert_memory_equal(ours + 3 - skew, theirs, len);
        crypto_ctr_start(&ctr, key, iv);
        crypto_ctr_apply(&ctr, in + skew, in + skew, len);
        assert_memory_equal(in + skew, theirs, len);
    }
}

static void ctr_in_pieces_equals_ctr_at_once(void **state)
{
    static const struct crypto_ctr zero;
    uint8_t in[70];
    uint8_t once[70];
    uint8_t pieces[70];
    uint8_t key[16];
    uint8_t iv[16];
    struct crypto_ctr ctr;
    (void)state;
    random_shape(in, sizeof in, 0);
    random_shape(key, sizeof key, 0);
    random_shape(iv, sizeof iv, 1);
    crypto_ctr_start(&ctr, key, iv);
    crypto_ctr_apply(&ctr, in, once, sizeof in);
    for (size_t first = 0; first <= sizeof in; first++) {
        for (size_t second = first; second <= sizeof in; second++) {
            crypto_ctr_start(&ctr, key, iv);
            crypto_ctr_apply(&ctr, in, pieces, first);
            crypto_ctr_apply(&ctr, in + first, pieces + first, second - first);
            crypto_ctr_apply(&ctr, in + second, pieces + second, sizeof in - second);
            assert_memory_equal(once, pieces, sizeof once);
        }
    }
    crypto_ctr_wipe(&ctr);
    assert_memory_equal(&ctr, &zero, sizeof ctr);
}

static void wrap_openssl(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24])
{
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_wrap(), NULL, kek, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, wrapped, &len, key, 16), 1);
    assert_int_equal(len, 24);
    EVP_CIPHER_CTX_free(ctx);
}

/* RFC 3394 section 4.1. */
static void published_key_unwraps(void **state)
{
    uint8_t kek[16];
    uint8_t wrapped[24];
    uint8_t want[16];
    uint8_t key[16];
    (void)state;
    hex_read("000102030405060708090a0b0c0d0e0f", kek, sizeof kek);
    hex_read("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", wrapped, sizeof wrapped);
    hex_read("00112233445566778899aabbccddeeff", want, sizeof want);
    assert_int_equal(crypto_key_unwrap(kek, wrapped, key), STATUS_OK);
    assert_memory_equal(key, want, 16);
}

static void keys_wrapped_by_openssl_unwrap(void **state)
{
    uint8_t kek[16];
    uint8_t key[16];
    uint8_t wrapped[24];
    uint8_t out[16];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        random_shape(kek, sizeof kek, i % 4);
        random_shape(key, sizeof key, i / 4 % 4);
        wrap_openssl(kek, key, wrapped);
        assert_int_equal(crypto_key_unwrap(kek, wrapped, out), STATUS_OK);
        assert_memory_equal(out, key, 16);
    }
}

static void every_flipped_bit_of_a_wrapped_key_is_refused_and_gives_zeros(void **state)
{
    static const uint8_t zero[16];
    uint8_t kek[16];
    uint8_t key[16];
    uint8_t wrapped[24];
    uint8_t out[16];
    (void)state;
    random_shape(kek, sizeof kek, 0);
    random_shape(key, sizeof key, 0);
    wrap_openssl(kek, key, wrapped);
    for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        memset(out, 0xA5, sizeof out);
        assert_int_equal(crypto_key_unwrap(kek, wrapped, out), STATUS_CRYPTO_UNWRAP);
        assert_memory_equal(out, zero, 16);
        wrapped[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    kek[15] ^= 1;
    assert_int_equal(crypto_key_unwrap(kek, wrapped, out), STATUS_CRYPTO_UNWRAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_digests_come_out),
        cmocka_unit_test(digests_equal_those_of_openssl),
        cmocka_unit_test(digest_in_pieces_equals_digest_at_once),
        cmocka_unit_test(hkdf_equals_that_of_openssl),
        cmocka_unit_test(hkdf_gives_up_to_255_blocks_and_no_more),
        cmocka_unit_test(published_ctr_answer_comes_out),
        cmocka_unit_test(ctr_equals_that_of_openssl),
        cmocka_unit_test(ctr_in_pieces_equals_ctr_at_once),
        cmocka_unit_test(published_key_unwraps),
        cmocka_unit_test(keys_wrapped_by_openssl_unwrap),
        cmocka_unit_test(every_flipped_bit_of_a_wrapped_key_is_refused_and_gives_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
