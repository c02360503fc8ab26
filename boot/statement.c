/* SPDX-License-Identifier: Apache-2.0 */
/* statement: see statement.h. */
#include "boot/statement.h"

status_t statement_verify(struct bytes in, const struct verify_trust *trust, struct package *out)
{
    static uint8_t copy[STATEMENT_MAX];
    struct cbor_writer w = cbor_writer_of(copy, sizeof copy);
    struct suit_envelope whole;
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(in, &whole);
    if (status != STATUS_OK) {
        return status;
    }
    suit_envelope_sever(&whole, &w);
    if (w.status != STATUS_OK) {
        return STATUS_SUIT_SIZE;
    }
    status = verify_package(cbor_written(&w), trust, out);
    out->encoded_len = whole.encoded.len;
    out->envelope.payload_count = whole.payload_count;
    memcpy(out->envelope.payloads, whole.payloads, sizeof whole.payloads);
    return status;
}
