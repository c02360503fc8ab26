/* SPDX-License-Identifier: Apache-2.0 */
/* Deterministic CBOR: the examples of RFC 8949 appendix A, and what a strict reader must refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cbor.h"
#include "tests/unit/wire_cases.h"

static uint8_t data[512];

static struct cbor_reader hex_reader(const char *hex)
{
    return cbor_reader_of(bytes_of(data, case_hex(hex, data, sizeof data)));
}

/* The status of skipping exactly one item. */
static status_t skip_again(struct bytes in)
{
    struct cbor_reader r = cbor_reader_of(in);
    struct bytes item = cbor_skip(&r);
    assert_true(r.status != STATUS_OK || (item.data == in.data && item.len <= in.len && item.len > 0));
    return cbor_reader_finish(&r);
}

static status_t skip_hex(const char *hex)
{
    return case_read(skip_again, bytes_of(data, case_hex(hex, data, sizeof data)));
}

static void appendix_a_integers_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint64_t value;
        int negative; /* value is -1 - v */
    } rows[] = {
        { "00", 0, 0 },
        { "01", 1, 0 },
        { "0a", 10, 0 },
        { "17", 23, 0 },
        { "1818", 24, 0 },
        { "1819", 25, 0 },
        { "1864", 100, 0 },
        { "1903e8", 1000, 0 },
        { "1a000f4240", 1000000, 0 },
        { "20", 0, 1 },
        { "29", 9, 1 },
        { "3863", 99, 1 },
        { "3903e7", 999, 1 },
        { "39fffd", 65533, 1 },
        { "1b000000e8d4a51000", 1000000000000, 0 },
        { "1bffffffffffffffff", UINT64_MAX, 0 },
        { "3b7fffffffffffffff", INT64_MAX, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[9];
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        struct cbor_reader r = hex_reader(rows[i].hex);
        if (rows[i].negative) {
            int64_t v = -1 - (int64_t)rows[i].value;
            assert_true(cbor_read_int(&r) == v);
            cbor_write_int(&w, v);
        } else {
            assert_true(cbor_read_uint(&r) == rows[i].value);
            cbor_write_uint(&w, rows[i].value);
        }
        assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
        assert_true(bytes_equal(cbor_written(&w), bytes_of(data, strlen(rows[i].hex) / 2)));
    }
}

static void integer_beyond_int64_is_too_long_for_int(void **state)
{
    (void)state;
    static const char *const rows[] = { "1b8000000000000000", "3b8000000000000000", "3bffffffffffffffff" };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cbor_reader r = hex_reader(rows[i]);
        assert_true(cbor_read_int(&r) == 0);
        assert_int_equal(r.status, STATUS_TOO_LONG);
    }
}

static void appendix_a_items_are_skipped_whole(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "f4",
        "f5",
        "f6",
        "40",
        "4401020304",
        "60",
        "6161",
        "6449455446",
        "62225c",
        "62c3bc",
        "63e6b0b4",
        "80",
        "83010203",
        "8301820203820405",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "a0",
        "a201020304",
        "a26161016162820203",
        "826161a161626163",
        "a56161614161626142616361436164614461656145",
        "c11a514b67b0",
        "d74401020304",
        "d818456449455446",
        "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
        "1bffffffffffffffff",
        "3bffffffffffffffff",
        "c249010000000000000000",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(skip_hex(rows[i]), STATUS_OK);
        size_t len = strlen(rows[i]) / 2;
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(case_read(skip_again, bytes_of(data, cut)), STATUS_TRUNCATED);
        }
        data[len] = 0;
        assert_int_equal(case_read(skip_again, bytes_of(data, len + 1)), STATUS_TRAILING);
    }
}

static void appendix_a_floats_and_indefinite_lengths_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "f90000",
        "f98000",
        "f93c00",
        "fb3ff199999999999a",
        "fa47c35000",
        "f97e00",
        "f7",
        "f0",
        "f818",
        "f8ff",
        "5f42010243030405ff",
        "7f657374726561646d696e67ff",
        "9fff",
        "9f018202039f0405ffff",
        "bf61610161629f0203ffff",
        "ff",
        "e0",
        "f3",
        "1c",
        "1d",
        "1e",
        "1f",
        "3c",
        "5c",
        "7d",
        "9e",
        "bc",
        "dc",
        "fc",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(skip_hex(rows[i]), STATUS_NOT_CANONICAL);
    }
}

static void every_longer_form_is_refused(void **state)
{
    (void)state;
    static const uint8_t sizes[] = { 1, 2, 4, 8 };
    static const uint64_t largest[] = { 23, 0xFF, 0xFFFF, 0xFFFFFFFF };
    for (unsigned major = 0; major < 7; major++) {
        for (size_t s = 0; s < 4; s++) {
            for (uint64_t less = 0; less < 24; less++) {
                uint8_t item[9] = { (uint8_t)(major << 5 | (24 + s)) };
                for (size_t i = 0; i < sizes[s]; i++) {
                    item[1 + i] = (uint8_t)((largest[s] - less) >> (8 * (sizes[s] - 1u - i)));
                }
                assert_int_equal(skip_again(bytes_of(item, 1u + sizes[s])), STATUS_NOT_CANONICAL);
            }
        }
    }
}

static void huge_lengths_and_counts_are_truncated(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "5bffffffffffffffff",
        "7bffffffffffffffff",
        "9bffffffffffffffff00",
        "bbffffffffffffffff0000",
        "bb80000000000000000000",
        "bb7fffffffffffffff00",
        "5affffffff00",
        "9affffffff00",
        "5b7fffffffffffffff00",
        "9b8000000000000001",
        "1903",
        "19",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(skip_hex(rows[i]), STATUS_TRUNCATED);
    }
    struct cbor_reader r = hex_reader("bbffffffffffffffff0001");
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    assert_int_equal(cbor_map_next(&map, &key), 1);
    assert_true(cbor_read_uint(&r) == 1);
    assert_int_equal(cbor_map_next(&map, &key), 0);
    assert_int_equal(r.status, STATUS_TRUNCATED);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    static const uint8_t openers[] = { 0x81, 0xC1 };
    for (size_t o = 0; o < sizeof openers; o++) {
        for (size_t depth = 0; depth < 200; depth++) {
            uint8_t item[256];
            memset(item, openers[o], depth);
            item[depth] = 0;
            status_t status = skip_again(bytes_of(item, depth + 1));
            assert_int_equal(status, depth <= CBOR_DEPTH_MAX ? STATUS_OK : STATUS_TOO_MANY);
        }
    }
}

static void map_order_is_checked_at_every_level(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        status_t status;
    } rows[] = {
        { "a200000100", STATUS_OK },
        { "a201000000", STATUS_NOT_CANONICAL },
        { "a201000100", STATUS_DUPLICATE },
        { "a21818002000", STATUS_OK },
        { "a2181800200018", STATUS_TRAILING },
        { "a22000181800", STATUS_NOT_CANONICAL },
        { "a261620062610000", STATUS_OK },
        { "a2616100616100", STATUS_DUPLICATE },
        { "a2616200616100", STATUS_NOT_CANONICAL },
        { "8201a201000100", STATUS_DUPLICATE },
        { "a101a201000000", STATUS_NOT_CANONICAL },
        { "a201a1050002a10500", STATUS_OK },
        { "c1a201000100", STATUS_DUPLICATE },
        { "a1800000", STATUS_WRONG_TYPE },
        { "a1f400", STATUS_WRONG_TYPE },
        { "a1c10000", STATUS_WRONG_TYPE },
        { "a1a00000", STATUS_WRONG_TYPE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(skip_hex(rows[i].hex), rows[i].status);
    }
}

static void map_reader_refuses_disorder(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        status_t status;
    } rows[] = {
        { "a3010102022003", STATUS_OK },    { "a20101000f", STATUS_NOT_CANONICAL },
        { "a201010102", STATUS_DUPLICATE }, { "a20101616102", STATUS_WRONG_TYPE },
        { "a1410000", STATUS_WRONG_TYPE },  { "a2010102", STATUS_TRUNCATED },
        { "a1010100", STATUS_TRAILING },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cbor_reader r = hex_reader(rows[i].hex);
        struct cbor_map map = cbor_read_map(&r);
        int64_t key = 0;
        while (cbor_map_next(&map, &key)) {
            (void)cbor_read_uint(&r);
        }
        assert_int_equal(cbor_reader_finish(&r), rows[i].status);
    }
}

static void text_keys_come_after_integers(void **state)
{
    (void)state;
    struct cbor_reader r = hex_reader("a3010020006161f6");
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    struct bytes text;
    assert_int_equal(cbor_map_next_any(&map, &key, &text), 1);
    assert_true(key == 1 && text.data == NULL);
    (void)cbor_read_uint(&r);
    assert_int_equal(cbor_map_next_any(&map, &key, &text), 1);
    assert_true(key == -1 && text.data == NULL);
    (void)cbor_read_uint(&r);
    assert_int_equal(cbor_map_next_any(&map, &key, &text), 1);
    assert_true(text.len == 1 && text.data[0] == 'a');
    cbor_read_null(&r);
    assert_int_equal(cbor_map_next_any(&map, &key, &text), 0);
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
}

typedef void (*typed_read)(struct cbor_reader *r);
static void uint_read(struct cbor_reader *r)
{
    (void)cbor_read_uint(r);
}
static void int_read(struct cbor_reader *r)
{
    (void)cbor_read_int(r);
}
static void bstr_read(struct cbor_reader *r)
{
    (void)cbor_read_bstr(r);
}
static void tstr_read(struct cbor_reader *r)
{
    (void)cbor_read_tstr(r);
}
static void array_read(struct cbor_reader *r)
{
    (void)cbor_read_array(r);
}
static void map_read(struct cbor_reader *r)
{
    (void)cbor_read_map(r);
}
static void tag_read(struct cbor_reader *r)
{
    (void)cbor_read_tag(r);
}
static void bool_read(struct cbor_reader *r)
{
    (void)cbor_read_bool(r);
}

static void each_read_takes_only_its_type(void **state)
{
    (void)state;
    static const char *const items[] = { "00", "20", "40", "60", "80", "a0", "c0", "f4", "f6" };
    static const struct {
        typed_read read;
        const char *takes;
    } reads[] = {
        { uint_read, "00" }, { int_read, "0020" }, { bstr_read, "40" }, { tstr_read, "60" },      { array_read, "80" },
        { map_read, "a0" },  { tag_read, "c0" },   { bool_read, "f4" }, { cbor_read_null, "f6" },
    };
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        for (size_t k = 0; k < sizeof items / sizeof items[0]; k++) {
            struct cbor_reader r = hex_reader(items[k]);
            reads[i].read(&r);
            int takes = strstr(reads[i].takes, items[k]) != NULL;
            assert_int_equal(r.status, takes ? STATUS_OK : STATUS_WRONG_TYPE);
        }
        struct cbor_reader empty = cbor_reader_of(bytes_of(NULL, 0));
        reads[i].read(&empty);
        assert_int_equal(empty.status, STATUS_TRUNCATED);
    }
}

static void byte_string_of_another_length_is_refused(void **state)
{
    (void)state;
    struct cbor_reader r = hex_reader("43010203");
    assert_null(cbor_read_bstr_len(&r, 2).data);
    assert_int_equal(r.status, STATUS_TOO_LONG);
    r = hex_reader("43010203");
    assert_null(cbor_read_bstr_len(&r, 4).data);
    assert_int_equal(r.status, STATUS_TRUNCATED);
    r = hex_reader("43010203");
    assert_int_equal(cbor_read_bstr_len(&r, 3).data[2], 3);
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
}

static void first_error_stays(void **state)
{
    (void)state;
    struct cbor_reader r = hex_reader("6161000000");
    (void)cbor_read_uint(&r);
    assert_int_equal(r.status, STATUS_WRONG_TYPE);
    assert_true(cbor_read_uint(&r) == 0 && cbor_read_array(&r) == 0 && cbor_read_bstr(&r).data == NULL);
    assert_true(cbor_skip(&r).data == NULL && cbor_peek(&r) == -1 && cbor_read_int(&r) == 0);
    cbor_fail(&r, STATUS_DUPLICATE);
    assert_int_equal(cbor_reader_finish(&r), STATUS_WRONG_TYPE);
}

static void writer_never_passes_its_end(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity <= 24; capacity++) {
        uint8_t out[25];
        memset(out, 0xEE, sizeof out);
        struct cbor_writer w = cbor_writer_of(out, capacity);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1000);
        size_t mark = cbor_bstr_open(&w);
        size_t inner = cbor_bstr_open(&w);
        cbor_write_tstr(&w, "inner text");
        cbor_bstr_close(&w, inner);
        cbor_write_bool(&w, 1);
        cbor_write_tag(&w, 18);
        cbor_write_null(&w);
        cbor_bstr_close(&w, mark);
        assert_int_equal(w.status, capacity >= 20 ? STATUS_OK : STATUS_NO_SPACE);
        assert_int_equal(cbor_written(&w).len, capacity >= 20 ? 20 : 0);
        for (size_t i = capacity; i < sizeof out; i++) {
            assert_int_equal(out[i], 0xEE);
        }
    }
}

static void byte_string_closed_at_each_length_reads_back(void **state)
{
    (void)state;
    static uint8_t out[70000 + 16];
    static const size_t lengths[] = { 0, 1, 23, 24, 255, 256, 65535, 65536, 70000 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        size_t mark = cbor_bstr_open(&w);
        for (size_t k = 0; k < lengths[i]; k++) {
            const uint8_t byte = (uint8_t)(k * 7);
            cbor_write_raw(&w, bytes_of(&byte, 1));
        }
        cbor_bstr_close(&w, mark);
        struct cbor_reader r = cbor_reader_of(cbor_written(&w));
        struct bytes content = cbor_read_bstr(&r);
        assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
        assert_int_equal(content.len, lengths[i]);
        for (size_t k = 0; k < content.len; k++) {
            assert_int_equal(content.data[k], (uint8_t)(k * 7));
        }
    }
}

static void damaged_item_never_passes_unseen(void **state)
{
    (void)state;
    uint8_t item[64];
    size_t len =
        case_hex("a4018301820203820405026449455446031bffffffffffffffff20a2616101616242aabb", item, sizeof item);
    case_truncations_check(skip_again, bytes_of(item, len));
    case_trailing_check(skip_again, bytes_of(item, len));
    case_flips_check(skip_again, bytes_of(item, len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appendix_a_integers_are_read_and_written),
        cmocka_unit_test(integer_beyond_int64_is_too_long_for_int),
        cmocka_unit_test(appendix_a_items_are_skipped_whole),
        cmocka_unit_test(appendix_a_floats_and_indefinite_lengths_are_refused),
        cmocka_unit_test(every_longer_form_is_refused),
        cmocka_unit_test(huge_lengths_and_counts_are_truncated),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(map_order_is_checked_at_every_level),
        cmocka_unit_test(map_reader_refuses_disorder),
        cmocka_unit_test(text_keys_come_after_integers),
        cmocka_unit_test(each_read_takes_only_its_type),
        cmocka_unit_test(byte_string_of_another_length_is_refused),
        cmocka_unit_test(first_error_stays),
        cmocka_unit_test(writer_never_passes_its_end),
        cmocka_unit_test(byte_string_closed_at_each_length_reads_back),
        cmocka_unit_test(damaged_item_never_passes_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
