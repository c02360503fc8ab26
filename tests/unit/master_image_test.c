/* SPDX-License-Identifier: Apache-2.0 */
/* Images from ELF, Intel HEX and raw binary: laid out right, or refused with a reason that names the place. */
#include "tests/unit/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/master/image.h"
#include "host/master/image_flat.h"
#include "tests/unit/host_support.h"
#include "wire/layout.h"

#define BASE 0x00080000u
#define STACK 0x28400000u

static struct image_rules rules;
static const char *path;

static void file_put(const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static int open_bytes(enum image_format format, struct bytes content, struct image *out, struct fault *fault)
{
    file_put(content.data, content.len);
    return image_open(path, format, &rules, out, fault);
}

/* Fails unless the content is refused and the reason holds `part`. */
static void refused(enum image_format format, struct bytes content, const char *part)
{
    struct image image;
    struct fault fault = FAULT_NONE;
    support_check_refused(open_bytes(format, content, &image, &fault), &fault, part);
    image_close(&image);
}

static void vectors_put(uint8_t *out, uint32_t stack, uint32_t entry)
{
    bytes_write_le32(out, stack);
    bytes_write_le32(out + 4, entry);
}

/* ---- raw binary ---- */

static void raw_binary_is_taken_as_it_is(void **state)
{
    (void)state;
    uint8_t content[40] = { 0 };
    uint8_t back[40];
    struct image image;
    struct fault fault = FAULT_NONE;
    vectors_put(content, STACK, BASE + 9);
    content[39] = 0x5A;
    support_check(open_bytes(IMAGE_BIN, bytes_of(content, sizeof content), &image, &fault), &fault);
    assert_int_equal(image.len, sizeof content);
    support_check(image_read(&image, 0, back, sizeof back, &fault), &fault);
    assert_memory_equal(content, back, sizeof back);
    image_close(&image);
}

static void raw_binary_that_cannot_run_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t stack;
        uint32_t entry;
        const char *part;
    } rows[] = {
        { 0x28200000, BASE + 9, "initial stack pointer" },
        { 0x28400008, BASE + 9, "initial stack pointer" },
        { STACK - 4, BASE + 9, "initial stack pointer" },
        { 0x38010000, BASE + 9, "initial stack pointer" },
        { 0xFFFFFFFF, BASE + 9, "initial stack pointer" },
        { STACK, BASE + 8, "reset vector" },
        { STACK, BASE + 41, "reset vector" },
        { STACK, BASE - 1, "reset vector" },
        { STACK, 0, "reset vector" },
        { STACK, 0xFFFFFFFF, "reset vector" },
    };
    uint8_t content[40] = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vectors_put(content, rows[i].stack, rows[i].entry);
        refused(IMAGE_BIN, bytes_of(content, sizeof content), rows[i].part);
    }
    vectors_put(content, STACK, BASE + 9);
    refused(IMAGE_BIN, bytes_of(content, 0), "empty");
    for (size_t len = 1; len < 8; len++) {
        refused(IMAGE_BIN, bytes_of(content, len), "too few for a vector table");
    }
    rules.bin_base = 0x1000;
    refused(IMAGE_BIN, bytes_of(content, sizeof content), "runs at 0x00080000");
    rules.bin_base = BASE;
}

static void raw_binary_of_the_slot_s_size_is_the_largest(void **state)
{
    (void)state;
    struct image image;
    struct fault fault = FAULT_NONE;
    uint8_t *content = (uint8_t *)calloc(1, LAYOUT_PRIMARY_LEN + 1);
    assert_non_null(content);
    vectors_put(content, STACK, BASE + 9);
    support_check(open_bytes(IMAGE_BIN, bytes_of(content, LAYOUT_PRIMARY_LEN), &image, &fault), &fault);
    image_close(&image);
    refused(IMAGE_BIN, bytes_of(content, LAYOUT_PRIMARY_LEN + 1), "1048577 bytes, but the slot of 'app' takes 1048576");
    free(content);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    struct image image;
    struct fault fault = FAULT_NONE;
    support_check_refused(image_open("/nonexistent/a.bin", IMAGE_BIN, &rules, &image, &fault), &fault, "cannot read");
    image_close(&image);
    fault = FAULT_NONE;
    support_check_refused(image_open("/dev/zero", IMAGE_BIN, &rules, &image, &fault), &fault, "not a regular file");
    image_close(&image);
    fault = FAULT_NONE;
    support_check_refused(image_open("/tmp", IMAGE_BIN, &rules, &image, &fault), &fault, "not a regular file");
    image_close(&image);
    const char *fifo = support_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    fault = FAULT_NONE;
    support_check_refused(image_open(fifo, IMAGE_BIN, &rules, &image, &fault), &fault, "not a regular file");
    image_close(&image);
}

static void format_is_told_by_content_then_by_name(void **state)
{
    (void)state;
    struct image image;
    struct fault fault = FAULT_NONE;
    refused(IMAGE_AUTO, bytes_of("\177ELF broken", 11), "not a whole ELF file");
    refused(IMAGE_AUTO, bytes_of("some text", 9), "cannot tell the format");
    support_write("x.hex", "nonsense\n", 0644);
    support_check_refused(image_open(support_path("x.hex"), IMAGE_AUTO, &rules, &image, &fault), &fault, "x.hex:1:");
    image_close(&image);
}

/* ---- ELF ---- */

struct segment {
    uint32_t type;
    uint32_t paddr;
    uint32_t filesz;
    uint32_t memsz;
};

#define HEADER_LEN 52u
#define PHDR_LEN 32u

/* Writes an executable for Arm with these segments, contents after the headers; gives its length. */
static size_t elf_make(const struct segment *segments, size_t count, uint8_t *out)
{
    size_t at = HEADER_LEN + count * PHDR_LEN;
    memset(out, 0, at);
    memcpy(out, "\177ELF\1\1\1", 7);
    bytes_write_le16(out + 16, 2);  /* ET_EXEC */
    bytes_write_le16(out + 18, 40); /* EM_ARM */
    bytes_write_le32(out + 20, 1);
    bytes_write_le32(out + 24, BASE + 9);
    bytes_write_le32(out + 28, HEADER_LEN);
    bytes_write_le16(out + 40, HEADER_LEN);
    bytes_write_le16(out + 42, PHDR_LEN);
    bytes_write_le16(out + 44, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        uint8_t *p = out + HEADER_LEN + i * PHDR_LEN;
        bytes_write_le32(p, segments[i].type);
        bytes_write_le32(p + 4, (uint32_t)at);
        bytes_write_le32(p + 8, segments[i].paddr + 0x100000); /* the virtual address must not matter */
        bytes_write_le32(p + 12, segments[i].paddr);
        bytes_write_le32(p + 16, segments[i].filesz);
        bytes_write_le32(p + 20, segments[i].memsz);
        if (segments[i].filesz < 4096) {
            memset(out + at, (int)(0x10 + i), segments[i].filesz);
            at += segments[i].filesz;
        }
    }
    if (count > 0 && segments[0].filesz >= 8) {
        vectors_put(out + HEADER_LEN + count * PHDR_LEN, STACK, BASE + 9);
    }
    return at;
}

/* Listed out of order, with a gap, a segment of another type, and one that holds nothing. */
static const struct segment good[] = {
    { 1, BASE, 32, 32 },        { 1, BASE + 64, 16, 64 }, { 4, 0x12345678, 8, 8 },
    { 1, 0x28200000, 0, 4096 }, { 1, BASE + 40, 8, 8 },
};

static void elf_segments_are_laid_out_by_physical_address(void **state)
{
    (void)state;
    uint8_t content[512];
    struct image image;
    struct fault fault = FAULT_NONE;
    size_t len = elf_make(good, 5, content);
    support_check(open_bytes(IMAGE_ELF, bytes_of(content, len), &image, &fault), &fault);
    assert_int_equal(image.len, 80);
    assert_int_equal(bytes_read_le32(image.data), STACK);
    assert_int_equal(image.data[31], 0x10);
    assert_int_equal(image.data[32], 0xFF);
    assert_int_equal(image.data[39], 0xFF);
    assert_int_equal(image.data[40], 0x14);
    assert_int_equal(image.data[48], 0xFF);
    assert_int_equal(image.data[64], 0x11);
    assert_int_equal(image.data[79], 0x11);
    image_close(&image);
}

static int elf_quietly(struct bytes content, struct fault *fault)
{
    struct image_flat flat;
    uint8_t *copy = (uint8_t *)malloc(content.len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, content.data, content.len);
    assert_int_equal(image_flat_begin(&flat, &rules, fault), 0);
    int result = image_elf_read("a.elf", bytes_of(copy + 1, content.len), &flat, fault);
    image_flat_free(&flat);
    free(copy);
    return result;
}

static void elf_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    uint8_t content[512];
    size_t len = elf_make(good, 5, content);
    for (size_t cut = 0; cut < len; cut++) {
        struct fault fault = FAULT_NONE;
        assert_int_equal(elf_quietly(bytes_of(content, cut), &fault), -1);
        assert_true(fault.what[0] != '\0' && fault.hint[0] != '\0');
    }
}

static void elf_with_any_byte_changed_is_read_or_refused(void **state)
{
    (void)state;
    uint8_t content[512];
    size_t len = elf_make(good, 5, content);
    for (size_t i = 0; i < len; i++) {
        uint8_t old = content[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            struct fault fault = FAULT_NONE;
            content[i] = (uint8_t)(old ^ 1u << bit);
            int result = elf_quietly(bytes_of(content, len), &fault);
            assert_int_equal(result, fault.what[0] == '\0' ? 0 : -1);
        }
        content[i] = old;
    }
}

static void elf_of_another_kind_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *part;
    } rows[] = {
        { 0, 'X', "not a whole ELF file" },
        { 4, 2, "" },
        { 5, 2, "" },
        { 16, 1, "not an executable" },
        { 16, 3, "not an executable" },
        { 18, 62, "not ELF for 32-bit little-endian Arm" },
        { 44, 0, "no program headers" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t content[512];
        size_t len = elf_make(good, 5, content);
        content[rows[i].at] = rows[i].value;
        refused(IMAGE_ELF, bytes_of(content, len), rows[i].part);
    }
}

static void elf_with_bad_segments_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct segment segment;
        const char *part;
    } rows[] = {
        { { 1, BASE + 31, 1, 1 }, "segment 1: 0x0008001F is filled twice" },
        { { 1, BASE, 32, 32 }, "is filled twice" },
        { { 1, BASE - 4, 4, 4 }, "segment 1: 4 bytes at 0x0007FFFC lie outside the slot" },
        { { 1, BASE + 0xFFFFF, 2, 2 }, "lie outside the slot" },
        { { 1, 0x28200000, 4, 4 }, "lie outside the slot" },
        { { 1, 0xFFFFFFFF, 4, 4 }, "lie outside the slot" },
        { { 1, BASE + 32, 0xFFFFFFFF, 0xFFFFFFFF }, "beyond the end of the file" },
        { { 1, BASE + 32, 8, 4 }, "larger in the file than in memory" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t content[512];
        const struct segment segments[] = { { 1, BASE, 32, 32 }, rows[i].segment };
        size_t len = elf_make(segments, 2, content);
        refused(IMAGE_ELF, bytes_of(content, len), rows[i].part);
    }
    static uint8_t many[65 * 64 + 512];
    static struct segment empty[65];
    refused(IMAGE_ELF, bytes_of(many, elf_make(empty, 65, many)), "more than 64");
    refused(IMAGE_ELF, bytes_of(many, elf_make(empty, 64, many)), "no segment to load");
}

static void elf_that_begins_elsewhere_has_no_vector_table(void **state)
{
    (void)state;
    uint8_t content[512];
    const struct segment late[] = { { 1, BASE + 16, 32, 32 } };
    refused(IMAGE_ELF, bytes_of(content, elf_make(late, 1, content)), "no sound vector table at 0x00080000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_binary_is_taken_as_it_is),
        cmocka_unit_test(raw_binary_that_cannot_run_is_refused),
        cmocka_unit_test(raw_binary_of_the_slot_s_size_is_the_largest),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(format_is_told_by_content_then_by_name),
        cmocka_unit_test(elf_segments_are_laid_out_by_physical_address),
        cmocka_unit_test(elf_cut_at_any_byte_is_refused),
        cmocka_unit_test(elf_with_any_byte_changed_is_read_or_refused),
        cmocka_unit_test(elf_of_another_kind_is_refused),
        cmocka_unit_test(elf_with_bad_segments_is_refused),
        cmocka_unit_test(elf_that_begins_elsewhere_has_no_vector_table),
    };
    char file[256];
    (void)support_folder_make();
    (void)snprintf(file, sizeof file, "%s", support_path("image"));
    path = file;
    image_rules_of(IMAGE_APP, &rules);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    support_folder_remove();
    return failed;
}
