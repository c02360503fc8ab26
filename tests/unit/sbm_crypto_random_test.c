/* SPDX-License-Identifier: Apache-2.0 */
/* PSA Crypto in SBM under random calls: no crash, no secret, no end. RANDOM_CALLS in the environment makes it longer.
 */
#include <stdlib.h>
#include <string.h>

#include <psa/crypto.h>

#include "sbm/service_crypto.h"
#include "tests/unit/psa_answers.h"
#include "tests/unit/psa_door.h"
#include "tests/unit/test.h"

#define HMAC PSA_ALG_HMAC(PSA_ALG_SHA_256)
#define ECDSA PSA_ALG_ECDSA(PSA_ALG_SHA_256)
#define RANDOM_CALLS 100000u

/* A key whose bytes are the marker. */
static psa_key_id_t key_plant(psa_key_type_t type, psa_algorithm_t alg, psa_key_usage_t usage)
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

static uint32_t random_next(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static size_t random_len(void)
{
    static const size_t lens[] = { 0, 1, 12, 13, 16, 32, 64, 65, 96, 200 };
    uint32_t r = random_next() % 64;
    return r < 10 ? lens[r] : r < 62 ? lens[r % 10] : r == 62 ? random_next() : SIZE_MAX - random_next() % 64;
}

static uint8_t *random_at(void)
{
    return door_arena + (random_next() % 64 == 0 ? sizeof door_arena - 16 : 1024 + random_next() % 4096);
}

static void random_call(struct sbm_crypto_call *call, const psa_key_id_t keys[6], uint32_t handle)
{
    static const psa_algorithm_t algorithms[] = { PSA_ALG_SHA_256,
                                                  HMAC,
                                                  PSA_ALG_CTR,
                                                  PSA_ALG_GCM,
                                                  PSA_ALG_CCM,
                                                  PSA_ALG_CHACHA20_POLY1305,
                                                  PSA_ALG_HKDF(PSA_ALG_SHA_256),
                                                  PSA_ALG_TLS12_PRF(PSA_ALG_SHA_256),
                                                  PSA_ALG_ECDH,
                                                  ECDSA };
    static const psa_key_type_t types[] = { PSA_KEY_TYPE_HMAC, PSA_KEY_TYPE_AES, PSA_KEY_TYPE_CHACHA20,
                                            PSA_KEY_TYPE_DERIVE, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1) };
    *call =
        (struct sbm_crypto_call){ .function = random_next() % 130,
                                  .operation = random_next() % 8 == 0 ? random_next() : handle,
                                  .key = random_next() % 8 == 0 ? random_next() : keys[random_next() % 6],
                                  .algorithm = random_next() % 16 == 0 ? random_next() : algorithms[random_next() % 10],
                                  .number = { 0x0101u + random_next() % 5 * 0x101u, random_next() % 100 } };
    call->attributes = (struct sbm_crypto_attributes){ .type = types[random_next() % 5],
                                                       .bits = random_next() % 2 == 0 ? 256 : random_next() % 600,
                                                       .usage = random_next() & 0xFF00u, /* no export, no copy */
                                                       .algorithm = algorithms[random_next() % 10] };
    for (unsigned i = 0; i < 4; i++) {
        call->in[i] = (struct sbm_crypto_in){ random_at(), random_len() };
    }
    for (unsigned i = 0; i < 2; i++) {
        call->out[i] = (struct sbm_crypto_out){ random_at(), random_len(), 0 };
    }
}

/* Whatever is called in whatever order: no crash (the sanitizers watch), no secret in the application's memory, and the
 * service still works. */
static void random_calls_bring_out_no_secret(void **state)
{
    struct sbm_crypto_call *call = (struct sbm_crypto_call *)(void *)door_arena;
    uint32_t handle = 0;
    unsigned done = 0;
    const char *more = getenv("RANDOM_CALLS"); /* for a long night */
    unsigned count = more != NULL ? (unsigned)strtoul(more, NULL, 10) : RANDOM_CALLS;
    const psa_key_usage_t all = PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE | PSA_KEY_USAGE_SIGN_HASH |
                                PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT | PSA_KEY_USAGE_DERIVE;
    (void)state;
    const psa_key_id_t keys[6] = {
        SBM_CRYPTO_KEY_IDENTITY,
        key_plant(PSA_KEY_TYPE_HMAC, HMAC, all),
        key_plant(PSA_KEY_TYPE_AES, PSA_ALG_CTR, all),
        key_plant(PSA_KEY_TYPE_AES, PSA_ALG_GCM, all),
        key_plant(PSA_KEY_TYPE_DERIVE, PSA_ALG_HKDF(PSA_ALG_SHA_256), all),
        key_plant(PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), PSA_ALG_ECDH, all),
    };
    for (unsigned i = 0; i < count; i++) {
        random_call(call, keys, handle);
        if (call->function == SBM_CRYPTO_KEY_DESTROY && call->key != 0) {
            call->key = call->key == keys[random_next() % 6] ? 0 : call->key;
        }
        if (door_call(call) == PSA_SUCCESS) {
            done++;
            handle = call->operation;
        }
        if (i % 16 == 0) {
            assert_false(door_shows_secret(door_arena, 8192));
        }
    }
    assert_true(done > count / 100);
    assert_in_range(service_crypto_operations_count(), 0, SBM_CRYPTO_OPERATIONS);
    service_crypto_wipe();
    for (size_t i = 0; i < psa_answers_count; i++) {
        assert_true(psa_answers[i].holds());
    }
}

/* The search of the test above finds what it looks for. */
static void planted_secret_is_seen_when_it_may_be_exported(void **state)
{
    uint8_t out[32];
    size_t len;
    (void)state;
    psa_key_id_t key = key_plant(PSA_KEY_TYPE_HMAC, HMAC, PSA_KEY_USAGE_EXPORT);
    assert_false(door_shows_secret(door_arena, sizeof door_arena));
    assert_int_equal(psa_export_key(key, out, sizeof out, &len), PSA_SUCCESS);
    assert_true(door_shows_secret(door_arena, sizeof door_arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(planted_secret_is_seen_when_it_may_be_exported, door_setup),
        cmocka_unit_test_setup(random_calls_bring_out_no_secret, door_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
