/* SPDX-License-Identifier: Apache-2.0 */
/* signing: see signing.h. */
#include "host/master/signing.h"

#include <string.h>

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "wire/cose.h"

#define STRUCTURE_MAX 640

int signing_sign1(struct hsm *hsm, const char *label, const char *aad_text, struct bytes payload,
                  struct cbor_writer *out, struct fault *fault)
{
    uint8_t structure[STRUCTURE_MAX];
    uint8_t digest[32];
    uint8_t public_key[64];
    uint8_t kid[COSE_KID_LEN];
    uint8_t signature[COSE_SIGNATURE_LEN];
    const struct bytes aad = bytes_of(aad_text, strlen(aad_text));
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(aad, payload, &s);
    if (s.status != STATUS_OK) {
        return fault_status(fault, aad_text, s.status);
    }
    p256_sha256(cbor_written(&s), digest);
    if (hsm_key_public(hsm, label, public_key, fault) != 0 || hsm_sign(hsm, label, digest, signature, fault) != 0) {
        return -1;
    }
    p256_kid(public_key, kid);
    const struct cose_sign1 cose = { .kid = bytes_of(kid, sizeof kid),
                                     .payload = payload,
                                     .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&cose, out);
    const struct sign1 again = { cbor_written(out), aad, { NULL, 0 } };
    status_t status = out->status == STATUS_OK ? sign1_check(&again, public_key, NULL) : out->status;
    return status == STATUS_OK ? 0 : fault_status(fault, aad_text, status);
}
