/* SPDX-License-Identifier: Apache-2.0 */
/* The chip's folder: what a new chip holds, what is refused, who owns it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "host/chip/array.h"
#include "host/chip/chip_dir.h"
#include "wire/layout.h"

static char room[256];
static char chip[300];
static char vendor[300];
static const uint8_t uid[CHIP_UID_LEN] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 1, 2, 3, 4, 5, 6, 7, 8 };

static int room_make(void **state)
{
    (void)state;
    (void)snprintf(room, sizeof room, "%s/chip-dir-XXXXXX", WINDLASS_BUILD_DIR);
    if (mkdtemp(room) == NULL) {
        return -1;
    }
    (void)snprintf(chip, sizeof chip, "%s/one", room);
    (void)snprintf(vendor, sizeof vendor, "%s/vendor", room);
    return 0;
}

static void folder_remove(const char *dir)
{
    static const char *const names[] = { "flash.bin",     "fuses.bin", "vendor.crt", "vendor.bin",
                                         "vendor-ca.crt", "ca.key",    "ca.crt" };
    char path[400];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static int room_remove(void **state)
{
    (void)state;
    folder_remove(chip);
    (void)snprintf(chip, sizeof chip, "%s/two", room);
    folder_remove(chip);
    folder_remove(vendor);
    /* Fails, and the test with it, when something was left behind. */
    return rmdir(room);
}

static void chip_make(const char *vendor_dir)
{
    struct fault fault = FAULT_NONE;
    assert_int_equal(chip_dir_create(chip, uid, vendor_dir, &fault), 0);
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", chip, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777u;
}

static void a_new_chip_is_blank_and_has_its_vendor_fuses(void **state)
{
    struct chip_dir d;
    struct array a;
    struct fault fault = FAULT_NONE;
    (void)state;
    chip_make(NULL);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_LOOK, &d, &fault), 0);
    array_init(&a, d.flash, d.fuses);
    for (size_t i = 0; i < FLASHCTL_FLASH_LEN; i++) {
        assert_int_equal(d.flash[i], 0xFF);
    }
    for (uint32_t word = 0; word < FUSE_UNIQUE_ID; word++) {
        assert_int_equal(array_fuse_read(&a, word), 0);
    }
    assert_memory_equal(d.fuses + 4 * FUSE_UNIQUE_ID, uid, sizeof uid);
    assert_int_not_equal(array_fuse_read(&a, FUSE_VENDOR_LOCK), 0);
    assert_string_equal(array_lifecycle_name(&a), "open");
    chip_dir_close(&d);
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("fuses.bin"), 0600);
}

static X509 *certificate_read(const char *name)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", chip, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    assert_non_null(certificate);
    return certificate;
}

static void name_has(X509_NAME *name, int nid, const char *expected)
{
    char text[128];
    assert_true(X509_NAME_get_text_by_NID(name, nid, text, sizeof text) > 0);
    assert_string_equal(text, expected);
}

/* The public key computed from the fuses is the certificate's. */
static void key_matches(X509 *certificate, const uint8_t private_key[32])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *d = BN_bin2bn(private_key, 32, NULL);
    uint8_t computed[65];
    uint8_t stated[65];
    size_t len = 0;
    assert_true(EC_POINT_mul(group, point, d, NULL, NULL, NULL));
    assert_int_equal(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, computed, 65, NULL), 65);
    assert_true(EVP_PKEY_get_octet_string_param(X509_get0_pubkey(certificate), "pub", stated, sizeof stated, &len));
    assert_memory_equal(computed, stated, 65);
    BN_free(d);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

/* What the chip reads is the certificate itself, as EDHOC carries it: {33: certificate}. */
static void the_vendor_page_holds_the_certificate(void **state)
{
    struct chip_dir d;
    struct fault fault = FAULT_NONE;
    unsigned char *der = NULL;
    (void)state;
    chip_make(NULL);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_LOOK, &d, &fault), 0);
    X509 *certificate = certificate_read("vendor.crt");
    int len = i2d_X509(certificate, &der);
    const uint8_t head[] = { 0xA1, 0x18, 0x21, 0x59, (uint8_t)(len >> 8), (uint8_t)len };
    assert_in_range(bytes_read_le32(d.vendor), (uint32_t)time(NULL) - 60, (uint32_t)time(NULL));
    assert_int_equal(bytes_read_le16(d.vendor + 4), len + 6);
    assert_int_equal(bytes_read_le16(d.vendor + 6), 3);
    assert_int_equal(bytes_read_le16(d.vendor + 8), len + 3);
    assert_memory_equal(d.vendor + FLASHCTL_VENDOR_HEAD_LEN, head, sizeof head);
    assert_memory_equal(d.vendor + FLASHCTL_VENDOR_HEAD_LEN + sizeof head, der, (size_t)len);
    OPENSSL_free(der);
    X509_free(certificate);
    chip_dir_close(&d);
}

static void the_vendor_certificate_belongs_to_the_fused_key(void **state)
{
    struct chip_dir d;
    struct fault fault = FAULT_NONE;
    (void)state;
    chip_make(NULL);
    X509 *leaf = certificate_read("vendor.crt");
    X509 *ca = certificate_read("vendor-ca.crt");
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_issued(ca, leaf), X509_V_OK);
    name_has(X509_get_subject_name(leaf), NID_serialNumber, "0123456789abcdef0102030405060708");
    name_has(X509_get_subject_name(leaf), NID_organizationName, "stand-in silicon vendor");
    assert_int_equal(X509_get_key_usage(leaf), KU_DIGITAL_SIGNATURE);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_LOOK, &d, &fault), 0);
    key_matches(leaf, d.fuses + 4 * FUSE_VENDOR_KEY);
    chip_dir_close(&d);
    X509_free(leaf);
    X509_free(ca);
}

static void a_chip_that_the_vendor_programmed_is_closed(void **state)
{
    static uint8_t boot[LAYOUT_BL1_LEN + 1], anchor[LAYOUT_ANCHOR_LEN];
    struct chip_dir d;
    struct array a;
    struct fault fault = FAULT_NONE;
    (void)state;
    memset(boot, 0x11, sizeof boot);
    memset(anchor, 0x22, sizeof anchor);
    chip_make(NULL);
    assert_int_equal(chip_dir_boot_put(chip, bytes_of(boot, sizeof boot), bytes_of(anchor, sizeof anchor), &fault), -1);
    assert_int_equal(chip_dir_boot_put(chip, bytes_of(boot, 0), bytes_of(anchor, sizeof anchor), &fault), -1);
    assert_int_equal(chip_dir_boot_put(chip, bytes_of(boot, 1), bytes_of(anchor, sizeof anchor - 1), &fault), -1);
    assert_int_equal(chip_dir_boot_put(chip, bytes_of(boot, 100), bytes_of(anchor, sizeof anchor), &fault), 0);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_LOOK, &d, &fault), 0);
    array_init(&a, d.flash, d.fuses);
    assert_memory_equal(d.flash, boot, 100);
    assert_int_equal(d.flash[100], 0xFF);
    assert_memory_equal(d.flash + LAYOUT_ANCHOR0_OFF, anchor, sizeof anchor);
    assert_memory_equal(d.flash + LAYOUT_ANCHOR1_OFF, anchor, sizeof anchor);
    assert_true(array_debug_is_locked(&a));
    assert_int_equal(array_boot_lock_len(&a), LAYOUT_BOOT_LEN);
    assert_string_equal(array_lifecycle_name(&a), "open");
    chip_dir_close(&d);
}

static void two_chips_of_one_vendor_share_its_ca(void **state)
{
    (void)state;
    chip_make(vendor);
    X509 *first = certificate_read("vendor-ca.crt");
    (void)snprintf(chip, sizeof chip, "%s/two", room);
    chip_make(vendor);
    X509 *second = certificate_read("vendor-ca.crt");
    X509 *leaf = certificate_read("vendor.crt");
    assert_int_equal(X509_cmp(first, second), 0);
    assert_int_equal(X509_verify(leaf, X509_get0_pubkey(first)), 1);
    X509_free(first);
    X509_free(second);
    X509_free(leaf);
    (void)snprintf(chip, sizeof chip, "%s/one", room);
}

static void an_existing_folder_is_never_touched(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    assert_int_equal(mkdir(chip, 0755), 0);
    assert_int_equal(chip_dir_create(chip, uid, NULL, &fault), -1);
    assert_non_null(strstr(fault.what, "exists"));
    assert_int_equal(mode_of("."), 0755);
}

static void a_folder_that_cannot_be_made_leaves_nothing(void **state)
{
    struct fault fault = FAULT_NONE;
    char deep[400];
    (void)state;
    (void)snprintf(deep, sizeof deep, "%s/missing/one", room);
    assert_int_equal(chip_dir_create(deep, uid, NULL, &fault), -1);
    /* A vendor folder that holds no vendor: refused, and the half-made chip is gone (room_remove checks). */
    assert_int_equal(mkdir(vendor, 0700), 0);
    fault = FAULT_NONE;
    assert_int_equal(chip_dir_create(chip, uid, vendor, &fault), -1);
    assert_non_null(strstr(fault.what, "vendor"));
}

static void only_one_owner_has_the_chip(void **state)
{
    struct chip_dir first;
    struct chip_dir second;
    struct fault fault = FAULT_NONE;
    (void)state;
    chip_make(NULL);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_OWN, &first, &fault), 0);
    assert_int_equal(chip_dir_text_write(&first, CHIP_PID_FILE, "4321\n"), 0);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_OWN, &second, &fault), -1);
    assert_non_null(strstr(fault.what, "running already (process 4321)"));
    fault = FAULT_NONE;
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_LOOK, &second, &fault), 0);
    chip_dir_close(&second);
    chip_dir_name_remove(&first, CHIP_PID_FILE);
    chip_dir_close(&first);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_OWN, &second, &fault), 0);
    chip_dir_close(&second);
}

static void a_file_of_the_wrong_size_is_refused(void **state)
{
    struct chip_dir d;
    char path[400];
    static const char *const names[] = { "fuses.bin", "flash.bin" };
    (void)state;
    chip_make(NULL);
    for (size_t i = 0; i < 2; i++) {
        struct fault fault = FAULT_NONE;
        (void)snprintf(path, sizeof path, "%s/%s", chip, names[i]);
        assert_int_equal(truncate(path, 255), 0);
        assert_int_equal(chip_dir_open(chip, CHIP_DIR_OWN, &d, &fault), -1);
        assert_non_null(strstr(fault.what, names[i]));
        assert_int_equal(truncate(path, i == 0 ? ARRAY_FUSES_LEN : FLASHCTL_FLASH_LEN), 0);
    }
}

static void a_link_in_place_of_a_file_is_refused(void **state)
{
    struct chip_dir d;
    struct fault fault = FAULT_NONE;
    char path[400];
    char target[400];
    (void)state;
    chip_make(NULL);
    (void)snprintf(path, sizeof path, "%s/flash.bin", chip);
    (void)snprintf(target, sizeof target, "%s/vendor.crt", chip);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(chip_dir_open(chip, CHIP_DIR_OWN, &d, &fault), -1);
}

#define TRUTH(name) cmocka_unit_test_setup_teardown(name, room_make, room_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(a_new_chip_is_blank_and_has_its_vendor_fuses), TRUTH(the_vendor_certificate_belongs_to_the_fused_key),
        TRUTH(the_vendor_page_holds_the_certificate),        TRUTH(a_chip_that_the_vendor_programmed_is_closed),
        TRUTH(two_chips_of_one_vendor_share_its_ca),         TRUTH(an_existing_folder_is_never_touched),
        TRUTH(a_folder_that_cannot_be_made_leaves_nothing),  TRUTH(only_one_owner_has_the_chip),
        TRUTH(a_file_of_the_wrong_size_is_refused),          TRUTH(a_link_in_place_of_a_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
