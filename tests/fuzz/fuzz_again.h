/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_again: what is accepted must be built again byte for byte; anything else stops the fuzzer. */
#ifndef TESTS_FUZZ_FUZZ_AGAIN_H
#define TESTS_FUZZ_FUZZ_AGAIN_H

#include <stdlib.h>

#include "base/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_same(const struct cbor_writer *built, struct bytes input)
{
    if (!bytes_equal(cbor_written(built), input)) {
        abort();
    }
}

#endif
