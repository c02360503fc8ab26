/* SPDX-License-Identifier: Apache-2.0 */
/* COSE structures: strict, the same bytes again, and known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/wire_cases.h"
#include "wire/cose.h"

static const uint8_t fill[64] = { 7, 6, 5, 4, 3, 2, 1 };

static status_t sign1_again(struct bytes in)
{
    struct cose_sign1 s;
    memset(&s, 0xA5, sizeof s);
    status_t status = cose_sign1_parse(in, &s);
    if (status != STATUS_OK) {
        case_zero_check(&s, sizeof s);
        return status;
    }
    uint8_t again[256];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    cose_sign1_build(&s, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t encrypt_again(struct bytes in)
{
    struct cose_encrypt e;
    memset(&e, 0xA5, sizeof e);
    status_t status = cose_encrypt_parse(in, &e);
    if (status != STATUS_OK) {
        case_zero_check(&e, sizeof e);
        return status;
    }
    uint8_t again[COSE_ENCRYPT_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    cose_encrypt_build(&e, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static void every_sign1_shape_is_strict(void **state)
{
    (void)state;
    for (int shape = 0; shape < 4; shape++) {
        struct cose_sign1 s = { .signature = bytes_of(fill, 64) };
        s.kid = (shape & 1) != 0 ? bytes_of(fill, 8) : bytes_of(NULL, 0);
        s.payload = (shape & 2) != 0 ? bytes_of(fill, 5) : bytes_of(NULL, 0);
        uint8_t data[128];
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        cose_sign1_build(&s, &w);
        case_truncations_check(sign1_again, cbor_written(&w));
        case_trailing_check(sign1_again, cbor_written(&w));
        case_flips_check(sign1_again, cbor_written(&w));
    }
}

/* Replaces the item at position `at` of the array that begins at `array`, and reads what comes out. */
static status_t item_changed_read(case_reader read, struct bytes message, size_t array, unsigned at, const char *hex)
{
    uint8_t data[512];
    uint8_t item[256];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    struct cbor_reader r = cbor_reader_of(bytes_of(message.data + array, message.len - array));
    uint64_t count = cbor_read_array(&r);
    cbor_write_raw(&w, bytes_of(message.data, array));
    cbor_write_array(&w, count);
    for (unsigned i = 0; i < count; i++) {
        struct bytes old = cbor_skip(&r);
        cbor_write_raw(&w, i == at ? bytes_of(item, case_hex(hex, item, sizeof item)) : old);
    }
    cbor_write_raw(&w, cbor_reader_rest(&r));
    return case_read(read, cbor_written(&w));
}

static void wrong_type_in_sign1_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "00", "20", "40", "60", "80", "A0", "C100", "F5", "41AA", "A10441AA" };
    uint8_t data[128];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    const struct cose_sign1 s = { .signature = bytes_of(fill, 64), .kid = bytes_of(fill, 8) };
    cose_sign1_build(&s, &w);
    for (unsigned at = 0; at < 4; at++) {
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            status_t status = item_changed_read(sign1_again, cbor_written(&w), 1, at, wrong[i]);
            int allowed = (at == 1 && strcmp(wrong[i], "A0") == 0) ||
                          (at == 2 && (strcmp(wrong[i], "40") == 0 || strcmp(wrong[i], "41AA") == 0));
            assert_int_equal(status == STATUS_OK, allowed);
        }
    }
    assert_int_equal(item_changed_read(sign1_again, cbor_written(&w), 1, 0, "43A10126"), STATUS_UNSUPPORTED);
    assert_int_equal(item_changed_read(sign1_again, cbor_written(&w), 1, 1, "A10500"), STATUS_UNKNOWN_FIELD);
    assert_int_equal(item_changed_read(sign1_again, cbor_written(&w), 1, 1,
                                       "A204480000000000000000044800000000000000"
                                       "00"),
                     STATUS_DUPLICATE);
}

static struct bytes encrypt_example(uint8_t *out)
{
    const struct cose_encrypt e = { bytes_of(fill, 16), bytes_of(fill, 32), bytes_of(fill, 32), bytes_of(fill, 8),
                                    bytes_of(fill, 24) };
    struct cbor_writer w = cbor_writer_of(out, COSE_ENCRYPT_MAX);
    cose_encrypt_build(&e, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static void damaged_encryption_info_is_refused(void **state)
{
    (void)state;
    uint8_t data[COSE_ENCRYPT_MAX];
    struct bytes message = encrypt_example(data);
    case_truncations_check(encrypt_again, message);
    case_trailing_check(encrypt_again, message);
    case_flips_check(encrypt_again, message);
}

/* Offsets in the example: tag 2, array 1, h'' 1, content map, nil 1, recipients 1, recipient 1, protected 5, its map.
 */
enum { CONTENT_MAP = 4, CONTENT_LEN = 23, RECIPIENT_MAP = CONTENT_MAP + CONTENT_LEN + 1 + 1 + 1 + 5 };

static size_t splice(struct bytes map, size_t from, size_t len, uint8_t *out)
{
    uint8_t data[COSE_ENCRYPT_MAX];
    struct bytes m = encrypt_example(data);
    memcpy(out, m.data, from);
    memcpy(out + from, map.data, map.len);
    memcpy(out + from + map.len, m.data + from + len, m.len - from - len);
    return m.len - len + map.len;
}

static size_t content_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    assert_true(capacity >= map.len + COSE_ENCRYPT_MAX);
    return splice(map, CONTENT_MAP, CONTENT_LEN, out);
}

static size_t recipient_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    assert_true(capacity >= map.len + COSE_ENCRYPT_MAX);
    return splice(map, RECIPIENT_MAP, 1 + 10 + 1 + 75, out);
}

/* Within the recipient's map: head 1, kid 10, key -1 1, then the COSE_Key. */
static size_t key_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    assert_true(capacity >= map.len + COSE_ENCRYPT_MAX);
    return splice(map, RECIPIENT_MAP + 12, 75, out);
}

static void every_header_map_is_strict(void **state)
{
    (void)state;
    uint8_t data[COSE_ENCRYPT_MAX];
    struct bytes m = encrypt_example(data);
    case_map_check(encrypt_again, content_wrap, bytes_of(m.data + CONTENT_MAP, CONTENT_LEN));
    case_map_check(encrypt_again, recipient_wrap, bytes_of(m.data + RECIPIENT_MAP, 87));
    case_map_check(encrypt_again, key_wrap, bytes_of(m.data + RECIPIENT_MAP + 12, 75));
}

static void wrong_item_in_encryption_info_is_refused(void **state)
{
    (void)state;
    uint8_t data[COSE_ENCRYPT_MAX];
    struct bytes m = encrypt_example(data);
    assert_int_equal(item_changed_read(encrypt_again, m, 2, 0, "43A10101"), STATUS_UNSUPPORTED);
    assert_int_equal(item_changed_read(encrypt_again, m, 2, 2, "40"), STATUS_WRONG_TYPE);
    assert_int_equal(item_changed_read(encrypt_again, m, 2, 3, "80"), STATUS_MISSING_FIELD);
    size_t recipient = RECIPIENT_MAP - 6;
    assert_int_equal(item_changed_read(encrypt_again, m, recipient, 0, "44A1013818"), STATUS_UNSUPPORTED);
    assert_int_equal(item_changed_read(encrypt_again, m, recipient, 2, "40"), STATUS_TRUNCATED);
    assert_int_equal(item_changed_read(encrypt_again, m, recipient, 2, "F6"), STATUS_WRONG_TYPE);
    case_array_check(encrypt_again, NULL, bytes_of(m.data + 2, m.len - 2));
}

/* The ES-DH, AES-CTR example of draft-ietf-suit-firmware-encryption names no recipient; our profile wants one. */
static const char draft_example[] =
    "D8608440A20139FFFD0550DAE613B2E0DC55F4322BE38BDBA9DC68F6818344A101381CA120A401022001215820"
    "EE0718F6B019C29CC611C18CEDE2214066DDCEDC2F0DBEF873CB224C715C1174225820279F2A88E4AB9E2ED30C"
    "0FCB69515B31B5D36725BFDB9AE02032ED4D5AB52CB85818E28B4502E4F5151884A995405579006E9465C3E94E"
    "3E0808";

static void draft_example_lacks_the_recipient(void **state)
{
    (void)state;
    uint8_t data[COSE_ENCRYPT_MAX];
    size_t len = case_hex(draft_example, data, sizeof data);
    assert_int_equal(encrypt_again(bytes_of(data, len)), STATUS_MISSING_FIELD);
}

static void draft_example_with_a_recipient_is_read(void **state)
{
    (void)state;
    uint8_t data[COSE_ENCRYPT_MAX];
    size_t len = case_hex(draft_example, data, sizeof data);
    const uint8_t kid[] = { 0xA2, 0x04, 0x48, 1, 2, 3, 4, 5, 6, 7, 8 };
    assert_int_equal(data[RECIPIENT_MAP], 0xA1);
    memmove(data + RECIPIENT_MAP + sizeof kid, data + RECIPIENT_MAP + 1, len - RECIPIENT_MAP - 1);
    memcpy(data + RECIPIENT_MAP, kid, sizeof kid);
    len += sizeof kid - 1;
    assert_int_equal(encrypt_again(bytes_of(data, len)), STATUS_OK);
    struct cose_encrypt e;
    assert_int_equal(cose_encrypt_parse(bytes_of(data, len), &e), STATUS_OK);
    assert_int_equal(e.iv.data[0], 0xDA);
    assert_int_equal(e.ephemeral_x.data[0], 0xEE);
    assert_int_equal(e.ephemeral_y.data[31], 0xB8);
    assert_int_equal(e.wrapped_key.data[23], 0x08);
    assert_int_equal(e.kid.data[7], 8);
}

static void kdf_context_is_the_draft_s(void **state)
{
    (void)state;
    uint8_t data[COSE_KDF_CONTEXT_MAX];
    uint8_t expected[COSE_KDF_CONTEXT_MAX];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    cose_kdf_context_build(&w);
    size_t len = case_hex("842283F6F6F683F6F6F683188044A101381C57"
                          "53554954205061796C6F616420456E6372797074696F6E",
                          expected, sizeof expected);
    assert_true(bytes_equal(cbor_written(&w), bytes_of(expected, len)));
}

static void sig_structure_is_rfc_9052(void **state)
{
    (void)state;
    uint8_t data[64];
    uint8_t expected[64];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    cose_sig_structure_build(bytes_of("aad", 3), bytes_of("payload", 7), &w);
    size_t len = case_hex("846A5369676E61747572653143A1012843616164477061796C6F6164", expected, sizeof expected);
    assert_true(bytes_equal(cbor_written(&w), bytes_of(expected, len)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sign1_shape_is_strict),
        cmocka_unit_test(wrong_type_in_sign1_is_refused),
        cmocka_unit_test(damaged_encryption_info_is_refused),
        cmocka_unit_test(every_header_map_is_strict),
        cmocka_unit_test(wrong_item_in_encryption_info_is_refused),
        cmocka_unit_test(draft_example_lacks_the_recipient),
        cmocka_unit_test(draft_example_with_a_recipient_is_read),
        cmocka_unit_test(kdf_context_is_the_draft_s),
        cmocka_unit_test(sig_structure_is_rfc_9052),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
