/* SPDX-License-Identifier: Apache-2.0 */
/* external memory: package slots outside the chip, in sectors of another length. Updates work as they do inside; and
 * whoever holds that memory changes it at the worst moment, between the check of a thing and its use. */
#include "tests/unit/test.h"

#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "wire/cose.h"

#define IMAGE_LEN 1700u
#define TRIAL_BOOTS 3u

status_t __real_crypto_p256_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64]);
status_t __wrap_crypto_p256_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64]);
void __real_crypto_sha256(struct bytes data, uint8_t digest[32]);
void __wrap_crypto_sha256(struct bytes data, uint8_t digest[32]);

static struct maker maker;
static struct sim good; /* application 1 installed */
static struct sim machine;
static uint8_t package[8192];
static uint8_t evil[8192];
static size_t package_len;
static unsigned events;
static unsigned swap_at; /* 0: nobody interferes */

/* One more hash or signature was computed: perhaps the memory changes now. */
static void event(void)
{
    if (swap_at != 0 && ++events == swap_at) {
        memcpy(machine.flash + machine.map.package[1].off, evil, package_len);
    }
}

status_t __wrap_crypto_p256_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    status_t status = __real_crypto_p256_verify(key, digest, signature);
    event();
    return status;
}

void __wrap_crypto_sha256(struct bytes data, uint8_t digest[32])
{
    __real_crypto_sha256(data, digest);
    event();
}

static void package_make(uint64_t sequence)
{
    size_t block_len;
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
}

/* Puts `to` wherever `from` stands. */
static void digest_replace(uint8_t *data, const uint8_t from[32], const uint8_t to[32])
{
    unsigned found = 0;
    for (uint8_t *at = data; (at = memmem(at, package_len - (size_t)(at - data), from, 32)) != NULL; at += 32) {
        memcpy(at, to, 32);
        found++;
    }
    assert_true(found > 0);
}

/* What an attacker makes of a genuine package whose plaintext he knows: another image under the same key, and a
 * manifest that states its digests; only the signature is of the genuine one. */
static void evil_make(uint64_t sequence)
{
    static uint8_t plain[IMAGE_LEN];
    uint8_t digest[2][32];
    memcpy(evil, package, package_len);
    uint8_t *cipher = evil + package_len - IMAGE_LEN;
    for (size_t i = 0; i < IMAGE_LEN; i++) {
        plain[i] = maker_image_byte(sequence, i, IMAGE_LEN, machine.map.primary.off);
    }
    __real_crypto_sha256(bytes_of(plain, IMAGE_LEN), digest[0]);
    plain[1000] ^= 0x80;
    __real_crypto_sha256(bytes_of(plain, IMAGE_LEN), digest[1]);
    digest_replace(evil, digest[0], digest[1]);
    __real_crypto_sha256(bytes_of(cipher, IMAGE_LEN), digest[0]);
    cipher[1000] ^= 0x80;
    __real_crypto_sha256(bytes_of(cipher, IMAGE_LEN), digest[1]);
    digest_replace(evil, digest[0], digest[1]);
}

static void assert_runs(uint64_t sequence)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
}

static void update(uint64_t sequence)
{
    package_make(sequence);
    rig_update_set(bytes_of(package, package_len));
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
}

static int group_setup(void **state)
{
    static const struct sim_layout layout = { .store = 16,
                                              .state = 2,
                                              .vault = 16,
                                              .sbm = 4,
                                              .sbm_envelope = 1,
                                              .sbm_package = 2,
                                              .package = 4,
                                              .primary = 8,
                                              .external_sector_len = 4096 };
    (void)state;
    maker_start(&maker);
    sim_make_layout(&machine, 512, 16, 0xFF, &layout);
    maker_geometry(&machine);
    package_make(1);
    maker_provision(&maker, &machine, package, package_len);
    assert_runs(1);
    good = machine;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good;
    swap_at = 0;
    assert_runs(1);
    return 0;
}

static void update_from_external_memory_is_installed_confirmed_or_goes_back(void **state)
{
    (void)state;
    update(2);
    for (unsigned i = 0; i < TRIAL_BOOTS + 1; i++) {
        assert_runs(2);
    }
    assert_runs(1);
    update(3);
    assert_runs(3);
    (void)sim_run(&machine, rig_accept_run);
    machine.flash[machine.map.primary.off + 700] ^= 1;
    assert_runs(3);
}

static void image_runs_on_without_its_external_package(void **state)
{
    (void)state;
    memset(machine.flash + machine.map.external_off, 0xFF, machine.flash_len - machine.map.external_off);
    assert_runs(1);
}

/* Installs again and again, each time with the swap at the next hash or signature of that boot; `booted` looks after
 * each. */
static void swap_at_each(void (*booted)(void))
{
    const struct sim staged = machine;
    for (unsigned when = 1; when < 200; when++) {
        machine = staged;
        events = 0;
        swap_at = when;
        enum sim_end end = rig_boot(&machine);
        unsigned seen = events;
        swap_at = 0;
        assert_int_equal(end, SIM_STARTED_APPLICATION);
        assert_true(rig_runs(&machine, device.running_sequence, IMAGE_LEN));
        booted();
        if (seen < when) {
            assert_true(when > 10);
            return;
        }
    }
    fail();
}

/* The boot after the one with the swap is sound, too. */
static void assert_runs_again(void)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, device.running_sequence, IMAGE_LEN));
}

static void memory_that_changes_between_check_and_use_runs_nothing_else(void **state)
{
    (void)state;
    update(2);
    evil_make(2);
    swap_at_each(assert_runs_again);
}

/* Where the initialization vector stands in the key block. */
static size_t iv_off(void)
{
    struct suit_envelope block;
    struct suit_manifest manifest;
    struct suit_command command;
    struct cose_encrypt encryption = { .iv = bytes_of(NULL, 0) };
    assert_int_equal(suit_envelope_parse(bytes_of(package, package_len), &block), STATUS_OK);
    assert_int_equal(suit_manifest_parse(block.manifest, &manifest), STATUS_OK);
    struct suit_walk walk = suit_walk_of(manifest.install);
    while (suit_walk_next(&walk, &command)) {
        if (command.parameters.encryption_info.data != NULL) {
            assert_int_equal(cose_encrypt_parse(command.parameters.encryption_info, &encryption), STATUS_OK);
        }
    }
    assert_non_null(encryption.iv.data);
    return (size_t)(encryption.iv.data - package);
}

static void assert_block_refused_or_whole(void)
{
    assert_true(device.state.now.refused == 0 || device.state.now.refused == STATUS_SUIT_BLOCK_SIGNATURE);
    assert_int_not_equal(device.state.now.reason, STATE_REASON_REINSTALLED);
}

/* With another vector the image decrypts to noise, for which the one before would be given up. */
static void key_block_that_changes_between_check_and_use_spoils_nothing(void **state)
{
    (void)state;
    update(2);
    memcpy(evil, package, package_len);
    evil[iv_off()] ^= 1;
    swap_at_each(assert_block_refused_or_whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(update_from_external_memory_is_installed_confirmed_or_goes_back, setup),
        cmocka_unit_test_setup(image_runs_on_without_its_external_package, setup),
        cmocka_unit_test_setup(memory_that_changes_between_check_and_use_runs_nothing_else, setup),
        cmocka_unit_test_setup(key_block_that_changes_between_check_and_use_spoils_nothing, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
