/* SPDX-License-Identifier: Apache-2.0 */
/* sbm_crypto_pair_test: which numbers become private keys of P-256. */
#include <string.h>

#include "sbm/service_crypto_run.h"
#include "tests/unit/test.h"

/* SEC 2 section 2.4.2: the order of the group. */
static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                   0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

/* The order less `less`, which is below its last byte. */
static int pair_of_order_less(uint8_t less, uint8_t number[32])
{
    memcpy(number, order, sizeof order);
    number[31] = (uint8_t)(number[31] - less);
    return service_crypto_pair_of(number);
}

static void numbers_up_to_the_order_less_two_are_keys(void **state)
{
    uint8_t number[32] = { 0 };
    (void)state;
    assert_true(service_crypto_pair_of(number)); /* 0: the key 1 */
    assert_int_equal(number[31], 1);
    assert_true(pair_of_order_less(2, number));
    assert_int_equal(number[31], order[31] - 1);
    assert_false(pair_of_order_less(1, number));
    assert_false(pair_of_order_less(0, number));
    memset(number, 0xff, sizeof number);
    assert_false(service_crypto_pair_of(number));
}

static void one_is_added_to_all_of_the_number(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 31; i++) {
        uint8_t number[32] = { 0 };
        memset(number + i + 1, 0xff, 31 - i);
        assert_true(service_crypto_pair_of(number));
        for (unsigned j = 0; j < 32; j++) {
            assert_int_equal(number[j], j == i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_up_to_the_order_less_two_are_keys),
        cmocka_unit_test(one_is_added_to_all_of_the_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
