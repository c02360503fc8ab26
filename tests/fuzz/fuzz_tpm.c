/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a TPM's holder sends to the maker: nothing of it is believed, and nothing past its end is read. */
#include <stdlib.h>
#include <string.h>

#include "host/pki/tpm_check_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t signature[64] = { 1 };

/* No key of the world made `signature` over what was found here. */
static void believed(int result)
{
    if (result == 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tpm_enrolment enrolment;
    static const uint8_t digest[32];
    struct fault fault = FAULT_NONE;
    struct tpm_statement statement;
    struct tpm_order order;
    struct tpm_enrolment out;
    uint8_t point[64];
    if (size == 0) {
        return 0;
    }
    const struct bytes in = bytes_of(data + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        believed(tpm_statement_check(in, bytes_of(signature, 64), &enrolment, digest, &statement, &fault));
        break;
    case 1:
        (void)tpm_key_check(in, TPM_SHAPE_KEY_ATTESTATION, signature, point, &fault);
        break;
    case 2:
        believed(tpm_enrolment_read(in, signature, &out, &fault));
        break;
    case 3:
        believed(tpm_order_check(in, &enrolment, digest, in, &order, &fault));
        break;
    default:
        X509_free(tpm_ek_parse(in, &fault));
        break;
    }
    return 0;
}
