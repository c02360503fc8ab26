/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lies: a letter, or any CBOR, with one of its items made wrong. Items are numbered from 0 in the order in which they
 * stand, those inside of byte strings that hold CBOR included.
 */
#ifndef TESTS_DAYS_LIES_H
#define TESTS_DAYS_LIES_H

#include "base/bytes.h"

#define LIES_TEXT_MAX 32768u

enum lie {
    LIE_MISSING, /* it is not there; in a map its key neither */
    LIE_DOUBLED, /* it is there twice */
    LIE_EMPTY,   /* no bytes, no items, or 0 */
    LIE_LONG,    /* 3,000 bytes more, an item more, or the largest number */
    LIE_TYPE,    /* of another type */
    LIE_OTHERS,  /* what stands there in a letter for another chip */
    LIE_OLD,     /* what stood there in an earlier run of this chip */
    LIES
};
extern const char *const lie_names[LIES];

unsigned lies_items(struct bytes text);
/*
 * Writes `text` with this lie about item `item` into `out` (LIES_TEXT_MAX bytes): its length, or 0 when it cannot be
 * told: there is no such item, `donor` (for OTHERS and OLD, else empty) has no such item, or nothing would differ.
 */
size_t lies_tell(struct bytes text, unsigned item, enum lie lie, struct bytes donor, uint8_t *out);

#endif
