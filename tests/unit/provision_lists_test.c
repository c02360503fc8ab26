/* SPDX-License-Identifier: Apache-2.0 */
/* Actions in lists: results that are not those of the actions asked for, and what must wait for which result. */
#include "tests/unit/test.h"

#include <string.h>

#include "tests/unit/provision_lies.h"

/* ---- lists of results that are not those of the actions ---- */

enum list_lie { LIST_MISSING, LIST_DOUBLED, LIST_SWAPPED, LIST_AFTER_TROUBLE, LIST_SHORT, LIST_UNASKED, LIST_LIES };

/* Gives 0 when this cannot be told of result i. */
static int list_twist(struct letter_request *r, size_t i, enum list_lie lie)
{
    struct letter_result *at = &r->results[i];
    const size_t after = r->count - i - 1;
    const struct letter_result one = *at;
    switch (lie) {
    case LIST_MISSING:
        memmove(at, at + 1, after * sizeof *at);
        r->count--;
        return r->count > 0;
    case LIST_DOUBLED:
        memmove(at + 1, at, (after + 1) * sizeof *at);
        r->count++;
        return 1;
    case LIST_SWAPPED:
        /* A LOCK whose answer was lost brings nothing, and that is no lie. */
        if (after == 0 || bytes_equal(one.data, at[1].data)) {
            return 0;
        }
        at[0] = at[1];
        at[1] = one;
        return 1;
    case LIST_AFTER_TROUBLE:
        at->code = LETTER_TROUBLE_FLASH;
        return after > 0;
    case LIST_SHORT:
        r->count = i;
        return i > 0;
    default: /* LIST_UNASKED */
        r->results[r->count] = one;
        r->count++;
        return i == 0;
    }
}

static void results_of_other_actions_than_those_asked_for_let_go_of_the_chip(void **state)
{
    const struct lies_plan plan = lies_plan_make();
    struct letter_request request;
    struct puppet_chip chip;
    struct puppet p;
    unsigned told = 0;
    (void)state;
    lies_chip_make(&chip, 3);
    puppet_open(&p, lies_appliance, &chip);
    for (unsigned letters = plan.proof; letters <= plan.token; letters++) {
        assert_true(puppet_run(&p, letters));
        const size_t count = p.answer.count;
        assert_true(count > 1 && count < LETTER_ACTIONS_MAX);
        for (size_t n = 0; n < count * LIST_LIES; n++) {
            const enum list_lie lie = (enum list_lie)(n % LIST_LIES);
            assert_true(puppet_run(&p, letters));
            const int locks = p.answer.actions[n / LIST_LIES].kind == LETTER_LOCK;
            puppet_do(&p, &request);
            if ((locks && lie == LIST_SWAPPED) || !list_twist(&request, n / LIST_LIES, lie)) {
                continue;
            }
            puppet_letter(&p, &request);
            assert_false(puppet_send(&p));
            assert_false(puppet_send(&p)); /* out of hand */
            told++;
        }
        assert_int_equal(lies_ledger_count().units, letters == plan.proof ? 1 : 2);
    }
    assert_true(told > 100);
    assert_int_equal(lies_ledger_count().done, 1); /* the plan's */
    puppet_close(&p);
    puppet_chip_free(&chip);
}

/* What leaves the appliance only once the letter before it was checked and recorded. */
static void nothing_that_must_wait_for_a_check_is_given_before_it(void **state)
{
    const struct lies_plan plan = lies_plan_make();
    struct letter_request image = { .op = LETTER_IMAGE };
    uint8_t digest[32];
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 4);
    puppet_open(&p, lies_appliance, &chip);
    for (unsigned letters = 1; letters <= plan.token; letters++) {
        assert_true(puppet_run(&p, letters));
        assert_int_equal(puppet_asked_op(&p, PROVISION_STORE) >= 0, letters == plan.proof + 1);
        assert_int_equal(puppet_asked_op(&p, PROVISION_INSTALL) >= 0, letters == plan.proof + 1);
        assert_int_equal(puppet_asked(&p, LETTER_LOCK) != NULL, letters == plan.token);
        assert_null(puppet_asked(&p, LETTER_DONE));
    }
    /* The sector with the chip's key block: the second WRITE after the proof. */
    assert_true(puppet_run(&p, plan.proof + 1));
    size_t at = p.answer.count - 1;
    while (p.answer.actions[at].kind != LETTER_WRITE) {
        at--;
    }
    memcpy(digest, p.answer.actions[at].digest.data, sizeof digest);
    image.digest = bytes_of(digest, sizeof digest);
    puppet_letter(&p, &image);
    assert_true(puppet_send(&p));
    assert_true(puppet_run(&p, plan.token)); /* no longer */
    puppet_letter(&p, &image);
    assert_false(puppet_send(&p));
    puppet_close(&p);
    puppet_chip_free(&chip);
}

#define LIES_TEST(name) cmocka_unit_test_setup_teardown(name, lies_setup, lies_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIES_TEST(results_of_other_actions_than_those_asked_for_let_go_of_the_chip),
        LIES_TEST(nothing_that_must_wait_for_a_check_is_given_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
