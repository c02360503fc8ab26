/* SPDX-License-Identifier: Apache-2.0 */
/* enrolment: what maker and appliance must agree on when an appliance asks for its certificates (docs/spec.md section
 * 20): its keys, and the order of things in the files that are carried between them. */
#ifndef HOST_LIB_ENROLMENT_H
#define HOST_LIB_ENROLMENT_H

#include "host/lib/cert.h"

#define ENROLMENT_PEM_TPM "WINDLASS TPM ENROLMENT"          /* block of the request: CBOR of the TPM */
#define ENROLMENT_PEM_CREDENTIAL "WINDLASS TPM CREDENTIAL"  /* block of the answer: for this TPM alone */
#define ENROLMENT_PEM_CHANNEL "WINDLASS CHANNEL CREDENTIAL" /* block of the answer: what chips ask for */
#define ENROLMENT_PEM_MAX 65536                             /* bytes of either file */
#define ENROLMENT_BLOB_MAX 8192                             /* bytes of a TPM's block */

/* A key of the appliance's token and its certificate's kind; the answer has their certificates in this order, after the
 * root's. A key that signs asks by PKCS#10 with its label as common name, the one that agrees by its public key. */
struct enrolment_key {
    const char *label;
    enum cert_kind kind;
};
#define ENROLMENT_KEYS 6
extern const struct enrolment_key enrolment_keys[ENROLMENT_KEYS];

/* Labels of the maker's certificates in public.pem, in this order; the first is the root. */
#define ENROLMENT_MAKER_CERTS 6
extern const char *const enrolment_maker_labels[ENROLMENT_MAKER_CERTS];

#endif
