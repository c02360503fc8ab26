/* SPDX-License-Identifier: Apache-2.0 */
/* The appliance on its own: packages that are not for it, letters that lie or come out of turn, keys of others. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/appliance/appliance.h"
#include "host/production/package.h"
#include "host/lib/file.h"
#include "tests/unit/host_support.h"
#include "tests/unit/provision_factory.h"
#include "wire/provision_msg.h"

static struct factory factory;

static int group_setup(void **state)
{
    (void)state;
    factory_open(&factory);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    factory_close(&factory);
    return 0;
}

/* ---- packages ---- */

static struct package_rules rules_of(int sbm)
{
    const struct profile *profile = &factory.project.profile;
    return (struct package_rules){ sbm, bytes_of(factory.firmware_keys, sizeof factory.firmware_keys),
                                   profile->vendor_uuid, sbm ? profile->sbm_class_uuid : profile->class_uuid };
}

static int checked(const uint8_t *data, size_t len, const struct package_rules *rules, struct fault *fault)
{
    struct package package;
    *fault = FAULT_NONE;
    return package_check("package", bytes_of(data, len), rules, &package, fault);
}

static uint8_t *package_load(int sbm, size_t *len)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data = NULL;
    support_check(file_read(factory.paths[sbm ? 1 : 2], 1 << 20, &data, len, &fault), &fault);
    return data;
}

static void package_with_any_byte_changed_is_refused(void **state)
{
    (void)state;
    for (int sbm = 0; sbm < 2; sbm++) {
        const struct package_rules rules = rules_of(sbm);
        struct fault fault;
        size_t len = 0;
        uint8_t *data = package_load(sbm, &len);
        support_check(checked(data, len, &rules, &fault), &fault);
        for (size_t at = 0; at < len; at += at < 1000 ? 1 : 997) {
            data[at] ^= 0x01;
            assert_int_equal(checked(data, len, &rules, &fault), -1);
            assert_string_not_equal(fault.what, "");
            data[at] ^= 0x01;
        }
        assert_int_equal(checked(data, len - 1, &rules, &fault), -1);
        free(data);
    }
}

static void package_of_another_vendor_product_or_maker_is_refused(void **state)
{
    (void)state;
    for (int sbm = 0; sbm < 2; sbm++) {
        static const uint8_t other[128] = { 4 };
        struct fault fault;
        size_t len = 0;
        uint8_t *data = package_load(sbm, &len);
        struct package_rules rules = rules_of(sbm);
        rules.vendor = other;
        support_check_refused(checked(data, len, &rules, &fault), &fault, "vendor");
        rules = rules_of(sbm);
        rules.class_id = other;
        support_check_refused(checked(data, len, &rules, &fault), &fault, "class");
        rules = rules_of(!sbm);
        support_check_refused(checked(data, len, &rules, &fault), &fault, "component");
        rules = rules_of(sbm);
        rules.firmware_keys = bytes_of(other, sizeof other);
        support_check_refused(checked(data, len, &rules, &fault), &fault, "key");
        free(data);
    }
}

/* ---- letters ---- */

/* One socket of an appliance of its own. */
struct desk {
    struct appliance *appliance;
    struct appliance_socket *socket;
    struct letter_answer answer; /* looks into out */
    uint8_t out[LETTER_MAX];
};

static void desk_open(struct desk *d)
{
    struct fault fault = FAULT_NONE;
    memset(d, 0, sizeof *d);
    support_check(factory_appliance_open(&factory, &d->appliance, &fault), &fault);
    support_check(appliance_socket_open(d->appliance, "test", &d->socket, &fault), &fault);
}

static void desk_close(struct desk *d)
{
    appliance_socket_close(d->socket);
    factory_appliance_close(&factory, d->appliance);
}

/* `part` is of the refusal's text; NULL: an answer. */
static void letter_try(struct desk *d, const struct letter_request *request, const char *part)
{
    static uint8_t encoded[LETTER_MAX];
    struct fault fault = FAULT_NONE;
    size_t len = 0;
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    letter_request_build(request, &w);
    support_check(appliance_carry(d->socket, cbor_written(&w), d->out, &len, &fault), &fault);
    assert_int_equal(letter_answer_parse(bytes_of(d->out, len), &d->answer), STATUS_OK);
    if (part == NULL && d->answer.refused) {
        fail_msg("%.*s", (int)d->answer.what.len, (const char *)d->answer.what.data);
    }
    assert_int_equal(d->answer.refused, part != NULL);
    assert_true(part == NULL || memmem(d->answer.what.data, d->answer.what.len, part, strlen(part)) != NULL);
}

static void begin_try(struct desk *d)
{
    const struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("one", 3), .channel = LETTER_CHANNEL_OPEN
    };
    letter_try(d, &begin, NULL);
}

static void results_try(struct desk *d, const struct letter_request *results, const char *part)
{
    struct letter_request request = *results;
    request.op = LETTER_RESULT;
    letter_try(d, &request, part);
}

/* What a chip's agent says, as the data of a result. */
static struct bytes chip_says(const struct provision_answer *chips, uint8_t out[1024])
{
    struct cbor_writer w = cbor_writer_of(out, 1024);
    provision_answer_build(chips, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

/* Results of all up to the proof: the agent is asked twice, at the end. */
static void proof_try(struct desk *d, const struct provision_answer *hello, const struct provision_answer *proof,
                      const char *part)
{
    uint8_t said[2][1024];
    const struct letter_request results = {
        .count = 7,
        .results = { [5] = { .data = chip_says(hello, said[0]) }, [6] = { .data = chip_says(proof, said[1]) } }
    };
    results_try(d, &results, part);
}

static void proof_reach(struct desk *d)
{
    begin_try(d);
    assert_int_equal(d->answer.count, 7);
    assert_int_equal(d->answer.actions[0].kind, LETTER_WRITE);
    assert_int_equal(d->answer.actions[5].kind, LETTER_ASK);
    assert_int_equal(d->answer.actions[6].kind, LETTER_ASK);
}

static const uint8_t some[32];

static struct provision_answer hello_with(uint64_t lifecycle, uint64_t sbm_sequence)
{
    return (struct provision_answer){ .op = PROVISION_HELLO,
                                      .version = PROVISION_VERSION,
                                      .uid = bytes_of(some, 16),
                                      .lifecycle = lifecycle,
                                      .sbm_sequence = sbm_sequence };
}

static void chip_that_is_locked_or_runs_another_sbm_is_not_begun(void **state)
{
    static const struct {
        uint64_t lifecycle;
        uint64_t sbm;
        const char *part;
    } cases[] = { { 2, FACTORY_SBM_SEQUENCE, "not open for provisioning" },
                  { 0, FACTORY_SBM_SEQUENCE - 1, "Secure Boot Manager 2 instead of 3" },
                  { 1, FACTORY_SBM_SEQUENCE + 1, "Secure Boot Manager 4 instead of 3" },
                  { 1, FACTORY_SBM_SEQUENCE, "proof of possession" } };
    const struct provision_answer proof = { .op = PROVISION_MAKE_KEYS, .possession = bytes_of(some, 32) };
    struct desk desk;
    (void)state;
    desk_open(&desk);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct provision_answer hello = hello_with(cases[i].lifecycle, cases[i].sbm);
        proof_reach(&desk);
        proof_try(&desk, &hello, &proof, cases[i].part);
    }
    desk_close(&desk);
}

static void result_out_of_turn_is_refused_and_a_challenge_is_good_for_one_proof(void **state)
{
    const struct provision_answer hello = hello_with(0, FACTORY_SBM_SEQUENCE);
    const struct provision_answer proof = { .op = PROVISION_MAKE_KEYS, .possession = bytes_of(some, 32) };
    const struct letter_request bye = { .op = LETTER_BYE };
    struct desk desk;
    (void)state;
    desk_open(&desk);
    proof_try(&desk, &hello, &proof, "out of turn");
    for (int i = 0; i < 2; i++) {
        proof_reach(&desk);
        proof_try(&desk, &hello, &proof, "proof of possession");
        proof_try(&desk, &hello, &proof, "out of turn");
    }
    proof_reach(&desk);
    letter_try(&desk, &bye, NULL);
    proof_try(&desk, &hello, &proof, "out of turn");
    desk_close(&desk);
}

/* A station stops at a chip that refuses: the reason is what the chip says, and nothing else. */
static void chip_that_refuses_is_believed_and_a_station_that_says_so_is_not(void **state)
{
    const struct provision_answer no = { .op = PROVISION_HELLO, .status = STATUS_BAD_STATE };
    const struct provision_answer yes = hello_with(0, FACTORY_SBM_SEQUENCE);
    uint8_t said[1024];
    struct letter_request results = { .count = 6, .results = { [5] = { .code = LETTER_TROUBLE_REFUSED } } };
    struct desk desk;
    (void)state;
    desk_open(&desk);
    proof_reach(&desk);
    results.results[5].data = chip_says(&no, said);
    results_try(&desk, &results, "HELLO: the chip refuses: ");
    proof_reach(&desk);
    results.results[5].data = chip_says(&yes, said);
    results_try(&desk, &results, "and the chip does not say so");
    desk_close(&desk);
}

static void station_of_another_version_or_channel_is_told_so(void **state)
{
    struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION + 1, .socket = bytes_of("one", 3), .channel = LETTER_CHANNEL_OPEN
    };
    struct desk desk;
    (void)state;
    desk_open(&desk);
    letter_try(&desk, &begin, "version 4 of the letters; the appliance speaks 3");
    begin.version = 2;
    letter_try(&desk, &begin, "version 2 of the letters; the appliance speaks 3");
    begin.version = LETTER_VERSION;
    begin.channel = LETTER_CHANNEL_SECURE;
    letter_try(&desk, &begin, "its package names no silicon vendors");
    const struct letter_request result = { .count = 1 };
    results_try(&desk, &result, "out of turn");
    desk_close(&desk);
}

static void images_come_by_digest_and_only_while_a_chip_is_in_hand(void **state)
{
    struct letter_request image = { .op = LETTER_IMAGE };
    uint8_t digest[32];
    struct desk desk;
    (void)state;
    desk_open(&desk);
    begin_try(&desk);
    const uint64_t len = desk.answer.actions[0].image_len;
    memcpy(digest, desk.answer.actions[0].digest.data, sizeof digest);
    image.digest = bytes_of(digest, sizeof digest);
    letter_try(&desk, &image, NULL);
    assert_int_equal(desk.answer.total, len);
    assert_int_equal(desk.answer.piece.len, LETTER_PIECE_MAX);
    image.offset = len - 1;
    letter_try(&desk, &image, NULL);
    assert_int_equal(desk.answer.piece.len, 1);
    image.offset = len;
    letter_try(&desk, &image, "no such piece");
    image.offset = 0;
    digest[31] ^= 1;
    letter_try(&desk, &image, "no such piece");
    digest[31] ^= 1;
    const struct letter_request bye = { .op = LETTER_BYE };
    letter_try(&desk, &bye, NULL);
    letter_try(&desk, &image, "no such piece");
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(package_with_any_byte_changed_is_refused),
        cmocka_unit_test(package_of_another_vendor_product_or_maker_is_refused),
        cmocka_unit_test(chip_that_is_locked_or_runs_another_sbm_is_not_begun),
        cmocka_unit_test(result_out_of_turn_is_refused_and_a_challenge_is_good_for_one_proof),
        cmocka_unit_test(chip_that_refuses_is_believed_and_a_station_that_says_so_is_not),
        cmocka_unit_test(station_of_another_version_or_channel_is_told_so),
        cmocka_unit_test(images_come_by_digest_and_only_while_a_chip_is_in_hand),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
