/* SPDX-License-Identifier: Apache-2.0 */
/* orders to one device on a simulated board: debug until the next reset, and decommissioning. Only the mastering key's,
 * only for this device and this boot. */
#include "tests/unit/test.h"

#include <string.h>

#include "boot/flash.h"
#include "boot/verify.h"
#include "psa/internal_trusted_storage.h"
#include "sbm/store_its.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "wire/command.h"
#include "wire/token.h"

#define APP_LEN 1200u
#define FUSE_MASTERING 5

static struct maker maker;
static struct maker_key stranger;
static struct sim factory[3]; /* one for each policy of debug */
static struct sim machine;
static uint8_t package[8192];
static uint8_t order_bytes[COMMAND_MAX];
static struct bytes order;
static psa_status_t said;
static uint8_t token[TOKEN_MAX];
static size_t token_len;
static uint8_t seed[ORDER_SEED_LEN];

/* ---- the device ---- */

static void boot(void)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
}

static void attest_run(void)
{
    static const uint8_t challenge[32] = { 1 };
    said = service_attest_token(bytes_of(challenge, sizeof challenge), token, sizeof token, &token_len);
}

/* The lifecycle in the device's token, whose boot seed is kept; 1 when it makes none. */
static uint64_t attested(void)
{
    struct bytes claims_bytes;
    struct bytes signature;
    struct token_claims claims;
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t digest[32];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    uint32_t rights = machine.debug;
    uint32_t sealed = machine.sealed;
    assert_int_equal(sim_run(&machine, attest_run), SIM_RETURNED);
    machine.debug = rights;
    machine.sealed = sealed;
    if (said != PSA_SUCCESS) {
        return 1;
    }
    assert_int_equal(token_parse(bytes_of(token, token_len), &claims_bytes, &signature), STATUS_OK);
    token_signed_head_build(claims_bytes.len, &w);
    cbor_write_raw(&w, claims_bytes);
    crypto_sha256(cbor_written(&w), digest);
    assert_int_equal(crypto_p256_verify(maker.identity.open, digest, signature.data), STATUS_OK);
    assert_int_equal(token_claims_parse(claims_bytes, &claims), STATUS_OK);
    memcpy(seed, claims.seed.data, sizeof seed);
    return claims.lifecycle;
}

/* ---- orders ---- */

static void order_make(const struct order *content, const struct maker_key *signer)
{
    uint8_t payload[COMMAND_MAX];
    uint8_t structure[COMMAND_MAX];
    uint8_t digest[32];
    uint8_t signature[64];
    uint8_t kid[8];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(order_bytes, sizeof order_bytes);
    order_build(content, &p);
    cose_sig_structure_build(bytes_of(COMMAND_AAD, strlen(COMMAND_AAD)), cbor_written(&p), &s);
    crypto_sha256(cbor_written(&s), digest);
    assert_int_equal(crypto_p256_sign(signer->secret, digest, signature), STATUS_OK);
    verify_key_id(bytes_of(signer->open, 64), kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, sizeof kid),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &w);
    order = cbor_written(&w);
    assert_true(order.len > 0);
}

static struct order right(uint64_t what)
{
    return (struct order){ what, bytes_of(machine.unique_id, 16), bytes_of(seed, sizeof seed) };
}

static void order_run(void)
{
    said = service_command(order);
}

/* Sends what order_make made; gives the status of the refusal, or OK. */
static status_t send(void)
{
    device.state.now.refused = 0;
    assert_int_equal(sim_run(&machine, order_run), SIM_RETURNED);
    return said == PSA_SUCCESS ? STATUS_OK : device.state.now.refused;
}

static status_t send_made(struct order content, const struct maker_key *signer)
{
    order_make(&content, signer);
    return send();
}

static status_t send_right(uint64_t what)
{
    return send_made(right(what), &maker.mastering);
}

static int group_setup(void **state)
{
    (void)state;
    size_t block_len;
    maker_start(&maker);
    assert_int_equal(crypto_p256_generate(stranger.secret, stranger.open), STATUS_OK);
    for (unsigned debug = 0; debug < 3; debug++) {
        sim_make(&factory[debug], 512, 16, 0xFF);
        maker_geometry(&factory[debug]);
        maker_anchor(&maker, &factory[debug], 1);
        (void)maker_sbm(&maker, &maker.firmware, &factory[debug], 0, 1, 700);
        maker.debug = (enum policy_debug)debug;
        const struct maker_package spec = maker_package_right(&maker, 1, APP_LEN);
        size_t len = maker_package_write(&spec, package, sizeof package, &block_len);
        maker_provision(&maker, &factory[debug], package, len);
    }
    return 0;
}

static void start_with(enum policy_debug debug)
{
    sim_copy(&machine, &factory[debug]);
    maker_geometry(&machine);
    boot();
    assert_int_equal(attested(), TOKEN_LIFECYCLE_SECURED);
}

static int setup(void **state)
{
    (void)state;
    start_with(POLICY_DEBUG_OPEN);
    return 0;
}

/* ---- who may order ---- */

static void only_the_mastering_key_orders(void **state)
{
    (void)state;
    assert_int_equal(send_made(right(ORDER_DEBUG_NONSECURE), &stranger), STATUS_SUIT_KEY_UNKNOWN);
    assert_int_equal(send_made(right(ORDER_DEBUG_NONSECURE), &maker.provisioner), STATUS_SUIT_KEY_UNKNOWN);
    assert_int_equal(send_made(right(ORDER_DEBUG_NONSECURE), &maker.firmware), STATUS_UNSUPPORTED);
    machine.fuses[FUSE_MASTERING] = 0xFF;
    assert_int_equal(send_right(ORDER_DEBUG_NONSECURE), STATUS_SUIT_KEY_RETIRED);
    assert_int_equal(machine.debug, PORT_DEBUG_CLOSED);
    assert_int_equal(send_made(right(ORDER_DEBUG_NONSECURE), &maker.mastering_next), STATUS_OK);
    assert_int_equal(machine.debug, PORT_DEBUG_NONSECURE);
}

static void every_changed_byte_of_an_order_is_refused(void **state)
{
    (void)state;
    order_make(&(struct order){ ORDER_DEBUG_NONSECURE, bytes_of(machine.unique_id, 16), bytes_of(seed, 32) },
               &maker.mastering);
    for (size_t i = 0; i < order.len; i++) {
        order_bytes[i] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(send(), STATUS_OK);
        order_bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(machine.debug, PORT_DEBUG_CLOSED);
    assert_int_equal(send(), STATUS_OK);
}

static void order_for_another_device_is_refused(void **state)
{
    (void)state;
    uint8_t uid[16];
    memcpy(uid, machine.unique_id, sizeof uid);
    uid[0] ^= 1;
    struct order other = right(ORDER_DECOMMISSION);
    other.uid = bytes_of(uid, sizeof uid);
    assert_int_equal(send_made(other, &maker.mastering), STATUS_ORDER_CHIP);
    assert_int_equal(port_lifecycle(), PORT_SECURED);
}

static void order_of_an_earlier_boot_is_refused(void **state)
{
    (void)state;
    assert_int_equal(send_right(ORDER_DEBUG_NONSECURE), STATUS_OK);
    boot();
    assert_int_equal(machine.debug, PORT_DEBUG_CLOSED);
    assert_int_equal(send(), STATUS_ORDER_STALE); /* before this boot has a seed, too */
    assert_int_equal(attested(), TOKEN_LIFECYCLE_SECURED);
    assert_int_equal(send(), STATUS_ORDER_STALE);
    assert_int_equal(machine.debug, PORT_DEBUG_CLOSED);
    assert_int_equal(send_right(ORDER_DEBUG_NONSECURE), STATUS_OK);
}

static void seed_of_zeros_is_no_seed(void **state)
{
    (void)state;
    boot();
    memset(seed, 0, sizeof seed);
    assert_int_equal(send_right(ORDER_DEBUG_SECURE), STATUS_ORDER_STALE);
}

/* ---- debug ---- */

static void policy_that_says_never_opens_nothing(void **state)
{
    (void)state;
    start_with(POLICY_DEBUG_NEVER);
    assert_int_equal(send_right(ORDER_DEBUG_NONSECURE), STATUS_ORDER_POLICY);
    assert_int_equal(send_right(ORDER_DEBUG_SECURE), STATUS_ORDER_POLICY);
    assert_int_equal(machine.debug, PORT_DEBUG_CLOSED);
    assert_int_equal(attested(), TOKEN_LIFECYCLE_SECURED);
}

static void token_says_that_the_non_secure_world_is_debugged(void **state)
{
    (void)state;
    assert_int_equal(send_right(ORDER_DEBUG_NONSECURE), STATUS_OK);
    assert_int_equal(machine.debug, PORT_DEBUG_NONSECURE);
    assert_int_equal(attested(), 0x4000);
    assert_int_equal(send(), STATUS_OK); /* again: nothing new */
    boot();
    assert_int_equal(attested(), TOKEN_LIFECYCLE_SECURED);
}

static int holds(const void *in, size_t len, const uint8_t *secret)
{
    return memmem(in, len, secret, 32) != NULL;
}

static void in_secure_debug_no_key_is_left_and_nothing_is_written(void **state)
{
    static uint8_t before[SIM_FLASH_LEN];
    uint8_t root[32];
    (void)state;
    assert_true(holds(&device, sizeof device, maker.identity.secret));
    assert_int_equal(send_right(ORDER_DEBUG_SECURE), STATUS_OK);
    assert_int_equal(machine.debug, PORT_DEBUG_SECURE);
    assert_int_equal(machine.sealed, 1);
    assert_false(holds(&device, sizeof device, maker.identity.secret));
    assert_false(holds(&device, sizeof device, maker.update.secret));
    assert_int_equal(port_root_key(root), STATUS_OK);
    assert_memory_equal(root, ((const uint8_t[32]){ 0 }), sizeof root);
    memcpy(before, machine.flash, machine.flash_len);
    assert_int_equal(attested(), 1);
    assert_memory_equal(machine.flash, before, machine.flash_len);
    boot();
    assert_int_equal(attested(), TOKEN_LIFECYCLE_SECURED);
    assert_true(holds(&device, sizeof device, maker.identity.secret));
}

static void entry_set_run(void)
{
    said = store_its_set(STORE_ITS_APPLICATION, 7, bytes_of("of the application", 18), 0);
}

static void entry_get_run(void)
{
    uint8_t data[32];
    struct store_its_out out = { data, sizeof data };
    said = store_its_get(STORE_ITS_APPLICATION, 7, 0, &out);
}

static psa_status_t entry_get(void)
{
    assert_int_equal(sim_run(&machine, entry_get_run), SIM_RETURNED);
    return said;
}

static void vault_is_erased_before_the_port_opens_where_the_policy_says_so(void **state)
{
    (void)state;
    for (unsigned debug = POLICY_DEBUG_OPEN; debug <= POLICY_DEBUG_ERASE; debug++) {
        start_with((enum policy_debug)debug);
        assert_int_equal(sim_run(&machine, entry_set_run), SIM_RETURNED);
        assert_int_equal(said, PSA_SUCCESS);
        assert_int_equal(send_right(ORDER_DEBUG_NONSECURE), STATUS_OK);
        for (unsigned i = 0; i < 2; i++) {
            const struct port_region *vault = &machine.map.vault[i];
            assert_int_equal(flash_is_erased(vault->off, vault->len), debug == POLICY_DEBUG_ERASE);
        }
        assert_int_equal(entry_get() == PSA_SUCCESS, debug == POLICY_DEBUG_OPEN);
        boot();
        assert_int_equal(entry_get() == PSA_SUCCESS, debug == POLICY_DEBUG_OPEN);
    }
}

/* ---- the end ---- */

static void assert_nothing_is_left(void)
{
    const struct port_flash *map = &machine.map;
    const struct port_region gone[] = { map->store[0],   map->store[1],   map->vault[0], map->vault[1],
                                        map->package[0], map->package[1], map->primary,  map->sbm_package };
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        assert_int_equal(flash_is_erased(gone[i].off, gone[i].len), 1);
    }
    assert_false(holds(machine.flash, machine.flash_len, maker.identity.secret));
}

static void decommissioned_device_says_so_once_more_and_never_starts_again(void **state)
{
    (void)state;
    assert_int_equal(send_right(ORDER_DECOMMISSION), STATUS_OK);
    assert_int_equal(port_lifecycle(), PORT_DECOMMISSIONED);
    assert_int_equal(attested(), 0x6000);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
        assert_nothing_is_left();
    }
}

/* The power goes at each operation of the order: the device is what it was, or decommissioned for good. */
static void cut_decommissioning_is_undone_or_completed(void **state)
{
    static struct sim before;
    unsigned done = 0;
    unsigned undone = 0;
    (void)state;
    sim_copy(&before, &machine);
    struct device booted = device;
    order_make(&(struct order){ ORDER_DECOMMISSION, bytes_of(machine.unique_id, 16), bytes_of(seed, 32) },
               &maker.mastering);
    enum sim_end end = SIM_POWER_CUT;
    for (uint32_t op = 1; end == SIM_POWER_CUT; op++) {
        for (unsigned mode = SIM_CUT_BEFORE; mode <= SIM_CUT_RANDOM; mode++) {
            sim_copy(&machine, &before);
            device = booted;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = (enum sim_cut_mode)mode;
            machine.cut_seed = op;
            end = sim_run(&machine, order_run);
            machine.cut_at = 0;
            if (rig_boot(&machine) == SIM_STARTED_APPLICATION) {
                assert_int_equal(port_lifecycle(), PORT_SECURED);
                assert_true(rig_runs(&machine, 1, APP_LEN));
                undone++;
            } else {
                assert_int_equal(machine.fuses[0], UINT32_MAX);
                assert_nothing_is_left();
                done++;
            }
        }
    }
    assert_true(done > 6 && undone > 2);
}

/* What a disturbed reading of the fuse says once is not believed, and erases nothing. */
static void unclear_lifecycle_stops_the_device_and_erases_nothing(void **state)
{
    static uint8_t store[32768];
    static const uint32_t unclear[] = { 0xFF00, 0xFF0000FF, 0x00FF0000, 0xFF000000, 0xFFFF0000 };
    (void)state;
    const struct port_region *at = &machine.map.store[0];
    assert_true(at->len <= sizeof store);
    memcpy(store, machine.flash + at->off, at->len);
    for (size_t i = 0; i < sizeof unclear / sizeof unclear[0]; i++) {
        machine.fuses[0] = unclear[i];
        assert_int_equal(port_lifecycle(), PORT_UNCLEAR);
        assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
        assert_memory_equal(machine.flash + at->off, store, at->len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_the_mastering_key_orders, setup),
        cmocka_unit_test_setup(every_changed_byte_of_an_order_is_refused, setup),
        cmocka_unit_test_setup(order_for_another_device_is_refused, setup),
        cmocka_unit_test_setup(order_of_an_earlier_boot_is_refused, setup),
        cmocka_unit_test_setup(seed_of_zeros_is_no_seed, setup),
        cmocka_unit_test(policy_that_says_never_opens_nothing),
        cmocka_unit_test_setup(token_says_that_the_non_secure_world_is_debugged, setup),
        cmocka_unit_test_setup(in_secure_debug_no_key_is_left_and_nothing_is_written, setup),
        cmocka_unit_test(vault_is_erased_before_the_port_opens_where_the_policy_says_so),
        cmocka_unit_test_setup(decommissioned_device_says_so_once_more_and_never_starts_again, setup),
        cmocka_unit_test_setup(cut_decommissioning_is_undone_or_completed, setup),
        cmocka_unit_test_setup(unclear_lifecycle_stops_the_device_and_erases_nothing, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
