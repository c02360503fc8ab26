/* SPDX-License-Identifier: Apache-2.0 */
/* verify: manifests with a right signature that do not check what a package must, or check it of something else. */
#include "tests/unit/test.h"

#include <string.h>

#include "boot/verify.h"
#include "tests/unit/boot_maker.h"
#include "wire/suit.h"

static struct maker maker;
static uint8_t manifest[SUIT_MANIFEST_MAX];
static size_t manifest_len;
static uint8_t envelope[2048];
static struct package package;

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    return 0;
}

/* A right one, for an application that demands SBM 5, or none. */
static void manifest_make(uint64_t sequence, uint64_t needs_version)
{
    static const uint8_t digest[32] = { 1 };
    const struct suit_package_spec spec = { .sequence = sequence,
                                            .vendor = bytes_of(maker.vendor, 16),
                                            .class_id = bytes_of(maker.class_id, 16),
                                            .component = "app",
                                            .image_digest = bytes_of(digest, 32),
                                            .image_size = 64,
                                            .encrypted_digest = bytes_of(digest, 32),
                                            .needs_version = needs_version };
    struct cbor_writer w = cbor_writer_of(manifest, sizeof manifest);
    assert_int_equal(suit_package_manifest_build(&spec, &w), STATUS_OK);
    manifest_len = w.len;
}

/* The one place where these bytes are. */
static uint8_t *place_of(const char *bytes, size_t len)
{
    uint8_t *at = memmem(manifest, manifest_len, bytes, len);
    assert_non_null(at);
    assert_null(memmem(at + 1, manifest_len - (size_t)(at + 1 - manifest), bytes, len));
    return at;
}

#define PLACE(bytes) place_of(bytes, sizeof(bytes) - 1)
#define REPLACE(old, new) memcpy(PLACE(old), new, sizeof(new) - 1)

/* Signs the manifest as it is; what a device says of it that has SBM 5 and application 3. */
static status_t verified(void)
{
    const struct suit_payload none[2] = { { { NULL, 0 }, { NULL, 0 } } };
    const struct verify_trust trust = { .keys = { bytes_of(maker.firmware.open, 64), 0 },
                                        .vendor = bytes_of(maker.vendor, 16),
                                        .class_id = bytes_of(maker.class_id, 16),
                                        .target = VERIFY_APP,
                                        .least_sequence = 3,
                                        .other_version = 5 };
    uint8_t digest[32];
    struct cbor_writer w = cbor_writer_of(envelope, sizeof envelope);
    maker_envelope_write(bytes_of(manifest, manifest_len), &maker.firmware, none, &w, digest);
    return verify_package(cbor_written(&w), &trust, &package);
}

/* Commands of the shared sequence: 12 selects a component, 20 sets parameters, 1, 2 and 28 check vendor, class and
 * version; 15 is their report policy. */
static void manifest_that_checks_no_vendor_or_no_class_is_refused(void **state)
{
    (void)state;
    manifest_make(3, 0);
    assert_int_equal(verified(), STATUS_OK);
    REPLACE("\x01\x0F\x02\x0F", "\x02\x0F\x02\x0F");
    assert_int_equal(verified(), STATUS_MISSING_FIELD);
    manifest_make(3, 0);
    REPLACE("\x01\x0F\x02\x0F", "\x01\x0F\x01\x0F");
    assert_int_equal(verified(), STATUS_MISSING_FIELD);
}

/* The same values for another component than the image. */
static void vendor_and_class_of_another_component_do_not_count(void **state)
{
    (void)state;
    manifest_make(3, 0);
    uint8_t *first = PLACE("\x0C\x00\x14\xA4");
    uint8_t *second = PLACE("\x0C\x01\x14\xA2");
    first[1] = 1;
    second[1] = 0;
    assert_int_equal(verified(), STATUS_MISSING_FIELD);
}

/* The demand ends 28, [2, [n]], 28, 15; without its last two items nothing checks it. */
static void demanded_version_that_is_not_checked_is_refused(void **state)
{
    (void)state;
    manifest_make(3, 5);
    assert_int_equal(verified(), STATUS_OK);
    manifest_make(3, 6);
    assert_int_equal(verified(), STATUS_SUIT_VERSION);
    uint8_t *sequence = PLACE("\x92\x0C\x00\x14");
    uint8_t *common = PLACE("\xA2\x02\x83");
    uint8_t *end = sequence + sequence[-1];
    assert_int_equal(sequence[-2], 0x58);
    assert_int_equal(common[-2], 0x58);
    assert_memory_equal(end - 3, "\x18\x1C\x0F", 3);
    memmove(end - 3, end, manifest_len - (size_t)(end - manifest));
    manifest_len -= 3;
    sequence[0] -= 2;
    sequence[-1] = (uint8_t)(sequence[-1] - 3);
    common[-1] = (uint8_t)(common[-1] - 3);
    assert_int_equal(verified(), STATUS_MISSING_FIELD);
}

/* It stands where the application's own parameters are: the SBM's is not looked at. */
static void version_of_another_component_is_refused(void **state)
{
    (void)state;
    for (uint8_t component = 0; component < 2; component++) {
        manifest_make(3, 5);
        PLACE("\x0C\x02\x14\xA1")[1] = component;
        assert_int_equal(verified(), STATUS_SUIT_COMMAND);
    }
}

static void component_without_digest_is_refused(void **state)
{
    (void)state;
    manifest_make(3, 0);
    PLACE("\x0C\x01\x14\xA2\x03")[1] = 0;
    assert_int_equal(verified(), STATUS_MISSING_FIELD);
}

static void number_beyond_every_counter_is_refused(void **state)
{
    (void)state;
    manifest_make(UINT32_MAX, 0);
    assert_int_equal(verified(), STATUS_OK);
    manifest_make((uint64_t)UINT32_MAX + 1, 0);
    assert_int_equal(verified(), STATUS_BAD_ARGUMENT);
    manifest_make(2, 0);
    assert_int_equal(verified(), STATUS_SUIT_ROLLBACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest_that_checks_no_vendor_or_no_class_is_refused),
        cmocka_unit_test(vendor_and_class_of_another_component_do_not_count),
        cmocka_unit_test(demanded_version_that_is_not_checked_is_refused),
        cmocka_unit_test(version_of_another_component_is_refused),
        cmocka_unit_test(component_without_digest_is_refused),
        cmocka_unit_test(number_beyond_every_counter_is_refused),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
