/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor believes no appliance: what one in wrong hands records and signs itself does not fit together. The same
 * tests run on SQLite and on a real server of PostgreSQL. */
#include "tests/unit/test.h"

#include <string.h>

#include "host/sign1/scrap.h"
#include "tests/unit/ledger_fraud.h"

static struct maker maker;

/* What an appliance in wrong hands records itself, with its own signature. */
struct lie {
    struct ledger *ledger;
    struct made chip;
};

static void lie_begin(struct lie *lie, enum maker_step last)
{
    maker_open(&maker, 5, 1, 1);
    lie->ledger = maker_ledger_open(&maker, ledger_place());
    maker_unit_make(&maker, lie->ledger, 1, last, &lie->chip);
}

static void lie_end(struct lie *lie, const char *part)
{
    ledger_close(lie->ledger);
    audit_expect(&maker, part);
    made_free(&lie->chip);
    maker_close(&maker);
}

static void grant_of_another_chip_is_found(void **state)
{
    struct lie lie;
    struct made other;
    struct fault fault = FAULT_NONE;
    uint8_t room[GRANT_ITEM_MAX];
    (void)state;
    lie_begin(&lie, MAKE_RESERVE);
    maker_chip_new(2, &other);
    other.unit.number = 1;
    support_check(ledger_unit_grant(lie.ledger, lie.chip.uid, 1, maker_grant_make(&maker, &other, room), &fault),
                  &fault);
    made_free(&other);
    lie_end(&lie, "its grant is for another chip");
}

static void grant_by_another_key_is_found(void **state)
{
    struct lie lie;
    struct fault fault = FAULT_NONE;
    uint8_t room[GRANT_ITEM_MAX];
    uint8_t point[64];
    (void)state;
    lie_begin(&lie, MAKE_RESERVE);
    EVP_PKEY_free(maker.keys[MAKER_GRANT]);
    maker.keys[MAKER_GRANT] = maker_key_new(point);
    support_check(ledger_unit_grant(lie.ledger, lie.chip.uid, 1, maker_grant_make(&maker, &lie.chip, room), &fault),
                  &fault);
    lie_end(&lie, "its grant: the signature is wrong");
}

static void ticket_by_another_key_is_found(void **state)
{
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_GRANT);
    memset(maker.trust.mastering[0], 7, 64);
    lie_end(&lie, "its ticket: signed with a key");
}

static void unit_without_a_grant_is_found(void **state)
{
    struct lie lie;
    struct fault fault = FAULT_NONE;
    struct cert device;
    struct cert update;
    (void)state;
    lie_begin(&lie, MAKE_RESERVE);
    maker_certs_make(&maker, &lie.chip, &device, &update);
    support_check(ledger_unit_certify(lie.ledger, lie.chip.uid, &device, &update, &fault), &fault);
    lie_end(&lie, "and no grant");
}

static void one_count_of_the_tpm_for_two_units_is_found(void **state)
{
    struct lie lie;
    struct made second;
    (void)state;
    lie_begin(&lie, MAKE_GRANT);
    maker.tpm_count = 0;
    maker_unit_make(&maker, lie.ledger, 2, MAKE_GRANT, &second);
    made_free(&second);
    lie_end(&lie, "it names count 1 of the TPM");
}

static void certificates_of_another_key_are_found(void **state)
{
    struct lie lie;
    struct made other;
    struct fault fault = FAULT_NONE;
    struct cert device;
    struct cert update;
    (void)state;
    lie_begin(&lie, MAKE_GRANT);
    maker_chip_new(1, &other); /* the same unique ID */
    maker_certs_make(&maker, &other, &device, &update);
    support_check(ledger_unit_certify(lie.ledger, lie.chip.uid, &device, &update, &fault), &fault);
    made_free(&other);
    lie_end(&lie, "device certificate holds another key");
}

static void certificate_by_another_issuer_is_found(void **state)
{
    struct lie lie;
    struct fault fault = FAULT_NONE;
    struct cert device;
    struct cert update;
    (void)state;
    lie_begin(&lie, MAKE_GRANT);
    maker_certs_make(&maker, &lie.chip, &device, &update);
    device.der[device.len - 1] ^= 1;
    support_check(ledger_unit_certify(lie.ledger, lie.chip.uid, &device, &update, &fault), &fault);
    lie_end(&lie, "not signed by the issuing key");
}

static void receipt_that_is_none_is_found(void **state)
{
    struct lie lie;
    struct fault fault = FAULT_NONE;
    uint8_t room[256];
    (void)state;
    lie_begin(&lie, MAKE_CERTIFY);
    support_check(ledger_unit_check(lie.ledger, lie.chip.uid, maker_receipt_make(4, room), 5, &fault), &fault);
    lie_end(&lie, "its receipt is for application 4, not 5");
}

static void token_of_another_device_is_found(void **state)
{
    struct lie lie;
    struct made other;
    struct fault fault = FAULT_NONE;
    uint8_t nonce[32] = { 4 };
    uint8_t room[1024];
    (void)state;
    lie_begin(&lie, MAKE_CHECK);
    maker_chip_new(2, &other);
    support_check(ledger_unit_close(lie.ledger, lie.chip.uid, bytes_of(nonce, 32),
                                    maker_token_make(&other, bytes_of(nonce, 32), room), &fault),
                  &fault);
    made_free(&other);
    lie_end(&lie, "its token");
}

/* Scraps the chip by such an order. */
static void scrap(struct lie *lie, enum maker_key signer, const uint8_t *uid, const uint8_t *records_key)
{
    struct fault fault = FAULT_NONE;
    uint8_t payload[64];
    uint8_t room[256];
    uint8_t chain[SCRAP_CHAIN_LEN];
    struct cbor_writer w = cbor_writer_of(payload, sizeof payload);
    scrap_chain(records_key, chain);
    const struct scrap order = { bytes_of(uid, 16), bytes_of(chain, sizeof chain) };
    scrap_build(&order, &w);
    const struct bytes encoded = maker_sign1(&maker, signer, SCRAP_AAD, cbor_written(&w), room, sizeof room);
    support_check(ledger_unit_scrap(lie->ledger, lie->chip.uid, encoded, &fault), &fault);
}

static void scrap_order_by_another_key_is_found(void **state)
{
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_CLOSE);
    scrap(&lie, MAKER_DELEGATE, lie.chip.uid, maker.points[MAKER_RECORDS]);
    lie_end(&lie, "what took it out: the scrap order: the signature is wrong");
}

static void scrap_order_for_another_chip_is_found(void **state)
{
    static const uint8_t other[16] = { 9 };
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_CLOSE);
    scrap(&lie, MAKER_QUOTA, other, maker.points[MAKER_RECORDS]);
    lie_end(&lie, "the order that took it out names another chip");
}

static void scrap_order_for_another_appliance_is_found(void **state)
{
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_CLOSE);
    scrap(&lie, MAKER_QUOTA, lie.chip.uid, maker.points[MAKER_GRANT]);
    lie_end(&lie, "the order that took it out is for another appliance");
}

static void scrap_order_of_the_maker_is_no_finding(void **state)
{
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_CLOSE);
    scrap(&lie, MAKER_QUOTA, lie.chip.uid, maker.points[MAKER_RECORDS]);
    lie_end(&lie, NULL);
}

static void package_with_a_higher_quota_is_found(void **state)
{
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_CLOSE);
    maker.given[0].quota = 4; /* the maker gave one unit less */
    lie_end(&lie, "the maker gave it as package 1, quota 4");
}

static void package_that_nobody_gave_is_found(void **state)
{
    struct lie lie;
    struct fault fault = FAULT_NONE;
    (void)state;
    lie_begin(&lie, MAKE_CLOSE);
    maker.package.number = 2;
    maker.package.digest[0] ^= 1;
    support_check(ledger_package_load(lie.ledger, &maker.package, &fault), &fault);
    lie_end(&lie, "the maker gave no such package");
}

static void package_that_hides_the_tpm_is_found(void **state)
{
    struct lie lie;
    (void)state;
    lie_begin(&lie, MAKE_RESERVE);
    maker.given[0].tpm = 0;
    lie_end(&lie, "without a TPM");
}

#define ALL                                                                                                            \
    LEDGER_TEST(package_with_a_higher_quota_is_found), LEDGER_TEST(package_that_nobody_gave_is_found),                 \
        LEDGER_TEST(package_that_hides_the_tpm_is_found), LEDGER_TEST(grant_of_another_chip_is_found),                 \
        LEDGER_TEST(grant_by_another_key_is_found), LEDGER_TEST(ticket_by_another_key_is_found),                       \
        LEDGER_TEST(unit_without_a_grant_is_found), LEDGER_TEST(one_count_of_the_tpm_for_two_units_is_found),          \
        LEDGER_TEST(certificates_of_another_key_are_found), LEDGER_TEST(certificate_by_another_issuer_is_found),       \
        LEDGER_TEST(receipt_that_is_none_is_found), LEDGER_TEST(token_of_another_device_is_found),                     \
        LEDGER_TEST(scrap_order_by_another_key_is_found), LEDGER_TEST(scrap_order_for_another_chip_is_found),          \
        LEDGER_TEST(scrap_order_for_another_appliance_is_found), LEDGER_TEST(scrap_order_of_the_maker_is_no_finding)

int main(void)
{
    const struct CMUnitTest file[] = { ALL };
    const struct CMUnitTest server[] = { ALL };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
