/* SPDX-License-Identifier: Apache-2.0 */
/* A station that lies: any letter changed anywhere, replayed, cut, or in another's place; and many that do not. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/ledger/ledger.h"
#include "tests/unit/host_support.h"
#include "tests/unit/provision_factory.h"
#include "tests/unit/provision_puppet.h"

static struct factory factory;
static struct appliance *appliance;

static int setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_open(&factory);
    factory.token_needed = 1;
    support_check(factory_appliance_open(&factory, &appliance, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    factory_appliance_close(&factory, appliance);
    factory_close(&factory);
    return 0;
}

static void chip_make(struct puppet_chip *chip, unsigned number)
{
    puppet_chip_make(chip, number);
    chip->sbm_sequence = FACTORY_SBM_SEQUENCE;
    chip->app_sequence = FACTORY_APP_SEQUENCE;
}

/* ---- what the ledger says ---- */

struct count {
    unsigned units;
    unsigned done;
    unsigned certified;
    struct ledger_unit last;
};

static int unit_count(void *context, const struct ledger_unit *unit)
{
    struct count *count = context;
    count->units++;
    count->done += unit->state == LEDGER_DONE;
    count->certified += unit->device_cert.len != 0;
    count->last = *unit;
    return 0;
}

static struct count ledger_count(void)
{
    static struct ledger *ledger;
    struct count count = { 0 };
    struct fault fault = FAULT_NONE;
    const struct ledger_config config = { .place = support_path(LEDGER_FILE), .mode = LEDGER_READ };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    support_check(ledger_unit_walk(ledger, unit_count, &count, &fault), &fault);
    ledger_close(ledger);
    return count;
}

/* ---- one letter of an honest run, changed ---- */

/* The letters of a whole run: which one is the proof, and which the token. */
struct plan {
    unsigned letters;
    unsigned proof; /* letters that are answered before it is sent */
    unsigned token;
};

static struct plan plan_make(void)
{
    struct plan plan = { 0, 0, 0 };
    struct puppet_chip chip;
    struct puppet p;
    chip_make(&chip, 0xFFFF);
    puppet_open(&p, appliance, &chip);
    puppet_begin(&p);
    assert_true(puppet_send(&p));
    while (p.answer.action.kind != LETTER_DONE) {
        struct provision_request q;
        int asks =
            p.answer.action.kind == LETTER_ASK && provision_request_parse(p.answer.action.message, &q) == STATUS_OK;
        plan.proof = asks && q.op == PROVISION_MAKE_KEYS ? p.letters : plan.proof;
        plan.token = p.answer.action.kind == LETTER_TOKEN ? p.letters : plan.token;
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

static void any_byte_of_a_letter_up_to_the_proof_that_is_changed_counts_nobody(void **state)
{
    const struct plan plan = plan_make();
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    chip_make(&chip, 1);
    puppet_open(&p, appliance, &chip);
    for (unsigned letters = 0; letters < plan.proof; letters++) {
        const size_t len = letter_len(&p, letters);
        for (size_t at = 0; at < len; at++) {
            (void)changed_send(&p, letters, at, (uint8_t)(1u << (at % 8)));
        }
    }
    assert_int_equal(ledger_count().units, 1); /* the plan's */
    /* The proof itself is never sent unchanged here: its length is that of the plan's. */
    assert_true(puppet_run(&p, plan.proof));
    puppet_act(&p);
    const size_t len = p.request_len;
    for (size_t at = 0; at < len; at++) {
        assert_false(changed_send(&p, plan.proof, at, (uint8_t)(1u << (at % 8))));
    }
    assert_int_equal(ledger_count().units, 1);
    assert_int_equal(ledger_count().certified, 1);
    puppet_close(&p);
    puppet_chip_free(&chip);
}

static void any_byte_changed_after_the_proof_never_closes_a_record_nor_counts_twice(void **state)
{
    const struct plan plan = plan_make();
    struct puppet_chip chip;
    struct puppet p;
    (void)state;
    chip_make(&chip, 2);
    puppet_open(&p, appliance, &chip);
    assert_true(puppet_run(&p, plan.proof + 1));
    const struct count first = ledger_count();
    assert_int_equal(first.units, 2);
    for (unsigned letters = plan.proof + 1; letters <= plan.token; letters++) {
        assert_true(puppet_run(&p, letters));
        puppet_act(&p);
        const size_t len = p.request_len;
        for (size_t at = 0; at < len; at++) {
            int answered = changed_send(&p, letters, at, (uint8_t)(1u << (at % 8)));
            assert_false(letters == plan.token && answered);
        }
    }
    const struct count last = ledger_count();
    assert_int_equal(last.units, 2);
    assert_int_equal(last.done, 1); /* the plan's */
    assert_memory_equal(&last.last.device_cert, &first.last.device_cert, sizeof first.last.device_cert);
    assert_int_equal(last.last.grant_len, first.last.grant_len);
    assert_memory_equal(last.last.grant, first.last.grant, first.last.grant_len);
    /* The chip itself took no harm: honestly it is made, and counted once. */
    assert_true(puppet_run(&p, UINT32_MAX));
    assert_int_equal(p.answer.action.number, first.last.number);
    assert_int_equal(ledger_count().done, 2);
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
        if (p->answer.action.kind == LETTER_DONE) {
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
    chip_make(&chip, 3);
    puppet_open(&p, appliance, &chip);
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
    chip_make(&chips[0], 4);
    chip_make(&chips[1], 5);
    puppet_open(&donor, appliance, &chips[0]);
    run_record(&donor, &record);
    puppet_close(&donor);
    const struct count before = ledger_count();
    puppet_open(&p, appliance, &chips[1]);
    const unsigned ends = (unsigned)record.count - 2; /* the token; after it only the closed port is seen once more */
    for (unsigned letters = 1; letters < ends + 1; letters++) {
        for (size_t i = 1; i < record.count; i++) {
            assert_true(puppet_run(&p, letters));
            recorded_send(&p, &record, i);
            (void)puppet_send(&p);
        }
    }
    const struct count after = ledger_count();
    assert_int_equal(after.units, before.units + 1);
    assert_int_equal(after.done, before.done);
    puppet_close(&p);
    puppet_chip_free(&chips[0]);
    puppet_chip_free(&chips[1]);
}

static void letter_cut_anywhere_or_with_more_behind_it_lets_go_of_the_chip(void **state)
{
    const struct letter_request result = { .op = LETTER_RESULT };
    struct puppet_chip chip;
    struct puppet p;
    uint8_t whole[64];
    (void)state;
    chip_make(&chip, 6);
    puppet_open(&p, appliance, &chip);
    struct cbor_writer w = cbor_writer_of(whole, sizeof whole);
    letter_request_build(&result, &w);
    for (size_t len = 0; len <= w.len + 1; len++) {
        assert_true(puppet_run(&p, 1));
        memset(p.request, 0, sizeof p.request);
        memcpy(p.request, whole, w.len);
        p.request_len = len;
        assert_int_equal(puppet_send(&p), len == w.len);
        p.request_len = w.len;
        assert_int_equal(puppet_send(&p), len == w.len);
    }
    puppet_close(&p);
    puppet_chip_free(&chip);
}

/* ---- a locked chip ---- */

/* A RESULT that says that the debug port is closed. */
static int port_is_closed(struct puppet *p)
{
    const struct letter_request closed = { .op = LETTER_RESULT,
                                           .code = LETTER_TROUBLE_PORT,
                                           .text = bytes_of("refused", 7) };
    puppet_begin(p);
    assert_true(puppet_send(p));
    struct cbor_writer w = cbor_writer_of(p->request, sizeof p->request);
    letter_request_build(&closed, &w);
    p->request_len = w.len;
    return puppet_send(p);
}

static void locked_chip_closes_its_record_by_its_token_alone(void **state)
{
    const struct plan plan = plan_make();
    struct puppet_chip chips[2];
    struct puppet p;
    (void)state;
    chip_make(&chips[0], 7);
    chip_make(&chips[1], 8);
    puppet_open(&p, appliance, &chips[0]);
    assert_true(puppet_run(&p, plan.token)); /* checked and locked; then this station died */
    const struct count before = ledger_count();
    p.chip = &chips[1];
    assert_true(port_is_closed(&p));
    assert_int_equal(p.answer.action.kind, LETTER_TOKEN);
    puppet_act(&p);
    assert_false(puppet_send(&p)); /* not in this ledger */
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "does not know it", 16));
    p.chip = &chips[0];
    assert_true(port_is_closed(&p));
    puppet_act(&p);
    p.request[p.request_len - 10] ^= 1; /* in the signature */
    assert_false(puppet_send(&p));
    assert_int_equal(ledger_count().done, before.done);
    assert_true(port_is_closed(&p));
    puppet_act(&p);
    assert_true(puppet_send(&p));
    assert_int_equal(p.answer.action.kind, LETTER_DONE);
    assert_int_equal(ledger_count().done, before.done + 1);
    puppet_close(&p);
    puppet_chip_free(&chips[0]);
    puppet_chip_free(&chips[1]);
}

/* ---- an appliance that dies ---- */

static void appliance_reopen(void)
{
    struct fault fault = FAULT_NONE;
    factory_appliance_close(&factory, appliance);
    appliance = NULL;
    support_check(factory_appliance_open(&factory, &appliance, &fault), &fault);
}

/* After each letter of a run: a new appliance knows nothing but the ledger. */
static void appliance_that_restarts_after_any_letter_counts_once_and_finishes(void **state)
{
    const struct plan plan = plan_make();
    (void)state;
    for (unsigned letters = 1; letters < plan.letters; letters++) {
        const struct count before = ledger_count();
        struct puppet_chip chip;
        struct puppet p;
        chip_make(&chip, 100 + letters);
        puppet_open(&p, appliance, &chip);
        assert_true(puppet_run(&p, letters));
        puppet_close(&p);
        appliance_reopen();
        const struct count between = ledger_count();
        assert_int_equal(between.units, before.units + (letters > plan.proof));
        assert_int_equal(between.done, before.done);
        puppet_open(&p, appliance, &chip);
        assert_true(puppet_run(&p, UINT32_MAX));
        puppet_close(&p);
        const struct count after = ledger_count();
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
    const struct plan plan = plan_make();
    struct puppet_chip chip;
    struct puppet one;
    struct puppet two;
    (void)state;
    chip_make(&chip, 9);
    puppet_open(&one, appliance, &chip);
    puppet_open(&two, appliance, &chip);
    assert_true(puppet_run(&one, plan.proof + 1));
    assert_false(puppet_run(&two, UINT32_MAX));
    assert_non_null(memmem(two.answer.what.data, two.answer.what.len, "in hand", 7));
    puppet_close(&one); /* it let go, in the middle */
    assert_true(puppet_run(&two, UINT32_MAX));
    assert_int_equal(two.answer.action.kind, LETTER_DONE);
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
    chip_make(&chip, m->number);
    puppet_open(p, appliance, &chip);
    (void)puppet_run(p, 12); /* given up, and begun again */
    m->done = puppet_run(p, UINT32_MAX) && p->answer.action.kind == LETTER_DONE;
    m->unit = m->done ? p->answer.action.number : 0;
    puppet_close(p);
    puppet_chip_free(&chip);
    free(p);
    return NULL;
}

static void many_chips_at_once_are_each_counted_once(void **state)
{
    static struct many many[MANY];
    const struct count before = ledger_count();
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
    const struct count after = ledger_count();
    assert_int_equal(after.units, before.units + MANY);
    assert_int_equal(after.done, before.done + MANY);
}

#define LIES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIES_TEST(any_byte_of_a_letter_up_to_the_proof_that_is_changed_counts_nobody),
        LIES_TEST(any_byte_changed_after_the_proof_never_closes_a_record_nor_counts_twice),
        LIES_TEST(run_of_another_time_is_not_answered_to_its_end_again),
        LIES_TEST(letter_in_the_place_of_another_leads_nowhere),
        LIES_TEST(letter_cut_anywhere_or_with_more_behind_it_lets_go_of_the_chip),
        LIES_TEST(locked_chip_closes_its_record_by_its_token_alone),
        LIES_TEST(appliance_that_restarts_after_any_letter_counts_once_and_finishes),
        LIES_TEST(chip_in_two_sockets_is_in_hand_in_one),
        LIES_TEST(many_chips_at_once_are_each_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
