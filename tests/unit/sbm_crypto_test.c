/* SPDX-License-Identifier: Apache-2.0 */
/* PSA Crypto in SBM: known answers, policies, operations and hostile calls, through the application's own library. */
#include <string.h>

#include <psa/crypto.h>

#include "crypto/crypto.h"
#include "crypto/psa/pool.h"
#include "sbm/service_crypto.h"
#include "tests/unit/psa_answers.h"
#include "tests/unit/psa_door.h"
#include "tests/unit/test.h"

#define HMAC PSA_ALG_HMAC(PSA_ALG_SHA_256)
#define ECDSA PSA_ALG_ECDSA(PSA_ALG_SHA_256)

static const uint8_t digest[32] = { 1, 2, 3 };

static psa_key_id_t key_make(psa_key_type_t type, psa_algorithm_t alg, psa_key_usage_t usage)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_set_key_type(&attributes, type);
    psa_set_key_algorithm(&attributes, alg);
    psa_set_key_usage_flags(&attributes, usage);
    assert_int_equal(psa_import_key(&attributes, door_marker, 32, &key), PSA_SUCCESS);
    memset(door_arena, 0, sizeof door_arena);
    return key;
}

static void nothing_is_left(void)
{
    assert_int_equal(service_crypto_operations_count(), 0);
    assert_int_equal(crypto_psa_pool_taken(), 0);
}

static void every_known_answer_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < psa_answers_count; i++) {
        if (!psa_answers[i].holds()) {
            fail_msg("%s", psa_answers[i].name);
        }
        nothing_is_left();
    }
}

static void key_does_only_what_its_policy_says(void **state)
{
    uint8_t out[64];
    size_t len;
    (void)state;
    psa_key_id_t mac = key_make(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_VERIFY_MESSAGE);
    psa_key_id_t aes = key_make(PSA_KEY_TYPE_AES, PSA_ALG_GCM, PSA_KEY_USAGE_DECRYPT);
    assert_int_equal(psa_export_key(mac, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(len, 0);
    assert_int_equal(psa_export_public_key(mac, out, sizeof out, &len), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_mac_compute(mac, HMAC, digest, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_aead_encrypt(aes, PSA_ALG_GCM, digest, 12, NULL, 0, digest, 16, out, sizeof out, &len),
                     PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_aead_decrypt(aes, PSA_ALG_CCM, digest, 12, NULL, 0, digest, 32, out, sizeof out, &len),
                     PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_cipher_decrypt(aes, PSA_ALG_CTR, digest, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_false(door_shows_secret(door_arena, sizeof door_arena));
}

static void copy_of_a_key_gains_no_right(void **state)
{
    psa_key_attributes_t wider = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t copy = 0;
    uint8_t out[64];
    size_t len;
    (void)state;
    psa_key_id_t fixed = key_make(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_key_id_t loose = key_make(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_COPY);
    psa_set_key_usage_flags(&wider, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_EXPORT);
    psa_set_key_algorithm(&wider, HMAC);
    assert_int_equal(psa_copy_key(fixed, &wider, &copy), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_copy_key(loose, &wider, &copy), PSA_SUCCESS);
    assert_int_equal(psa_mac_compute(copy, HMAC, digest, 32, out, sizeof out, &len), PSA_SUCCESS);
    assert_int_equal(psa_export_key(copy, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
}

static void identity_signs_and_does_nothing_else(void **state)
{
    const psa_key_id_t key = SBM_CRYPTO_KEY_IDENTITY;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t copy;
    uint8_t out[80];
    size_t len;
    uint8_t hash[32];
    (void)state;
    assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, digest, 32, hash, sizeof hash, &len), PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(key, ECDSA, hash, 32, out, sizeof out, &len), PSA_SUCCESS);
    assert_int_equal(crypto_p256_verify(door_identity + 32, hash, out), STATUS_OK);
    assert_int_equal(psa_verify_hash(key, ECDSA, hash, 32, out, len), PSA_SUCCESS);
    assert_int_equal(psa_export_public_key(key, out, sizeof out, &len), PSA_SUCCESS);
    assert_int_equal(len, 65);
    assert_memory_equal(out + 1, door_identity + 32, 64);
    assert_int_equal(psa_get_key_attributes(key, &attributes), PSA_SUCCESS);
    assert_int_equal(psa_get_key_id(&attributes), key);
    assert_int_equal(psa_get_key_usage_flags(&attributes), PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_SIGN_MESSAGE |
                                                               PSA_KEY_USAGE_VERIFY_HASH |
                                                               PSA_KEY_USAGE_VERIFY_MESSAGE);
    assert_int_equal(psa_export_key(key, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_sign_hash(key, PSA_ALG_ECDSA_ANY, hash, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_raw_key_agreement(PSA_ALG_ECDH, key, out, 65, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_copy_key(key, &attributes, &copy), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_destroy_key(key), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_purge_key(key), PSA_SUCCESS);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_RAW_DATA);
    assert_int_equal(psa_key_agreement(key, out, 65, PSA_ALG_ECDH, &attributes, &copy), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_sign_hash(key, ECDSA, hash, 32, out, sizeof out, &len), PSA_SUCCESS);
    assert_false(door_shows_secret(door_arena, sizeof door_arena));
}

/* A token of the application's own making would look like SBM's: whichever way it is hashed, it is not signed. */
static void identity_signs_no_statement_of_sbm(void **state)
{
    const psa_key_id_t key = SBM_CRYPTO_KEY_IDENTITY;
    const uint8_t *forged = (const uint8_t *)"\x84\x6aSignature1\x43\xa1\x01\x28\x40\x41\xa0";
    psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
    psa_hash_operation_t clone = PSA_HASH_OPERATION_INIT;
    uint8_t made[32];
    uint8_t out[64];
    size_t len;
    (void)state;
    assert_int_equal(psa_sign_message(key, ECDSA, forged, 19, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_sign_message(key, ECDSA, forged, 11, out, sizeof out, &len), PSA_SUCCESS);
    assert_int_equal(psa_sign_message(key, ECDSA, forged + 1, 18, out, sizeof out, &len), PSA_SUCCESS);
    crypto_sha256(bytes_of(forged, 19), made);
    assert_int_equal(psa_sign_hash(key, ECDSA, made, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, forged, 19, made, sizeof made, &len), PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(key, ECDSA, made, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_256), PSA_SUCCESS);
    for (unsigned i = 0; i < 19; i++) {
        assert_int_equal(psa_hash_update(&hash, forged + i, 1), PSA_SUCCESS);
        if (i == 5) {
            assert_int_equal(psa_hash_clone(&hash, &clone), PSA_SUCCESS);
        }
    }
    assert_int_equal(psa_hash_update(&clone, forged + 6, 13), PSA_SUCCESS);
    assert_int_equal(psa_hash_finish(&hash, made, sizeof made, &len), PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(key, ECDSA, made, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_hash_finish(&clone, made, sizeof made, &len), PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(key, ECDSA, made, 32, out, sizeof out, &len), PSA_ERROR_NOT_PERMITTED);
}

static void identity_signs_the_last_eight_hashes(void **state)
{
    uint8_t first[32];
    uint8_t hash[32];
    uint8_t out[64];
    size_t len;
    (void)state;
    assert_int_equal(psa_sign_hash(SBM_CRYPTO_KEY_IDENTITY, ECDSA, digest, 32, out, sizeof out, &len),
                     PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, digest, 32, first, sizeof first, &len), PSA_SUCCESS);
    for (uint8_t i = 0; i < 7; i++) {
        assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, &i, 1, hash, sizeof hash, &len), PSA_SUCCESS);
    }
    assert_int_equal(psa_sign_hash(SBM_CRYPTO_KEY_IDENTITY, ECDSA, first, 32, out, sizeof out, &len), PSA_SUCCESS);
    assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, out, 64, hash, sizeof hash, &len), PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(SBM_CRYPTO_KEY_IDENTITY, ECDSA, first, 32, out, sizeof out, &len),
                     PSA_ERROR_NOT_PERMITTED);
}

static void device_without_identity_has_no_such_key(void **state)
{
    uint8_t out[80];
    size_t len;
    (void)state;
    door_forget_identity();
    assert_int_equal(psa_sign_message(SBM_CRYPTO_KEY_IDENTITY, ECDSA, digest, 32, out, sizeof out, &len),
                     PSA_ERROR_INVALID_HANDLE);
}

static void persistent_key_outlives_a_reset_sealed(void **state)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    uint8_t before[32];
    uint8_t after[32];
    size_t len;
    (void)state;
    psa_set_key_id(&attributes, 77);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_algorithm(&attributes, HMAC);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
    assert_int_equal(psa_import_key(&attributes, door_marker, 32, &key), PSA_SUCCESS);
    assert_int_equal(psa_mac_compute(77, HMAC, digest, 32, before, sizeof before, &len), PSA_SUCCESS);
    door_reset();
    assert_int_equal(psa_mac_compute(77, HMAC, digest, 32, after, sizeof after, &len), PSA_SUCCESS);
    assert_memory_equal(after, before, 32);
    assert_int_equal(psa_export_key(77, after, sizeof after, &len), PSA_ERROR_NOT_PERMITTED);
    assert_false(door_flash_shows_secret());
    assert_int_equal(psa_destroy_key(77), PSA_SUCCESS);
    door_reset();
    assert_int_equal(psa_mac_compute(77, HMAC, digest, 32, after, sizeof after, &len), PSA_ERROR_INVALID_HANDLE);
}

static void other_numbers_name_no_key(void **state)
{
    static const psa_key_id_t ids[] = { 0, 1, 0x3fffffff, 0x7fff0001, 0x7fffefff, 0x7fffffff, 0x80000000, UINT32_MAX };
    uint8_t out[80];
    size_t len;
    (void)state;
    psa_key_id_t own = key_make(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_SIGN_MESSAGE);
    for (psa_key_id_t id = PSA_KEY_ID_VENDOR_MIN; id < PSA_KEY_ID_VENDOR_MIN + 64; id++) {
        psa_status_t status = psa_sign_hash(id, ECDSA, digest, 32, out, sizeof out, &len);
        assert_int_equal(status, id == own ? PSA_ERROR_NOT_PERMITTED : PSA_ERROR_INVALID_HANDLE);
        assert_int_equal(psa_destroy_key(id), id == own ? PSA_SUCCESS : PSA_ERROR_INVALID_HANDLE);
    }
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        assert_int_equal(psa_sign_hash(ids[i], ECDSA, digest, 32, out, sizeof out, &len), PSA_ERROR_INVALID_HANDLE);
        assert_int_equal(psa_export_public_key(ids[i], out, sizeof out, &len), PSA_ERROR_INVALID_HANDLE);
    }
    assert_int_equal(psa_sign_message(SBM_CRYPTO_KEY_IDENTITY, ECDSA, digest, 32, out, sizeof out, &len), PSA_SUCCESS);
}

static void keys_of_vendors_cannot_be_made(void **state)
{
    static const psa_key_id_t ids[] = { PSA_KEY_ID_VENDOR_MIN, SBM_CRYPTO_KEY_IDENTITY, UINT32_MAX };
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key;
    (void)state;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        psa_set_key_id(&attributes, ids[i]);
        assert_int_equal(psa_import_key(&attributes, digest, 32, &key), PSA_ERROR_INVALID_ARGUMENT);
    }
    psa_set_key_id(&attributes, 5);
    psa_set_key_lifetime(&attributes, 0x000001ff); /* another location, read-only */
    assert_int_not_equal(psa_import_key(&attributes, digest, 32, &key), PSA_SUCCESS);
}

static void forged_handle_names_no_operation(void **state)
{
    psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
    psa_hash_operation_t old = PSA_HASH_OPERATION_INIT;
    (void)state;
    assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_256), PSA_SUCCESS);
    old = hash;
    assert_int_equal(psa_hash_abort(&hash), PSA_SUCCESS);
    assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_256), PSA_SUCCESS);
    assert_int_equal(psa_hash_update(&old, digest, 1), PSA_ERROR_BAD_STATE);
    for (unsigned bit = 0; bit < 32; bit++) {
        psa_hash_operation_t forged = { hash.handle ^ 1u << bit };
        psa_mac_operation_t mac = { hash.handle };
        psa_key_derivation_operation_t derive = { hash.handle };
        assert_int_equal(psa_hash_update(&forged, digest, 1), PSA_ERROR_BAD_STATE);
        assert_int_equal(psa_hash_abort(&forged), PSA_SUCCESS);
        assert_int_equal(psa_mac_update(&mac, digest, 1), PSA_ERROR_BAD_STATE);
        assert_int_equal(psa_key_derivation_input_bytes(&derive, PSA_KEY_DERIVATION_INPUT_INFO, digest, 1),
                         PSA_ERROR_BAD_STATE);
    }
    assert_int_equal(psa_hash_update(&hash, (const uint8_t *)"abc", 3), PSA_SUCCESS);
    assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_256), PSA_ERROR_BAD_STATE);
    assert_int_equal(psa_hash_abort(&hash), PSA_SUCCESS);
    nothing_is_left();
}

static void failed_operation_is_over(void **state)
{
    psa_aead_operation_t aead = PSA_AEAD_OPERATION_INIT;
    psa_cipher_operation_t cipher = PSA_CIPHER_OPERATION_INIT;
    uint8_t out[16];
    size_t len;
    (void)state;
    psa_key_id_t key = key_make(PSA_KEY_TYPE_AES, PSA_ALG_GCM, PSA_KEY_USAGE_DECRYPT);
    psa_key_id_t ctr = key_make(PSA_KEY_TYPE_AES, PSA_ALG_CTR, PSA_KEY_USAGE_ENCRYPT);
    assert_int_equal(psa_aead_encrypt_setup(&aead, key, PSA_ALG_GCM), PSA_ERROR_NOT_PERMITTED);
    nothing_is_left();
    assert_int_equal(psa_aead_decrypt_setup(&aead, key, PSA_ALG_GCM), PSA_SUCCESS);
    assert_int_equal(psa_aead_update(&aead, digest, 16, out, sizeof out, &len), PSA_ERROR_BAD_STATE);
    nothing_is_left();
    assert_int_equal(psa_aead_set_nonce(&aead, digest, 12), PSA_ERROR_BAD_STATE);
    assert_int_equal(psa_aead_abort(&aead), PSA_SUCCESS);
    assert_int_equal(psa_cipher_encrypt_setup(&cipher, ctr, PSA_ALG_CTR), PSA_SUCCESS);
    assert_int_equal(psa_cipher_set_iv(&cipher, digest, 15), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_cipher_update(&cipher, digest, 16, out, sizeof out, &len), PSA_ERROR_BAD_STATE);
    nothing_is_left();
}

static void ninth_operation_finds_no_room(void **state)
{
    psa_hash_operation_t all[SBM_CRYPTO_OPERATIONS + 1] = { 0 };
    uint8_t out[32];
    size_t len;
    (void)state;
    for (unsigned i = 0; i < SBM_CRYPTO_OPERATIONS; i++) {
        assert_int_equal(psa_hash_setup(&all[i], PSA_ALG_SHA_256), PSA_SUCCESS);
        assert_int_equal(psa_hash_update(&all[i], (const uint8_t *)&i, sizeof i), PSA_SUCCESS);
    }
    assert_int_equal(psa_hash_setup(&all[SBM_CRYPTO_OPERATIONS], PSA_ALG_SHA_256), PSA_ERROR_INSUFFICIENT_MEMORY);
    assert_int_equal(psa_hash_clone(&all[0], &all[SBM_CRYPTO_OPERATIONS]), PSA_ERROR_INSUFFICIENT_MEMORY);
    for (unsigned i = 0; i < SBM_CRYPTO_OPERATIONS; i++) {
        uint8_t want[32];
        crypto_sha256(bytes_of(&i, sizeof i), want);
        assert_int_equal(psa_hash_finish(&all[i], out, sizeof out, &len), PSA_SUCCESS);
        assert_memory_equal(out, want, 32);
    }
    nothing_is_left();
}

static void destroyed_key_ends_nothing_halfway(void **state)
{
    psa_mac_operation_t mac = PSA_MAC_OPERATION_INIT;
    uint8_t out[32];
    size_t len;
    (void)state;
    psa_key_id_t key = key_make(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_SIGN_MESSAGE);
    assert_int_equal(psa_mac_sign_setup(&mac, key, HMAC), PSA_SUCCESS);
    assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
    assert_int_equal(psa_mac_compute(key, HMAC, digest, 32, out, sizeof out, &len), PSA_ERROR_INVALID_HANDLE);
    assert_int_equal(psa_mac_update(&mac, digest, 32), PSA_SUCCESS);
    assert_int_equal(psa_mac_sign_finish(&mac, out, sizeof out, &len), PSA_SUCCESS);
    nothing_is_left();
}

static void key_slots_run_out_and_come_back(void **state)
{
    psa_key_id_t keys[32];
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    unsigned made = 0;
    (void)state;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    while (made < 32 && psa_import_key(&attributes, digest, 32, &keys[made]) == PSA_SUCCESS) {
        made++;
    }
    assert_in_range(made, 8, 31);
    assert_int_equal(psa_import_key(&attributes, digest, 32, &keys[made]), PSA_ERROR_INSUFFICIENT_MEMORY);
    for (unsigned i = 0; i < made; i++) {
        assert_int_equal(psa_destroy_key(keys[i]), PSA_SUCCESS);
    }
    assert_int_equal(psa_import_key(&attributes, digest, 32, &keys[0]), PSA_SUCCESS);
}

static struct sbm_crypto_call *call_at(uint32_t function)
{
    struct sbm_crypto_call *call = (struct sbm_crypto_call *)(void *)door_arena;
    *call = (struct sbm_crypto_call){ .function = function, .algorithm = PSA_ALG_SHA_256 };
    for (unsigned i = 0; i < 4; i++) {
        call->in[i].data = door_arena + 1024;
    }
    call->out[0] = (struct sbm_crypto_out){ door_arena + 2048, 64, 0 };
    call->out[1] = (struct sbm_crypto_out){ door_arena + 3072, 64, 0 };
    return call;
}

static void memory_of_others_is_refused(void **state)
{
    static uint8_t foreign[64];
    uint8_t *end = door_arena + sizeof door_arena;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct sbm_crypto_call *call = call_at(SBM_CRYPTO_HASH_COMPUTE);
        call->in[i] = (struct sbm_crypto_in){ foreign, 1 };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
        call->in[i] = (struct sbm_crypto_in){ end - 8, 9 };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
        call->in[i] = (struct sbm_crypto_in){ door_arena + 8, SIZE_MAX };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
        call->in[i] = (struct sbm_crypto_in){ NULL, 1 };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
        call->in[i] = (struct sbm_crypto_in){ door_arena, SBM_CRYPTO_IN_MAX + 1 };
        assert_int_equal(door_call(call), PSA_ERROR_INSUFFICIENT_MEMORY);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct sbm_crypto_call *call = call_at(SBM_CRYPTO_HASH_COMPUTE);
        call->out[i] = (struct sbm_crypto_out){ foreign, sizeof foreign, 0 };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
        call->out[i] = (struct sbm_crypto_out){ end - 31, 32, 0 };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
        call->out[i] = (struct sbm_crypto_out){ door_arena, SIZE_MAX, 0 };
        assert_int_equal(door_call(call), PSA_ERROR_INVALID_ARGUMENT);
    }
    struct sbm_crypto_call elsewhere = *call_at(SBM_CRYPTO_HASH_COMPUTE);
    assert_int_equal(door_call(&elsewhere), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(door_call((struct sbm_crypto_call *)(void *)(end - 8)), PSA_ERROR_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof foreign; i++) {
        assert_int_equal(foreign[i], 0);
    }
}

static void inputs_are_bounded_in_sum(void **state)
{
    (void)state;
    struct sbm_crypto_call *call = call_at(SBM_CRYPTO_HASH_COMPUTE);
    call->in[0].len = SBM_CRYPTO_IN_MAX - 96;
    call->in[3].len = 97;
    assert_int_equal(door_call(call), PSA_ERROR_INSUFFICIENT_MEMORY);
    call->in[3].len = 96;
    assert_int_equal(door_call(call), PSA_SUCCESS);
}

static void refused_call_changes_nothing(void **state)
{
    static uint8_t before[DOOR_ARENA_LEN];
    (void)state;
    struct sbm_crypto_call *call = call_at(SBM_CRYPTO_HASH_COMPUTE);
    call->out[0].capacity = 31; /* one too few */
    memset(door_arena + 2048, 0xEE, 64);
    memcpy(before, door_arena, sizeof before);
    assert_int_equal(door_call(call), PSA_ERROR_BUFFER_TOO_SMALL);
    assert_memory_equal(door_arena, before, sizeof before);
}

/* Where outputs lie over inputs, over each other or over the call, the result is that of separate memory. */
static void overlapping_outputs_harm_nobody(void **state)
{
    uint8_t want[32];
    (void)state;
    for (size_t i = 0; i < 64; i++) {
        door_arena[1024 + i] = (uint8_t)i;
    }
    crypto_sha256(bytes_of(door_arena + 1024, 64), want);
    struct sbm_crypto_call *call = call_at(SBM_CRYPTO_HASH_COMPUTE);
    call->in[0].len = 64;
    call->out[0].data = door_arena + 1024 + 16;
    assert_int_equal(door_call(call), PSA_SUCCESS);
    assert_memory_equal(door_arena + 1024 + 16, want, 32);
    call = call_at(SBM_CRYPTO_HASH_COMPUTE);
    call->out[0].data = call;
    assert_int_equal(door_call(call), PSA_SUCCESS);
}

static void unknown_function_is_not_supported(void **state)
{
    static const uint32_t functions[] = { 0, 2, 15, 24, 31, 37, 47, 129, 1000, 0x80000000, UINT32_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        assert_int_equal(door_call(call_at(functions[i])), PSA_ERROR_NOT_SUPPORTED);
    }
    for (uint32_t function = 55; function < 128; function++) {
        assert_int_not_equal(door_call(call_at(function)), PSA_SUCCESS);
    }
    nothing_is_left();
}

static void wiped_service_knows_no_key(void **state)
{
    psa_mac_operation_t mac = PSA_MAC_OPERATION_INIT;
    uint8_t out[32];
    size_t len;
    (void)state;
    psa_key_id_t key = key_make(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_SIGN_MESSAGE);
    assert_int_equal(psa_mac_sign_setup(&mac, key, HMAC), PSA_SUCCESS);
    service_crypto_wipe();
    nothing_is_left();
    assert_int_equal(psa_mac_update(&mac, digest, 32), PSA_ERROR_BAD_STATE);
    assert_int_equal(psa_mac_compute(key, HMAC, digest, 32, out, sizeof out, &len), PSA_ERROR_INVALID_HANDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_known_answer_holds, door_setup),
        cmocka_unit_test_setup(key_does_only_what_its_policy_says, door_setup),
        cmocka_unit_test_setup(copy_of_a_key_gains_no_right, door_setup),
        cmocka_unit_test_setup(identity_signs_and_does_nothing_else, door_setup),
        cmocka_unit_test_setup(identity_signs_no_statement_of_sbm, door_setup),
        cmocka_unit_test_setup(identity_signs_the_last_eight_hashes, door_setup),
        cmocka_unit_test_setup(device_without_identity_has_no_such_key, door_setup),
        cmocka_unit_test_setup(persistent_key_outlives_a_reset_sealed, door_setup),
        cmocka_unit_test_setup(other_numbers_name_no_key, door_setup),
        cmocka_unit_test_setup(keys_of_vendors_cannot_be_made, door_setup),
        cmocka_unit_test_setup(forged_handle_names_no_operation, door_setup),
        cmocka_unit_test_setup(failed_operation_is_over, door_setup),
        cmocka_unit_test_setup(ninth_operation_finds_no_room, door_setup),
        cmocka_unit_test_setup(destroyed_key_ends_nothing_halfway, door_setup),
        cmocka_unit_test_setup(key_slots_run_out_and_come_back, door_setup),
        cmocka_unit_test_setup(memory_of_others_is_refused, door_setup),
        cmocka_unit_test_setup(inputs_are_bounded_in_sum, door_setup),
        cmocka_unit_test_setup(refused_call_changes_nothing, door_setup),
        cmocka_unit_test_setup(overlapping_outputs_harm_nobody, door_setup),
        cmocka_unit_test_setup(unknown_function_is_not_supported, door_setup),
        cmocka_unit_test_setup(wiped_service_knows_no_key, door_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
