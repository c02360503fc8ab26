/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_tpm: the part of an appliance's enrolment that its TPM speaks for (enrol_room.h). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/cert_crl.h"
#include "host/lib/enrolment.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/pki/enrol_room.h"
#include "host/pki/tpm_check.h"

_Static_assert(TPM_CHECK_CREDENTIAL_MAX <= ENROLMENT_BLOB_MAX, "a credential has room in the answer");

static int quota_key_get(const struct enrol *e, uint8_t key[64], struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    struct cert cert;
    if (enrol_path(e, path, fault, "pki/" KEY_QUOTA ".crt") != 0 || cert_read(path, &cert, fault) != 0) {
        return fault_hint(fault, "the maker's keys come first: windlass pki create");
    }
    return cert_check(&cert, NULL, &e->root, CERT_SIGNING, key, fault);
}

/* Files the block: orders are checked against it later. One that is there must be of the same TPM with the same keys.
 */
static int block_file(const struct enrol *e, const char *name, struct bytes block, const struct tpm_enrolment *facts,
                      const uint8_t quota_key[64], struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    uint8_t *known = NULL;
    size_t known_len = 0;
    struct tpm_enrolment before;
    if (enrol_path(e, path, fault, "pki/appliances/%s/tpm.cbor", name) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return file_write(path, block, 0644, FILE_NEW_ONLY, fault);
    }
    if (file_read(path, ENROLMENT_BLOB_MAX, &known, &known_len, fault) != 0) {
        return -1;
    }
    int result = tpm_enrolment_read(bytes_of(known, known_len), quota_key, &before, fault);
    if (result == 0 && (memcmp(before.ek_digest, facts->ek_digest, sizeof before.ek_digest) != 0 ||
                        memcmp(before.attestation_key, facts->attestation_key, 64) != 0 ||
                        memcmp(before.grant_key, facts->grant_key, 64) != 0)) {
        (void)fault_set(fault, "%s: exists already, of another TPM; nothing is overwritten", path);
        result = fault_hint(fault, "choose another name");
    }
    free(known);
    return result;
}

/* ---- one TPM, one name: two would share its count, and each would give out its units anew ---- */

/* Another appliance's enrolment; 0: it has no TPM. 1, 0 or -1. */
static int other_read(const struct enrol *e, const char *name, const uint8_t quota_key[64], struct tpm_enrolment *out,
                      struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    uint8_t *block = NULL;
    size_t len = 0;
    if (enrol_path(e, path, fault, "pki/appliances/%s/tpm.cbor", name) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return 0;
    }
    if (file_read(path, ENROLMENT_BLOB_MAX, &block, &len, fault) != 0) {
        return -1;
    }
    int result = tpm_enrolment_read(bytes_of(block, len), quota_key, out, fault);
    free(block);
    return result == 0 ? 1 : -1;
}

static int is_revoked(const struct enrol *e, const char *name, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    struct cert grant;
    struct cert_crl crl = { NULL, 0 };
    if (enrol_path(e, path, fault, "pki/appliances/%s/" KEY_GRANT ".crt", name) != 0 ||
        cert_read(path, &grant, fault) != 0 || enrol_path(e, path, fault, PKI_CRL) != 0 ||
        cert_crl_read(path, &e->root, &crl, fault) != 0) {
        return -1;
    }
    int has = cert_crl_has(&crl, &grant, fault);
    cert_crl_free(&crl);
    return has;
}

/* The TPM comes from a name that was revoked: what it was given under that name, it was given. */
static int limit_carry(struct enrol *e, const char *from, const char *to, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    char text[16];
    uint32_t before = 0;
    uint32_t own = 0;
    if (enrol_path(e, path, fault, "pki/appliances/%s/limit.txt", from) != 0 ||
        enrol_limit_read(path, &before, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s/limit.txt", to) != 0 ||
        enrol_limit_read(path, &own, fault) != 0) {
        return -1;
    }
    int len = snprintf(text, sizeof text, "%u\n", before);
    if (before <= own) {
        return 0;
    }
    return transcript_line(&e->transcript, fault,
                           "appliance %s has the TPM of %s, which is revoked; %u units were given", to, from,
                           before) != 0
               ? -1
               : file_write(path, bytes_of(text, (size_t)len), 0644, FILE_REPLACE, fault);
}

static int other_check(struct enrol *e, const char *name, const char *other, const uint8_t quota_key[64],
                       const struct tpm_enrolment *facts, struct fault *fault)
{
    struct tpm_enrolment before;
    int there = strcmp(name, other) == 0 ? 0 : other_read(e, other, quota_key, &before, fault);
    if (there <= 0 || (memcmp(before.ek_digest, facts->ek_digest, sizeof before.ek_digest) != 0 &&
                       memcmp(before.attestation_key, facts->attestation_key, 64) != 0 &&
                       memcmp(before.grant_key, facts->grant_key, 64) != 0)) {
        return there < 0 ? -1 : 0;
    }
    int revoked = is_revoked(e, other, fault);
    if (revoked < 0) {
        return -1;
    }
    if (revoked) {
        return limit_carry(e, other, name, fault);
    }
    (void)fault_set(fault, "this TPM is that of the appliance '%s' already: one TPM counts for one appliance", other);
    return fault_hint(fault, "to give it a new name: windlass pki revoke %s", other);
}

static int tpm_is_free(struct enrol *e, const char *name, const uint8_t quota_key[64],
                       const struct tpm_enrolment *facts, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    const struct dirent *entry;
    int result = 0;
    if (enrol_path(e, path, fault, "pki/appliances") != 0) {
        return -1;
    }
    DIR *dir = opendir(path);
    while (result == 0 && dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL) {
            result = other_check(e, name, entry->d_name, quota_key, facts, fault);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return result;
}

static int grant_certify(struct enrol *e, const struct pki_appliance_order *order, const struct tpm_enrolment *facts,
                         struct cert *out, struct fault *fault)
{
    char name[65];
    char path[ENROL_PATH_MAX];
    struct cert_spec spec = { .kind = CERT_SIGNING,
                              .organisation = e->project->profile.organisation,
                              .common_name = name,
                              .years = order->years };
    memcpy(spec.public_key, facts->grant_key, sizeof spec.public_key);
    if (snprintf(name, sizeof name, "%s " KEY_GRANT " %s", e->project->profile.product, order->name) >=
        (int)sizeof name) {
        (void)fault_set(fault, "'%s' is too long to stand in the grant key's certificate", order->name);
        return fault_hint(fault, "choose a shorter --name");
    }
    if (enrol_path(e, path, fault, "pki/appliances/%s/" KEY_GRANT ".crt", order->name) != 0) {
        return -1;
    }
    return enrol_cert(e, &spec, path, out, fault);
}

int enrol_tpm(struct enrol *e, const struct pki_appliance_order *order, struct bytes enrolment, uint8_t *credential,
              size_t *credential_len, struct fault *fault)
{
    uint8_t quota_key[64];
    char hex[65];
    struct tpm_enrolment facts;
    struct cert grant;
    if (order->tpm_ca == NULL) {
        (void)fault_set(fault, "%s: of an appliance with a TPM, and no CA is named that could vouch for that",
                        order->request);
        return fault_hint(fault, "give the root certificates of its TPM's maker with --tpm-ca");
    }
    if (quota_key_get(e, quota_key, fault) != 0 ||
        tpm_enrolment_check(enrolment, order->tpm_ca, quota_key, &facts, fault) != 0) {
        return -1;
    }
    text_hex(facts.ek_digest, sizeof facts.ek_digest, hex);
    transcript_tell(&e->transcript, "TPM: SHA-256 of its EK certificate %s", hex);
    if (tpm_is_free(e, order->name, quota_key, &facts, fault) != 0 ||
        grant_certify(e, order, &facts, &grant, fault) != 0 ||
        block_file(e, order->name, enrolment, &facts, quota_key, fault) != 0) {
        return -1;
    }
    return tpm_credential_build(&facts, bytes_of(grant.der, grant.len), credential, credential_len, fault);
}
