/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what an appliance or a station asks with: refused, or a key of P-256 that is asked for again. */
#include <stdlib.h>
#include <string.h>

#include "host/lib/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault fault = FAULT_NONE;
    char name[65];
    uint8_t key[64];
    uint8_t again_key[64];
    uint8_t again[CERT_REQUEST_MAX];
    size_t len = 0;
    if (cert_request_parse(bytes_of(data, size), name, key, &fault) == 0 && strlen(name) == 0) {
        abort();
    }
    if (cert_spki_parse(bytes_of(data, size), key, &fault) == 0 &&
        (cert_spki_make(key, again, &len, &fault) != 0 ||
         cert_spki_parse(bytes_of(again, len), again_key, &fault) != 0 || memcmp(key, again_key, sizeof key) != 0)) {
        abort();
    }
    return 0;
}
