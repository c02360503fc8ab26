/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_aead: Poly1305 and AEAD_CHACHA20_POLY1305: known answers of RFC 8439, random cases against OpenSSL, refusals.
 */
#include "tests/unit/test.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/poly1305_blocks.h"
#include "tests/unit/crypto_support.h"

#define DATA_MAX 600

static void poly1305_once(const uint8_t key[32], struct bytes data, uint8_t tag[16])
{
    struct crypto_poly1305 p;
    crypto_poly1305_start(&p, key);
    crypto_poly1305_add(&p, data);
    crypto_poly1305_finish(&p, tag);
}

static void poly1305_openssl(const uint8_t key[32], struct bytes data, uint8_t tag[16])
{
    size_t len = 0;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    assert_int_equal(EVP_MAC_init(ctx, key, 32, NULL), 1);
    assert_int_equal(EVP_MAC_update(ctx, data.data, data.len), 1);
    assert_int_equal(EVP_MAC_final(ctx, tag, &len, 16), 1);
    assert_int_equal(len, 16);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

static void aead_openssl(const struct crypto_aead *how, struct bytes plain, uint8_t *out, uint8_t tag[16])
{
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_chacha20_poly1305(), NULL, how->key, how->nonce), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &len, how->aad.data, (int)how->aad.len), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, out + len, &len), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
    EVP_CIPHER_CTX_free(ctx);
}

/* RFC 8439 section 2.5.2 and appendix A.3, vectors 7 to 13: sums that just reach p or 2^128. */
static void rfc8439_tags_come_out(void **state)
{
    static const struct {
        const char *key;
        const char *data;
        const char *tag;
    } cases[] = {
        { "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
          "43727970746f6772617068696320466f72756d2052657365617263682047726f7570", "a8061dc1305136c6c22b8baf0c0127a9" },
        { "0200000000000000000000000000000000000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
          "03000000000000000000000000000000" },
        { "02000000000000000000000000000000ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000",
          "03000000000000000000000000000000" },
        { "0100000000000000000000000000000000000000000000000000000000000000",
          "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000",
          "05000000000000000000000000000000" },
        { "0100000000000000000000000000000000000000000000000000000000000000",
          "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101",
          "00000000000000000000000000000000" },
        { "0200000000000000000000000000000000000000000000000000000000000000", "fdffffffffffffffffffffffffffffff",
          "faffffffffffffffffffffffffffffff" },
        { "0100000000000000040000000000000000000000000000000000000000000000",
          "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000010000000000"
          "00"
          "000000000000000000",
          "14000000000000005500000000000000" },
        { "0100000000000000040000000000000000000000000000000000000000000000",
          "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000",
          "13000000000000000000000000000000" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t key[32];
        uint8_t data[64];
        uint8_t want[16];
        uint8_t tag[16];
        hex_read(cases[i].key, key, sizeof key);
        hex_read(cases[i].tag, want, sizeof want);
        poly1305_once(key, bytes_of(data, hex_read(cases[i].data, data, sizeof data)), tag);
        assert_memory_equal(tag, want, 16);
    }
}

/* All lengths to 200 and keys of random, of all ones and of few bits: the carries that random data seldom meets. */
static void tags_equal_those_of_openssl(void **state)
{
    uint8_t key[32];
    uint8_t data[DATA_MAX];
    uint8_t tag[16];
    uint8_t want[16];
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        size_t len = i < 200 ? i : random_below(DATA_MAX);
        random_shape(key, sizeof key, i % 4);
        random_shape(data, len, i / 4 % 4);
        poly1305_once(key, bytes_of(data, len), tag);
        poly1305_openssl(key, bytes_of(data, len), want);
        assert_memory_equal(tag, want, 16);
    }
}

static void tag_in_pieces_equals_tag_at_once(void **state)
{
    uint8_t key[32];
    uint8_t data[70];
    uint8_t want[16];
    uint8_t tag[16];
    struct crypto_poly1305 p;
    (void)state;
    random_shape(key, sizeof key, 0);
    random_shape(data, sizeof data, 0);
    poly1305_once(key, bytes_of(data, sizeof data), want);
    for (size_t first = 0; first <= sizeof data; first++) {
        for (size_t second = first; second <= sizeof data; second++) {
            crypto_poly1305_start(&p, key);
            crypto_poly1305_add(&p, bytes_of(data, first));
            crypto_poly1305_add(&p, bytes_of(data + first, second - first));
            crypto_poly1305_add(&p, bytes_of(data + second, sizeof data - second));
            crypto_poly1305_finish(&p, tag);
            assert_memory_equal(tag, want, 16);
        }
    }
}

static void finish_leaves_nothing_of_the_key(void **state)
{
    static const struct crypto_poly1305 zero;
    struct crypto_poly1305 p;
    uint8_t key[32];
    uint8_t tag[16];
    (void)state;
    random_shape(key, sizeof key, 0);
    crypto_poly1305_start(&p, key);
    crypto_poly1305_add(&p, bytes_of("seventeen letters", 17));
    crypto_poly1305_finish(&p, tag);
    assert_memory_equal(&p, &zero, sizeof p);
}

/* RFC 8439 section 2.8.2. */
static void rfc8439_message_is_sealed_and_opened(void **state)
{
    static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                               "future, sunscreen would be it.";
    uint8_t key[32];
    uint8_t nonce[12];
    uint8_t aad[12];
    uint8_t first[16];
    uint8_t want[16];
    uint8_t tag[16];
    uint8_t out[114];
    (void)state;
    hex_read("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", key, sizeof key);
    hex_read("070000004041424344454647", nonce, sizeof nonce);
    hex_read("50515253c0c1c2c3c4c5c6c7", aad, sizeof aad);
    hex_read("d31a8d34648e60db7b86afbc53ef7ec2", first, sizeof first);
    hex_read("1ae10b594f09e26a7e902ecbd0600691", want, sizeof want);
    const struct crypto_aead how = { key, nonce, bytes_of(aad, sizeof aad) };
    assert_int_equal(crypto_aead_seal(&how, bytes_of(text, 114), out, tag), STATUS_OK);
    assert_memory_equal(out, first, sizeof first);
    assert_memory_equal(tag, want, sizeof want);
    assert_int_equal(crypto_aead_open(&how, bytes_of(out, 114), tag, out), STATUS_OK);
    assert_memory_equal(out, text, 114);
}

static void messages_equal_those_of_openssl(void **state)
{
    uint8_t key[32];
    uint8_t nonce[12];
    uint8_t aad[80];
    uint8_t plain[DATA_MAX];
    uint8_t ours[DATA_MAX];
    uint8_t theirs[DATA_MAX];
    uint8_t tag[16];
    uint8_t want[16];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        size_t len = i < 200 ? i : random_below(DATA_MAX);
        random_shape(key, sizeof key, 0);
        random_shape(nonce, sizeof nonce, i % 3);
        random_shape(aad, sizeof aad, 0);
        random_shape(plain, len, i % 4);
        const struct crypto_aead how = { key, nonce, bytes_of(aad, i % (sizeof aad + 1)) };
        aead_openssl(&how, bytes_of(plain, len), theirs, want);
        assert_int_equal(crypto_aead_seal(&how, bytes_of(plain, len), ours, tag), STATUS_OK);
        assert_memory_equal(ours, theirs, len);
        assert_memory_equal(tag, want, 16);
        assert_int_equal(crypto_aead_open(&how, bytes_of(ours, len), tag, ours), STATUS_OK); /* in place */
        assert_memory_equal(ours, plain, len);
    }
}

/* Key, nonce, associated data, ciphertext and tag: the whole message is one run of bytes here. */
static void every_flipped_bit_is_refused_and_nothing_comes_out(void **state)
{
    static const uint8_t zero[40];
    struct {
        uint8_t key[32];
        uint8_t nonce[12];
        uint8_t aad[20];
        uint8_t cipher[40];
        uint8_t tag[16];
    } m;
    uint8_t *all = (uint8_t *)&m;
    uint8_t out[40];
    (void)state;
    random_shape(all, sizeof m, 0);
    const struct crypto_aead how = { m.key, m.nonce, bytes_of(m.aad, sizeof m.aad) };
    assert_int_equal(crypto_aead_seal(&how, bytes_of(zero, sizeof zero), m.cipher, m.tag), STATUS_OK);
    for (size_t bit = 0; bit < 8 * sizeof m; bit++) {
        all[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        memset(out, 0xA5, sizeof out);
        assert_int_equal(crypto_aead_open(&how, bytes_of(m.cipher, sizeof m.cipher), m.tag, out), STATUS_CRYPTO_TAG);
        assert_memory_equal(out, zero, sizeof out);
        all[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_int_equal(crypto_aead_open(&how, bytes_of(m.cipher, sizeof m.cipher), m.tag, out), STATUS_OK);
}

/* What moves from the associated data into the text, or is cut off, changes the tag. */
static void moved_and_cut_messages_are_refused(void **state)
{
    uint8_t key[32] = { 3 };
    uint8_t nonce[12] = { 4 };
    uint8_t all[64] = { 0 };
    uint8_t cipher[32];
    uint8_t tag[16];
    uint8_t out[64];
    (void)state;
    struct crypto_aead how = { key, nonce, bytes_of(all, 16) };
    assert_int_equal(crypto_aead_seal(&how, bytes_of(all + 16, 32), cipher, tag), STATUS_OK);
    memcpy(all + 16, cipher, sizeof cipher);
    for (size_t aad_len = 0; aad_len <= 48; aad_len++) {
        how.aad = bytes_of(all, aad_len);
        status_t status = crypto_aead_open(&how, bytes_of(all + aad_len, 48 - aad_len), tag, out);
        assert_int_equal(status, aad_len == 16 ? STATUS_OK : STATUS_CRYPTO_TAG);
    }
    how.aad = bytes_of(all, 16);
    assert_int_equal(crypto_aead_open(&how, bytes_of(cipher, 31), tag, out), STATUS_CRYPTO_TAG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc8439_tags_come_out),
        cmocka_unit_test(tags_equal_those_of_openssl),
        cmocka_unit_test(tag_in_pieces_equals_tag_at_once),
        cmocka_unit_test(finish_leaves_nothing_of_the_key),
        cmocka_unit_test(rfc8439_message_is_sealed_and_opened),
        cmocka_unit_test(messages_equal_those_of_openssl),
        cmocka_unit_test(every_flipped_bit_is_refused_and_nothing_comes_out),
        cmocka_unit_test(moved_and_cut_messages_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
