/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_elf: any bytes as an ELF image: laid out within the slot, or refused with a reason. */
#include "host/master/image_flat.h"
#include "tests/fuzz/fuzz_again.h"

#define HEADER_LEN 52u

/* Half of the inputs get a sound start, so that the program headers are reached. */
static void header_mend(uint8_t *data)
{
    static const uint8_t ident[] = { 0x7F, 'E', 'L', 'F', 1, 1, 1 };
    memcpy(data, ident, sizeof ident);
    bytes_write_le16(data + 16, 2);  /* ET_EXEC */
    bytes_write_le16(data + 18, 40); /* EM_ARM */
    bytes_write_le32(data + 20, 1);
    bytes_write_le32(data + 28, HEADER_LEN);
    bytes_write_le16(data + 40, HEADER_LEN);
    bytes_write_le16(data + 42, 32);
    bytes_write_le16(data + 44, data[44] % 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image_rules rules;
    struct image_flat flat;
    struct fault fault = FAULT_NONE;
    uint8_t *copy = (uint8_t *)malloc(size + 1);
    image_rules_of(IMAGE_APP, &rules);
    if (copy == NULL || size == 0) {
        free(copy);
        return 0;
    }
    memcpy(copy, data, size);
    if (size >= HEADER_LEN && (data[size - 1] & 1u) != 0) {
        header_mend(copy);
    }
    rules.max_len = 4096;
    int result = image_flat_begin(&flat, &rules, &fault);
    if (result == 0) {
        result = image_elf_read("fuzz", bytes_of(copy, size), &flat, &fault);
    }
    if ((result == 0) != (fault.what[0] == '\0') || flat.len > rules.max_len) {
        abort();
    }
    image_flat_free(&flat);
    free(copy);
    return 0;
}
