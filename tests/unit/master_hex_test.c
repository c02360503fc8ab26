/* SPDX-License-Identifier: Apache-2.0 */
/* Intel HEX: every record type, and every damage refused with its line. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/master/image_flat.h"
#include "tests/unit/host_support.h"

#define BASE 0x00080000u

static struct image_rules rules;

/* Appends a record with a right checksum. */
static void record(char *text, unsigned type, unsigned addr, const char *hex)
{
    size_t len = strlen(hex) / 2;
    unsigned sum = (unsigned)len + (addr >> 8) + addr + type;
    char *at = text + strlen(text);
    at += sprintf(at, ":%02zX%04X%02X%s", len, addr, type, hex);
    for (size_t i = 0; i < len; i++) {
        unsigned v = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
        sum += v;
    }
    (void)sprintf(at, "%02X\n", (0u - sum) & 0xFFu);
}

static int hex_read(struct bytes text, struct image_flat *flat, struct fault *fault)
{
    uint8_t *copy = (uint8_t *)malloc(text.len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text.data, text.len);
    assert_int_equal(image_flat_begin(flat, &rules, fault), 0);
    int result = image_hex_read("a.hex", bytes_of(copy + 1, text.len), flat, fault);
    free(copy);
    return result;
}

static void refused(const char *text, const char *part)
{
    struct image_flat flat;
    struct fault fault = FAULT_NONE;
    support_check_refused(hex_read(bytes_of(text, strlen(text)), &flat, &fault), &fault, part);
    image_flat_free(&flat);
}

static void good_text(char *text)
{
    text[0] = '\0';
    record(text, 4, 0, "0008");
    record(text, 0, 0x0010, "AABB");
    record(text, 0, 0x0000, "01020304");
    record(text, 2, 0, "8000");
    record(text, 0, 0x0020, "cc");
    record(text, 3, 0, "00000009");
    record(text, 5, 0, "00080009");
    record(text, 1, 0, "");
}

static void records_are_laid_out_in_any_order(void **state)
{
    (void)state;
    char text[512];
    struct image_flat flat;
    struct fault fault = FAULT_NONE;
    good_text(text);
    support_check(hex_read(bytes_of(text, strlen(text)), &flat, &fault), &fault);
    assert_int_equal(flat.len, 0x21);
    assert_memory_equal(flat.data, "\1\2\3\4\xFF", 5);
    assert_memory_equal(flat.data + 0x0F, "\xFF\xAA\xBB\xFF", 4);
    assert_int_equal(flat.data[0x20], 0xCC);
    image_flat_free(&flat);
}

static void lines_may_end_as_on_other_systems(void **state)
{
    (void)state;
    struct image_flat flat;
    struct fault fault = FAULT_NONE;
    static const char text[] = ":020000040008F2\r\n:01000000AA55\r\n:00000001FF\r\n";
    support_check(hex_read(bytes_of(text, sizeof text - 1), &flat, &fault), &fault);
    assert_int_equal(flat.len, 1);
    image_flat_free(&flat);
    static const char without[] = ":020000040008F2\n:01000000AA55\n:00000001FF";
    support_check(hex_read(bytes_of(without, sizeof without - 1), &flat, &fault), &fault);
    image_flat_free(&flat);
}

static void text_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    char text[512];
    good_text(text);
    for (size_t cut = 0; cut + 1 < strlen(text); cut++) { /* without its last newline it is whole */
        struct image_flat flat;
        struct fault fault = FAULT_NONE;
        assert_int_equal(hex_read(bytes_of(text, cut), &flat, &fault), -1);
        assert_true(fault.what[0] != '\0' && fault.hint[0] != '\0');
        image_flat_free(&flat);
    }
}

/* A checksum sees every change of one character but of the case of a digit and of a line's end. */
static void every_changed_bit_is_seen(void **state)
{
    (void)state;
    char text[512];
    good_text(text);
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        char old = text[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            struct image_flat flat;
            struct fault fault = FAULT_NONE;
            text[i] = (char)(old ^ (char)(1u << bit));
            int result = hex_read(bytes_of(text, len), &flat, &fault);
            int letter = ((old >= 'A' && old <= 'F') || (old >= 'a' && old <= 'f')) && bit == 5;
            assert_int_equal(result, letter ? 0 : -1);
            image_flat_free(&flat);
        }
        text[i] = old;
    }
}

static void damage_is_named_with_its_line(void **state)
{
    (void)state;
    refused("", "a.hex:0: the end record");
    refused("\n", "a.hex:1: a record begins with ':'");
    refused(":020000040008F2\n\n", "a.hex:2: a record begins with ':'");
    refused(":020000040008F3\n", "a.hex:1: the checksum is wrong");
    refused(":02000004000GF2\n", "a.hex:1: a character that is no hexadecimal digit");
    refused(":0200000400F2\n", "a.hex:1: the length of the record is not what it says");
    refused(":0000000\n", "a.hex:1: a record with too few or too many digits");
    refused(":00000006FA\n", "a.hex:1: a record type that is not known");
    refused(":0100000400FB\n", "a.hex:1: a control record with a wrong length");
    refused(":0200100400081E2\n", "digits");
    refused(":020001040008F1\n", "a.hex:1: a control record with a wrong length or address");
    refused(":0000000000\n", "a.hex:1: a data record without data");
    refused(":020000040008F2\n:02FFFF00AABB9B\n", "a.hex:2: a data record that crosses a 64 KiB boundary");
    refused(":00000001FF\n", "there is no data in the file");
    refused(":020000040008F2\n:01000000AA55\n", "a.hex:2: the end record");
    refused(":020000040008F2\n:01000000AA55\n:00000001FF\n:01000000AA55\n", "a.hex:4: there is something after");
    refused(":020000040008F2\n:01000000AA55\n:00000001FF\n\n", "a.hex:4: there is something after");
}

static void overlap_and_foreign_address_are_named_with_their_line(void **state)
{
    (void)state;
    char text[512] = "";
    record(text, 4, 0, "0008");
    record(text, 0, 0x0000, "01020304");
    record(text, 0, 0x0003, "05");
    refused(text, "a.hex:3: 0x00080003 is filled twice");
    text[0] = '\0';
    record(text, 0, 0x0000, "01");
    refused(text, "a.hex:1: 1 bytes at 0x00000000 lie outside the slot of 'app'");
    text[0] = '\0';
    record(text, 4, 0, "0018");
    record(text, 0, 0x0000, "01");
    refused(text, "a.hex:2: 1 bytes at 0x00180000 lie outside the slot");
    text[0] = '\0';
    record(text, 4, 0, "0017");
    record(text, 0, 0xFFFF, "01");
    record(text, 1, 0, "");
    struct image_flat flat;
    struct fault fault = FAULT_NONE;
    support_check(hex_read(bytes_of(text, strlen(text)), &flat, &fault), &fault);
    assert_int_equal(flat.len, 0x100000);
    image_flat_free(&flat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_laid_out_in_any_order),
        cmocka_unit_test(lines_may_end_as_on_other_systems),
        cmocka_unit_test(text_cut_at_any_byte_is_refused),
        cmocka_unit_test(every_changed_bit_is_seen),
        cmocka_unit_test(damage_is_named_with_its_line),
        cmocka_unit_test(overlap_and_foreign_address_are_named_with_their_line),
    };
    image_rules_of(IMAGE_APP, &rules);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
