/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_uri: PKCS#11 URIs (RFC 7512) that name a token. Strict: what names an object, carries a PIN or is unknown is
 * refused. */
#ifndef HOST_LIB_HSM_URI_H
#define HOST_LIB_HSM_URI_H

#include "host/lib/fault.h"

/* Values are decoded; an attribute that does not stand in the URI is empty. Sizes are those of CK_TOKEN_INFO and
 * CK_SLOT_INFO. */
struct hsm_uri {
    char token[33];
    char manufacturer[33];
    char model[17];
    char serial[17];
    int has_slot_id;
    unsigned long slot_id;
};

/* Parses "pkcs11:" and at least one of token, manufacturer, model, serial, slot-id, separated by semicolons. RFC 7512
 * section 2.3. */
int hsm_uri_parse(const char *text, struct hsm_uri *out, struct fault *fault);

#endif
