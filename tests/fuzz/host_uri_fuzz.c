/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a token URI and as a key spec. */
#include <stdlib.h>
#include <string.h>

#include "host/lib/hsm_uri.h"
#include "host/pki/pki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault fault = FAULT_NONE;
    struct hsm_uri uri;
    struct pki_spec spec;
    char *text = (char *)malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (hsm_uri_parse(text, &uri, &fault) == 0 && uri.token[0] == '\0' && uri.manufacturer[0] == '\0' &&
        uri.model[0] == '\0' && uri.serial[0] == '\0' && !uri.has_slot_id) {
        abort();
    }
    fault = FAULT_NONE;
    if (pki_spec_parse("f", bytes_of(data, size), &spec, &fault) == 0 && spec.keys[0].kind != CERT_ROOT) {
        abort();
    }
    free(text);
    return 0;
}
