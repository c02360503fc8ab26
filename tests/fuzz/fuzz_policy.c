/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_policy: anchor page and policy, read and built again. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buffer[POLICY_MAX];
    struct policy p;
    struct anchor a;
    size_t len = 0;
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    if (policy_parse(bytes_of(data, size), &p) == STATUS_OK) {
        policy_build(&p, &w);
        fuzz_same(&w, bytes_of(data, size));
    }
    w = cbor_writer_of(buffer, sizeof buffer);
    if (anchor_parse(bytes_of(data, size), &a, &len) == STATUS_OK) {
        anchor_build(&a, &w);
        fuzz_same(&w, bytes_of(data, len));
    }
    return 0;
}
