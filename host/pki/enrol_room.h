/* SPDX-License-Identifier: Apache-2.0 */
/* enrol_room: what appliance.c, appliance_tpm.c, station.c and revoke.c share. Not for others. */
#ifndef HOST_PKI_ENROL_ROOM_H
#define HOST_PKI_ENROL_ROOM_H

#include "host/lib/pem.h"
#include "host/pki/enrol.h"
#include "host/pki/transcript.h"
#include "host/sign1/credential.h"

#define ENROL_PATH_MAX 640

/* One certifying run: transcript, root, and the OEM's token. */
struct enrol {
    const struct project *project;
    struct transcript transcript;
    struct cert root;
    struct hsm *hsm;
    int renew; /* 1: a certificate that is there is put aside, and a new one issued */
};
/* Begins one; `log` names its transcript. After success: enrol_end. */
int enrol_begin(struct enrol *e, const struct project *project, const char *log, const struct pki_listener *listener,
                struct fault *fault);
/* Joins the transcript when `result` is 0, and closes. Gives the result. */
int enrol_end(struct enrol *e, int result, struct fault *fault);

/* A name for a machine: allowed characters, and none of the names of keys. */
int enrol_name_check(const char *name, struct fault *fault);
/* "<project>/<format>" */
int enrol_path(const struct enrol *e, char out[ENROL_PATH_MAX], struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Name of the n-th certificate that was put aside for `path`: "<label>.<n>.crt". */
int enrol_path_aside(const char *path, unsigned n, char out[ENROL_PATH_MAX], struct fault *fault);
/* Issues `spec` into the file `path` and notes it; a certificate that is there must be for the same key, and stays. */
int enrol_cert(struct enrol *e, const struct cert_spec *spec, const char *path, struct cert *out, struct fault *fault);

/* "<number>\n" of a limit.txt. No file: 0. Anything else is refused: a limit that is forgotten is given twice. */
int enrol_limit_read(const char *path, uint32_t *out, struct fault *fault);

/* The grant key's part of a request with a TPM: checks its block `enrolment`, files it, certifies the key, and gives
 * the credential that goes into the answer, at most ENROLMENT_BLOB_MAX bytes. */
int enrol_tpm(struct enrol *e, const struct pki_appliance_order *order, struct bytes enrolment, uint8_t *credential,
              size_t *credential_len, struct fault *fault);

/* The credential of the channel key `key`: signs it, files it and notes it. */
int enrol_channel(struct enrol *e, const struct pki_appliance_order *order, const uint8_t key[64],
                  uint8_t out[CREDENTIAL_MAX], size_t *len, struct fault *fault);

#endif
