/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ledger: what an auditor reads out of somebody else's ledger: bodies of events, checkpoints, certificates. The
 * first byte chooses the kind. */
#include "host/ledger/audit_cert.h"
#include "host/ledger/events.h"
#include "tests/fuzz/fuzz_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buffer[EVENT_BODY_MAX];
    struct event_body body;
    struct checkpoint checkpoint;
    struct audit_cert cert;
    if (size == 0) {
        return 0;
    }
    const struct bytes in = bytes_of(data + 1, size - 1);
    if (data[0] < EVENT_KINDS && event_body_parse(data[0], in, &body) == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
        event_body_build(data[0], &body, &w);
        fuzz_same(&w, in);
    } else if (data[0] >= EVENT_KINDS) {
        (void)checkpoint_parse(in, &checkpoint);
        (void)audit_cert_read(in, &cert);
    }
    return 0;
}
