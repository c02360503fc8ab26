/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_hex: any text as Intel HEX: laid out within the slot, or refused with a reason. */
#include "host/master/image_flat.h"
#include "tests/fuzz/fuzz_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image_rules rules;
    struct image_flat flat;
    struct fault fault = FAULT_NONE;
    image_rules_of(IMAGE_APP, &rules);
    if (size == 0) {
        return 0;
    }
    rules.max_len = 4096;
    int result = image_flat_begin(&flat, &rules, &fault);
    if (result == 0) {
        result = image_hex_read("fuzz", bytes_of(data, size), &flat, &fault);
    }
    if ((result == 0) != (fault.what[0] == '\0') || flat.len > rules.max_len) {
        abort();
    }
    image_flat_free(&flat);
    return 0;
}
