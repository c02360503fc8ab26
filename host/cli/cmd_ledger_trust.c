/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger_trust: the maker's certificates, as `windlass pki` filed them. */
#include "host/cli/cmd_ledger.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/cert_crl.h"
#include "host/pki/enrol.h"
#include "host/pki/packages.h"
#include "host/pki/refill.h"

/* Adds the keys of the certificates that are there; -1 when one cannot be read. */
static int mastering_add(const struct project *project, const char *name, struct audit_trust *out, struct fault *fault)
{
    char path[LEDGER_PATH_LEN];
    struct cert cert;
    if (project_path(project, name, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return 0;
    }
    return cert_read(path, &cert, fault) != 0 || cert_check_past(&cert, NULL, &out->root, CERT_SIGNING,
                                                                 out->mastering[out->mastering_count++], fault) != 0
               ? -1
               : 0;
}

static int quota_read(const struct project *project, struct audit_trust *out, struct fault *fault)
{
    char path[LEDGER_PATH_LEN];
    struct cert cert;
    if (project_path(project, "pki/quota.crt", path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return 0;
    }
    out->has_quota_key = 1;
    return cert_read(path, &cert, fault) != 0 ||
                   cert_check_past(&cert, NULL, &out->root, CERT_SIGNING, out->quota_key, fault) != 0
               ? -1
               : 0;
}

/* All certificates with that name, renewed ones and those before them: of this project's appliances. */
static int certs_glob(const struct project *project, const char *name, struct cert *certs, size_t *count,
                      struct fault *fault)
{
    char pattern[LEDGER_PATH_LEN];
    glob_t found;
    char relative[64];
    int failed = 0;
    (void)snprintf(relative, sizeof relative, "pki/appliances/*/%s*.crt", name);
    if (project_path(project, relative, pattern, sizeof pattern, fault) != 0) {
        return -1;
    }
    *count = 0;
    if (glob(pattern, 0, NULL, &found) != 0) {
        return 0;
    }
    for (size_t i = 0; i < found.gl_pathc && failed == 0; i++) {
        if (*count == LEDGER_CERTS_MAX) {
            failed = fault_set(fault, "pki/appliances: more than %d appliances", LEDGER_CERTS_MAX);
            break;
        }
        failed = cert_read(found.gl_pathv[i], &certs[(*count)++], fault);
    }
    globfree(&found);
    return failed;
}

/* The packages of one appliance, into the list. */
struct giving {
    struct ledger_trust *trust;
    const struct audit_given *appliance;
    int broken;
};

static int given_add(void *context, const struct pki_package *package, const uint8_t digest[32])
{
    struct giving *giving = context;
    struct ledger_trust *trust = giving->trust;
    if (trust->audit.given_count == trust->given_room) {
        size_t room = trust->given_room == 0 ? 64 : 2 * trust->given_room;
        struct audit_given *given = realloc(trust->given, room * sizeof *given);
        giving->broken = given == NULL;
        if (given == NULL) {
            return 1;
        }
        trust->given = given;
        trust->given_room = room;
    }
    struct audit_given *given = &trust->given[trust->audit.given_count++];
    *given = *giving->appliance;
    given->number = package->number;
    given->quota = package->quota;
    memcpy(given->digest, digest, sizeof given->digest);
    trust->audit.given = trust->given;
    return 0;
}

static int given_read(const struct project *project, const char *folder, struct ledger_trust *out, struct fault *fault)
{
    const char *name = strrchr(folder, '/') + 1;
    char path[LEDGER_PATH_LEN];
    struct audit_given appliance = { .tpm = pki_appliance_has_tpm(project, name) };
    struct giving giving = { out, &appliance, 0 };
    struct cert cert;
    if (snprintf(path, sizeof path, "%s/records.crt", folder) >= (int)sizeof path || access(path, F_OK) != 0) {
        return 0; /* it was never certified to the end */
    }
    if (cert_read(path, &cert, fault) != 0 || cert_public_key(&cert, appliance.records_key, fault) != 0 ||
        pki_packages_walk(project, name, given_add, &giving, fault) < 0) {
        return -1;
    }
    return giving.broken ? fault_set(fault, "no memory") : 0;
}

static int given_glob(const struct project *project, struct ledger_trust *out, struct fault *fault)
{
    char pattern[LEDGER_PATH_LEN];
    glob_t found;
    int failed = 0;
    if (project_path(project, "pki/appliances/*/records.crt", pattern, sizeof pattern, fault) != 0) {
        return -1;
    }
    if (glob(pattern, 0, NULL, &found) != 0) {
        return 0;
    }
    for (size_t i = 0; i < found.gl_pathc && failed == 0; i++) {
        *strrchr(found.gl_pathv[i], '/') = '\0';
        failed = given_read(project, found.gl_pathv[i], out, fault);
    }
    globfree(&found);
    return failed;
}

/* When the appliances were revoked. The list is signed by the root, and as it lies in the maker's project. */
static int revoked_read(const struct project *project, struct ledger_trust *out, struct fault *fault)
{
    char path[LEDGER_PATH_LEN];
    struct cert_crl crl;
    if (project_path(project, PKI_CRL, path, sizeof path, fault) != 0 ||
        cert_crl_read(path, &out->audit.root, &crl, fault) != 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < out->audit.records_count && result == 0; i++) {
        result = cert_crl_since(&crl, &out->audit.records[i], &out->revoked[i], fault) < 0 ? -1 : 0;
    }
    cert_crl_free(&crl);
    return result;
}

int ledger_trust_open(const char *dir, struct ledger_trust *out, struct fault *fault)
{
    struct project project;
    char path[LEDGER_PATH_LEN];
    memset(out, 0, sizeof *out);
    if (project_open(dir, &project, fault) != 0 ||
        project_path(&project, "pki/root.crt", path, sizeof path, fault) != 0) {
        return -1;
    }
    out->certs = calloc(2 * (size_t)LEDGER_CERTS_MAX, sizeof *out->certs);
    out->revoked = calloc(LEDGER_CERTS_MAX, sizeof *out->revoked);
    if (out->certs == NULL || out->revoked == NULL) {
        return fault_set(fault, "no memory");
    }
    if (cert_read(path, &out->audit.root, fault) != 0) {
        return fault_hint(fault, "a ledger is checked against the maker's root: 'windlass pki create' makes it");
    }
    out->audit.issuing = out->certs;
    out->audit.records = out->certs + LEDGER_CERTS_MAX;
    out->audit.revoked = out->revoked;
    if (mastering_add(&project, "pki/mastering.crt", &out->audit, fault) != 0 ||
        mastering_add(&project, "pki/mastering-next.crt", &out->audit, fault) != 0 ||
        quota_read(&project, &out->audit, fault) != 0 ||
        certs_glob(&project, "issuing", out->certs, &out->audit.issuing_count, fault) != 0 ||
        given_glob(&project, out, fault) != 0 ||
        certs_glob(&project, "records", out->certs + LEDGER_CERTS_MAX, &out->audit.records_count, fault) != 0) {
        return -1;
    }
    return revoked_read(&project, out, fault);
}

/* An order fits one appliance only: the one whose attestation key signed it. */
int ledger_order_read(const struct ledger_options *options, uint64_t *count, uint8_t records_key[64],
                      struct fault *fault)
{
    struct project project;
    char pattern[LEDGER_PATH_LEN];
    struct fault unsaid = FAULT_NONE;
    struct tpm_order order;
    glob_t found;
    int failed = -1;
    if (project_open(options->project, &project, fault) != 0 ||
        project_path(&project, "pki/appliances/*/tpm.cbor", pattern, sizeof pattern, fault) != 0) {
        return -1;
    }
    if (glob(pattern, 0, NULL, &found) != 0) {
        return fault_set(fault, "%s: this project has no appliance with a TPM", options->order);
    }
    for (size_t i = 0; i < found.gl_pathc && failed != 0; i++) {
        char *name = found.gl_pathv[i];
        char path[LEDGER_PATH_LEN];
        struct cert cert;
        *strrchr(name, '/') = '\0';
        name = strrchr(name, '/') + 1;
        unsaid = FAULT_NONE;
        if (pki_order_read(&project, name, options->order, &order, &unsaid) == 0) {
            *count = order.count;
            failed = snprintf(path, sizeof path, "%s/records.crt", found.gl_pathv[i]) >= (int)sizeof path ||
                             cert_read(path, &cert, fault) != 0 || cert_public_key(&cert, records_key, fault) != 0
                         ? -1
                         : 0;
        }
    }
    globfree(&found);
    return failed == 0 ? 0 : fault_set(fault, "%s", unsaid.what);
}

void ledger_trust_free(struct ledger_trust *trust)
{
    free(trust->certs);
    free(trust->revoked);
    free(trust->given);
    trust->given = NULL;
    trust->certs = NULL;
    trust->revoked = NULL;
}
