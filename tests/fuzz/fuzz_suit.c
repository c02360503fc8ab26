/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_suit: an envelope, its manifest, every sequence walked, and both built again. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/suit.h"

static uint8_t buffer[1 << 20];

static void manifest_check(struct bytes in)
{
    struct suit_manifest m;
    if (suit_manifest_parse(in, &m) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
        (void)suit_manifest_rebuild(&m, &w);
        fuzz_same(&w, in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct suit_envelope e;
    manifest_check(bytes_of(data, size));
    if (size < sizeof buffer && suit_envelope_parse(bytes_of(data, size), &e) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
        (void)suit_envelope_rebuild(&e, &w);
        fuzz_same(&w, e.encoded);
        manifest_check(e.manifest);
    }
    return 0;
}
