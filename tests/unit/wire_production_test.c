/* SPDX-License-Identifier: Apache-2.0 */
/* The production package's three layers: strict, the same bytes again, and what is signed and derived from, byte by
 * byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/wire_cases.h"
#include "wire/production.h"

static const uint8_t fill[128] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };

static struct production terms_sample(void)
{
    return (struct production){ .number = 7,
                                .recipient = bytes_of(fill, 32),
                                .vendor = bytes_of(fill, 16),
                                .class_id = bytes_of(fill + 1, 16),
                                .not_before = 1700000000,
                                .not_after = 5000000000,
                                .quota = 300,
                                .block = 10,
                                .grant_key = bytes_of(fill, 64),
                                .tpm = 1,
                                .issuing = bytes_of(fill + 2, 32),
                                .refill = bytes_of(fill, 5),
                                .encrypted = bytes_of(fill, 40) };
}

static struct production_content content_sample(void)
{
    return (struct production_content){ .bl1 = bytes_of(fill, 4),
                                        .sbm = bytes_of(fill, 5),
                                        .app = bytes_of(fill, 6),
                                        .block = bytes_of(fill, 7),
                                        .profile = bytes_of("product: x\n", 11),
                                        .firmware_keys = bytes_of(fill, 128),
                                        .mastering_keys = bytes_of(fill, 64),
                                        .root = bytes_of(fill, 9),
                                        .ticket = bytes_of(fill, 3),
                                        .quota_key = bytes_of(fill, 64),
                                        .vendors = bytes_of(fill, 5) };
}

static status_t terms_again(struct bytes in)
{
    struct production p;
    uint8_t again[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&p, 0xA5, sizeof p);
    status_t status = production_parse(in, &p);
    if (status != STATUS_OK) {
        case_zero_check(&p, sizeof p);
        return status;
    }
    production_build(&p, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t content_again(struct bytes in)
{
    struct production_content c;
    uint8_t again[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&c, 0xA5, sizeof c);
    status_t status = production_content_parse(in, &c);
    if (status != STATUS_OK) {
        case_zero_check(&c, sizeof c);
        return status;
    }
    production_content_build(&c, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t cipher_again(struct bytes in)
{
    struct production_cipher c;
    uint8_t again[CASE_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&c, 0xA5, sizeof c);
    status_t status = production_cipher_parse(in, &c);
    if (status != STATUS_OK) {
        case_zero_check(&c, sizeof c);
        return status;
    }
    production_cipher_build(&c, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static void all_checks(case_reader read, struct bytes message)
{
    case_truncations_check(read, message);
    case_trailing_check(read, message);
    case_flips_check(read, message);
}

static void terms_are_strict(void **state)
{
    (void)state;
    uint8_t data[512];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    const struct production p = terms_sample();
    production_build(&p, &w);
    all_checks(terms_again, cbor_written(&w));
    case_map_check(terms_again, NULL, cbor_written(&w));
}

static void content_is_strict(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    const struct production_content c = content_sample();
    production_content_build(&c, &w);
    all_checks(content_again, cbor_written(&w));
    case_map_check(content_again, NULL, cbor_written(&w));
}

static void encryption_is_strict(void **state)
{
    (void)state;
    uint8_t data[512];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    const struct production_cipher c = { bytes_of(fill, 12), bytes_of(fill, 50), bytes_of(fill, 32),
                                         bytes_of(fill, 32), bytes_of(fill, 32), bytes_of(fill, 40) };
    production_cipher_build(&c, &w);
    all_checks(cipher_again, cbor_written(&w));
}

static status_t terms_read(const struct production *p)
{
    uint8_t data[2048];
    struct production out;
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    production_build(p, &w);
    assert_int_equal(w.status, STATUS_OK);
    return production_parse(cbor_written(&w), &out);
}

static void numbers_have_their_ranges(void **state)
{
    (void)state;
    static const uint8_t refill[PRODUCTION_REFILL_MAX + 1] = { 0 };
    struct production p = terms_sample();
    p.number = 0;
    assert_int_equal(terms_read(&p), STATUS_BAD_ARGUMENT);
    p = terms_sample();
    p.block = 0;
    assert_int_equal(terms_read(&p), STATUS_BAD_ARGUMENT);
    p.block = PRODUCTION_BLOCK_MAX + 1;
    assert_int_equal(terms_read(&p), STATUS_BAD_ARGUMENT);
    p = terms_sample();
    p.tpm = 2;
    assert_int_equal(terms_read(&p), STATUS_BAD_ARGUMENT);
    p = terms_sample();
    p.quota = PRODUCTION_QUOTA_MAX + 1;
    assert_int_equal(terms_read(&p), STATUS_BAD_ARGUMENT);
    p = terms_sample();
    p.refill = bytes_of(refill, sizeof refill);
    assert_int_equal(terms_read(&p), STATUS_TOO_LONG);
}

static void keys_come_whole(void **state)
{
    (void)state;
    uint8_t data[1024];
    struct production_content out;
    struct production_content c = content_sample();
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    c.firmware_keys.len = 100;
    production_content_build(&c, &w);
    assert_int_equal(production_content_parse(cbor_written(&w), &out), STATUS_BAD_ARGUMENT);
}

static void a_ciphertext_of_nothing_is_refused(void **state)
{
    (void)state;
    uint8_t data[512];
    struct production_cipher out;
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    const struct production_cipher c = { bytes_of(fill, 12), bytes_of(fill, 16), bytes_of(fill, 32),
                                         bytes_of(fill, 32), bytes_of(fill, 32), bytes_of(fill, 40) };
    production_cipher_build(&c, &w);
    assert_int_equal(production_cipher_parse(cbor_written(&w), &out), STATUS_TRUNCATED);
}

static void built_is(void (*build)(struct cbor_writer *out), const char *hex)
{
    uint8_t data[PRODUCTION_STRUCTURE_MAX];
    uint8_t wanted[PRODUCTION_STRUCTURE_MAX];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    size_t len = case_hex(hex, wanted, sizeof wanted);
    build(&w);
    assert_true(bytes_equal(cbor_written(&w), bytes_of(wanted, len)));
}

static void head_of_70000(struct cbor_writer *out)
{
    production_sig_head_build(70000, out);
}

/* Written out by hand from RFC 9052 and 9053. */
static void what_is_signed_and_derived_from_is_what_the_standards_say(void **state)
{
    (void)state;
    built_is(production_enc_structure_build, "8367456e637279707443a1010340");
    built_is(production_kdf_context_build, "842483f6f6f683f6f6f683190100"
                                           "44a101381e"
                                           "581b77696e646c6173732070726f64756374696f6e207061636b616765");
    built_is(head_of_70000, "846a5369676e61747572653143a10128"
                            "581b77696e646c6173732070726f64756374696f6e207061636b616765"
                            "5a00011170");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_are_strict),
        cmocka_unit_test(content_is_strict),
        cmocka_unit_test(encryption_is_strict),
        cmocka_unit_test(numbers_have_their_ranges),
        cmocka_unit_test(keys_come_whole),
        cmocka_unit_test(a_ciphertext_of_nothing_is_refused),
        cmocka_unit_test(what_is_signed_and_derived_from_is_what_the_standards_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
