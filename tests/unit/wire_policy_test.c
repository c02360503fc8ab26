/* SPDX-License-Identifier: Apache-2.0 */
/* Anchor page and policy: strict, bounded, and the same bytes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/wire_cases.h"
#include "wire/policy.h"

static uint8_t fill[5][64];

static struct policy policy_example(void)
{
    for (size_t i = 0; i < 5; i++) {
        memset(fill[i], (int)(0x11 * (i + 1)), sizeof fill[i]);
    }
    return (struct policy){
        .vendor = bytes_of(fill[0], 16),
        .class_id = bytes_of(fill[1], 16),
        .firmware_keys = bytes_of(fill[2], 64),
        .mastering_keys = bytes_of(fill[3], 64),
        .provisioner_key = bytes_of(fill[4], 64),
        .provisioned_sequence = UINT64_MAX,
        .boot = POLICY_BOOT_SEALED,
        .on_damage = POLICY_DAMAGE_HALT,
        .trial_boots = 15,
        .kind = POLICY_DEVELOPMENT,
        .sbm_class = bytes_of(fill[0] + 16, 16),
        .on_halt = POLICY_HALT_RECOVERY,
        .watchdog_seconds = POLICY_WATCHDOG_MAX,
        .outputs_mask = 0x7FFFFFFF,
        .outputs_level = 5,
        .debug = POLICY_DEBUG_ERASE,
    };
}

static struct bytes policy_encode(const struct policy *policy, uint8_t *out)
{
    struct cbor_writer w = cbor_writer_of(out, POLICY_MAX);
    policy_build(policy, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static status_t policy_again(struct bytes in)
{
    struct policy p;
    memset(&p, 0xA5, sizeof p);
    status_t status = policy_parse(in, &p);
    if (status != STATUS_OK) {
        case_zero_check(&p, sizeof p);
        return status;
    }
    uint8_t again[POLICY_MAX];
    assert_true(bytes_equal(policy_encode(&p, again), in));
    return status;
}

static void policy_reads_back_as_written(void **state)
{
    (void)state;
    uint8_t data[POLICY_MAX];
    const struct policy in = policy_example();
    struct policy out;
    assert_int_equal(policy_parse(policy_encode(&in, data), &out), STATUS_OK);
    assert_true(bytes_equal(in.vendor, out.vendor) && bytes_equal(in.class_id, out.class_id));
    assert_true(bytes_equal(in.firmware_keys, out.firmware_keys) && bytes_equal(in.mastering_keys, out.mastering_keys));
    assert_true(bytes_equal(in.provisioner_key, out.provisioner_key));
    assert_true(out.provisioned_sequence == UINT64_MAX);
    assert_int_equal(out.boot, POLICY_BOOT_SEALED);
    assert_int_equal(out.on_damage, POLICY_DAMAGE_HALT);
    assert_int_equal(out.trial_boots, 15);
    assert_int_equal(out.kind, POLICY_DEVELOPMENT);
}

static void damaged_policy_is_refused(void **state)
{
    (void)state;
    uint8_t data[POLICY_MAX];
    const struct policy example = policy_example();
    const struct bytes message = policy_encode(&example, data);
    case_truncations_check(policy_again, message);
    case_trailing_check(policy_again, message);
    case_flips_check(policy_again, message);
    case_map_check(policy_again, NULL, message);
}

static void policy_value_out_of_range_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        uint64_t value;
    } bad[] = {
        { offsetof(struct policy, boot), 0 },
        { offsetof(struct policy, boot), 3 },
        { offsetof(struct policy, on_damage), 0 },
        { offsetof(struct policy, on_damage), 3 },
        { offsetof(struct policy, trial_boots), 0 },
        { offsetof(struct policy, trial_boots), 16 },
        { offsetof(struct policy, kind), 0 },
        { offsetof(struct policy, kind), 3 },
        { offsetof(struct policy, kind), UINT64_C(0x100000001) },
        { offsetof(struct policy, on_halt), 0 },
        { offsetof(struct policy, on_halt), 4 },
        { offsetof(struct policy, watchdog_seconds), 3601 },
        { offsetof(struct policy, outputs_mask), 0x80000000u },
        { offsetof(struct policy, outputs_level), UINT64_C(0x100000000) },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t data[POLICY_MAX];
        struct policy p = policy_example();
        memcpy((uint8_t *)&p + bad[i].offset, &bad[i].value, sizeof bad[i].value);
        assert_int_equal(policy_again(policy_encode(&p, data)), STATUS_POLICY_BAD);
    }
}

static void policy_key_of_another_length_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 330; len++) {
        uint8_t data[POLICY_MAX + 330];
        uint8_t key[330] = { 0 };
        struct policy p = policy_example();
        p.mastering_keys = bytes_of(key, len);
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        policy_build(&p, &w);
        status_t expected = len < 64        ? STATUS_TRUNCATED
                            : len > 256     ? STATUS_TOO_LONG
                            : len % 64 == 0 ? STATUS_OK
                                            : STATUS_POLICY_BAD;
        assert_int_equal(policy_again(cbor_written(&w)), expected);
    }
}

static void policy_of_another_version_is_unsupported(void **state)
{
    (void)state;
    uint8_t data[POLICY_MAX];
    const struct policy p = policy_example();
    struct bytes message = policy_encode(&p, data);
    data[2] = 1;
    assert_int_equal(policy_again(message), STATUS_UNSUPPORTED);
}

static struct bytes anchor_encode(const struct anchor *anchor, uint8_t *out)
{
    struct cbor_writer w = cbor_writer_of(out, POLICY_MAX);
    anchor_build(anchor, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static status_t anchor_again(struct bytes in)
{
    struct anchor a;
    size_t len = 77;
    memset(&a, 0xA5, sizeof a);
    status_t status = anchor_parse(in, &a, &len);
    if (status != STATUS_OK) {
        case_zero_check(&a, sizeof a);
        assert_int_equal(len, 0);
        return status;
    }
    uint8_t again[POLICY_MAX];
    assert_true(len <= in.len);
    assert_true(bytes_equal(anchor_encode(&a, again), bytes_of(in.data, len)));
    return status;
}

static struct anchor anchor_example(void)
{
    (void)policy_example();
    return (struct anchor){ bytes_of(fill[0], 64), bytes_of(fill[1], 16), bytes_of(fill[2], 16), 70000, 6, 2,
                            bytes_of(fill[3], 64), bytes_of(fill[4], 16) };
}

static void damaged_anchor_is_refused(void **state)
{
    (void)state;
    uint8_t data[POLICY_MAX];
    const struct anchor a = anchor_example();
    const struct bytes message = anchor_encode(&a, data);
    case_truncations_check(anchor_again, message);
    case_flips_check(anchor_again, message);
    case_map_check(anchor_again, NULL, message);
}

static void anchor_in_a_page_tells_its_length(void **state)
{
    (void)state;
    uint8_t page[4096];
    memset(page, 0xFF, sizeof page);
    const struct anchor a = anchor_example();
    const size_t len = anchor_encode(&a, page).len;
    struct anchor out;
    size_t found = 0;
    assert_int_equal(anchor_parse(bytes_of(page, sizeof page), &out, &found), STATUS_OK);
    assert_int_equal(found, len);
    assert_int_equal(out.least_sequence, 70000);
    memset(page, 0xFF, sizeof page);
    assert_int_not_equal(anchor_parse(bytes_of(page, sizeof page), &out, &found), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_reads_back_as_written),
        cmocka_unit_test(damaged_policy_is_refused),
        cmocka_unit_test(policy_value_out_of_range_is_refused),
        cmocka_unit_test(policy_key_of_another_length_is_refused),
        cmocka_unit_test(policy_of_another_version_is_unsupported),
        cmocka_unit_test(damaged_anchor_is_refused),
        cmocka_unit_test(anchor_in_a_page_tells_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
