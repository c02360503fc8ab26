/* SPDX-License-Identifier: Apache-2.0 */
/* wire_cases: see wire_cases.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cbor.h"
#include "tests/unit/wire_cases.h"

#define PAIRS_MAX 20

static uint8_t scratch[CASE_MAX];

size_t case_hex(const char *hex, uint8_t *out, size_t capacity)
{
    size_t n = strlen(hex);
    assert_true(n % 2 == 0 && n / 2 <= capacity);
    for (size_t i = 0; i < n / 2; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        char *end = NULL;
        out[i] = (uint8_t)strtoul(pair, &end, 16);
        assert_ptr_equal(end, pair + 2);
    }
    return n / 2;
}

void case_zero_check(const void *object, size_t len)
{
    const uint8_t *p = (const uint8_t *)object;
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(p[i], 0);
    }
}

status_t case_read(case_reader read, struct bytes message)
{
    uint8_t *copy = (uint8_t *)malloc(message.len + 1);
    assert_non_null(copy);
    /* The copy ends where the heap block ends. */
    if (message.len > 0) {
        memcpy(copy + 1, message.data, message.len);
    }
    status_t status = read(bytes_of(copy + 1, message.len));
    free(copy);
    return status;
}

void case_truncations_check(case_reader read, struct bytes message)
{
    assert_int_equal(case_read(read, message), STATUS_OK);
    assert_int_not_equal(read(bytes_of(NULL, 0)), STATUS_OK);
    for (size_t len = 0; len < message.len; len++) {
        assert_int_not_equal(case_read(read, bytes_of(message.data, len)), STATUS_OK);
    }
}

void case_trailing_check(case_reader read, struct bytes message)
{
    assert_true(message.len < sizeof scratch);
    memcpy(scratch, message.data, message.len);
    for (unsigned v = 0; v < 256; v += 51) {
        scratch[message.len] = (uint8_t)v;
        assert_int_equal(case_read(read, bytes_of(scratch, message.len + 1)), STATUS_TRAILING);
    }
}

void case_flips_check(case_reader read, struct bytes message)
{
    assert_true(message.len <= sizeof scratch);
    memcpy(scratch, message.data, message.len);
    for (size_t i = 0; i < message.len; i++) {
        for (unsigned v = 0; v < 256; v++) {
            scratch[i] = (uint8_t)v;
            (void)case_read(read, bytes_of(scratch, message.len));
        }
        scratch[i] = message.data[i];
    }
}

struct pairs {
    size_t count;
    struct bytes key[PAIRS_MAX];
    struct bytes value[PAIRS_MAX];
};

static struct pairs pairs_of(struct bytes map)
{
    struct pairs p = { 0, { { NULL, 0 } }, { { NULL, 0 } } };
    struct cbor_reader r = cbor_reader_of(map);
    p.count = (size_t)cbor_read_map(&r).left;
    assert_true(p.count <= PAIRS_MAX - 1);
    for (size_t i = 0; i < p.count; i++) {
        p.key[i] = cbor_skip(&r);
        p.value[i] = cbor_skip(&r);
    }
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
    return p;
}

static status_t pairs_read(case_reader read, case_wrapper wrap, const struct pairs *p)
{
    uint8_t map[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(map, sizeof map);
    cbor_write_map(&w, p->count);
    for (size_t i = 0; i < p->count; i++) {
        cbor_write_raw(&w, p->key[i]);
        cbor_write_raw(&w, p->value[i]);
    }
    assert_int_equal(w.status, STATUS_OK);
    if (wrap == NULL) {
        return case_read(read, cbor_written(&w));
    }
    return case_read(read, bytes_of(scratch, wrap(cbor_written(&w), scratch, sizeof scratch)));
}

static struct pairs pair_removed(struct pairs p, size_t at)
{
    for (size_t i = at; i + 1 < p.count; i++) {
        p.key[i] = p.key[i + 1];
        p.value[i] = p.value[i + 1];
    }
    p.count--;
    return p;
}

static struct pairs pair_repeated(struct pairs p, size_t at)
{
    for (size_t i = p.count; i > at; i--) {
        p.key[i] = p.key[i - 1];
        p.value[i] = p.value[i - 1];
    }
    p.count++;
    return p;
}

static void order_check(case_reader read, case_wrapper wrap, const struct pairs *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct pairs repeated = pair_repeated(*p, i);
        status_t status = pairs_read(read, wrap, &repeated);
        assert_true(status == STATUS_DUPLICATE || status == STATUS_TOO_MANY);
    }
    for (size_t i = 0; i + 1 < p->count; i++) {
        struct pairs swapped = *p;
        swapped.key[i] = p->key[i + 1];
        swapped.value[i] = p->value[i + 1];
        swapped.key[i + 1] = p->key[i];
        swapped.value[i + 1] = p->value[i];
        status_t status = pairs_read(read, wrap, &swapped);
        assert_true(status == STATUS_NOT_CANONICAL || status == STATUS_MISSING_FIELD);
    }
}

/* Every value replaced by the CBOR types that it is not. */
static void types_check(case_reader read, case_wrapper wrap, const struct pairs *p)
{
    static const char *const others[] = { "00", "20", "41aa", "6161", "8100", "a10000", "c100", "f4", "f6", "f97c00" };
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
            uint8_t value[4];
            size_t len = case_hex(others[k], value, sizeof value);
            struct pairs changed = *p;
            changed.value[i] = bytes_of(value, len);
            if (value[0] >> 5 != p->value[i].data[0] >> 5) {
                assert_int_not_equal(pairs_read(read, wrap, &changed), STATUS_OK);
            }
        }
    }
}

static void unknown_check(case_reader read, case_wrapper wrap, const struct pairs *p)
{
    static const uint8_t keys[][3] = { { 0x18, 0x64, 0 }, { 0x38, 0x64, 0 }, { 0x61, 0x7A, 0 } };
    static const uint8_t null[1] = { 0xF6 };
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        struct pairs more = *p;
        size_t at = 0;
        while (at < more.count && memcmp(more.key[at].data, keys[k], more.key[at].len < 2 ? 1 : 2) < 0) {
            at++;
        }
        more = pair_repeated(more, at);
        more.key[at] = bytes_of(keys[k], 2);
        more.value[at] = bytes_of(null, 1);
        assert_int_not_equal(pairs_read(read, wrap, &more), STATUS_OK);
        status_t status = pairs_read(read, wrap, &more);
        assert_true(status == STATUS_UNKNOWN_FIELD || status == STATUS_WRONG_TYPE || status == STATUS_TOO_MANY);
    }
}

void case_optional_map_check(case_reader read, case_wrapper wrap, struct bytes map)
{
    struct pairs p = pairs_of(map);
    assert_int_equal(pairs_read(read, wrap, &p), STATUS_OK);
    order_check(read, wrap, &p);
    types_check(read, wrap, &p);
    unknown_check(read, wrap, &p);
}

void case_map_check(case_reader read, case_wrapper wrap, struct bytes map)
{
    struct pairs p = pairs_of(map);
    case_optional_map_check(read, wrap, map);
    for (size_t i = 0; i < p.count; i++) {
        struct pairs less = pair_removed(p, i);
        assert_int_equal(pairs_read(read, wrap, &less), STATUS_MISSING_FIELD);
    }
}

void case_array_check(case_reader read, case_wrapper wrap, struct bytes array)
{
    struct cbor_reader r = cbor_reader_of(array);
    uint64_t count = cbor_read_array(&r);
    assert_int_equal(r.status, STATUS_OK);
    struct bytes items = cbor_reader_rest(&r);
    for (uint64_t n = count - 1; n <= count + 1; n += 2) {
        uint8_t changed[CASE_MAX];
        struct cbor_writer w = cbor_writer_of(changed, sizeof changed);
        struct cbor_reader item = cbor_reader_of(items);
        cbor_write_array(&w, n);
        for (uint64_t i = 0; i < count && i < n; i++) {
            cbor_write_raw(&w, cbor_skip(&item));
        }
        if (n > count) {
            cbor_write_null(&w);
        }
        struct bytes whole = cbor_written(&w);
        if (wrap != NULL) {
            whole = bytes_of(scratch, wrap(whole, scratch, sizeof scratch));
        }
        assert_int_not_equal(case_read(read, whole), STATUS_OK);
    }
}
