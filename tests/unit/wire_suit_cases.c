/* SPDX-License-Identifier: Apache-2.0 */
/* wire_suit_cases: see wire_suit_cases.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/wire_suit_cases.h"
#include "wire/suit.h"

status_t suit_case_manifest(struct bytes in)
{
    struct suit_manifest m;
    memset(&m, 0xA5, sizeof m);
    status_t status = suit_manifest_parse(in, &m);
    if (status != STATUS_OK) {
        case_zero_check(&m, sizeof m);
        return status;
    }
    static uint8_t again[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    assert_int_equal(suit_manifest_rebuild(&m, &w), STATUS_OK);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

status_t suit_case_envelope(struct bytes in)
{
    struct suit_envelope e;
    memset(&e, 0xA5, sizeof e);
    status_t status = suit_envelope_parse(in, &e);
    if (status != STATUS_OK) {
        case_zero_check(&e, sizeof e);
        return status;
    }
    static uint8_t again[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    assert_int_equal(suit_envelope_rebuild(&e, &w), STATUS_OK);
    assert_true(e.encoded.data == in.data && e.encoded.len <= in.len);
    assert_true(bytes_equal(cbor_written(&w), e.encoded));
    return status;
}

size_t suit_case_sequence(uint64_t key, struct bytes sequence, uint8_t *out, size_t capacity)
{
    static const uint8_t common[] = { 0x01, 0xA1, 0x01, 0xA1, 0x01, 0x81, 0x41, 'd', 0x02, 0x81, 0x81, 0x41, 'c' };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_map(&w, key == 4 ? 3 : 4);
    cbor_write_raw(&w, bytes_of("\x01\x01\x02\x09\x03", 5));
    size_t mark = cbor_bstr_open(&w);
    cbor_write_map(&w, key == 4 ? 3 : 2);
    cbor_write_raw(&w, bytes_of(common, sizeof common));
    if (key == 4) {
        cbor_write_uint(&w, 4);
        cbor_write_bstr(&w, sequence);
    }
    cbor_bstr_close(&w, mark);
    if (key != 4) {
        cbor_write_uint(&w, key);
        cbor_write_bstr(&w, sequence);
    }
    assert_int_equal(w.status, STATUS_OK);
    return w.len;
}
