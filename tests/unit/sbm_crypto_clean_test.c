/* SPDX-License-Identifier: Apache-2.0 */
/* PSA Crypto in SBM: what a call or an operation that is over leaves behind. */
#include <string.h>

#include <psa/crypto.h>

#include "boot/halt.h"
#include "boot/rootkey.h"
#include "crypto/crypto.h"
#include "crypto/psa/pool.h"
#include "sbm/device.h"
#include "sbm/service_crypto.h"
#include "tests/unit/psa_door.h"
#include "tests/unit/test.h"

#define HMAC PSA_ALG_HMAC(PSA_ALG_SHA_256)
#define ECDSA PSA_ALG_ECDSA(PSA_ALG_SHA_256)
#define HKDF PSA_ALG_HKDF(PSA_ALG_SHA_256)
#define IDENTITY SBM_CRYPTO_KEY_IDENTITY

/* All writable memory of this program. */
extern uint8_t __data_start[];
extern uint8_t _end[];

static const uint8_t text[64] = { 1, 2, 3 };
static uint8_t out[96];
static size_t out_len;

static psa_key_id_t key_make(psa_key_type_t type, psa_algorithm_t alg)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_set_key_type(&attributes, type);
    psa_set_key_algorithm(&attributes, alg);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT | PSA_KEY_USAGE_SIGN_MESSAGE |
                                             PSA_KEY_USAGE_VERIFY_MESSAGE | PSA_KEY_USAGE_DERIVE);
    assert_int_equal(psa_import_key(&attributes, text, 32, &key), PSA_SUCCESS);
    return key;
}

static void nothing_is_left(void)
{
    assert_int_equal(service_crypto_operations_count(), 0);
    assert_int_equal(crypto_psa_pool_taken(), 0);
}

/* ---- operations that are given up half done ---- */

static void hash_abort_check(psa_algorithm_t alg)
{
    psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
    assert_int_equal(psa_hash_setup(&hash, alg), PSA_SUCCESS);
    assert_int_equal(psa_hash_update(&hash, text, 33), PSA_SUCCESS);
    assert_int_equal(psa_hash_abort(&hash), PSA_SUCCESS);
    nothing_is_left();
}

static void mac_abort_check(psa_key_type_t type, psa_algorithm_t alg)
{
    psa_mac_operation_t mac = PSA_MAC_OPERATION_INIT;
    psa_key_id_t key = key_make(type, alg);
    assert_int_equal(psa_mac_sign_setup(&mac, key, alg), PSA_SUCCESS);
    assert_int_equal(psa_mac_update(&mac, text, 33), PSA_SUCCESS);
    assert_int_equal(psa_mac_abort(&mac), PSA_SUCCESS);
    nothing_is_left();
    assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void cipher_abort_check(psa_algorithm_t alg)
{
    psa_cipher_operation_t cipher = PSA_CIPHER_OPERATION_INIT;
    psa_key_id_t key = key_make(PSA_KEY_TYPE_AES, alg);
    assert_int_equal(psa_cipher_encrypt_setup(&cipher, key, alg), PSA_SUCCESS);
    assert_int_equal(psa_cipher_set_iv(&cipher, text, 16), PSA_SUCCESS);
    assert_int_equal(psa_cipher_update(&cipher, text, 20, out, sizeof out, &out_len), PSA_SUCCESS);
    assert_int_equal(psa_cipher_abort(&cipher), PSA_SUCCESS);
    nothing_is_left();
    assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void aead_abort_check(psa_key_type_t type, psa_algorithm_t alg)
{
    psa_aead_operation_t aead = PSA_AEAD_OPERATION_INIT;
    psa_key_id_t key = key_make(type, alg);
    assert_int_equal(psa_aead_encrypt_setup(&aead, key, alg), PSA_SUCCESS);
    assert_int_equal(psa_aead_set_lengths(&aead, 5, 20), PSA_SUCCESS);
    assert_int_equal(psa_aead_set_nonce(&aead, text, 12), PSA_SUCCESS);
    assert_int_equal(psa_aead_update_ad(&aead, text, 5), PSA_SUCCESS);
    assert_int_equal(psa_aead_abort(&aead), PSA_SUCCESS);
    nothing_is_left();
    assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void aborted_operation_keeps_no_memory(void **state)
{
    psa_key_derivation_operation_t derive = PSA_KEY_DERIVATION_OPERATION_INIT;
    (void)state;
    for (unsigned i = 0; i < 40; i++) { /* more than the pool has blocks */
        hash_abort_check(PSA_ALG_SHA_256);
        mac_abort_check(PSA_KEY_TYPE_HMAC, HMAC);
        cipher_abort_check(PSA_ALG_CTR);
        aead_abort_check(PSA_KEY_TYPE_AES, PSA_ALG_GCM);
        assert_int_equal(psa_key_derivation_setup(&derive, HKDF), PSA_SUCCESS);
        assert_int_equal(psa_key_derivation_input_bytes(&derive, PSA_KEY_DERIVATION_INPUT_SALT, text, 16), PSA_SUCCESS);
        assert_int_equal(psa_key_derivation_abort(&derive), PSA_SUCCESS);
        nothing_is_left();
    }
}

/* ---- what the identity key is not misled by ---- */

/* The place of an operation comes to the next one: how the message before began says nothing of this one. */
static void beginning_of_an_older_message_hides_no_statement(void **state)
{
    const uint8_t *forged = (const uint8_t *)"\x84\x6aSignature1\x43\xa1\x01\x28\x40\x41\xa0";
    uint8_t made[32];
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
        assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_256), PSA_SUCCESS);
        assert_int_equal(psa_hash_update(&hash, text, sizeof text), PSA_SUCCESS);
        assert_int_equal(way == 0 ? psa_hash_abort(&hash) : psa_hash_finish(&hash, made, sizeof made, &out_len),
                         PSA_SUCCESS);
        hash = psa_hash_operation_init();
        assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_256), PSA_SUCCESS);
        assert_int_equal(psa_hash_update(&hash, forged, 19), PSA_SUCCESS);
        assert_int_equal(psa_hash_finish(&hash, made, sizeof made, &out_len), PSA_SUCCESS);
        assert_int_equal(psa_sign_hash(IDENTITY, ECDSA, made, 32, out, sizeof out, &out_len), PSA_ERROR_NOT_PERMITTED);
    }
}

static void hash_that_was_not_given_out_is_not_signed(void **state)
{
    static const uint8_t zero[32];
    uint8_t made[32];
    (void)state;
    assert_int_equal(psa_sign_hash(IDENTITY, ECDSA, zero, 32, out, sizeof out, &out_len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256, text, 32, made, sizeof made, &out_len), PSA_SUCCESS);
    assert_int_equal(psa_sign_hash(IDENTITY, ECDSA, zero, 32, out, sizeof out, &out_len), PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(psa_sign_hash(IDENTITY, ECDSA, made, 32, out, sizeof out, &out_len), PSA_SUCCESS);
    service_crypto_wipe();
    assert_int_equal(psa_sign_hash(IDENTITY, ECDSA, made, 32, out, sizeof out, &out_len), PSA_ERROR_NOT_PERMITTED);
}

/* ---- SBM's memory after a call ---- */

/* 1 when these eight bytes are anywhere in writable memory. Reads over every object: no tool is to mind. */
__attribute__((no_sanitize("address", "undefined"))) static int memory_has(const uint8_t wanted[8])
{
    for (const uint8_t *at = __data_start; at + 8 <= _end; at++) {
        unsigned same = 0;
        while (same < 8 && at[same] == wanted[same]) {
            same++;
        }
        if (same == 8) {
            return 1;
        }
    }
    return 0;
}

static struct sbm_crypto_call *call_at(uint32_t function)
{
    struct sbm_crypto_call *call = (struct sbm_crypto_call *)(void *)door_arena;
    *call = (struct sbm_crypto_call){ .function = function, .algorithm = PSA_ALG_SHA_256 };
    call->in[0] = (struct sbm_crypto_in){ door_arena + 1024, 32 };
    call->out[0] = (struct sbm_crypto_out){ door_arena + 2048, 32, 0 };
    return call;
}

static void inputs_and_outputs_do_not_stay_in_secure_memory(void **state)
{
    uint8_t given[32];
    (void)state;
    memcpy(door_arena + 1024, door_marker, 32);
    assert_int_equal(door_call(call_at(SBM_CRYPTO_HASH_COMPUTE)), PSA_SUCCESS);
    assert_true(memory_has(door_marker + 8)); /* in the application's own */
    memset(door_arena, 0, sizeof door_arena);
    assert_false(memory_has(door_marker + 8));
    assert_int_equal(door_call(call_at(SBM_CRYPTO_RANDOM)), PSA_SUCCESS);
    memcpy(given, door_arena + 2048, 32);
    memset(door_arena, 0, sizeof door_arena);
    assert_false(memory_has(given + 8));
    memcpy(door_arena + 1024, door_marker, 32);
    struct sbm_crypto_call *call = call_at(SBM_CRYPTO_HASH_COMPUTE);
    call->out[0].capacity = 31; /* refused */
    assert_int_equal(door_call(call), PSA_ERROR_BUFFER_TOO_SMALL);
    memset(door_arena, 0, sizeof door_arena);
    assert_false(memory_has(door_marker + 8));
}

/* What halt and every reset by SBM begin with: the vault's key, and the keys that came out of the vault. */
static void halt_leaves_no_key_in_memory(void **state)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    uint8_t vault_key[32];
    (void)state;
    psa_set_key_id(&attributes, 77);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_algorithm(&attributes, HMAC);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
    assert_int_equal(psa_import_key(&attributes, door_marker, 32, &key), PSA_SUCCESS);
    memset(door_arena, 0, sizeof door_arena);
    assert_int_equal(rootkey_derive(bytes_of("windlass store v1 VAULT", 23), vault_key, sizeof vault_key), STATUS_OK);
    assert_true(memory_has(door_marker + 8));
    assert_true(memory_has(vault_key + 8));
    halt_wipe();
    assert_false(memory_has(door_marker + 8));
    assert_false(memory_has(vault_key + 8));
    assert_int_equal(device.provisioned.identity[0] | device.provisioned.identity[31], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(aborted_operation_keeps_no_memory, door_setup),
        cmocka_unit_test_setup(beginning_of_an_older_message_hides_no_statement, door_setup),
        cmocka_unit_test_setup(hash_that_was_not_given_out_is_not_signed, door_setup),
        cmocka_unit_test_setup(inputs_and_outputs_do_not_stay_in_secure_memory, door_setup),
        cmocka_unit_test_setup(halt_leaves_no_key_in_memory, door_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
