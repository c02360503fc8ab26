/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_production: any bytes as the terms, the encryption and the content of a production package. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/production.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[8192];
    struct bytes in = bytes_of(data, size);
    struct production terms;
    struct production_cipher cipher;
    struct production_content content;
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    if (size > sizeof again) {
        return 0;
    }
    if (production_parse(in, &terms) == STATUS_OK) {
        production_build(&terms, &w);
        fuzz_same(&w, in);
        in = terms.encrypted;
    }
    if (production_cipher_parse(in, &cipher) == STATUS_OK) {
        w = cbor_writer_of(again, sizeof again);
        production_cipher_build(&cipher, &w);
        fuzz_same(&w, in);
    }
    if (production_content_parse(in, &content) == STATUS_OK) {
        w = cbor_writer_of(again, sizeof again);
        production_content_build(&content, &w);
        fuzz_same(&w, in);
    }
    return 0;
}
