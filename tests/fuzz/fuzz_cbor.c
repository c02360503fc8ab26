/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cbor: any bytes skipped as items; an item that is accepted is accepted alone, too. */
#include "tests/fuzz/fuzz_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cbor_reader r = cbor_reader_of(bytes_of(data, size));
    while (cbor_peek(&r) != -1) {
        struct bytes item = cbor_skip(&r);
        struct cbor_reader alone = cbor_reader_of(item);
        if (r.status == STATUS_OK && (cbor_skip(&alone).len != item.len || item.len == 0)) {
            abort();
        }
    }
    return 0;
}
