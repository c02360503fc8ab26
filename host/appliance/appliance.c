/* SPDX-License-Identifier: Apache-2.0 */
/* appliance: see appliance.h. The engine and its production packages. */
#include "host/appliance/appliance_room.h"

#include <stdlib.h>
#include <time.h>

#define BLOCKS_FILE "tpm/blocks"

/* An engine without run; on a fault it is closed. */
static int engine_new(const struct appliance *parts, struct appliance **out, struct fault *fault)
{
    struct appliance *a = malloc(sizeof *a);
    *out = NULL;
    if (a == NULL) {
        return fault_set(fault, "no memory");
    }
    *a = *parts;
    hand_init(&a->hand);
    failures_init(&a->failures, a->ledger);
    (void)pthread_mutex_init(&a->lock, NULL);
    if (granting_init(&a->granting, a->hsm, a->ledger, a->quota, fault) != 0) {
        appliance_close(a);
        return -1;
    }
    *out = a;
    return 0;
}

int appliance_make(const struct appliance_config *config, struct appliance **out, struct fault *fault)
{
    const struct appliance_folder *folder = config->folder;
    const struct production_trust *trust = &folder->trust;
    const struct appliance parts = { .token_needed = config->token_needed,
                                     .folder = config->folder,
                                     .hsm = config->hsm,
                                     .ledger = config->ledger,
                                     .quota = config->quota,
                                     .channel = { .hsm = config->hsm,
                                                  .key = KEY_CHANNEL,
                                                  .credential = bytes_of(folder->channel, folder->channel_len) },
                                     .root = trust->root,
                                     .issuing = trust->issuing };
    *out = NULL;
    if (trust->tpm != (config->quota != NULL)) {
        return fault_set(fault, trust->tpm ? "this appliance was enrolled with a TPM, and there is none"
                                           : "this appliance was enrolled without a TPM, and there is one");
    }
    if (engine_new(&parts, out, fault) != 0) {
        return -1;
    }
    char *path = (*out)->granting.blocks.path;
    if (config->quota != NULL &&
        appliance_folder_path(config->folder, BLOCKS_FILE, path, sizeof(*out)->granting.blocks.path, fault) != 0) {
        appliance_close(*out);
        *out = NULL;
        return -1;
    }
    return 0;
}

void appliance_close(struct appliance *a)
{
    if (a == NULL) {
        return;
    }
    granting_close(&a->granting);
    run_free(a->run);
    failures_close(&a->failures);
    (void)pthread_mutex_destroy(&a->hand.lock);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}

void appliance_failures_settle(struct appliance *a)
{
    failures_settle(&a->failures);
}

void appliance_failures_count(struct appliance *a, uint64_t *recorded, uint64_t *left_out)
{
    (void)pthread_mutex_lock(&a->failures.lock);
    *recorded = a->failures.recorded;
    *left_out = a->failures.left_out;
    (void)pthread_mutex_unlock(&a->failures.lock);
}

void appliance_tpm_busy(struct appliance *a, uint64_t *signatures, uint64_t *busy_us)
{
    *signatures = 0;
    *busy_us = 0;
    if (a->quota != NULL) {
        spend_busy(&a->granting.spend, signatures, busy_us);
    }
}

/* ---- runs: the present one counts as used once ---- */

struct run *appliance_run_take(struct appliance *a)
{
    (void)pthread_mutex_lock(&a->lock);
    struct run *run = a->run;
    if (run != NULL) {
        run->users++;
    }
    (void)pthread_mutex_unlock(&a->lock);
    return run;
}

int appliance_run_missing(struct appliance *a, struct fault *fault)
{
    (void)pthread_mutex_lock(&a->lock);
    const struct fault refusal = a->refusal;
    (void)pthread_mutex_unlock(&a->lock);
    if (refusal.what[0] == '\0') {
        (void)fault_set(fault, "this appliance has no production package");
        return fault_hint(fault, "'windlassd load' gives it one");
    }
    (void)fault_set(fault, "this appliance has no production package: %s", refusal.what);
    return fault_hint(fault, "%s; then 'windlassd reload'", refusal.hint);
}

void appliance_run_give(struct appliance *a, struct run *run)
{
    int last = 0;
    if (run != NULL) {
        (void)pthread_mutex_lock(&a->lock);
        last = --run->users == 0;
        (void)pthread_mutex_unlock(&a->lock);
    }
    if (last) {
        run_free(run);
    }
}

/* Makes `run` the present one. */
static void run_set(struct appliance *a, struct run *run)
{
    (void)pthread_mutex_lock(&a->lock);
    struct run *before = a->run;
    a->run = run;
    run->users = 1;
    (void)pthread_mutex_unlock(&a->lock);
    appliance_run_give(a, before);
}

/* ---- loading ---- */

static int floor_find(struct appliance *a, struct production_floor *out, struct fault *fault)
{
    struct ledger_package package;
    uint64_t count = 0;
    uint64_t latest = 0;
    memset(out, 0, sizeof *out);
    int found = ledger_package_find(a->ledger, 0, &package, fault);
    if (found < 0 || ledger_latest(a->ledger, &count, &latest, fault) != 0) {
        return -1;
    }
    if (found > 0) {
        out->number = package.number;
        memcpy(out->digest, package.digest, sizeof out->digest);
    }
    out->latest = (int64_t)latest;
    return 0;
}

/* The TPM first: a package that is recorded can be made by. */
static int terms_record(struct appliance *a, const struct production_terms *terms, struct fault *fault)
{
    struct ledger_package package = { .number = terms->number,
                                      .quota = terms->quota,
                                      .block = terms->block,
                                      .tpm = terms->tpm,
                                      .not_after = terms->not_after };
    memcpy(package.digest, terms->digest, sizeof package.digest);
    memcpy(package.grant_key, terms->grant_key, sizeof package.grant_key);
    memcpy(package.issuing, terms->issuing, sizeof package.issuing);
    if (terms->tpm && spend_refill(&a->granting.spend, bytes_of(terms->refill, terms->refill_len), fault) != 0) {
        return -1;
    }
    return ledger_package_load(a->ledger, &package, fault);
}

/* ---- the secure channel ---- */

/* What chips would be shown fits the product: they would refuse another. *ends: unix seconds; 0: no chip asks. */
static int channel_fit(const struct appliance *a, const struct production_run *production, uint64_t *ends,
                       struct fault *fault)
{
    const struct profile *profile = &production->profile;
    struct edhoc_claims claims;
    *ends = 0;
    if (profile->chip_vendors[0] == '\0') {
        return 0;
    }
    if (appliance_folder_channel(a->folder, &claims, fault) != 0) {
        return -1;
    }
    if (!bytes_equal(claims.vendor, bytes_of(profile->vendor_uuid, 16)) ||
        !bytes_equal(claims.class_id, bytes_of(profile->class_uuid, 16))) {
        (void)fault_set(fault, "the appliance's credential for chips is for another product than the package");
        return fault_hint(fault,
                          "enrol the appliance with the project that makes this product: windlass pki appliance");
    }
    *ends = claims.expires;
    return 0;
}

struct first {
    uint64_t package;
    uint64_t of_package; /* its first unit; 0: none yet */
    uint64_t last;
};

static int first_look(void *context, const struct ledger_unit *unit)
{
    struct first *first = context;
    first->last = unit->number;
    if (first->of_package == 0 && unit->package == first->package) {
        first->of_package = unit->number;
    }
    return 0;
}

/* Blocks of units begin with the first unit of their package, or with the next that there will be. */
static int blocks_begin(struct appliance *a, const struct production_terms *terms, struct fault *fault)
{
    struct first first = { .package = terms->number };
    if (!terms->tpm || terms->block <= 1) {
        return 0;
    }
    if (ledger_unit_walk(a->ledger, first_look, &first, fault) != 0) {
        return -1;
    }
    granting_blocks_begin(&a->granting.blocks, terms->number, first.of_package != 0 ? first.of_package : first.last + 1,
                          terms->block);
    return 0;
}

static int production_make(struct appliance *a, const struct production_run *production, struct fault *fault)
{
    const struct production_content *content = &production->content;
    const uint8_t *provisioner = a->folder->provisioner_key;
    uint64_t channel_ends = 0;
    if (channel_fit(a, production, &channel_ends, fault) != 0) {
        return -1;
    }
    const struct run_parts parts = { .bl1_name = "BL1 in the production package",
                                     .sbm_name = "Secure Boot Manager in the production package",
                                     .block_name = "key block in the production package",
                                     .bl1 = content->bl1,
                                     .sbm_package = content->sbm,
                                     .app_package = content->app,
                                     .block = content->block,
                                     .sbm = &production->sbm,
                                     .app = &production->app,
                                     .profile = &production->profile,
                                     .firmware_keys = content->firmware_keys,
                                     .mastering_keys = content->mastering_keys,
                                     .provisioner_key = bytes_of(provisioner, 64),
                                     .ticket = content->ticket,
                                     .vendors = content->vendors,
                                     .channel_ends = channel_ends,
                                     .not_after = production->terms.not_after,
                                     .number = production->terms.number,
                                     .units = production->terms.block,
                                     .issuing = &a->issuing,
                                     .hsm = a->hsm };
    struct run *run = NULL;
    if (run_make(&parts, &run, fault) != 0) {
        return -1;
    }
    if (terms_record(a, &production->terms, fault) != 0 || blocks_begin(a, &production->terms, fault) != 0) {
        run_free(run);
        return -1;
    }
    run_set(a, run);
    return 0;
}

static int package_open(struct appliance *a, struct bytes package, struct fault *fault)
{
    struct production_floor floor;
    if (floor_find(a, &floor, fault) != 0) {
        return -1;
    }
    struct production_run *production = calloc(1, sizeof *production);
    if (production == NULL) {
        return fault_set(fault, "no memory");
    }
    const struct production_inputs inputs = { package, a->hsm, &a->folder->trust, &floor, (int64_t)time(NULL) };
    int result = production_open(&inputs, production, fault);
    if (result == 0) {
        result = production_make(a, production, fault);
        production_close(production);
    }
    free(production);
    return result;
}

int appliance_load(struct appliance *a, struct bytes package, struct fault *fault)
{
    int result = package_open(a, package, fault);
    if (result != 0) {
        (void)pthread_mutex_lock(&a->lock);
        a->refusal = *fault;
        (void)pthread_mutex_unlock(&a->lock);
    }
    return result;
}
