/* SPDX-License-Identifier: Apache-2.0 */
/* root key: one step goes wrong while a key is derived or a seal is computed, and whoever can write the flash knows
 * which: nothing of his own is taken. */
#include "tests/unit/test.h"

#include "boot/seal.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "wire/layout.h"

status_t __real_port_root_key(uint8_t out[32]);
status_t __wrap_port_root_key(uint8_t out[32]);
status_t __real_crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len);
status_t __wrap_crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len);
void __real_crypto_poly1305_start(struct crypto_poly1305 *mac, const uint8_t key[32]);
void __wrap_crypto_poly1305_start(struct crypto_poly1305 *mac, const uint8_t key[32]);
void __real_crypto_poly1305_finish(struct crypto_poly1305 *mac, uint8_t tag[16]);
void __wrap_crypto_poly1305_finish(struct crypto_poly1305 *mac, uint8_t tag[16]);

#define IMAGE_LEN 1603u

/* What goes wrong, and at which call of it. */
enum glitch { NONE, ROOT_UNREAD, HKDF_SKIPPED, START_SKIPPED, FINISH_SKIPPED, GLITCHES };

static struct maker maker;
static struct sim good; /* application 1, sealed */
static struct sim machine;
static enum glitch glitch;
static unsigned calls;
static unsigned wrong;

static int goes_wrong(enum glitch here)
{
    return glitch == here && ++calls == wrong;
}

/* What stands in the buffer then is no secret. */
status_t __wrap_port_root_key(uint8_t out[32])
{
    if (goes_wrong(ROOT_UNREAD)) {
        memset(out, 0xA5, 32);
        return STATUS_OK;
    }
    return __real_port_root_key(out);
}

status_t __wrap_crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len)
{
    return goes_wrong(HKDF_SKIPPED) ? STATUS_OK : __real_crypto_hkdf(secret, info, out, out_len);
}

void __wrap_crypto_poly1305_start(struct crypto_poly1305 *mac, const uint8_t key[32])
{
    static const uint8_t zero[32];
    __real_crypto_poly1305_start(mac, goes_wrong(START_SKIPPED) ? zero : key);
}

void __wrap_crypto_poly1305_finish(struct crypto_poly1305 *mac, uint8_t tag[16])
{
    if (!goes_wrong(FINISH_SKIPPED)) {
        __real_crypto_poly1305_finish(mac, tag);
    }
}

static int group_setup(void **state)
{
    static uint8_t package[8192];
    size_t block_len;
    (void)state;
    maker_start(&maker);
    maker.boot = POLICY_BOOT_SEALED;
    sim_make(&good, 512, 16, 0xFF);
    maker_geometry(&good);
    const struct maker_package spec = maker_package_right(&maker, 1, IMAGE_LEN);
    maker_provision(&maker, &good, package, maker_package_write(&spec, package, sizeof package, &block_len));
    return rig_boot(&good) == SIM_STARTED_APPLICATION ? 0 : -1;
}

static struct seal forged;

/* The seal that somebody makes for an image of his own, for a boot in which `how` goes wrong. */
static void seal_forge(enum glitch how)
{
    static const char purpose[] = "windlass seal 1";
    uint8_t info[sizeof purpose - 1 + SEAL_NONCE_LEN];
    uint8_t root[32];
    uint8_t key[48] = { 0 };
    struct crypto_poly1305 mac;
    memset(root, 0xA5, sizeof root);
    memcpy(info, purpose, sizeof purpose - 1);
    memcpy(info + sizeof purpose - 1, forged.nonce, SEAL_NONCE_LEN);
    if (how == ROOT_UNREAD) {
        assert_int_equal(__real_crypto_hkdf(bytes_of(root, 32), bytes_of(info, sizeof info), key, 48), STATUS_OK);
    }
    __real_crypto_poly1305_start(&mac, key);
    crypto_poly1305_add(&mac, bytes_of(machine.flash + machine.map.primary.off, IMAGE_LEN));
    crypto_poly1305_add(&mac, bytes_of(forged.statement, sizeof forged.statement));
    __real_crypto_poly1305_finish(&mac, forged.tag);
    if (how == FINISH_SKIPPED) {
        memset(forged.tag, 0, sizeof forged.tag);
    }
}

static void forge_run(void)
{
    struct bytes record;
    assert_int_equal(state_open(&device.state), STATUS_OK);
    assert_int_equal(journal_read(&device.state.journal, STATE_SEAL, &record), STATUS_OK);
    memcpy(&forged, record.data, sizeof forged);
    machine.flash[machine.map.primary.off + 64] ^= 1; /* an image of his own */
    seal_forge(glitch);
    record = bytes_of(&forged, sizeof forged);
    assert_int_equal(journal_append(&device.state.journal, STATE_SEAL, record), STATUS_OK);
}

static status_t checked;

static void check_run(void)
{
    struct gate_seal evidence;
    struct seal seal;
    assert_int_equal(state_open(&device.state), STATUS_OK);
    checked = seal_check(&device.state, &seal, &evidence);
}

static void one_wrong_step_takes_no_forged_seal(void **state)
{
    (void)state;
    for (enum glitch how = ROOT_UNREAD; how < GLITCHES; how++) {
        machine = good;
        glitch = how;
        wrong = 0;
        (void)sim_run(&machine, forge_run);
        for (wrong = 1, calls = wrong; calls >= wrong; wrong++) {
            calls = 0;
            (void)sim_run(&machine, check_run);
            assert_int_not_equal(checked, STATUS_OK);
        }
        assert_true(wrong > 1);
    }
    glitch = NONE;
    machine = good;
    (void)sim_run(&machine, check_run);
    assert_int_equal(checked, STATUS_OK);
}

/* The store under a key that is no secret: nobody can write one for it. */
static status_t opened;

static void open_run(void)
{
    opened = store_open(&device.provisioned.store, STORE_ITEMS);
}

static void one_wrong_step_makes_no_store_key(void **state)
{
    static struct store *store = &device.provisioned.store;
    static struct store right;
    (void)state;
    machine = good;
    glitch = NONE;
    (void)sim_run(&machine, open_run);
    assert_int_equal(opened, STATUS_OK);
    right = *store;
    for (glitch = ROOT_UNREAD; glitch <= HKDF_SKIPPED; glitch++) {
        for (wrong = 1, calls = wrong; calls >= wrong; wrong++) {
            calls = 0;
            memset(store, 0, sizeof *store);
            (void)sim_run(&machine, open_run);
            /* Either the right key or none: not one over which somebody else could have sealed. */
            assert_true(opened == STATUS_BOOT_DECISION || memcmp(store->key, right.key, sizeof right.key) == 0);
        }
        assert_true(wrong > 2);
    }
    glitch = NONE;
}

/* A record that is sealed under no key, but for the step that goes wrong. */
static status_t forged_open(uint8_t fill)
{
    static const uint8_t key[32] = { 1 };
    static const uint8_t nonce[12] = { 2 };
    static const uint8_t zero[32];
    static uint8_t cipher[48] = "whatever stands here";
    static uint8_t out[48];
    const uint64_t lengths[2] = { 0, sizeof cipher };
    const struct crypto_aead how = { .key = key, .nonce = nonce, .aad = bytes_of(NULL, 0) };
    struct crypto_poly1305 mac;
    uint8_t tag[16];
    __real_crypto_poly1305_start(&mac, zero);
    crypto_poly1305_add(&mac, bytes_of(cipher, sizeof cipher));
    crypto_poly1305_add(&mac, bytes_of(lengths, sizeof lengths));
    __real_crypto_poly1305_finish(&mac, tag);
    if (glitch == FINISH_SKIPPED) {
        memset(tag, fill, sizeof tag);
    }
    return crypto_aead_open(&how, bytes_of(cipher, sizeof cipher), tag, out);
}

static void one_wrong_step_opens_no_forged_record(void **state)
{
    (void)state;
    for (glitch = START_SKIPPED; glitch <= FINISH_SKIPPED; glitch++) {
        for (wrong = 1, calls = wrong; calls >= wrong; wrong++) {
            for (unsigned fill = 0; fill < 256; fill++) {
                calls = 0;
                assert_int_equal(forged_open((uint8_t)fill), STATUS_CRYPTO_TAG);
            }
        }
        assert_true(wrong > 2);
    }
    glitch = NONE;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_wrong_step_takes_no_forged_seal),
        cmocka_unit_test(one_wrong_step_makes_no_store_key),
        cmocka_unit_test(one_wrong_step_opens_no_forged_record),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
