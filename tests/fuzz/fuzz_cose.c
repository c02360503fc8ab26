/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_cose: COSE_Sign1 and COSE_Encrypt, read and built again. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/cose.h"

static uint8_t buffer[1 << 20];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes in = bytes_of(data, size);
    struct cose_sign1 s;
    struct cose_encrypt e;
    if (size < sizeof buffer && cose_sign1_parse(in, &s) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
        cose_sign1_build(&s, &w);
        fuzz_same(&w, in);
    }
    if (cose_encrypt_parse(in, &e) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
        cose_encrypt_build(&e, &w);
        fuzz_same(&w, in);
    }
    return 0;
}
