/* SPDX-License-Identifier: Apache-2.0 */
/* boot_maker_grant: makes tickets and grants for tests of the chip's agent; each part can be made wrong on purpose. */
#ifndef TESTS_UNIT_BOOT_MAKER_GRANT_H
#define TESTS_UNIT_BOOT_MAKER_GRANT_H

#include "tests/unit/boot_maker.h"
#include "wire/grant.h"

struct maker_grant {
    struct ticket ticket;
    const struct maker_key *ticket_signer;
    struct bytes ticket_kid; /* data == NULL: that of its signer */
    struct grant_block block;
    const struct maker_key *block_signer; /* NULL: no block */
    struct grant grant;
    const struct maker_key *grant_signer;
};
/* A right one without a block, package 1, unit 7, for the maker's identity and update key. */
struct maker_grant maker_grant_right(const struct maker *maker, const uint8_t uid[16]);
/* The same with a block of the units 5 to 14, whose delegate is the provisioner key. */
struct maker_grant maker_grant_blocked(const struct maker *maker, const uint8_t uid[16]);
/* Writes the STORE item; gives its length. */
size_t maker_grant_write(const struct maker_grant *in, uint8_t out[GRANT_ITEM_MAX]);

#endif
