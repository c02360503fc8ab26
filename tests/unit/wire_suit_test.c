/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT envelopes and manifests: strict at every level, the same bytes again, and the profile's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/wire_suit_cases.h"
#include "wire/cose.h"
#include "wire/suit.h"

static const uint8_t fill[200] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };

static struct bytes package_manifest(int encrypted, uint8_t *out, size_t capacity)
{
    const struct suit_package_spec spec = {
        .sequence = 300,
        .vendor = bytes_of(fill, 16),
        .class_id = bytes_of(fill + 1, 16),
        .component = encrypted ? "app" : "sbm",
        .image_digest = bytes_of(fill + 2, 32),
        .image_size = 70000,
        .encrypted_digest = encrypted ? bytes_of(fill + 3, 32) : bytes_of(NULL, 0),
    };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    assert_int_equal(suit_package_manifest_build(&spec, &w), STATUS_OK);
    return cbor_written(&w);
}

static struct bytes block_manifest(uint8_t *out, size_t capacity)
{
    const struct suit_block_spec spec = { 300, bytes_of(fill, 150), bytes_of(fill + 3, 32), 70400 };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    assert_int_equal(suit_block_manifest_build(&spec, &w), STATUS_OK);
    return cbor_written(&w);
}

static struct bytes envelope_example(const char *payload_key, uint8_t *out, size_t capacity)
{
    uint8_t manifest[1024];
    uint8_t sign1[COSE_SIGN1_MAX];
    struct cbor_writer s = cbor_writer_of(sign1, sizeof sign1);
    const struct cose_sign1 cose = { .kid = bytes_of(fill, 8), .signature = bytes_of(fill, 64) };
    cose_sign1_build(&cose, &s);
    struct cbor_writer w = cbor_writer_of(out, capacity);
    assert_int_equal(suit_envelope_build(package_manifest(1, manifest, sizeof manifest), bytes_of(fill, 32),
                                         cbor_written(&s), payload_key, 40, &w),
                     STATUS_OK);
    if (payload_key != NULL) {
        cbor_write_raw(&w, bytes_of(fill, 40));
    }
    return cbor_written(&w);
}

/* The manifests of docs/spec.md section 7, encoded by an independent encoder. */
static const char application_hex[] =
    "a701010219012c03589fa20282814361707081476170702e656e6304588b8c0c0014a4015009080706050403020100000000"
    "000000025008070605040302010000000000000000035824822f582007060504030201000000000000000000000000000000"
    "000000000000000000000e1a00011170010f020f0c0114a2035824822f582006050403020100000000000000000000000000"
    "000000000000000000000000000e1a000111700581486170702e737569740745840c00030f0945840c00170f145819900c01"
    "14a1156423617070150f030f0c0014a11601160f030f";
static const char sbm_hex[] =
    "a701010219012c035865a20281814373626d04585a880c0014a4015009080706050403020100000000000000025008070605"
    "040302010000000000000000035824822f582007060504030201000000000000000000000000000000000000000000000000"
    "000e1a00011170010f020f05814873626d2e737569740745840c00030f0945840c00170f144f880c0014a115642373626d15"
    "0f030f";
static const char block_hex[] =
    "a501010219012c0357a201a101a10181486170702e737569740281814361707005814a626c6f636b2e737569741458df8e0c"
    "0014a11358960908070605040302010000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000c0114a3035824822f582006050403020100000000000000000000000000000000000000000000000000000e"
    "1a0001130015686170702e73756974150f070f0b0f";

static void built_manifests_are_the_specification_s(void **state)
{
    (void)state;
    uint8_t built[1024];
    uint8_t expected[1024];
    size_t len = case_hex(application_hex, expected, sizeof expected);
    assert_true(bytes_equal(package_manifest(1, built, sizeof built), bytes_of(expected, len)));
    len = case_hex(sbm_hex, expected, sizeof expected);
    assert_true(bytes_equal(package_manifest(0, built, sizeof built), bytes_of(expected, len)));
    len = case_hex(block_hex, expected, sizeof expected);
    assert_true(bytes_equal(block_manifest(built, sizeof built), bytes_of(expected, len)));
}

static void every_damaged_manifest_is_refused_or_read_as_it_is(void **state)
{
    (void)state;
    uint8_t data[1024];
    for (int kind = 0; kind < 3; kind++) {
        struct bytes m = kind == 2 ? block_manifest(data, sizeof data) : package_manifest(kind, data, sizeof data);
        case_truncations_check(suit_case_manifest, m);
        case_trailing_check(suit_case_manifest, m);
        case_flips_check(suit_case_manifest, m);
    }
}

static void every_damaged_envelope_is_refused_or_read_as_it_is(void **state)
{
    (void)state;
    uint8_t data[1024];
    static const char *const keys[] = { NULL, "#app" };
    for (size_t i = 0; i < 2; i++) {
        struct bytes e = envelope_example(keys[i], data, sizeof data);
        case_truncations_check(suit_case_envelope, e);
        case_flips_check(suit_case_envelope, e);
    }
}

static void what_follows_an_envelope_is_not_looked_at(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example("#app", data, sizeof data);
    memset(data + e.len, 0xFF, 100);
    struct suit_envelope out;
    assert_int_equal(suit_envelope_parse(bytes_of(data, e.len + 100), &out), STATUS_OK);
    assert_int_equal(out.encoded.len, e.len);
    assert_int_equal(out.payload.len, 40);
    assert_true(bytes_equal(out.payload_key, bytes_of("#app", 4)));
    assert_true(out.manifest_item.data + out.manifest_item.len == out.manifest.data + out.manifest.len);
    assert_int_equal(out.manifest_item.len, out.manifest.len + 2);
    assert_true(out.digest_item.data + 4 == out.digest.data);
}

/* ---- every map of a manifest, one level at a time ---- */

static size_t common_wrap(struct bytes common, uint8_t *out, size_t capacity)
{
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_map(&w, 3);
    cbor_write_uint(&w, 1);
    cbor_write_uint(&w, 1);
    cbor_write_uint(&w, 2);
    cbor_write_uint(&w, 9);
    cbor_write_uint(&w, 3);
    cbor_write_bstr(&w, common);
    assert_int_equal(w.status, STATUS_OK);
    return w.len;
}

static size_t install_wrap(struct bytes sequence, uint8_t *out, size_t capacity)
{
    return suit_case_sequence(20, sequence, out, capacity);
}

static size_t parameters_wrap(struct bytes parameters, uint8_t *out, size_t capacity)
{
    uint8_t sequence[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(sequence, sizeof sequence);
    cbor_write_array(&w, 2);
    cbor_write_uint(&w, SUIT_DIR_OVERRIDE_PARAMETERS);
    cbor_write_raw(&w, parameters);
    return install_wrap(cbor_written(&w), out, capacity);
}

static size_t dependency_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    uint8_t common[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(common, sizeof common);
    cbor_write_map(&w, 2);
    cbor_write_raw(&w, bytes_of("\x01\xA1\x01", 3));
    cbor_write_raw(&w, map);
    cbor_write_raw(&w, bytes_of("\x02\x81\x81\x41"
                                "c",
                                5));
    return common_wrap(cbor_written(&w), out, capacity);
}

static void every_map_of_a_manifest_is_strict(void **state)
{
    (void)state;
    uint8_t data[1024];
    uint8_t map[1024];
    struct bytes manifest = package_manifest(1, data, sizeof data);
    case_optional_map_check(suit_case_manifest, NULL, manifest);
    size_t len = case_hex("a201a101a1018141640281814163", map, sizeof map);
    case_optional_map_check(suit_case_manifest, common_wrap, bytes_of(map, len));
    len = case_hex("a10181480000000000000000", map, sizeof map);
    case_map_check(suit_case_manifest, dependency_wrap, bytes_of(map, len));
    struct cbor_writer w = cbor_writer_of(map, sizeof map);
    cbor_write_map(&w, 7);
    for (uint64_t key = 1; key <= 2; key++) {
        cbor_write_uint(&w, key);
        cbor_write_bstr(&w, bytes_of(fill, 16));
    }
    cbor_write_uint(&w, 3);
    size_t mark = cbor_bstr_open(&w);
    suit_digest_build(bytes_of(fill, 32), &w);
    cbor_bstr_close(&w, mark);
    cbor_write_uint(&w, 14);
    cbor_write_uint(&w, 5);
    cbor_write_uint(&w, 19);
    cbor_write_bstr(&w, bytes_of(fill, 20));
    cbor_write_uint(&w, 21);
    cbor_write_tstr(&w, "#app");
    cbor_write_uint(&w, 22);
    cbor_write_uint(&w, 1);
    case_optional_map_check(suit_case_manifest, parameters_wrap, cbor_written(&w));
}

static void oversized_manifest_is_too_long(void **state)
{
    (void)state;
    static uint8_t big[SUIT_MANIFEST_MAX + 64];
    struct suit_manifest m;
    memset(big, 0x00, sizeof big);
    assert_int_equal(suit_manifest_parse(bytes_of(big, SUIT_MANIFEST_MAX + 1), &m), STATUS_TOO_LONG);
    uint8_t whole[SUIT_MANIFEST_MAX + 512];
    struct cbor_writer w = cbor_writer_of(whole, sizeof whole);
    assert_int_equal(
        suit_envelope_build(bytes_of(big, SUIT_MANIFEST_MAX + 1), bytes_of(fill, 32), bytes_of(fill, 84), NULL, 0, &w),
        STATUS_BAD_ARGUMENT);
    const struct suit_envelope e = { .manifest = bytes_of(big, SUIT_MANIFEST_MAX + 1),
                                     .digest = bytes_of(fill, 32),
                                     .sign1 = bytes_of(fill, 84) };
    w = cbor_writer_of(whole, sizeof whole);
    assert_int_equal(suit_envelope_rebuild(&e, &w), STATUS_OK);
    assert_int_equal(suit_case_envelope(cbor_written(&w)), STATUS_TOO_LONG);
}

/* ---- the envelope's own maps and arrays ---- */

static size_t wrapper_wrap(struct bytes array, uint8_t *out, size_t capacity)
{
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_tag(&w, 107);
    cbor_write_map(&w, 2);
    cbor_write_uint(&w, 2);
    cbor_write_bstr(&w, array);
    cbor_write_raw(&w, bytes_of("\x03\x41\xA0", 3));
    return w.len;
}

static size_t envelope_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_tag(&w, 107);
    cbor_write_raw(&w, map);
    return w.len;
}

static void envelope_fields_are_strict(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example(NULL, data, sizeof data);
    case_map_check(suit_case_envelope, envelope_wrap, bytes_of(e.data + 2, e.len - 2));
    e = envelope_example("#app", data, sizeof data);
    case_optional_map_check(suit_case_envelope, envelope_wrap, bytes_of(e.data + 2, e.len - 2));
    uint8_t array[128];
    struct cbor_writer w = cbor_writer_of(array, sizeof array);
    cbor_write_array(&w, 2);
    size_t mark = cbor_bstr_open(&w);
    suit_digest_build(bytes_of(fill, 32), &w);
    cbor_bstr_close(&w, mark);
    cbor_write_bstr(&w, bytes_of(fill, 40));
    case_array_check(suit_case_envelope, wrapper_wrap, cbor_written(&w));
    data[1] = 108;
    assert_int_equal(suit_case_envelope(e), STATUS_UNSUPPORTED);
}

static void second_payload_is_too_many(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example("#app", data, sizeof data);
    data[2] = 0xA4;
    memcpy(data + e.len, "\x64#apq\x40", 6);
    assert_int_equal(suit_case_envelope(bytes_of(data, e.len + 6)), STATUS_TOO_MANY);
}

static void other_digest_algorithm_is_unsupported(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example(NULL, data, sizeof data);
    struct suit_envelope out;
    assert_int_equal(suit_envelope_parse(e, &out), STATUS_OK);
    size_t at = (size_t)(out.digest_item.data - data) + 1;
    assert_int_equal(data[at], 0x2F);
    data[at] = 0x2E;
    assert_int_equal(suit_case_envelope(e), STATUS_UNSUPPORTED);
}

static void builder_refuses_what_it_cannot_say(void **state)
{
    (void)state;
    uint8_t out[512];
    const struct suit_package_spec good = { 1, bytes_of(fill, 16), bytes_of(fill, 16), "app", bytes_of(fill, 32),
                                            5, bytes_of(fill, 32) };
    for (int bad = 0; bad < 6; bad++) {
        struct suit_package_spec spec = good;
        spec.vendor.len = bad == 0 ? 15 : 16;
        spec.class_id.len = bad == 1 ? 17 : 16;
        spec.image_digest.len = bad == 2 ? 31 : 32;
        spec.encrypted_digest.len = bad == 3 ? 33 : 32;
        spec.component = bad == 4 ? "other" : bad == 5 ? "sbm" : "app";
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        assert_int_equal(suit_package_manifest_build(&spec, &w), STATUS_BAD_ARGUMENT);
    }
    struct cbor_writer whole = cbor_writer_of(out, sizeof out);
    assert_int_equal(suit_package_manifest_build(&good, &whole), STATUS_OK);
    for (size_t capacity = 0; capacity < whole.len; capacity++) {
        struct cbor_writer w = cbor_writer_of(out, capacity);
        assert_int_equal(suit_package_manifest_build(&good, &w), STATUS_NO_SPACE);
    }
}

static void block_says_which_package_it_opens(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct suit_manifest m;
    assert_int_equal(suit_manifest_parse(block_manifest(data, sizeof data), &m), STATUS_OK);
    assert_true(m.has_dependency && m.dependency_index == 1 && m.sequence == 300);
    assert_true(bytes_equal(m.dependency_prefix, bytes_of("app.suit", 8)));
    struct suit_walk walk = suit_walk_of(m.install);
    struct suit_command c;
    static const int64_t codes[] = { 12, 20, 12, 20, 21, 7, 11 };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_int_equal(suit_walk_next(&walk, &c), 1);
        assert_int_equal(c.code, codes[i]);
        if (i == 1) {
            assert_int_equal(c.parameters.encryption_info.len, 150);
        } else if (i == 3) {
            assert_int_equal(c.parameters.size, 70400);
            assert_int_equal(c.parameters.present, SUIT_HAS(3) | SUIT_HAS(14) | SUIT_HAS(21));
        }
    }
    assert_int_equal(suit_walk_next(&walk, &c), 0);
    assert_int_equal(walk.reader.status, STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_manifests_are_the_specification_s),
        cmocka_unit_test(every_damaged_manifest_is_refused_or_read_as_it_is),
        cmocka_unit_test(every_damaged_envelope_is_refused_or_read_as_it_is),
        cmocka_unit_test(what_follows_an_envelope_is_not_looked_at),
        cmocka_unit_test(every_map_of_a_manifest_is_strict),
        cmocka_unit_test(oversized_manifest_is_too_long),
        cmocka_unit_test(envelope_fields_are_strict),
        cmocka_unit_test(second_payload_is_too_many),
        cmocka_unit_test(other_digest_algorithm_is_unsupported),
        cmocka_unit_test(builder_refuses_what_it_cannot_say),
        cmocka_unit_test(block_says_which_package_it_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
