/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_device_answer: any bytes as what a device answers to status and prove. */
#include "host/device/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cert root;
    struct bytes in = bytes_of(data, size);
    struct device_status status;
    struct device_proof proof;
    struct fault fault = FAULT_NONE;
    (void)device_status_parse(in, &status);
    (void)device_proof_check(in, bytes_of("12345678", 8), &root, &proof, &fault);
    return 0;
}
