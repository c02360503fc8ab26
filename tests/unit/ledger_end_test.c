/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a device in the ledger: the auditor asks for the maker's order and for the device's own last word. */
#include "tests/unit/test.h"

#include <string.h>

#include "host/lib/p256.h"
#include "host/sign1/token.h"
#include "tests/unit/attest_maker.h"
#include "tests/unit/ledger_fraud.h"
#include "wire/command.h"

static struct maker maker;
static struct fraud events;

/* What is recorded. */
struct end {
    uint64_t what;
    enum maker_key signer;
    uint64_t lifecycle;
    int other_boot;
    int other_device;
    int is_debug; /* recorded as debug rights */
};

static const struct end right = { ORDER_DECOMMISSION, MAKER_MASTERING, 0x6000, 0, 0, 0 };
static const struct end right_debug = { ORDER_DEBUG_NONSECURE, MAKER_MASTERING, 0x4000, 0, 0, 1 };

static struct bytes order_make(const struct end *end, const struct made *chip, uint8_t *out)
{
    uint8_t payload[COMMAND_MAX];
    struct cbor_writer w = cbor_writer_of(payload, sizeof payload);
    uint8_t seed[32] = { 0 };
    static const uint8_t nonce[32];
    memcpy(seed, attest_claims(chip->identity_key, bytes_of(nonce, 32)).seed.data, sizeof seed);
    seed[0] ^= (uint8_t)end->other_boot;
    const struct order order = { end->what, bytes_of(chip->uid, 16), bytes_of(seed, sizeof seed) };
    order_build(&order, &w);
    return maker_sign1(&maker, end->signer, COMMAND_AAD, cbor_written(&w), out, COMMAND_MAX);
}

static struct bytes token_make(const struct end *end, const struct made *chip, uint8_t out[TOKEN_MAX])
{
    static const uint8_t nonce[32] = { 5 };
    uint8_t encoded[TOKEN_CLAIMS_MAX];
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t digest[32];
    uint8_t signature[64];
    struct cbor_writer c = cbor_writer_of(encoded, sizeof encoded);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, TOKEN_MAX);
    struct token_claims claims = attest_claims(chip->identity_key, bytes_of(nonce, sizeof nonce));
    claims.lifecycle = end->lifecycle;
    token_claims_build(&claims, &c);
    token_signed_head_build(c.len, &s);
    cbor_write_raw(&s, cbor_written(&c));
    p256_sha256(cbor_written(&s), digest);
    maker_sign(chip->identity, digest, signature);
    token_build(cbor_written(&c), signature, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

/* Records such an end of a finished unit; the auditor finds `part`, or nothing. */
static void end_audit(const struct end *end, const char *part)
{
    struct made chip;
    struct made other;
    struct fault fault = FAULT_NONE;
    uint8_t order[COMMAND_MAX];
    uint8_t token[TOKEN_MAX];
    maker_open(&maker, 5, 1, 1);
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    maker_unit_make(&maker, ledger, 1, MAKE_CLOSE, &chip);
    maker_chip_new(2, &other);
    struct bytes signed_order = order_make(end, &chip, order);
    struct bytes proof = token_make(end, end->other_device ? &other : &chip, token);
    for (int again = 0; again < 2; again++) { /* the same twice is recorded once */
        support_check(end->is_debug ? ledger_unit_debug(ledger, chip.uid, signed_order, proof, &fault)
                                    : ledger_unit_decommission(ledger, chip.uid, signed_order, proof, &fault),
                      &fault);
    }
    ledger_close(ledger);
    fraud_load(&events);
    assert_int_equal(fraud_find(&events, end->is_debug ? EVENT_DEBUG : EVENT_DECOMMISSIONED, 0), events.count - 1);
    audit_expect(&maker, part);
    made_free(&chip);
    made_free(&other);
    maker_close(&maker);
}

static void end_by_order_and_last_token_is_no_finding(void **state)
{
    (void)state;
    end_audit(&right, NULL);
}

static void order_that_is_none_is_found(void **state)
{
    struct end end = right;
    (void)state;
    end.signer = MAKER_QUOTA;
    end_audit(&end, "its end is not proved: the order to decommission");
}

static void order_to_something_else_is_found(void **state)
{
    struct end end = right;
    (void)state;
    end.what = ORDER_DEBUG_SECURE;
    end_audit(&end, "its end is not proved: the order is not to decommission");
}

static void device_that_does_not_say_so_is_found(void **state)
{
    struct end end = right;
    (void)state;
    end.lifecycle = TOKEN_LIFECYCLE_SECURED;
    end_audit(&end, "does not say that it is decommissioned");
}

static void word_of_another_device_is_found(void **state)
{
    struct end end = right;
    (void)state;
    end.other_device = 1;
    end_audit(&end, "its end is not proved");
}

static void word_of_another_boot_is_found(void **state)
{
    struct end end = right;
    (void)state;
    end.other_boot = 1;
    end_audit(&end, "of another boot");
}

static void debug_rights_by_order_and_token_are_no_finding(void **state)
{
    struct end end = right_debug;
    (void)state;
    end_audit(&end, NULL);
}

static void debug_of_the_whole_chip_goes_by_the_token_that_asked(void **state)
{
    struct end end = right_debug;
    (void)state;
    end.what = ORDER_DEBUG_SECURE;
    end.lifecycle = TOKEN_LIFECYCLE_SECURED;
    end_audit(&end, NULL);
}

static void debug_rights_that_nobody_ordered_are_found(void **state)
{
    struct end end = right_debug;
    (void)state;
    end.signer = MAKER_QUOTA;
    end_audit(&end, "its debug rights are not proved: the order to debug");
}

static void debug_rights_by_an_order_to_end_it_are_found(void **state)
{
    struct end end = right_debug;
    (void)state;
    end.what = ORDER_DECOMMISSION;
    end.lifecycle = 0x6000;
    end_audit(&end, "the order is not to debug this device");
}

static void debug_rights_of_a_secured_device_are_found(void **state)
{
    struct end end = right_debug;
    (void)state;
    end.lifecycle = TOKEN_LIFECYCLE_SECURED;
    end_audit(&end, "does not say that its non-secure world is debugged");
}

static void debug_rights_by_the_token_of_another_device_are_found(void **state)
{
    struct end end = right_debug;
    (void)state;
    end.other_device = 1;
    end_audit(&end, "its debug rights are not proved");
}

static void debug_rights_of_another_boot_are_found(void **state)
{
    struct end end = right_debug;
    (void)state;
    end.other_boot = 1;
    end_audit(&end, "of another boot");
}

#define ALL                                                                                                            \
    LEDGER_TEST(end_by_order_and_last_token_is_no_finding), LEDGER_TEST(order_that_is_none_is_found),                  \
        LEDGER_TEST(order_to_something_else_is_found), LEDGER_TEST(device_that_does_not_say_so_is_found),              \
        LEDGER_TEST(word_of_another_device_is_found), LEDGER_TEST(word_of_another_boot_is_found),                      \
        LEDGER_TEST(debug_rights_by_order_and_token_are_no_finding),                                                   \
        LEDGER_TEST(debug_of_the_whole_chip_goes_by_the_token_that_asked),                                             \
        LEDGER_TEST(debug_rights_that_nobody_ordered_are_found),                                                       \
        LEDGER_TEST(debug_rights_by_an_order_to_end_it_are_found),                                                     \
        LEDGER_TEST(debug_rights_of_a_secured_device_are_found),                                                       \
        LEDGER_TEST(debug_rights_by_the_token_of_another_device_are_found),                                            \
        LEDGER_TEST(debug_rights_of_another_boot_are_found)

int main(void)
{
    const struct CMUnitTest file[] = { ALL };
    return cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
}
