/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_provision_msg: requests, answers and proofs of possession, read and built again. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/provision_msg.h"

static uint8_t buffer[1 << 20];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes in = bytes_of(data, size);
    struct provision_request q;
    struct provision_answer a;
    struct provision_possession p;
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    if (provision_request_parse(in, &q) == STATUS_OK) {
        provision_request_build(&q, &w);
        fuzz_same(&w, in);
    }
    w = cbor_writer_of(buffer, sizeof buffer);
    if (provision_answer_parse(in, &a) == STATUS_OK) {
        provision_answer_build(&a, &w);
        fuzz_same(&w, in);
    }
    w = cbor_writer_of(buffer, sizeof buffer);
    if (provision_possession_parse(in, &p) == STATUS_OK) {
        provision_possession_build(&p, &w);
        fuzz_same(&w, in);
    }
    return 0;
}
