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

enum kind { SBM, APP, SBM_NEEDS, APP_NEEDS, BLOCK, KINDS };

static struct bytes package_manifest(enum kind kind, uint8_t *out, size_t capacity)
{
    const int encrypted = kind == APP || kind == APP_NEEDS;
    const struct suit_package_spec spec = {
        .sequence = 300,
        .vendor = bytes_of(fill, 16),
        .class_id = bytes_of(fill + 1, 16),
        .component = encrypted ? "app" : "sbm",
        .image_digest = bytes_of(fill + 2, 32),
        .image_size = 70000,
        .encrypted_digest = encrypted ? bytes_of(fill + 3, 32) : bytes_of(NULL, 0),
        .second_digest = encrypted ? bytes_of(NULL, 0) : bytes_of(fill + 4, 32),
        .second_size = 70001,
        .needs_version = kind == SBM_NEEDS   ? 7
                         : kind == APP_NEEDS ? 70000
                                             : 0,
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

static struct bytes manifest_of(enum kind kind, uint8_t *out, size_t capacity)
{
    return kind == BLOCK ? block_manifest(out, capacity) : package_manifest(kind, out, capacity);
}

static struct bytes envelope_example(size_t payloads, uint8_t *out, size_t capacity)
{
    static const char *const keys[] = { "#sbm.a", "#sbm.b" };
    uint8_t manifest[1024];
    uint8_t sign1[COSE_SIGN1_MAX];
    struct cbor_writer s = cbor_writer_of(sign1, sizeof sign1);
    const struct cose_sign1 cose = { .kid = bytes_of(fill, 8), .signature = bytes_of(fill, 64) };
    cose_sign1_build(&cose, &s);
    struct cbor_writer w = cbor_writer_of(out, capacity);
    assert_int_equal(suit_envelope_start(package_manifest(SBM, manifest, sizeof manifest), bytes_of(fill, 32),
                                         cbor_written(&s), payloads, &w),
                     STATUS_OK);
    for (size_t i = 0; i < payloads; i++) {
        assert_int_equal(suit_payload_head_build(keys[i], 40 + i, &w), STATUS_OK);
        cbor_write_raw(&w, bytes_of(fill + i, 40 + i));
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
    "a701010219012c03589fa20282814573626d2e61814573626d2e6204588b8c0c0014a4015009080706050403020100000000"
    "000000025008070605040302010000000000000000035824822f582007060504030201000000000000000000000000000000"
    "000000000000000000000e1a00011170010f020f0c0114a2035824822f582005040302010000000000000000000000000000"
    "000000000000000000000000000e1a0001117105814873626d2e737569740749880c00030f0c01030f0945840c00170f1458"
    "21900c0014a115662373626d2e61150f030f0c0114a115662373626d2e62150f030f";
static const char application_needs_hex[] =
    "a701010219012c0358b5a20283814361707081476170702e656e63814373626d04589c920c0014a401500908070605040302"
    "0100000000000000025008070605040302010000000000000000035824822f58200706050403020100000000000000000000"
    "0000000000000000000000000000000e1a00011170010f020f0c0114a2035824822f58200605040302010000000000000000"
    "0000000000000000000000000000000000000e1a000111700c0214a1181c8202811a00011170181c0f0581486170702e7375"
    "69740745840c00030f0945840c00170f145819900c0114a1156423617070150f030f0c0014a11601160f030f";
static const char sbm_needs_hex[] =
    "a701010219012c0358b1a20283814573626d2e61814573626d2e628143617070045898920c0014a401500908070605040302"
    "0100000000000000025008070605040302010000000000000000035824822f58200706050403020100000000000000000000"
    "0000000000000000000000000000000e1a00011170010f020f0c0114a2035824822f58200504030201000000000000000000"
    "0000000000000000000000000000000000000e1a000111710c0214a1181c82028107181c0f05814873626d2e737569740749"
    "880c00030f0c01030f0945840c00170f145821900c0014a115662373626d2e61150f030f0c0114a115662373626d2e62150f"
    "030f";
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
    static const char *const texts[KINDS] = { sbm_hex, application_hex, sbm_needs_hex, application_needs_hex,
                                              block_hex };
    uint8_t built[1024];
    uint8_t expected[1024];
    for (unsigned kind = 0; kind < KINDS; kind++) {
        size_t len = case_hex(texts[kind], expected, sizeof expected);
        assert_true(bytes_equal(manifest_of((enum kind)kind, built, sizeof built), bytes_of(expected, len)));
    }
}

static void every_damaged_manifest_is_refused_or_read_as_it_is(void **state)
{
    (void)state;
    uint8_t data[1024];
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes m = manifest_of((enum kind)kind, data, sizeof data);
        case_truncations_check(suit_case_manifest, m);
        case_trailing_check(suit_case_manifest, m);
        case_flips_check(suit_case_manifest, m);
    }
}

static void every_damaged_envelope_is_refused_or_read_as_it_is(void **state)
{
    (void)state;
    uint8_t data[1024];
    for (size_t payloads = 0; payloads <= SUIT_PAYLOADS_MAX; payloads++) {
        struct bytes e = envelope_example(payloads, data, sizeof data);
        case_truncations_check(suit_case_envelope, e);
        case_flips_check(suit_case_envelope, e);
    }
}

static void what_follows_an_envelope_is_not_looked_at(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example(1, data, sizeof data);
    memset(data + e.len, 0xFF, 100);
    struct suit_envelope out;
    assert_int_equal(suit_envelope_parse(bytes_of(data, e.len + 100), &out), STATUS_OK);
    assert_int_equal(out.encoded.len, e.len);
    assert_int_equal(out.payload_count, 1);
    assert_int_equal(out.payload.len, 40);
    assert_true(bytes_equal(out.payload_key, bytes_of("#sbm.a", 6)));
    assert_true(out.manifest_item.data + out.manifest_item.len == out.manifest.data + out.manifest.len);
    assert_int_equal(out.manifest_item.len, out.manifest.len + 2);
    assert_true(out.digest_item.data + 4 == out.digest.data);
}

static void both_payloads_are_found_by_their_keys(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct suit_envelope out;
    assert_int_equal(suit_envelope_parse(envelope_example(2, data, sizeof data), &out), STATUS_OK);
    assert_int_equal(out.payload_count, 2);
    assert_true(bytes_equal(out.payloads[0].key, bytes_of("#sbm.a", 6)));
    assert_true(bytes_equal(out.payloads[0].data, bytes_of(fill, 40)));
    assert_true(bytes_equal(out.payloads[1].key, bytes_of("#sbm.b", 6)));
    assert_true(bytes_equal(out.payloads[1].data, bytes_of(fill + 1, 41)));
    assert_true(out.payload.data == out.payloads[0].data.data);
}

static void needed_version_is_read_with_its_condition(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct suit_manifest m;
    struct suit_command c;
    assert_int_equal(suit_manifest_parse(package_manifest(APP_NEEDS, data, sizeof data), &m), STATUS_OK);
    assert_int_equal(m.component_count, 3);
    assert_true(bytes_equal(m.components[2], bytes_of("sbm", 3)));
    struct suit_walk walk = suit_walk_of(m.shared);
    unsigned conditions = 0;
    while (suit_walk_next(&walk, &c)) {
        if (c.code == SUIT_DIR_OVERRIDE_PARAMETERS && (c.parameters.present & SUIT_HAS(SUIT_PARAM_VERSION)) != 0) {
            assert_int_equal(c.parameters.version, 70000);
        }
        conditions += c.code == SUIT_COND_VERSION;
    }
    assert_int_equal(conditions, 1);
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
    struct bytes manifest = package_manifest(APP, data, sizeof data);
    case_optional_map_check(suit_case_manifest, NULL, manifest);
    size_t len = case_hex("a201a101a1018141640281814163", map, sizeof map);
    case_optional_map_check(suit_case_manifest, common_wrap, bytes_of(map, len));
    len = case_hex("a10181480000000000000000", map, sizeof map);
    case_map_check(suit_case_manifest, dependency_wrap, bytes_of(map, len));
    struct cbor_writer w = cbor_writer_of(map, sizeof map);
    cbor_write_map(&w, 8);
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
    cbor_write_raw(&w, bytes_of("\x18\x1C\x82\x02\x81\x07", 6));
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
        suit_envelope_start(bytes_of(big, SUIT_MANIFEST_MAX + 1), bytes_of(fill, 32), bytes_of(fill, 84), 0, &w),
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
    struct bytes e = envelope_example(0, data, sizeof data);
    case_map_check(suit_case_envelope, envelope_wrap, bytes_of(e.data + 2, e.len - 2));
    e = envelope_example(2, data, sizeof data);
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

static void third_payload_is_too_many(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example(2, data, sizeof data);
    data[2] = 0xA5;
    memcpy(data + e.len, "\x66#sbm.c\x40", 8);
    assert_int_equal(suit_case_envelope(bytes_of(data, e.len + 8)), STATUS_TOO_MANY);
    uint8_t empty[64] = { 0 };
    struct cbor_writer w = cbor_writer_of(empty, sizeof empty);
    assert_int_equal(suit_envelope_start(bytes_of(fill, 40), bytes_of(fill, 32), bytes_of(fill, 84), 3, &w),
                     STATUS_BAD_ARGUMENT);
}

static void other_digest_algorithm_is_unsupported(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct bytes e = envelope_example(0, data, sizeof data);
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
    const struct suit_package_spec good = { .sequence = 1,
                                            .vendor = bytes_of(fill, 16),
                                            .class_id = bytes_of(fill, 16),
                                            .component = "app",
                                            .image_digest = bytes_of(fill, 32),
                                            .image_size = 5,
                                            .encrypted_digest = bytes_of(fill, 32),
                                            .needs_version = 3 };
    for (int bad = 0; bad < 9; bad++) {
        struct suit_package_spec spec = good;
        spec.vendor.len = bad == 0 ? 15 : 16;
        spec.class_id.len = bad == 1 ? 17 : 16;
        spec.image_digest.len = bad == 2 ? 31 : 32;
        spec.encrypted_digest.len = bad == 3 ? 33 : 32;
        spec.component = bad == 4 ? "other" : bad == 5 ? "sbm" : "app";
        if (bad == 6) {
            spec.second_digest = bytes_of(fill, 32); /* an application has one image */
        }
        if (bad >= 7) {
            spec.encrypted_digest = bytes_of(NULL, 0);
            spec.component = bad == 7 ? "app" : "sbm"; /* an SBM has two */
        }
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
        cmocka_unit_test(both_payloads_are_found_by_their_keys),
        cmocka_unit_test(needed_version_is_read_with_its_condition),
        cmocka_unit_test(every_map_of_a_manifest_is_strict),
        cmocka_unit_test(oversized_manifest_is_too_long),
        cmocka_unit_test(envelope_fields_are_strict),
        cmocka_unit_test(third_payload_is_too_many),
        cmocka_unit_test(other_digest_algorithm_is_unsupported),
        cmocka_unit_test(builder_refuses_what_it_cannot_say),
        cmocka_unit_test(block_says_which_package_it_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
