/* SPDX-License-Identifier: Apache-2.0 */
/* attest: the attestation token that SBM makes on a simulated board. */
#include "tests/unit/test.h"

#include "psa/initial_attestation.h"
#include "sbm/device.h"
#include "sbm/service.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "wire/token.h"

#define IMAGE_LEN 3000u
#define SBM_LEN 400u

static struct maker maker;
static struct sim provisioned_machine;
static struct sim machine;
static uint8_t package[16384];
static size_t package_len;

static uint8_t challenge[80];
static size_t challenge_len;
static size_t capacity;
static uint8_t token[TOKEN_MAX];
static size_t token_len;
static size_t stated_len;
static psa_status_t result;
static psa_status_t size_result;

static void attest_run(void)
{
    memset(token, 0xEE, sizeof token);
    size_result = service_attest_token_size(challenge_len, &stated_len);
    result = service_attest_token(bytes_of(challenge, challenge_len), token, capacity, &token_len);
}

static psa_status_t attest(size_t len)
{
    challenge_len = len;
    capacity = sizeof token;
    (void)sim_run(&machine, attest_run);
    return result;
}

/* The claims of the last token, whose signature was checked with the device's own key. */
static struct token_claims claims_read(void)
{
    struct token_claims claims;
    struct bytes encoded;
    struct bytes signature;
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t digest[32];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    assert_int_equal(token_parse(bytes_of(token, token_len), &encoded, &signature), STATUS_OK);
    token_signed_head_build(encoded.len, &w);
    cbor_write_raw(&w, encoded);
    crypto_sha256(cbor_written(&w), digest);
    assert_int_equal(crypto_p256_verify(maker.identity.open, digest, signature.data), STATUS_OK);
    assert_int_equal(token_claims_parse(encoded, &claims), STATUS_OK);
    return claims;
}

static void boot(void)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    sim_make(&provisioned_machine, 512, 16, 0xFF);
    maker_geometry(&provisioned_machine);
    const struct maker_package spec = maker_package_right(&maker, 1, IMAGE_LEN);
    size_t block_len;
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    maker_provision(&maker, &provisioned_machine, package, package_len);
    (void)maker_sbm(&maker, &maker.firmware, &provisioned_machine, 0, 5, SBM_LEN);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = provisioned_machine;
    memset(challenge, 0x5A, sizeof challenge);
    boot();
    return 0;
}

static void token_says_who_the_device_is(void **state)
{
    (void)state;
    uint8_t point[65] = { 4 };
    uint8_t instance[32];
    assert_int_equal(attest(32), PSA_SUCCESS);
    struct token_claims claims = claims_read();
    memcpy(point + 1, maker.identity.open, 64);
    crypto_sha256(bytes_of(point, sizeof point), instance);
    assert_true(bytes_equal(claims.nonce, bytes_of(challenge, 32)));
    assert_int_equal(claims.instance.data[0], 1);
    assert_memory_equal(claims.instance.data + 1, instance, 32);
    assert_memory_equal(claims.implementation.data, maker.vendor, 16);
    assert_memory_equal(claims.implementation.data + 16, device.provisioned.policy.sbm_class.data, 16);
    assert_true(claims.client < 0);
    assert_int_equal(claims.lifecycle, TOKEN_LIFECYCLE_SECURED);
}

static void token_says_what_runs(void **state)
{
    (void)state;
    uint8_t digest[32];
    uint8_t signer[32];
    static const uint8_t nobody[32];
    uint32_t primary = machine.map.primary.off;
    assert_int_equal(attest(64), PSA_SUCCESS);
    struct token_claims claims = claims_read();
    crypto_sha256(bytes_of(maker.firmware.open, 64), signer);
    crypto_sha256(bytes_of(machine.flash, machine.map.anchor[0].off), digest);
    assert_memory_equal(claims.parts[TOKEN_BL1].measurement.data, digest, 32);
    assert_memory_equal(claims.parts[TOKEN_BL1].signer.data, nobody, 32);
    crypto_sha256(bytes_of(machine.flash + machine.map.sbm[0].off + machine.map.sbm_image_off, SBM_LEN), digest);
    assert_memory_equal(claims.parts[TOKEN_SBM].measurement.data, digest, 32);
    assert_memory_equal(claims.parts[TOKEN_SBM].signer.data, signer, 32);
    assert_int_equal(claims.parts[TOKEN_SBM].version, 5);
    crypto_sha256(bytes_of(machine.flash + primary, IMAGE_LEN), digest);
    assert_memory_equal(claims.parts[TOKEN_APP].measurement.data, digest, 32);
    assert_memory_equal(claims.parts[TOKEN_APP].signer.data, signer, 32);
    assert_int_equal(claims.parts[TOKEN_APP].version, 1);
}

static void only_the_three_challenge_sizes_are_taken(void **state)
{
    (void)state;
    for (size_t len = 0; len <= sizeof challenge; len++) {
        int right = len == PSA_INITIAL_ATTEST_CHALLENGE_SIZE_32 || len == PSA_INITIAL_ATTEST_CHALLENGE_SIZE_48 ||
                    len == PSA_INITIAL_ATTEST_CHALLENGE_SIZE_64;
        psa_status_t expected = right ? PSA_SUCCESS : PSA_ERROR_INVALID_ARGUMENT;
        assert_int_equal(attest(len), expected);
        assert_int_equal(size_result, expected);
        assert_int_equal(stated_len, token_len);
        assert_true(right == (token_len != 0));
    }
}

static void buffer_that_is_too_small_gets_nothing(void **state)
{
    (void)state;
    assert_int_equal(attest(32), PSA_SUCCESS);
    size_t whole = token_len;
    for (capacity = 0; capacity < whole; capacity += 13) {
        (void)sim_run(&machine, attest_run);
        assert_int_equal(result, PSA_ERROR_BUFFER_TOO_SMALL);
        assert_int_equal(token_len, 0);
    }
    capacity = whole;
    (void)sim_run(&machine, attest_run);
    assert_int_equal(result, PSA_SUCCESS);
    assert_int_equal(token[whole], 0xEE);
}

static void boot_seed_is_one_for_each_boot(void **state)
{
    (void)state;
    uint8_t seed[32];
    assert_int_equal(attest(32), PSA_SUCCESS);
    memcpy(seed, claims_read().seed.data, sizeof seed);
    assert_int_equal(attest(48), PSA_SUCCESS);
    assert_memory_equal(claims_read().seed.data, seed, sizeof seed);
    boot();
    assert_int_equal(attest(32), PSA_SUCCESS);
    assert_memory_not_equal(claims_read().seed.data, seed, sizeof seed);
}

/* A device whose SBM slot was damaged after its start says nothing about it. */
static void damaged_envelope_of_the_manager_gives_no_token(void **state)
{
    (void)state;
    machine.flash[machine.map.sbm[0].off + 40] ^= 1;
    assert_int_equal(attest(32), PSA_ERROR_SERVICE_FAILURE);
    assert_int_equal(token_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(token_says_who_the_device_is, setup),
        cmocka_unit_test_setup(token_says_what_runs, setup),
        cmocka_unit_test_setup(only_the_three_challenge_sizes_are_taken, setup),
        cmocka_unit_test_setup(buffer_that_is_too_small_gets_nothing, setup),
        cmocka_unit_test_setup(boot_seed_is_one_for_each_boot, setup),
        cmocka_unit_test_setup(damaged_envelope_of_the_manager_gives_no_token, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
