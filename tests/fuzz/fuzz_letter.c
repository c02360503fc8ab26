/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_letter: any bytes as letter of station or appliance; what is accepted is built again byte for byte. */
#include "wire/letter.h"
#include "tests/fuzz/fuzz_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[LETTER_MAX];
    struct bytes in = bytes_of(data, size);
    struct letter_request request;
    struct letter_answer answer;
    if (size > sizeof out) {
        return 0;
    }
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    if (letter_request_parse(in, &request) == STATUS_OK) {
        letter_request_build(&request, &w);
        fuzz_same(&w, in);
    }
    w = cbor_writer_of(out, sizeof out);
    if (letter_answer_parse(in, &answer) == STATUS_OK) {
        letter_answer_build(&answer, &w);
        fuzz_same(&w, in);
    }
    return 0;
}
