/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder: the appliance's folder (docs/spec.md section 20): settings, token, certificates. Made by init, which asks
 * for certificates; completed by enrol; opened by everything else. Private keys are in the token and the TPM only.
 */
#ifndef HOST_APPLIANCE_FOLDER_H
#define HOST_APPLIANCE_FOLDER_H

#include "host/production/production.h"
#include "host/lib/cert.h"
#include "host/lib/enrolment.h"
#include "host/lib/hsm.h"
#include "host/lib/project.h"
#include "host/sign1/credential.h"

#define FOLDER_CHANNEL "pki/channel.cwt" /* what chips ask for on the secure channel */
#define FOLDER_CRL "pki/stations.crl"    /* brought from the OEM; may be missing */

/* appliance.yaml */
struct folder_settings {
    struct project_hsm hsm;
    char tpm[256];    /* TCTI, such as "device:/dev/tpmrm0"; empty: none */
    char listen[128]; /* "ADDRESS:PORT" for stations */
    char ledger[512]; /* file, relative to the folder, or "postgresql://..." */
};

/* What a TPM does at enrolment. `settings` say where it is, `folder` is where its orders wait, `quota_key` is the
 * OEM's. */
struct folder_tpm_place {
    const struct folder_settings *settings;
    const char *folder;
    const uint8_t *quota_key;
};
struct folder_tpm {
    /* Makes index and keys, and says so: CBOR for the OEM, at most ENROLMENT_BLOB_MAX bytes. */
    int (*enrolment)(const struct folder_tpm_place *place, uint8_t *out, size_t *out_len, struct fault *fault);
    /* Opens what the OEM made for this TPM alone: the grant key's certificate, DER. */
    int (*credential)(const struct folder_tpm_place *place, struct bytes credential, struct cert *grant,
                      struct fault *fault);
};

struct folder_order {
    const char *dir;
    const char *oem;                    /* public.pem of the OEM's project */
    const struct folder_settings *wish; /* empty texts: the usual */
    const struct folder_tpm *tpm;       /* used when settings name a TPM */
};
/*
 * Makes the folder: appliance.yaml, the OEM's certificates, SoftHSM's token when that is the module, the six keys, and
 * request.pem, last. A run that was cut goes on; a folder with a request.pem is left alone and refused.
 */
int appliance_folder_init(const struct folder_order *order, struct fault *fault);
/* SHA-256 of the request, in hexadecimal: people compare it with what the maker's 'windlass pki appliance' shows. */
int appliance_folder_request(const char *dir, char hex[65], struct fault *fault);
/*
 * Files the OEM's answer in pki/, after everything in it was checked: to the root that init was given, against the
 * keys in the token. The same answer again changes nothing; a newer one replaces the older.
 */
int appliance_folder_enrol(const char *dir, const char *bundle, const struct folder_tpm *tpm, struct fault *fault);

/* An enrolled folder. */
struct appliance_folder {
    char dir[512]; /* absolute */
    struct folder_settings settings;
    struct cert appliance; /* TLS server */
    struct cert records;
    struct cert provisioner;
    struct cert transport;
    struct cert grant; /* len 0: no TPM */
    uint8_t appliance_key[64];
    uint8_t records_key[64];
    uint8_t provisioner_key[64];
    uint8_t channel_key[64];
    uint8_t channel[CREDENTIAL_MAX]; /* its credential for chips; looked at by appliance_folder_channel */
    size_t channel_len;
    struct production_trust trust; /* root and issuing certificate, transport, grant, mastering and quota keys */
};
/* Reads the settings alone. */
int appliance_folder_settings(const char *dir, struct folder_settings *out, struct fault *fault);
/* Opens folder and token, checks every certificate to the root and its key against the token. The caller closes *hsm.
 */
int appliance_folder_open(const char *dir, struct appliance_folder *out, struct hsm **hsm, struct fault *fault);
/* Checks the credential for chips: by a mastering key that still counts, for the key in the token. Its end is the
 * caller's business. The claims look into the folder. */
int appliance_folder_channel(const struct appliance_folder *folder, struct edhoc_claims *claims, struct fault *fault);
/* "<dir>/<relative>" into `out`. Fault when too long. */
int appliance_folder_path(const struct appliance_folder *folder, const char *relative, char *out, size_t out_len,
                          struct fault *fault);

#endif
