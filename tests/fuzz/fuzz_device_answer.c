/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_device_answer: any bytes as what a device answers to status, attest and a step of TLS. */
#include "host/device/device_tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cert root;
    struct bytes in = bytes_of(data, size);
    struct device_status status;
    struct device_tls_answer answer;
    struct device_attestation attestation;
    struct fault fault = FAULT_NONE;
    (void)device_status_parse(in, &status);
    (void)device_tls_answer_parse(in, &answer);
    (void)device_attest_check(in, bytes_of("12345678901234567890123456789012", 32), &root, &attestation, &fault);
    return 0;
}
