/* SPDX-License-Identifier: Apache-2.0 */
/* Key blocks: their cryptography against known answers, and what opens, for whom, and what does not. */
#include "tests/unit/test.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#include "boot/keyblock.h"
#include "crypto/crypto.h"
#include "host/lib/block.h"
#include "host/lib/block_crypto.h"
#include "tests/unit/host_support.h"
#include "tests/unit/wire_cases.h"

static struct hsm *hsm;
static uint8_t signer[64];
static uint8_t recipient[64];
static uint8_t stranger[64];
static const struct session_key session = { { 1, 2, 3 }, { 4, 5, 6 } };
static struct block_package package = { 7, { 9, 9 }, 1234 };

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    (void)support_folder_make();
    support_softhsm_start();
    hsm = support_token_open("one");
    support_check(hsm_key_generate(hsm, "mastering", HSM_KEY_SIGN, signer, &fault), &fault);
    support_check(hsm_key_generate(hsm, "transport", HSM_KEY_AGREE, recipient, &fault), &fault);
    support_check(hsm_key_generate(hsm, "other", HSM_KEY_AGREE, stranger, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    support_folder_remove();
    return 0;
}

static void make(struct block *out)
{
    struct fault fault = FAULT_NONE;
    support_check(block_make(&package, &session, recipient, hsm, "mastering", out, &fault), &fault);
}

static int open_with(struct bytes block, const uint8_t key[64], const char *label, struct session_key *out,
                     struct fault *fault)
{
    return block_open(block, &package, bytes_of(key, 64), hsm, label, out, fault);
}

static void block_opens_for_its_recipient(void **state)
{
    (void)state;
    struct block block;
    struct session_key key;
    struct fault fault = FAULT_NONE;
    make(&block);
    support_check(open_with(bytes_of(block.data, block.len), signer, "transport", &key, &fault), &fault);
    assert_memory_equal(&key, &session, sizeof key);
}

static void two_blocks_for_the_same_are_never_alike(void **state)
{
    (void)state;
    struct block first;
    struct block second;
    struct block_facts a;
    struct block_facts b;
    struct fault fault = FAULT_NONE;
    make(&first);
    make(&second);
    support_check(block_read(bytes_of(first.data, first.len), &a, &fault), &fault);
    support_check(block_read(bytes_of(second.data, second.len), &b, &fault), &fault);
    assert_false(bytes_equal(a.encryption.ephemeral_x, b.encryption.ephemeral_x));
    assert_false(bytes_equal(a.encryption.wrapped_key, b.encryption.wrapped_key));
}

static void block_does_not_open_for_others(void **state)
{
    (void)state;
    struct block block;
    struct session_key key;
    struct fault fault = FAULT_NONE;
    make(&block);
    support_check_refused(open_with(bytes_of(block.data, block.len), signer, "other", &key, &fault), &fault,
                          "for another recipient");
    fault = FAULT_NONE;
    support_check_refused(open_with(bytes_of(block.data, block.len), stranger, "transport", &key, &fault), &fault,
                          "signed with a key that this device does not trust");
    fault = FAULT_NONE;
    package.sequence++;
    support_check_refused(open_with(bytes_of(block.data, block.len), signer, "transport", &key, &fault), &fault,
                          "belongs to another package");
    package.sequence--;
    fault = FAULT_NONE;
    package.envelope_len++;
    support_check_refused(open_with(bytes_of(block.data, block.len), signer, "transport", &key, &fault), &fault,
                          "belongs to another package");
    package.envelope_len--;
    fault = FAULT_NONE;
    package.manifest_digest[31] ^= 1;
    support_check_refused(open_with(bytes_of(block.data, block.len), signer, "transport", &key, &fault), &fault,
                          "belongs to another package");
    package.manifest_digest[31] ^= 1;
    case_zero_check(&key, sizeof key);
}

static void block_with_any_bit_changed_is_refused(void **state)
{
    (void)state;
    struct block block;
    make(&block);
    for (size_t bit = 0; bit < 8 * block.len; bit++) {
        struct session_key key;
        struct fault fault = FAULT_NONE;
        block.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_with(bytes_of(block.data, block.len), signer, "transport", &key, &fault), -1);
        case_zero_check(&key, sizeof key);
        block.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void block_cut_or_followed_is_refused(void **state)
{
    (void)state;
    struct block block;
    struct block_facts facts;
    make(&block);
    for (size_t len = 0; len < block.len; len++) {
        struct fault fault = FAULT_NONE;
        assert_int_equal(block_read(bytes_of(block.data, len), &facts, &fault), -1);
    }
    struct fault fault = FAULT_NONE;
    support_check_refused(block_read(bytes_of(block.data, block.len + 1), &facts, &fault), &fault, "after the end");
}

static void recipient_off_the_curve_is_refused(void **state)
{
    (void)state;
    struct block block;
    struct fault fault = FAULT_NONE;
    uint8_t bad[64];
    memcpy(bad, recipient, sizeof bad);
    bad[63] ^= 1;
    support_check_refused(block_make(&package, &session, bad, hsm, "mastering", &block, &fault), &fault,
                          "not a point of P-256");
    fault = FAULT_NONE;
    support_check_refused(block_make(&package, &session, recipient, hsm, "absent", &block, &fault), &fault, "absent");
}

/* RFC 3394 section 4.1: 128 bits of key data with a 128-bit KEK. */
static void key_wrap_is_rfc_3394(void **state)
{
    (void)state;
    uint8_t kek[16];
    uint8_t key[16];
    uint8_t expected[24];
    uint8_t wrapped[24];
    uint8_t back[16];
    struct fault fault = FAULT_NONE;
    (void)case_hex("000102030405060708090A0B0C0D0E0F", kek, sizeof kek);
    (void)case_hex("00112233445566778899AABBCCDDEEFF", key, sizeof key);
    (void)case_hex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5", expected, sizeof expected);
    support_check(block_wrap(kek, key, wrapped, &fault), &fault);
    assert_memory_equal(wrapped, expected, sizeof wrapped);
    assert_int_equal(block_unwrap(kek, wrapped, back), 0);
    assert_memory_equal(back, key, sizeof back);
    for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(block_unwrap(kek, wrapped, back), -1);
        case_zero_check(back, sizeof back);
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* X of the point that a private key shares with a public one, by OpenSSL. */
static void agree_in_software(const uint8_t *pair, size_t pair_len, const uint8_t peer[64], uint8_t secret[32])
{
    uint8_t point[65] = { 4 };
    size_t len = 32;
    char group[] = "P-256";
    EVP_PKEY *mine = NULL;
    EVP_PKEY *theirs = NULL;
    memcpy(point + 1, peer, 64);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &theirs, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    mine = d2i_PrivateKey(EVP_PKEY_EC, NULL, &pair, (long)pair_len);
    assert_non_null(mine);
    ctx = EVP_PKEY_CTX_new(mine, NULL);
    assert_true(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, secret, &len) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(mine);
    EVP_PKEY_free(theirs);
}

/* The draft's ES-DH, AES-CTR example (draft-ietf-suit-firmware-encryption): its key and its message, opened with our
 * KDF and key wrap. */
static void draft_example_opens(void **state)
{
    (void)state;
    uint8_t pair[128];
    uint8_t ephemeral[64];
    uint8_t wrapped[24];
    uint8_t iv[16];
    uint8_t cipher[30];
    uint8_t plain[30];
    uint8_t secret[32];
    uint8_t kek[16];
    uint8_t key[16];
    int len = 0;
    struct fault fault = FAULT_NONE;
    /* ECPrivateKey (RFC 5915): version, private key, curve; the public key is derived. */
    size_t pair_len = case_hex("30310201010420"
                               "60FE6DD6D85D5740A5349B6F91267EEAC5BA81B8CB53EE249E4B4EB102C476B3"
                               "A00A06082A8648CE3D030107",
                               pair, sizeof pair);
    (void)case_hex("EE0718F6B019C29CC611C18CEDE2214066DDCEDC2F0DBEF873CB224C715C1174"
                   "279F2A88E4AB9E2ED30C0FCB69515B31B5D36725BFDB9AE02032ED4D5AB52CB8",
                   ephemeral, sizeof ephemeral);
    (void)case_hex("E28B4502E4F5151884A995405579006E9465C3E94E3E0808", wrapped, sizeof wrapped);
    (void)case_hex("DAE613B2E0DC55F4322BE38BDBA9DC68", iv, sizeof iv);
    (void)case_hex("2BB8DB522AE978246CC775C3B0241BD4B0333FFDD2DB70C7EE7A4966E3B7", cipher, sizeof cipher);
    agree_in_software(pair, pair_len, ephemeral, secret);
    support_check(block_kek(secret, kek, &fault), &fault);
    assert_int_equal(block_unwrap(kek, wrapped, key), 0);
    EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_DecryptInit_ex(ctr, EVP_aes_128_ctr(), NULL, key, iv), 1);
    assert_int_equal(EVP_DecryptUpdate(ctr, plain, &len, cipher, sizeof cipher), 1);
    EVP_CIPHER_CTX_free(ctr);
    assert_memory_equal(plain, "This is a real firmware image.", sizeof plain);
}

/* The device's own code, with a key as the device makes it. */
static void device_opens_its_block(void **state)
{
    (void)state;
    uint8_t private_key[32];
    uint8_t public_key[64];
    uint8_t other[64] = { 0 };
    struct block block;
    struct keyblock opened;
    struct fault fault = FAULT_NONE;
    assert_int_equal(crypto_p256_generate(private_key, public_key), STATUS_OK);
    support_check(block_make(&package, &session, public_key, hsm, "mastering", &block, &fault), &fault);
    struct policy policy = { .mastering_keys = bytes_of(signer, 64), .provisioner_key = bytes_of(other, 64) };
    const struct keyblock_trust trust = { &policy, 0, private_key, public_key };
    assert_int_equal(keyblock_open(bytes_of(block.data, block.len), &trust, &opened), STATUS_OK);
    assert_memory_equal(opened.key, session.key, sizeof session.key);
    assert_memory_equal(opened.iv, session.iv, sizeof session.iv);
    assert_int_equal(opened.sequence, package.sequence);
    assert_int_equal(opened.package_size, package.envelope_len);
    policy.mastering_keys = bytes_of(other, 64);
    assert_int_equal(keyblock_open(bytes_of(block.data, block.len), &trust, &opened), STATUS_SUIT_BLOCK_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_opens_for_its_recipient),
        cmocka_unit_test(two_blocks_for_the_same_are_never_alike),
        cmocka_unit_test(block_does_not_open_for_others),
        cmocka_unit_test(block_with_any_bit_changed_is_refused),
        cmocka_unit_test(block_cut_or_followed_is_refused),
        cmocka_unit_test(recipient_off_the_curve_is_refused),
        cmocka_unit_test(key_wrap_is_rfc_3394),
        cmocka_unit_test(draft_example_opens),
        cmocka_unit_test(device_opens_its_block),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
