/* SPDX-License-Identifier: Apache-2.0 */
/* A station that lies: any letter changed anywhere, replayed, cut, or in another's place; and many that do not. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/host_support.h"
#include "tests/unit/provision_lies.h"

/* ---- one letter of an honest run, changed ---- */

/* Brings an honest run up to the letter after `letters` answered ones, and changes that. The length when at == SIZE_MAX
 * is asked for. Gives whether the changed letter was answered. */
static int changed_send(struct puppet *p, unsigned letters, size_t at, uint8_t flip)
{
    if (letters == 0) {
        puppet_begin(p);
    } else {
        assert_true(puppet_run(p, letters));
        puppet_act(p);
    }
    p->request[at] ^= flip;
    return puppet_send(p);
}

static size_t letter_len(struct puppet *p, unsigned letters)
{
    (void)changed_send(p, letters, 0, 0);
    return p->request_len;
}

/* Whether these letters tell of the same actions, and bring the same where something is to be brought. */
static int says_the_same(struct bytes a, struct bytes b)
{
    struct letter_request one;
    struct letter_request two;
    int same = letter_request_parse(a, &one) == STATUS_OK && letter_request_parse(b, &two) == STATUS_OK &&
               one.op == two.op && one.count == two.count;
    for (size_t i = 0; same && i < one.count; i++) {
        same = one.results[i].code == two.results[i].code &&
               (one.results[i].data.len == 0 || bytes_equal(one.results[i].data, two.results[i].data));
    }
    return same;
}

static void any_byte_of_the_first_letter_that_is_changed_counts_nobody(void **state)
{
    const struct lies_plan plan = lies_plan_make();
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 1);
    puppet_open(&p, lies_appliance, &chip);
    assert_int_equal(plan.proof, 1); /* the next letter has it */
    const size_t len = letter_len(&p, 0);
    for (size_t at = 0; at < len; at++) {
        (void)changed_send(&p, 0, at, (uint8_t)(1u << (at % 8)));
    }
    assert_int_equal(lies_ledger_count().units, 1); /* the plan's */
    puppet_close(&p);
    puppet_chip_free(&chip);
}

/* A chip of this number brings its proof, of which the byte `at` is changed. 0 once there is no such byte. */
static int proof_changed_send(unsigned number, size_t at)
{
    struct letter_request request;
    uint8_t data[4096];
    struct puppet_chip chip;
    struct puppet p;
    lies_chip_make(&chip, number);
    puppet_open(&p, lies_appliance, &chip);
    puppet_begin(&p);
    assert_true(puppet_send(&p));
    const int place = puppet_asked_op(&p, PROVISION_MAKE_KEYS);
    assert_true(place >= 0);
    puppet_do(&p, &request);
    struct letter_result *proof = &request.results[place];
    const int there = at < proof->data.len;
    if (there) {
        memcpy(data, proof->data.data, proof->data.len);
        data[at] ^= (uint8_t)(1u << (at % 8));
        proof->data.data = data;
        puppet_letter(&p, &request);
        assert_false(puppet_send(&p));
    }
    puppet_close(&p);
    puppet_chip_free(&chip);
    return there;
}

static void proof_with_any_byte_changed_counts_nobody(void **state)
{
    size_t at = 0;
    (void)state;
    (void)lies_plan_make();
    while (proof_changed_send(1, at)) {
        at++;
    }
    assert_true(at > 100);
    assert_int_equal(lies_ledger_count().units, 1);
    assert_int_equal(lies_ledger_count().certified, 1);
}

static void letter_of_the_proof_with_any_byte_changed_is_refused_or_counts_the_chip_of_the_proof(void **state)
{
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 1);
    puppet_open(&p, lies_appliance, &chip);
    assert_true(puppet_run(&p, 1));
    puppet_act(&p);
    const size_t len = p.request_len;
    unsigned answered = 0;
    for (size_t at = 0; at < len; at++) {
        answered += (unsigned)changed_send(&p, 1, at, (uint8_t)(1u << (at % 8)));
    }
    const struct lies_count count = lies_ledger_count();
    assert_true(answered < len / 4); /* times, and what nobody asked for */
    assert_int_equal(count.units, answered > 0);
    assert_memory_equal(count.last.uid, chip.uid, sizeof chip.uid);
    assert_memory_equal(count.last.identity_key, chip.identity_key, sizeof chip.identity_key);
    puppet_close(&p);
    puppet_chip_free(&chip);
}

static void any_byte_changed_after_the_proof_never_closes_a_record_nor_counts_twice(void **state)
{
    static uint8_t honest[LETTER_MAX];
    const struct lies_plan plan = lies_plan_make();
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 2);
    puppet_open(&p, lies_appliance, &chip);
    assert_true(puppet_run(&p, plan.proof + 1));
    const struct lies_count first = lies_ledger_count();
    assert_int_equal(first.units, 2);
    for (unsigned letters = plan.proof + 1; letters <= plan.token; letters++) {
        assert_true(puppet_run(&p, letters));
        puppet_act(&p);
        const size_t len = p.request_len;
        for (size_t at = 0; at < len; at++) {
            assert_true(puppet_run(&p, letters));
            puppet_act(&p);
            memcpy(honest, p.request, len);
            p.request[at] ^= (uint8_t)(1u << (at % 8));
            /* One that differs in a time closes the record at the end, as it should. */
            if (letters < plan.token || !says_the_same(bytes_of(honest, len), bytes_of(p.request, len))) {
                int answered = puppet_send(&p);
                assert_false(letters == plan.token && answered);
            }
        }
    }
    const struct lies_count last = lies_ledger_count();
    assert_int_equal(last.units, 2);
    assert_int_equal(last.done, 1); /* the plan's */
    assert_memory_equal(&last.last.device_cert, &first.last.device_cert, sizeof first.last.device_cert);
    assert_int_equal(last.last.grant_len, first.last.grant_len);
    assert_memory_equal(last.last.grant, first.last.grant, first.last.grant_len);
    /* The chip itself took no harm: honestly it is made, and counted once. */
    assert_true(puppet_run(&p, UINT32_MAX));
    assert_int_equal(p.answer.actions[0].number, first.last.number);
    assert_int_equal(lies_ledger_count().done, 2);
    puppet_close(&p);
    puppet_chip_free(&chip);
}

/* ---- letters of another time or place ---- */

#define LETTERS_MAX 64

struct record {
    size_t count;
    size_t lens[LETTERS_MAX];
    uint8_t letters[LETTERS_MAX][4096];
};

static void run_record(struct puppet *p, struct record *out)
{
    out->count = 0;
    puppet_begin(p);
    for (;;) {
        assert_true(out->count < LETTERS_MAX && p->request_len <= sizeof out->letters[0]);
        memcpy(out->letters[out->count], p->request, p->request_len);
        out->lens[out->count++] = p->request_len;
        assert_true(puppet_send(p));
        if (puppet_asked(p, LETTER_DONE) != NULL) {
            return;
        }
        puppet_act(p);
    }
}

static void recorded_send(struct puppet *p, const struct record *record, size_t i)
{
    memcpy(p->request, record->letters[i], record->lens[i]);
    p->request_len = record->lens[i];
}

static void run_of_another_time_is_not_answered_to_its_end_again(void **state)
{
    static struct record record;
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 3);
    puppet_open(&p, lies_appliance, &chip);
    run_record(&p, &record);
    int answered = 1;
    size_t i = 0;
    for (; answered && i < record.count; i++) {
        recorded_send(&p, &record, i);
        answered = puppet_send(&p);
    }
    assert_false(answered);
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "another challenge", 17));
    puppet_close(&p);
    puppet_chip_free(&chip);
}

static void letter_in_the_place_of_another_leads_nowhere(void **state)
{
    static struct record record;
    struct puppet_chip chips[2];
    struct puppet donor;
    struct puppet p;
    (void)state;
    lies_chip_make(&chips[0], 4);
    lies_chip_make(&chips[1], 5);
    puppet_open(&donor, lies_appliance, &chips[0]);
    run_record(&donor, &record);
    puppet_close(&donor);
    const struct lies_count before = lies_ledger_count();
    puppet_open(&p, lies_appliance, &chips[1]);
    const unsigned ends = (unsigned)record.count - 1; /* the token's */
    for (unsigned letters = 1; letters < ends + 1; letters++) {
        for (size_t i = 1; i < record.count; i++) {
            assert_true(puppet_run(&p, letters));
            recorded_send(&p, &record, i);
            (void)puppet_send(&p);
        }
    }
    const struct lies_count after = lies_ledger_count();
    assert_int_equal(after.units, before.units + 1);
    assert_int_equal(after.done, before.done);
    puppet_close(&p);
    puppet_chip_free(&chips[0]);
    puppet_chip_free(&chips[1]);
}

static void letter_cut_anywhere_or_with_more_behind_it_lets_go_of_the_chip(void **state)
{
    static uint8_t whole[LETTER_MAX];
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 6);
    puppet_open(&p, lies_appliance, &chip);
    assert_true(puppet_run(&p, 1));
    puppet_act(&p);
    const size_t whole_len = p.request_len;
    for (size_t len = 0; len <= whole_len + 1; len++) {
        assert_true(puppet_run(&p, 1));
        puppet_act(&p);
        assert_int_equal(p.request_len, whole_len);
        memcpy(whole, p.request, whole_len);
        p.request[whole_len] = 0;
        p.request_len = len;
        assert_int_equal(puppet_send(&p), len == whole_len);
        memcpy(p.request, whole, whole_len);
        p.request_len = whole_len;
        assert_false(puppet_send(&p));
    }
    puppet_close(&p);
    puppet_chip_free(&chip);
}

/* ---- a locked chip ---- */

/* A RESULT that says that the debug port is closed. */
static int port_is_closed(struct puppet *p)
{
    const struct letter_request closed = {
        .op = LETTER_RESULT, .count = 1, .results = { { .code = LETTER_TROUBLE_PORT, .text = bytes_of("refused", 7) } }
    };
    puppet_begin(p);
    assert_true(puppet_send(p));
    struct cbor_writer w = cbor_writer_of(p->request, sizeof p->request);
    letter_request_build(&closed, &w);
    p->request_len = w.len;
    return puppet_send(p);
}

/* The chip's own signature under a state that is not: a chip that was never locked, or is open to a debugger. */
static void token_of_another_state_than_secured_closes_no_record(void **state)
{
    static const uint64_t states[] = { 0x1000, 0x2000, 0x20FF, 0x2FFF, 0x3001, 0x4000, 0x5000, 0x6000 };
    const struct lies_plan plan = lies_plan_make();
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    lies_chip_make(&chip, 9);
    puppet_open(&p, lies_appliance, &chip);
    assert_true(puppet_run(&p, plan.token));
    const struct lies_count before = lies_ledger_count();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        chip.lifecycle = states[i];
        assert_true(port_is_closed(&p));
        puppet_act(&p);
        assert_false(puppet_send(&p));
        assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "does not say that it is secured", 31));
        assert_int_equal(lies_ledger_count().done, before.done);
    }
    chip.lifecycle = 0;
    assert_true(port_is_closed(&p));
    puppet_act(&p);
    assert_true(puppet_send(&p));
    assert_int_equal(lies_ledger_count().done, before.done + 1);
    puppet_close(&p);
    puppet_chip_free(&chip);
}

static void locked_chip_closes_its_record_by_its_token_alone(void **state)
{
    const struct lies_plan plan = lies_plan_make();
    struct puppet_chip chips[2];
    struct puppet p;
    (void)state;
    lies_chip_make(&chips[0], 7);
    lies_chip_make(&chips[1], 8);
    puppet_open(&p, lies_appliance, &chips[0]);
    assert_true(puppet_run(&p, plan.token)); /* checked and locked; then this station died */
    const struct lies_count before = lies_ledger_count();
    p.chip = &chips[1];
    assert_true(port_is_closed(&p));
    assert_int_equal(p.answer.actions[0].kind, LETTER_TOKEN);
    assert_int_equal(p.answer.count, 1);
    puppet_act(&p);
    assert_false(puppet_send(&p)); /* not in this ledger */
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "does not know it", 16));
    p.chip = &chips[0];
    assert_true(port_is_closed(&p));
    puppet_act(&p);
    p.request[p.request_len - 10] ^= 1; /* in the signature */
    assert_false(puppet_send(&p));
    assert_int_equal(lies_ledger_count().done, before.done);
    assert_true(port_is_closed(&p));
    puppet_act(&p);
    assert_true(puppet_send(&p));
    assert_int_equal(p.answer.actions[0].kind, LETTER_DONE);
    assert_int_equal(lies_ledger_count().done, before.done + 1);
    puppet_close(&p);
    puppet_chip_free(&chips[0]);
    puppet_chip_free(&chips[1]);
}

/* ---- an appliance that dies ---- */

static void appliance_reopen(void)
{
    struct fault fault = FAULT_NONE;
    factory_appliance_close(&lies_factory, lies_appliance);
    lies_appliance = NULL;
    support_check(factory_appliance_open(&lies_factory, &lies_appliance, &fault), &fault);
}

/* After each letter of a run: a new appliance knows nothing but the ledger. */
static void appliance_that_restarts_after_any_letter_counts_once_and_finishes(void **state)
{
    const struct lies_plan plan = lies_plan_make();
    (void)state;
    for (unsigned letters = 1; letters < plan.letters; letters++) {
        const struct lies_count before = lies_ledger_count();
        struct puppet_chip chip;
        struct puppet p;
        lies_chip_make(&chip, 100 + letters);
        puppet_open(&p, lies_appliance, &chip);
        assert_true(puppet_run(&p, letters));
        puppet_close(&p);
        appliance_reopen();
        const struct lies_count between = lies_ledger_count();
        assert_int_equal(between.units, before.units + (letters > plan.proof));
        assert_int_equal(between.done, before.done);
        puppet_open(&p, lies_appliance, &chip);
        assert_true(puppet_run(&p, UINT32_MAX));
        puppet_close(&p);
        const struct lies_count after = lies_ledger_count();
        assert_int_equal(after.units, before.units + 1);
        assert_int_equal(after.done, before.done + 1);
        if (letters > plan.proof) {
            assert_int_equal(after.last.number, between.last.number);
            assert_memory_equal(&after.last.device_cert, &between.last.device_cert, sizeof between.last.device_cert);
            assert_memory_equal(after.last.grant, between.last.grant, between.last.grant_len);
        }
        puppet_chip_free(&chip);
    }
}

/* ---- many at once ---- */

static void chip_in_two_sockets_is_in_hand_in_one(void **state)
{
    const struct lies_plan plan = lies_plan_make();
    struct puppet_chip chip;
    struct puppet one;
    struct puppet two;
    (void)state;
    lies_chip_make(&chip, 9);
    puppet_open(&one, lies_appliance, &chip);
    puppet_open(&two, lies_appliance, &chip);
    assert_true(puppet_run(&one, plan.proof + 1));
    assert_false(puppet_run(&two, UINT32_MAX));
    assert_non_null(memmem(two.answer.what.data, two.answer.what.len, "in hand", 7));
    puppet_close(&one); /* it let go, in the middle */
    assert_true(puppet_run(&two, UINT32_MAX));
    assert_int_equal(two.answer.actions[0].kind, LETTER_DONE);
    puppet_close(&two);
    puppet_chip_free(&chip);
}

#define MANY 24

struct many {
    pthread_t thread;
    unsigned number;
    int done;
    uint64_t unit;
};

/* No assertion in a thread: what went wrong is in `done`. */
static void *many_run(void *context)
{
    struct many *m = context;
    struct puppet_chip chip;
    struct puppet *p = malloc(sizeof *p);
    lies_chip_make(&chip, m->number);
    puppet_open(p, lies_appliance, &chip);
    (void)puppet_run(p, 2); /* given up, and begun again */
    m->done = puppet_run(p, UINT32_MAX) && puppet_asked(p, LETTER_DONE) != NULL;
    m->unit = m->done ? p->answer.actions[0].number : 0;
    puppet_close(p);
    puppet_chip_free(&chip);
    free(p);
    return NULL;
}

static void many_chips_at_once_are_each_counted_once(void **state)
{
    static struct many many[MANY];
    const struct lies_count before = lies_ledger_count();
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        many[i].number = 1000 + i;
        assert_int_equal(pthread_create(&many[i].thread, NULL, many_run, &many[i]), 0);
    }
    for (unsigned i = 0; i < MANY; i++) {
        (void)pthread_join(many[i].thread, NULL);
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(many[i].done);
        for (unsigned j = 0; j < i; j++) {
            assert_int_not_equal(many[i].unit, many[j].unit);
        }
    }
    const struct lies_count after = lies_ledger_count();
    assert_int_equal(after.units, before.units + MANY);
    assert_int_equal(after.done, before.done + MANY);
}

#define LIES_TEST(name) cmocka_unit_test_setup_teardown(name, lies_setup, lies_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIES_TEST(any_byte_of_the_first_letter_that_is_changed_counts_nobody),
        LIES_TEST(proof_with_any_byte_changed_counts_nobody),
        LIES_TEST(letter_of_the_proof_with_any_byte_changed_is_refused_or_counts_the_chip_of_the_proof),
        LIES_TEST(any_byte_changed_after_the_proof_never_closes_a_record_nor_counts_twice),
        LIES_TEST(run_of_another_time_is_not_answered_to_its_end_again),
        LIES_TEST(letter_in_the_place_of_another_leads_nowhere),
        LIES_TEST(letter_cut_anywhere_or_with_more_behind_it_lets_go_of_the_chip),
        LIES_TEST(locked_chip_closes_its_record_by_its_token_alone),
        LIES_TEST(token_of_another_state_than_secured_closes_no_record),
        LIES_TEST(appliance_that_restarts_after_any_letter_counts_once_and_finishes),
        LIES_TEST(chip_in_two_sockets_is_in_hand_in_one),
        LIES_TEST(many_chips_at_once_are_each_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
