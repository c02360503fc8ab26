/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_form: device certificates for a line that makes many: all that is the same for every device of a product is
 * encoded once, and each device's own fields, of fixed length, are filled in. The result is what cert_issue gives.
 */
#ifndef HOST_LIB_CERT_FORM_H
#define HOST_LIB_CERT_FORM_H

#include <time.h>

#include "host/lib/cert.h"

#define CERT_FORM_SERIAL_LEN 32 /* characters of a subject's serialNumber */

struct cert_form {
    size_t len; /* 0: not made */
    uint8_t tbs[CERT_DER_MAX];
    size_t
        number_at; /* where the fields are in it: certificate's number, beginning, subject's serialNumber, key, ... */
    size_t begin_at;
    size_t serial_at;
    size_t key_at;
    size_t key_id_at;
    uint8_t issuer_key[64];
    time_t issuer_begin; /* the issuer's certificate is valid from ... to */
    time_t issuer_end;
};

/* For spec->kind, a device kind, organisation and common name; serial number and public key do not matter. */
int cert_form_make(const struct cert_spec *spec, const struct cert *issuer, struct hsm *hsm, struct cert_form *out,
                   struct fault *fault);
/* Issues a certificate by `issuer_key` of the HSM; `serial_number` has CERT_FORM_SERIAL_LEN characters. Its signature
 * has been verified. Refused: a key that is no point of the curve, an issuer that is not valid now. */
int cert_form_issue(const struct cert_form *form, const struct cert_spec *spec, struct hsm *hsm, const char *issuer_key,
                    struct cert *out, struct fault *fault);

#endif
