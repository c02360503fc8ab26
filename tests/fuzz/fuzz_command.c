/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_command: a command or an order of the maker, read and built again. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buffer[COMMAND_MAX];
    struct command c;
    struct order o;
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    if (command_parse(bytes_of(data, size), &c) == STATUS_OK) {
        command_build(&c, &w);
        fuzz_same(&w, bytes_of(data, size));
    }
    if (order_parse(bytes_of(data, size), &o) == STATUS_OK) {
        order_build(&o, &w);
        fuzz_same(&w, bytes_of(data, size));
    }
    return 0;
}
