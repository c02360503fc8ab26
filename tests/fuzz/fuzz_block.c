/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_block: any bytes as a key block or a package on the host: taken apart, or refused with a reason. */
#include "host/lib/block.h"
#include "tests/fuzz/fuzz_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct block_facts facts;
    struct block_package package;
    struct fault block_fault = FAULT_NONE;
    struct fault package_fault = FAULT_NONE;
    int block = block_read(bytes_of(data, size), &facts, &block_fault);
    int whole = block_package_read(bytes_of(data, size), &package, &package_fault);
    if ((block == 0) != (block_fault.what[0] == '\0') || (whole == 0) != (package_fault.what[0] == '\0')) {
        abort();
    }
    return 0;
}
