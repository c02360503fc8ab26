/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_grant: ticket, grant, block and item, read and built again. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buffer[4 * GRANT_SIGNED_MAX];
    const struct bytes in = bytes_of(data, size);
    struct ticket ticket;
    struct grant grant;
    struct grant_block block;
    struct grant_item item;
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    if (ticket_parse(in, &ticket) == STATUS_OK) {
        ticket_build(&ticket, &w);
        fuzz_same(&w, in);
    } else if (grant_parse(in, &grant) == STATUS_OK) {
        grant_build(&grant, &w);
        fuzz_same(&w, in);
    } else if (grant_block_parse(in, &block) == STATUS_OK) {
        grant_block_build(&block, &w);
        fuzz_same(&w, in);
    } else if (grant_item_parse(in, &item) == STATUS_OK) {
        grant_item_build(&item, &w);
        fuzz_same(&w, in);
    }
    return 0;
}
