/* SPDX-License-Identifier: Apache-2.0 */
/* channel_schedule: transcript hashes, keys, MACs and signed bytes are those of RFC 9529's trace; points from x are
 * those of OpenSSL; credentials are read as strictly as the rest. */
#include "tests/unit/test.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "channel/schedule.h"
#include "crypto/crypto.h"
#include "tests/unit/channel_vectors.h"
#include "tests/unit/crypto_support.h"
#include "wire/edhoc.h"

#define VECTOR_MAX 400

struct vector {
    uint8_t data[VECTOR_MAX];
    size_t len;
};

static struct bytes vector_of(struct vector *v, const char *hex)
{
    v->len = hex_read(hex, v->data, sizeof v->data);
    return bytes_of(v->data, v->len);
}

static void bytes_expect(const uint8_t *got, const char *hex)
{
    struct vector v;
    struct bytes want = vector_of(&v, hex);
    assert_memory_equal(got, want.data, want.len);
}

static void kdf_expect(const uint8_t *prk, uint32_t label, const uint8_t *context, const char *hex)
{
    uint8_t out[VECTOR_MAX];
    struct bytes c = bytes_of(context, context == NULL ? 0 : SCHEDULE_LEN);
    schedule_kdf(prk, label, c, out, strlen(hex) / 2);
    bytes_expect(out, hex);
}

static void signed_expect(const struct schedule_party *party, const uint8_t *th, const uint8_t *mac, const char *hex)
{
    struct vector v;
    uint8_t digest[32], want[32];
    schedule_signed_digest(party, th, mac, digest);
    crypto_sha256(vector_of(&v, hex), want);
    assert_memory_equal(digest, want, 32);
}

static void first_transcript_hash_and_key_are_those_of_the_trace(void **state)
{
    struct vector v, w;
    uint8_t digest[32], th[32], prk[32];
    (void)state;
    crypto_sha256(vector_of(&v, trace_message_1), digest);
    bytes_expect(digest, trace_message_1_digest);
    schedule_th_2(vector_of(&v, trace_g_y).data, digest, th);
    bytes_expect(th, trace_th_2);
    schedule_prk(th, vector_of(&w, trace_g_xy).data, prk);
    bytes_expect(prk, trace_prk_2e);
}

static void message_2_is_that_of_the_trace(void **state)
{
    struct vector v[6];
    uint8_t mac[32], th[32];
    (void)state;
    struct bytes prk = vector_of(&v[0], trace_prk_2e);
    const struct schedule_party party = {
        vector_of(&v[1], trace_c_r), vector_of(&v[2], trace_id_cred_r), vector_of(&v[3], trace_cred_r), { NULL, 0 }
    };
    memcpy(th, vector_of(&v[4], trace_th_2).data, 32);
    schedule_mac(prk.data, SCHEDULE_MAC_2, &party, th, mac);
    bytes_expect(mac, trace_mac_2);
    signed_expect(&party, th, mac, trace_signed_2);
    kdf_expect(prk.data, SCHEDULE_KEYSTREAM_2, th, trace_keystream_2);
    schedule_th_next(vector_of(&v[5], trace_plaintext_2), party.cred, th);
    bytes_expect(th, trace_th_3);
}

static void message_3_and_after_are_those_of_the_trace(void **state)
{
    struct vector v[6];
    uint8_t mac[32], th[32], out[32];
    (void)state;
    struct bytes prk = vector_of(&v[0], trace_prk_2e);
    const struct schedule_party party = {
        { NULL, 0 }, vector_of(&v[2], trace_id_cred_i), vector_of(&v[3], trace_cred_i), { NULL, 0 }
    };
    memcpy(th, vector_of(&v[4], trace_th_3).data, 32);
    schedule_mac(prk.data, SCHEDULE_MAC_3, &party, th, mac);
    bytes_expect(mac, trace_mac_3);
    signed_expect(&party, th, mac, trace_signed_3);
    kdf_expect(prk.data, SCHEDULE_K_3, th, trace_k_3);
    kdf_expect(prk.data, SCHEDULE_IV_3, th, trace_iv_3);
    schedule_th_next(vector_of(&v[5], trace_plaintext_3), party.cred, th);
    bytes_expect(th, trace_th_4);
    kdf_expect(prk.data, SCHEDULE_K_4, th, trace_k_4);
    kdf_expect(prk.data, SCHEDULE_IV_4, th, trace_iv_4);
    kdf_expect(prk.data, SCHEDULE_PRK_OUT, th, trace_prk_out);
    schedule_kdf(prk.data, SCHEDULE_PRK_OUT, bytes_of(th, 32), out, 32);
    kdf_expect(out, SCHEDULE_PRK_EXPORTER, NULL, trace_prk_exporter);
    schedule_kdf(out, SCHEDULE_PRK_EXPORTER, bytes_of(NULL, 0), out, 32);
    kdf_expect(out, 0, NULL, trace_oscore_secret);
}

/* 1 when OpenSSL finds a point with this x. */
static int openssl_lifts(const EC_GROUP *group, const uint8_t x[32])
{
    uint8_t compressed[33] = { 0x02 };
    memcpy(compressed + 1, x, 32);
    EC_POINT *point = EC_POINT_new(group);
    int found = EC_POINT_oct2point(group, point, compressed, sizeof compressed, NULL);
    EC_POINT_free(point);
    return found;
}

static void points_from_x_are_those_of_openssl(void **state)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t x[32], point[65] = { 0x04 };
    unsigned found = 0;
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        random_shape(x, sizeof x, i < 4 ? i : 0);
        int want = openssl_lifts(group, x);
        assert_int_equal(crypto_p256_lift(x, point + 1), want ? STATUS_OK : STATUS_CRYPTO_KEY);
        if (want) {
            EC_POINT *check = EC_POINT_new(group);
            assert_int_equal(EC_POINT_oct2point(group, check, point, sizeof point, NULL), 1);
            EC_POINT_free(check);
            assert_memory_equal(point + 1, x, 32);
            found++;
        }
    }
    assert_in_range(found, 60, 140);
    EC_GROUP_free(group);
}

static void expand_alone_goes_on_where_extract_ends(void **state)
{
    uint8_t key[32] = { 0 }, secret[40], want[100], got[100];
    struct crypto_hmac hmac;
    (void)state;
    random_shape(secret, sizeof secret, 0);
    assert_int_equal(crypto_hkdf(bytes_of(secret, sizeof secret), bytes_of("info", 4), want, sizeof want), STATUS_OK);
    crypto_hmac_start(&hmac, key);
    crypto_sha256_add(&hmac.hash, bytes_of(secret, sizeof secret));
    crypto_hmac_finish(&hmac, key);
    assert_int_equal(crypto_hkdf_expand(key, bytes_of("info", 4), got, sizeof got), STATUS_OK);
    assert_memory_equal(got, want, sizeof want);
    assert_int_equal(crypto_hkdf_expand(key, bytes_of("info", 4), got, 8161), STATUS_BAD_ARGUMENT);
}

static void claims_are_read_as_they_were_written(void **state)
{
    uint8_t data[256], key[64] = { 7 }, id[16] = { 9 };
    const struct edhoc_claims in = { bytes_of("line 1", 6),  1800000000u,      bytes_of(key, 32),
                                     bytes_of(key + 32, 32), bytes_of(id, 16), bytes_of(id, 16) };
    struct edhoc_claims out;
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    (void)state;
    edhoc_claims_build(&in, &w);
    struct bytes all = cbor_written(&w);
    assert_int_equal(edhoc_claims_parse(all, &out), STATUS_OK);
    assert_true(out.expires == in.expires && bytes_equal(out.subject, in.subject) && bytes_equal(out.x, in.x));
    assert_true(bytes_equal(out.vendor, in.vendor) && bytes_equal(out.class_id, in.class_id));
    for (size_t len = 0; len < all.len; len++) {
        assert_int_not_equal(edhoc_claims_parse(bytes_of(data, len), &out), STATUS_OK);
    }
    for (size_t i = 0; i < all.len; i++) { /* only values may change, never the form */
        data[i] ^= 0x20;
        if (edhoc_claims_parse(all, &out) == STATUS_OK) {
            uint8_t again[256];
            struct cbor_writer a = cbor_writer_of(again, sizeof again);
            edhoc_claims_build(&out, &a);
            assert_true(bytes_equal(cbor_written(&a), all));
        }
        data[i] ^= 0x20;
    }
}

static void chains_are_read_as_they_were_written(void **state)
{
    uint8_t data[64];
    (void)state;
    for (size_t count = 1; count <= EDHOC_CHAIN_MAX; count++) {
        const struct edhoc_chain in = { { bytes_of("one", 3), bytes_of("two", 3), bytes_of("three", 5) }, count };
        struct edhoc_chain out;
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        edhoc_x5chain_build(&in, &w);
        assert_int_equal(edhoc_x5chain_parse(cbor_written(&w), &out), STATUS_OK);
        assert_int_equal(out.count, count);
        assert_true(bytes_equal(out.certificate[count - 1], in.certificate[count - 1]));
    }
    struct edhoc_chain out;
    static const uint8_t array_of_one[] = { 0xA1, 0x18, 0x21, 0x81, 0x41, 0x00 };
    static const uint8_t array_of_four[] = { 0xA1, 0x18, 0x21, 0x84, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0 };
    assert_int_equal(edhoc_x5chain_parse(bytes_of(array_of_one, sizeof array_of_one), &out), STATUS_CHANNEL_CREDENTIAL);
    assert_int_equal(edhoc_x5chain_parse(bytes_of(array_of_four, sizeof array_of_four), &out),
                     STATUS_CHANNEL_CREDENTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_transcript_hash_and_key_are_those_of_the_trace),
        cmocka_unit_test(message_2_is_that_of_the_trace),
        cmocka_unit_test(message_3_and_after_are_those_of_the_trace),
        cmocka_unit_test(points_from_x_are_those_of_openssl),
        cmocka_unit_test(expand_alone_goes_on_where_extract_ends),
        cmocka_unit_test(claims_are_read_as_they_were_written),
        cmocka_unit_test(chains_are_read_as_they_were_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
