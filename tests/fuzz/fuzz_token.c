/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_token: any bytes as an attestation token, and as its claims. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[4096];
    struct bytes in = bytes_of(data, size);
    struct bytes encoded;
    struct bytes signature;
    struct token_claims claims;
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    if (size > 2048) {
        return 0;
    }
    if (token_parse(in, &encoded, &signature) == STATUS_OK) {
        token_build(encoded, signature.data, &w);
        fuzz_same(&w, in);
        in = encoded;
    }
    if (token_claims_parse(in, &claims) == STATUS_OK) {
        w = cbor_writer_of(again, sizeof again);
        token_claims_build(&claims, &w);
        fuzz_same(&w, in);
    }
    return 0;
}
