/* SPDX-License-Identifier: Apache-2.0 */
/* provision_lies: see provision_lies.h. */
#include "tests/unit/provision_lies.h"

#include "tests/unit/host_support.h"
#include "tests/unit/test.h"

struct factory lies_factory;
struct appliance *lies_appliance;

int lies_setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_open(&lies_factory);
    lies_factory.token_needed = 1;
    support_check(factory_appliance_open(&lies_factory, &lies_appliance, &fault), &fault);
    return 0;
}

int lies_teardown(void **state)
{
    (void)state;
    factory_appliance_close(&lies_factory, lies_appliance);
    factory_close(&lies_factory);
    return 0;
}

void lies_chip_make(struct puppet_chip *chip, unsigned number)
{
    puppet_chip_make(chip, number);
    chip->sbm_sequence = FACTORY_SBM_SEQUENCE;
    chip->app_sequence = FACTORY_APP_SEQUENCE;
}

/* ---- what the ledger says ---- */

static int unit_count(void *context, const struct ledger_unit *unit)
{
    struct lies_count *count = context;
    count->units++;
    count->done += unit->state == LEDGER_DONE;
    count->certified += unit->device_cert.len != 0;
    count->last = *unit;
    return 0;
}

struct lies_count lies_ledger_count(void)
{
    static struct ledger *ledger;
    struct lies_count count = { 0 };
    struct fault fault = FAULT_NONE;
    const struct ledger_config config = { .place = support_path(LEDGER_FILE), .mode = LEDGER_READ };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    support_check(ledger_unit_walk(ledger, unit_count, &count, &fault), &fault);
    ledger_close(ledger);
    return count;
}

struct lies_plan lies_plan_make(void)
{
    struct lies_plan plan = { 0, 0, 0 };
    struct puppet_chip chip;
    struct puppet p;
    lies_chip_make(&chip, 0xFFFF);
    puppet_open(&p, lies_appliance, &chip);
    puppet_begin(&p);
    assert_true(puppet_send(&p));
    while (puppet_asked(&p, LETTER_DONE) == NULL) {
        plan.proof = puppet_asked_op(&p, PROVISION_MAKE_KEYS) >= 0 ? p.letters : plan.proof;
        plan.token = puppet_asked(&p, LETTER_TOKEN) != NULL ? p.letters : plan.token;
        puppet_act(&p);
        assert_true(puppet_send(&p));
    }
    plan.letters = p.letters;
    puppet_close(&p);
    puppet_chip_free(&chip);
    assert_int_not_equal(plan.proof, 0);
    assert_true(plan.token > plan.proof && plan.letters > plan.token);
    return plan;
}
