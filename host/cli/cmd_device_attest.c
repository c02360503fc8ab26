/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device_attest: `windlass device attest`: is the device genuine, and does it run what it should? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cmd_device.h"
#include "host/cli/cmd_ledger.h"
#include "host/cli/unit_text.h"
#include "host/ledger/ledger.h"
#include "host/lib/project.h"
#include "host/lib/text.h"
#include "host/master/expect.h"

#define UUID_LEN 16
#define KID_LEN 8

struct verdict {
    struct device_attestation attestation;
    struct ledger_unit unit;
    int expected[TOKEN_PARTS]; /* 1: as a package says */
};

/* The device that we know by this unique ID and key, and have no quarrel with. */
static int unit_check(const struct device_options *options, struct verdict *v, struct fault *fault)
{
    char path[LEDGER_PATH_LEN];
    struct ledger *ledger = NULL;
    const struct ledger_options place = { .project = options->project, .place = options->ledger };
    if (ledger_place_find(&place, path, fault) != 0 ||
        ledger_open(&(struct ledger_config){ .place = path, .mode = LEDGER_READ }, &ledger, fault) != 0) {
        return -1;
    }
    int found = ledger_unit_find(ledger, v->attestation.uid, &v->unit, fault);
    ledger_close(ledger);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        (void)fault_set(fault, "attest: the ledger does not know this device");
        return fault_hint(fault, "name the ledger with which it was made: --ledger PLACE");
    }
    if (v->unit.state == LEDGER_QUARANTINED) {
        return fault_set(fault, "attest: unit %llu is in quarantine: its unique ID came twice",
                         (unsigned long long)v->unit.number);
    }
    if (memcmp(v->unit.identity_key, v->attestation.identity_key, sizeof v->unit.identity_key) != 0) {
        return fault_set(fault, "attest: unit %llu has another identity key in the ledger",
                         (unsigned long long)v->unit.number);
    }
    return 0;
}

static int state_check(const struct project *project, const struct token_claims *claims, struct fault *fault)
{
    uint8_t implementation[TOKEN_IMPLEMENTATION_LEN];
    memcpy(implementation, project->profile.vendor_uuid, UUID_LEN);
    memcpy(implementation + UUID_LEN, project->profile.sbm_class_uuid, UUID_LEN);
    if (!bytes_equal(claims->implementation, bytes_of(implementation, sizeof implementation))) {
        return fault_set(fault,
                         "attest: the device is of another product: its implementation ID is not this project's");
    }
    if (claims->lifecycle != TOKEN_LIFECYCLE_SECURED) {
        return fault_set(fault, "attest: the device is not secured; its lifecycle is 0x%04llx (%s)",
                         (unsigned long long)claims->lifecycle, token_lifecycle_text(claims->lifecycle));
    }
    return 0;
}

static int digest_matches(const struct master_expect *expect, struct bytes measurement)
{
    for (unsigned i = 0; i < expect->digest_count; i++) {
        if (bytes_equal(measurement, bytes_of(expect->digests[i], sizeof expect->digests[i]))) {
            return 1;
        }
    }
    return 0;
}

static int package_compare(const char *path, struct verdict *v, struct fault *fault)
{
    struct master_expect expect;
    if (master_expect_read(path, &expect, fault) != 0) {
        return -1;
    }
    enum token_part part = expect.is_sbm ? TOKEN_SBM : TOKEN_APP;
    const char *what = expect.is_sbm ? "boot manager" : "application";
    const struct token_component *runs = &v->attestation.claims.parts[part];
    if (runs->version != expect.sequence) {
        return fault_set(fault, "attest: the device runs %s %u; %s is %u", what, (unsigned)runs->version, path,
                         (unsigned)expect.sequence);
    }
    if (!digest_matches(&expect, runs->measurement)) {
        return fault_set(fault, "attest: the %s that runs is not that of %s, though the sequence number is the same",
                         what, path);
    }
    if (memcmp(runs->signer.data, expect.signer, KID_LEN) != 0) {
        return fault_set(fault, "attest: the %s that runs was signed with another key than %s", what, path);
    }
    v->expected[part] = 1;
    return 0;
}

/* ---- what is shown ---- */

static void part_json_print(const struct verdict *v, enum token_part part)
{
    const struct token_component *c = &v->attestation.claims.parts[part];
    char measurement[65];
    char signer[65];
    text_hex(c->measurement.data, TOKEN_HASH_LEN, measurement);
    text_hex(c->signer.data, TOKEN_HASH_LEN, signer);
    (void)printf("%s{\"type\":\"%s\",\"version\":%u,\"measurement\":\"%s\",\"signer\":\"%s\",\"expected\":%s}",
                 part == TOKEN_BL1 ? "" : ",", token_part_name(part), (unsigned)c->version, measurement, signer,
                 v->expected[part] ? "true" : "null");
}

static void verdict_json_print(const struct verdict *v, const char *uid, const char *fingerprint)
{
    char implementation[65];
    char seed[65];
    text_hex(v->attestation.claims.implementation.data, TOKEN_IMPLEMENTATION_LEN, implementation);
    text_hex(v->attestation.claims.seed.data, TOKEN_SEED_LEN, seed);
    (void)printf("{\"uid\":\"%s\",\"genuine\":true,\"unit\":%llu,\"state\":\"%s\",\"lifecycle\":\"%s\","
                 "\"implementation\":\"%s\",\"boot_seed\":\"%s\",\"device_certificate\":\"%s\",\"software\":[",
                 uid, (unsigned long long)v->unit.number, ledger_state_name(v->unit.state),
                 token_lifecycle_text(v->attestation.claims.lifecycle), implementation, seed, fingerprint);
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        part_json_print(v, part);
    }
    (void)puts("]}");
}

static void part_text_print(const struct verdict *v, enum token_part part)
{
    static const char *const names[TOKEN_PARTS] = { "boot loader", "boot manager", "application" };
    const struct token_component *c = &v->attestation.claims.parts[part];
    char measurement[65];
    char version[16] = "";
    text_hex(c->measurement.data, TOKEN_HASH_LEN, measurement);
    if (part != TOKEN_BL1) {
        (void)snprintf(version, sizeof version, "%u, ", (unsigned)c->version);
    }
    (void)printf("%-19s %sSHA-256 %s%s\n", names[part], version, measurement, v->expected[part] ? ", as expected" : "");
}

static void verdict_text_print(const struct verdict *v, const char *uid, const char *fingerprint)
{
    (void)printf("genuine             %s\nunit                %llu, %s\nlifecycle           %s\n"
                 "device certificate  SHA-256 %s\n",
                 uid, (unsigned long long)v->unit.number, ledger_state_name(v->unit.state),
                 token_lifecycle_text(v->attestation.claims.lifecycle), fingerprint);
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        part_text_print(v, part);
    }
}

static int verdict_make(struct smp_link *link, const struct device_options *options, struct verdict *v,
                        struct fault *fault)
{
    struct project project;
    struct cert root;
    char path[600];
    if (project_open(options->project, &project, fault) != 0 ||
        project_path(&project, "pki/root.crt", path, sizeof path, fault) != 0 || cert_read(path, &root, fault) != 0 ||
        device_attest(link, &root, &v->attestation, fault) != 0 || unit_check(options, v, fault) != 0 ||
        state_check(&project, &v->attestation.claims, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < options->expect_count; i++) {
        if (package_compare(options->expect[i], v, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

int device_attest_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    char uid[33];
    char fingerprint[65];
    struct verdict *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return fault_set(fault, "no memory");
    }
    int result = verdict_make(link, options, v, fault);
    if (result == 0) {
        text_hex(v->attestation.uid, sizeof v->attestation.uid, uid);
        unit_fingerprint(v->attestation.device.der, v->attestation.device.len, fingerprint);
        (options->json ? verdict_json_print : verdict_text_print)(v, uid, fingerprint);
    }
    free(v);
    return result;
}
