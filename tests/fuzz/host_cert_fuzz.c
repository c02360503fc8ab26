/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a certificate: refused, or taken byte for byte; and no certificate is its own issuer's leaf by accident.
 */
#include <stdlib.h>
#include <string.h>

#include "host/lib/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault fault = FAULT_NONE;
    struct cert cert;
    struct cert_facts facts;
    uint8_t key[64];
    char serial[64];
    if (cert_parse(bytes_of(data, size), &cert, &fault) != 0) {
        return 0;
    }
    if (cert.len != size || memcmp(cert.der, data, size) != 0 || cert_public_key(&cert, key, &fault) != 0) {
        abort();
    }
    (void)cert_facts_read(&cert, &facts, &fault);
    (void)cert_serial_number(&cert, serial, sizeof serial, &fault);
    for (int kind = CERT_ROOT; kind <= CERT_DEVICE_UPDATE; kind++) {
        fault = FAULT_NONE;
        if (cert_check(&cert, NULL, &cert, (enum cert_kind)kind, key, &fault) == 0 && kind != CERT_ROOT) {
            abort();
        }
    }
    return 0;
}
