/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of units: how many operations of the TPM they cost, and what a restart or a damaged file makes of them. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "host/appliance/granting_block.h"
#include "host/lib/file.h"
#include "tests/unit/host_support.h"

/* A TPM that only counts; `left` units of it. */
struct counter {
    uint64_t count;
    uint64_t left;
};

static int counter_sign(void *context, uint64_t package, uint64_t units, struct granting_block *block,
                        struct fault *fault)
{
    struct counter *counter = context;
    (void)units;
    if (counter->left == 0) {
        return fault_set(fault, "no units left");
    }
    counter->left--;
    block->count = ++counter->count;
    block->sign1_len = 40;
    memset(block->sign1, (int)package, block->sign1_len);
    return 0;
}

static struct counter counter;
static struct granting_blocks blocks;

static void blocks_open(uint64_t package, uint64_t base, uint64_t units)
{
    const char *path = support_path("blocks");
    granting_blocks_init(&blocks);
    memcpy(blocks.path, path, strlen(path) + 1);
    granting_blocks_begin(&blocks, package, base, units);
}

static int setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    counter = (struct counter){ 0, 1000 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    granting_blocks_close(&blocks);
    support_folder_remove();
    return 0;
}

static int take(uint64_t package, uint64_t unit, struct granting_block *out, struct fault *fault)
{
    const struct granting_block_signer signer = { &counter, counter_sign };
    *fault = FAULT_NONE;
    return granting_blocks_take(&blocks, package, unit, &signer, out, fault);
}

static void taken(uint64_t unit, uint64_t first, uint64_t count)
{
    struct granting_block block;
    struct fault fault;
    support_check(take(1, unit, &block, &fault), &fault);
    assert_int_equal(block.first, first);
    assert_int_equal(block.count, count);
    assert_int_equal(block.sign1_len, 40);
}

static void units_in_any_order_cost_no_more_than_whole_blocks(void **state)
{
    static const uint64_t order[] = { 9, 7, 8, 12, 11, 10, 14, 13, 15, 16 };
    (void)state;
    counter.left = 4; /* ten units, three in a block */
    blocks_open(1, 7, 3);
    for (size_t i = 0; i < 10; i++) {
        struct granting_block block;
        struct fault fault;
        support_check(take(1, order[i], &block, &fault), &fault);
        assert_true(order[i] >= block.first && order[i] < block.first + 3);
        assert_int_equal((block.first - 7) % 3, 0);
    }
    assert_int_equal(counter.left, 0);
    struct granting_block block;
    struct fault fault;
    support_check_refused(take(1, 19, &block, &fault), &fault, "no units left");
}

static void restart_takes_up_the_blocks_that_were_begun(void **state)
{
    (void)state;
    blocks_open(1, 1, 10);
    taken(3, 1, 1);
    taken(15, 11, 2);
    granting_blocks_close(&blocks);
    blocks_open(1, 1, 10);
    taken(4, 1, 1);
    taken(20, 11, 2);
    taken(21, 21, 3);
    granting_blocks_close(&blocks);
    blocks_open(1, 1, 5); /* other terms: other blocks */
    taken(4, 1, 4);
}

static void unit_of_another_package_gets_no_block(void **state)
{
    struct granting_block block;
    struct fault fault;
    (void)state;
    blocks_open(2, 100, 10);
    support_check_refused(take(1, 101, &block, &fault), &fault, "not of the package");
    support_check(take(2, 100, &block, &fault), &fault);
    granting_blocks_begin(&blocks, 3, 200, 10);
    support_check_refused(take(2, 100, &block, &fault), &fault, "not of the package");
    assert_int_equal(counter.count, 1);
}

/* Reserved before this package was loaded, and moved into it. */
static void unit_that_was_moved_gets_a_block_that_later_units_share(void **state)
{
    (void)state;
    blocks_open(1, 100, 10);
    taken(97, 97, 1);
    taken(99, 97, 1);
    taken(101, 97, 1);
    taken(107, 100, 2);
    granting_blocks_close(&blocks);
    blocks_open(1, 97, 10); /* by the ledger, 97 is the first unit of this package now */
    taken(98, 97, 1);
    taken(109, 100, 2);
    taken(110, 110, 3);
}

static void only_the_newest_blocks_are_kept(void **state)
{
    (void)state;
    blocks_open(1, 1, 2);
    for (uint64_t i = 0; i <= GRANTING_BLOCKS_KEPT; i++) {
        taken(1 + 2 * i, 1 + 2 * i, 1 + i);
    }
    taken(4, 3, 2);
    taken(2, 1, GRANTING_BLOCKS_KEPT + 2); /* the first one is gone */
}

static void damaged_file_costs_operations_and_nothing_else(void **state)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data = NULL;
    size_t len = 0;
    (void)state;
    blocks_open(1, 1, 10);
    taken(1, 1, 1);
    granting_blocks_close(&blocks);
    support_check(file_read(support_path("blocks"), 1 << 16, &data, &len, &fault), &fault);
    for (size_t at = 0; at <= len; at++) {
        struct granting_block block;
        struct bytes damaged = bytes_of(data, at);
        data[at % len] ^= 0xFF;
        support_check(
            file_write(support_path("blocks"), at % 2 == 0 ? damaged : bytes_of(data, len), 0600, FILE_REPLACE, &fault),
            &fault);
        blocks_open(1, 1, 10);
        support_check(take(1, 5, &block, &fault), &fault);
        granting_blocks_close(&blocks);
        data[at % len] ^= 0xFF;
    }
    free(data);
    blocks_open(1, 1, 10);
}

#define BLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLOCK_TEST(units_in_any_order_cost_no_more_than_whole_blocks),
        BLOCK_TEST(restart_takes_up_the_blocks_that_were_begun),
        BLOCK_TEST(unit_of_another_package_gets_no_block),
        BLOCK_TEST(unit_that_was_moved_gets_a_block_that_later_units_share),
        BLOCK_TEST(only_the_newest_blocks_are_kept),
        BLOCK_TEST(damaged_file_costs_operations_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
