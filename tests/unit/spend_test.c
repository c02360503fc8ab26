/* SPDX-License-Identifier: Apache-2.0 */
/* What the TPM counted and the ledger does not hold is on record once the appliance has started. A real TPM simulator,
 * a real ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/appliance/spend.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static struct rig_tpm tpm;
static struct rig rig;
static struct ledger *ledger;

static int setup(void **state)
{
    struct fault fault = FAULT_NONE;
    char place[256];
    const struct ledger_config config = { .place = place, .mode = LEDGER_WRITE };
    (void)state;
    (void)support_folder_make();
    (void)snprintf(place, sizeof place, "%s", support_path("ledger.db"));
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_start(&tpm);
    rig_enrol(&rig, &tpm);
    rig_give(&rig, 10);
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ledger_close(ledger);
    rig_close(&rig);
    rig_tpm_kill(&tpm);
    support_folder_remove();
    return 0;
}

static void unit_grant(uint8_t chip, uint64_t count)
{
    struct fault fault = FAULT_NONE;
    uint8_t uid[16];
    uint8_t identity[64];
    uint8_t update[64];
    struct ledger_unit unit;
    memset(uid, chip, sizeof uid);
    memset(identity, chip, sizeof identity);
    memset(update, chip ^ 0x80, sizeof update);
    const struct ledger_claim claim = { uid, identity, update, 0 };
    support_check(ledger_unit_reserve(ledger, &claim, &unit, &fault), &fault);
    support_check(ledger_unit_grant(ledger, uid, count, bytes_of("grant", 5), &fault), &fault);
}

static int gap_refuse(void *context, uint64_t from, uint64_t to)
{
    (void)context;
    print_error("%llu to %llu is on no record\n", (unsigned long long)from, (unsigned long long)to);
    return -1;
}

/* All counts up to `highest` are held by somebody. */
static void counts_expect(uint64_t highest)
{
    struct fault fault = FAULT_NONE;
    uint64_t found = 0;
    assert_int_equal(ledger_gap_walk(ledger, gap_refuse, NULL, &found, &fault), 0);
    assert_int_equal(found, highest);
}

static void start(struct spend *spend)
{
    struct fault fault = FAULT_NONE;
    support_check(spend_init(spend, rig.quota, ledger, &fault), &fault);
}

/* Two chips at once: the first one's grant was not on record when the power went, the second one's was. */
static void count_below_the_last_one_is_recorded_at_the_start(void **state)
{
    struct fault fault = FAULT_NONE;
    struct spend spend;
    (void)state;
    assert_int_equal(rig_spend(&rig), 1);
    assert_int_equal(rig_spend(&rig), 2);
    unit_grant(2, 2);
    start(&spend);
    counts_expect(2);
    assert_int_equal(ledger_count_find(ledger, 1, &fault), 0);
    spend_close(&spend);
}

static void count_above_the_last_one_is_recorded_at_the_start(void **state)
{
    struct spend spend;
    (void)state;
    assert_int_equal(rig_spend(&rig), 3);
    start(&spend);
    counts_expect(3);
    spend_close(&spend);
}

static void a_start_with_nothing_lost_records_nothing(void **state)
{
    static const uint8_t digest[32] = { 1 };
    struct fault fault = FAULT_NONE;
    struct spend spend;
    uint8_t signature[64];
    uint64_t count = 0;
    (void)state;
    start(&spend);
    counts_expect(3);
    assert_int_equal(spend_sign(&spend, digest, signature, &count, &fault), 0);
    assert_int_equal(count, 4);
    unit_grant(4, 4);
    spend_close(&spend);
    start(&spend);
    counts_expect(4);
    assert_int_equal(ledger_count_find(ledger, 4, &fault), 1);
    spend_close(&spend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(count_below_the_last_one_is_recorded_at_the_start),
        cmocka_unit_test(count_above_the_last_one_is_recorded_at_the_start),
        cmocka_unit_test(a_start_with_nothing_lost_records_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
