/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project: a product's folder: its profile (product.yaml), its certificates (pki/), its development HSM (hsm/), ledger
 * and devices. Opening a project parses and checks the profile; errors name file, line and the mend.
 */
#ifndef HOST_LIB_PROJECT_H
#define HOST_LIB_PROJECT_H

#include <stdint.h>

#include "host/lib/fault.h"
#include "host/lib/hsm.h"

enum project_token { PROJECT_OEM, PROJECT_DEVELOPMENT, PROJECT_TOKENS };

struct project_hsm {
    char module[512]; /* absolute, or found by its short name ("softhsm2") in the usual places */
    char uri[256];
    char pin_file[512]; /* absolute; empty when the PIN comes from a descriptor */
};

struct profile {
    char product[64];
    char vendor_domain[128]; /* names the vendor: UUID version 5 of DNS namespace and this */
    char organisation[64];   /* X.509 O */
    uint8_t vendor_uuid[16];
    uint8_t class_uuid[16];     /* UUID version 5 of vendor UUID and "<product>" */
    uint8_t sbm_class_uuid[16]; /* UUID version 5 of vendor UUID and "<product> sbm" */
    char chip[32];              /* "mps2-an505" */
    unsigned boot_policy;       /* enum policy_boot of wire/policy.h */
    unsigned on_damage;         /* enum policy_damage */
    unsigned trial_boots;       /* 1..15 */
    unsigned on_halt;           /* enum policy_halt */
    unsigned watchdog_seconds;  /* 0: none */
    unsigned outputs_mask;      /* outputs that a halt sets, and their levels */
    unsigned outputs_level;
    unsigned debug;    /* enum policy_debug */
    unsigned ca_years; /* validity of CA and key certificates, 1..50 */
    /* The chips have keys of their silicon vendor, and are reached over the secure channel only: CA certificates of
     * these vendors, a PEM file in the project's folder. Empty: the open channel. */
    char chip_vendors[256];
    struct project_hsm hsm[PROJECT_TOKENS];
};

struct project {
    char dir[512]; /* absolute, without trailing slash */
    struct profile profile;
};

/* "oem", "development": its name in product.yaml. */
const char *project_token_name(enum project_token token);

/* Finds <dir>/product.yaml, parses and checks it. */
int project_open(const char *dir, struct project *out, struct fault *fault);
/* "<project dir>/<relative>" into `out`. Fault when too long. */
int project_path(const struct project *project, const char *relative, char *out, size_t out_len, struct fault *fault);
/* Points SoftHSM at <dir>/hsm/softhsm2.conf through SOFTHSM2_CONF, when that file exists and the variable is not set;
 * writes it anew when the folder has moved. Before any token is opened. */
int project_softhsm_use(const struct project *project, struct fault *fault);
/* Opens one of the project's tokens, after project_softhsm_use. Without a pin_file the PIN is the next line of the
 * descriptor that WINDLASS_PIN_FD names. */
int project_hsm_open(const struct project *project, enum project_token token, struct hsm **out, struct fault *fault);
/* The same two for any folder with tokens: `dir` is absolute. */
int project_softhsm_follow(const char *dir, struct fault *fault);
int project_token_open(const char *dir, const struct project_hsm *token, struct hsm **out, struct fault *fault);
/* Reads one token of a YAML file: module, token, and pin_file if there is one, which is taken as relative to `dir`
 * (NULL: left as it is). */
struct yaml_map;
int project_token_parse(const struct yaml_map *map, const char *key, const char *dir, struct project_hsm *out,
                        struct fault *fault);
/* Makes <dir>/hsm with tokens/ and softhsm2.conf, which names that folder, unless they are there. Does not touch a
 * configuration that somebody else wrote. `dir` is absolute. */
int project_softhsm_setup(const char *dir, struct fault *fault);
/* Parses and checks a profile alone. `name` is the file's name for messages. */
int profile_parse(const char *name, const uint8_t *text, size_t len, struct profile *out, struct fault *fault);

/* Names of keys in the tokens (CKA_LABEL) and of certificates in pki/ ("<label>.crt", PEM). */
#define KEY_ROOT "root"                   /* OEM token: root CA */
#define KEY_FIRMWARE "firmware"           /* OEM token: signs packages (SUIT) */
#define KEY_FIRMWARE_NEXT "firmware-next" /* OEM token: its successor, trusted by the devices from the beginning */
#define KEY_MASTERING "mastering"         /* OEM token: signs key blocks */
#define KEY_MASTERING_NEXT "mastering-next"
#define KEY_DISTRIBUTION                                                                                               \
    "distribution" /* OEM token, ECDH: opens the OEM's own copy of session keys, so that key blocks for devices can be \
                      made later */
#define KEY_ISSUING "issuing"         /* appliance token: intermediate CA of the device kind, certified by the root */
#define KEY_TRANSPORT "transport"     /* appliance token, ECDH: recipient of session keys */
#define KEY_PROVISIONER "provisioner" /* appliance token: signs key blocks during provisioning */
#define KEY_QUOTA "quota"             /* OEM token: signs refills of quota, and orders about single devices */
#define KEY_RECORDS "records"         /* appliance token: signs the ledger's checkpoints */
#define KEY_APPLIANCE "appliance"     /* appliance token: its TLS server */
#define KEY_CHANNEL "channel"         /* appliance token: shakes hands with chips on the secure channel */
#define KEY_GRANT "grant"             /* the appliance's TPM: signs grants; there is a certificate of that name */
#define KEY_DEV_ROOT "dev-root"       /* development token: the same roles for development */
#define KEY_DEV_FIRMWARE "dev-firmware"
#define KEY_DEV_MASTERING "dev-mastering"
#define KEY_DEV_DISTRIBUTION "dev-distribution"

#endif
