/* SPDX-License-Identifier: Apache-2.0 */
/* gate: it opens for whole evidence only. Each case is what one skipped instruction before the gate could leave. */
#include "tests/unit/test.h"

#include "boot/gate.h"
#include "tests/unit/boot_maker.h"
#include "wire/suit.h"

#define ENVELOPE_LEN 512u

static struct maker maker;
static struct sim machine;
static struct package package;
static struct gate_evidence evidence;

static void evidence_run(void)
{
    const struct verify_trust trust = { .keys = { bytes_of(maker.firmware.open, 64), 0 },
                                        .vendor = bytes_of(maker.vendor, 16),
                                        .class_id = bytes_of(maker.class_id, 16),
                                        .target = VERIFY_SBM_A,
                                        .other_version = VERIFY_ANY_VERSION,
                                        .least_sequence = 2 };
    const struct port_region *slot = &port_flash()->sbm[0];
    assert_int_equal(verify_package(port_flash_view(slot->off, ENVELOPE_LEN), &trust, &package), STATUS_OK);
    struct bytes image = port_flash_view(slot->off + ENVELOPE_LEN, (uint32_t)package.image.size);
    evidence = (struct gate_evidence){ .package = &package, .counter = 2 };
    assert_int_equal(verify_image(&package, image, evidence.digest), STATUS_OK);
}

static void gate_sbm_run(void)
{
    gate_start_sbm(&evidence, 0x1000);
}

static void gate_application_run(void)
{
    gate_start_application(&evidence, 0x2000);
}

static int setup(void **state)
{
    (void)state;
    maker_start(&maker);
    sim_make(&machine, ENVELOPE_LEN, 16, 0xFF);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 2, 700);
    (void)sim_run(&machine, evidence_run);
    return 0;
}

static void assert_closed(void)
{
    machine.started_addr = 0;
    assert_int_equal(sim_run(&machine, gate_sbm_run), SIM_ASLEEP);
    assert_int_equal(sim_run(&machine, gate_application_run), SIM_ASLEEP);
    assert_int_equal(machine.started_addr, 0);
    assert_int_equal(machine.sealed, 1);
}

static void whole_evidence_opens_it(void **state)
{
    (void)state;
    assert_int_equal(sim_run(&machine, gate_sbm_run), SIM_STARTED_SBM);
    assert_int_equal(machine.started_addr, 0x1000);
    assert_int_equal(sim_run(&machine, gate_application_run), SIM_STARTED_APPLICATION);
    assert_int_equal(machine.started_addr, 0x2000);
}

static void anything_but_a_right_signature_keeps_it_closed(void **state)
{
    (void)state;
    static const uint32_t bad[] = { 0, 1, STATUS_CRYPTO_SIGNATURE, STATUS_SUIT_DIGEST, UINT32_MAX };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        package.signature = bad[i];
        assert_closed();
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        package.signature = STATUS_OK ^ 1u << bit;
        assert_closed();
    }
}

static void any_other_image_keeps_it_closed(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 256; bit++) {
        evidence.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_closed();
        evidence.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void any_other_manifest_under_the_signature_keeps_it_closed(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 256; bit++) {
        package.manifest_digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_closed();
        package.manifest_digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void older_sequence_keeps_it_closed(void **state)
{
    static const uint64_t counters[] = { 3, 1ull << 32, UINT64_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        evidence.counter = counters[i];
        assert_closed();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whole_evidence_opens_it, setup),
        cmocka_unit_test_setup(anything_but_a_right_signature_keeps_it_closed, setup),
        cmocka_unit_test_setup(any_other_image_keeps_it_closed, setup),
        cmocka_unit_test_setup(any_other_manifest_under_the_signature_keeps_it_closed, setup),
        cmocka_unit_test_setup(older_sequence_keeps_it_closed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
