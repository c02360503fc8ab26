/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_edhoc: everything that is parsed of the secure channel. What can be built again must be the same bytes. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/cose.h"
#include "wire/edhoc.h"
#include "wire/frame.h"

static void plaintexts(struct bytes in, uint8_t *out, size_t room)
{
    struct edhoc_plaintext plain;
    struct edhoc_chain chain;
    struct cose_sign1 sign1;
    if (edhoc_plaintext_2_parse(in, &plain) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(out, room);
        edhoc_plaintext_build(&plain, &w);
        fuzz_same(&w, in);
        if (edhoc_x5chain_parse(plain.id_cred, &chain) == STATUS_OK) {
            w = cbor_writer_of(out, room);
            edhoc_x5chain_build(&chain, &w);
            fuzz_same(&w, plain.id_cred);
        }
    }
    if (edhoc_plaintext_3_parse(in, &plain) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(out, room);
        edhoc_kcwt_build(plain.cred, &w);
        fuzz_same(&w, plain.id_cred);
        (void)cose_sign1_untagged_parse(plain.cred, &sign1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct frame_decoder decoder;
    uint8_t out[4096];
    struct bytes in = bytes_of(data, size);
    struct edhoc_message_1 first;
    struct edhoc_claims claims;
    struct edhoc_error error;
    struct cose_record record;
    struct bytes message;
    if (size > sizeof out) {
        return 0;
    }
    (void)edhoc_message_1_parse(in, &first);
    (void)edhoc_string_parse(in, &message);
    (void)edhoc_error_parse(in, &error);
    plaintexts(in, out, sizeof out);
    if (edhoc_claims_parse(in, &claims) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        edhoc_claims_build(&claims, &w);
        fuzz_same(&w, in);
    }
    if (cose_record_parse(in, &record) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        cose_record_head_build(&record, &w);
        cbor_write_raw(&w, record.ciphertext);
        fuzz_same(&w, in);
    }
    decoder.len = 0;
    for (size_t i = 0; i < size; i++) {
        (void)frame_decode(&decoder, data[i], &message);
    }
    return 0;
}
