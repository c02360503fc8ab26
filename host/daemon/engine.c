/* SPDX-License-Identifier: Apache-2.0 */
/* engine: opening, packages, orders, status (engine.h). */
#include "host/daemon/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/daemon/engine_room.h"
#include "host/daemon/log.h"
#include "host/lib/file.h"
#include "host/lib/parcel.h"

#define PACKAGE_NEW ENGINE_PACKAGE ".new"

static int engine_path(const struct engine *e, const char *relative, char out[ENGINE_PATH_MAX], struct fault *fault)
{
    return appliance_folder_path(e->folder, relative, out, ENGINE_PATH_MAX, fault);
}

/* ---- the ledger and the TPM ---- */

static int checkpoint_sign(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault)
{
    const struct engine *e = context;
    return hsm_sign(e->hsm, KEY_RECORDS, digest, signature, fault);
}

uint64_t engine_tpm_count(const struct engine *engine)
{
    const struct appliance *a = engine->appliance;
    uint64_t last = a == NULL ? 0 : __atomic_load_n(&a->granting.spend.last, __ATOMIC_RELAXED);
    return last > engine->count_at_start ? last : engine->count_at_start;
}

/* Whoever asks must not wait for the TPM. */
static int checkpoint_count(void *context, uint64_t *count)
{
    const struct engine *e = context;
    *count = engine_tpm_count(e);
    return e->quota != NULL;
}

static int tpm_open(struct engine *e, struct fault *fault)
{
    char folder[ENGINE_PATH_MAX];
    struct quota_facts facts;
    struct quota_config config = { .tcti = e->folder->settings.tpm, .folder = folder };
    if (e->folder->settings.tpm[0] == '\0') {
        return 0;
    }
    memcpy(config.quota_key, e->folder->trust.quota_key, sizeof config.quota_key);
    if (engine_path(e, "tpm", folder, fault) != 0 || quota_open(&config, &e->quota, fault) != 0 ||
        quota_facts(e->quota, &facts, fault) != 0) {
        return -1;
    }
    e->count_at_start = facts.count;
    if (memcmp(facts.grant_key, e->folder->trust.grant_key, sizeof facts.grant_key) != 0) {
        (void)fault_set(fault, "the TPM's grant key is not the certified one");
        return fault_hint(fault, "is this the appliance's TPM? appliance.yaml names it");
    }
    return 0;
}

static int records_open(struct engine *e, struct fault *fault)
{
    char place[ENGINE_PATH_MAX];
    char head[ENGINE_PATH_MAX];
    const char *wanted = e->folder->settings.ledger;
    const struct ledger_signer signer = { e, checkpoint_sign, checkpoint_count, &e->folder->records };
    struct ledger_config config = { .place = place, .mode = LEDGER_WRITE, .signer = &signer };
    if (engine_path(e, LEDGER_HEAD_FILE, head, fault) != 0) {
        return -1;
    }
    if (strstr(wanted, "://") != NULL) {
        config.place = wanted;
        config.head = head;
    } else if (wanted[0] == '/') {
        config.place = wanted;
    } else if (engine_path(e, wanted, place, fault) != 0) {
        return -1;
    }
    return ledger_open(&config, &e->ledger, fault) != 0 ? -1 : ledger_start_record(e->ledger, ENGINE_VERSION, fault);
}

/* ---- packages ---- */

static int package_take(struct engine *e, const char *name, struct fault *fault)
{
    char path[ENGINE_PATH_MAX];
    uint8_t *data = NULL;
    size_t len = 0;
    if (engine_path(e, name, path, fault) != 0 || file_read(path, PRODUCTION_MAX, &data, &len, fault) != 0) {
        return -1;
    }
    int result = appliance_load(e->appliance, bytes_of(data, len), fault);
    free(data);
    return result;
}

static int package_is_there(const struct engine *e, const char *name)
{
    char path[ENGINE_PATH_MAX];
    struct fault unsaid = FAULT_NONE;
    return engine_path(e, name, path, &unsaid) == 0 && access(path, F_OK) == 0;
}

/* The new one becomes the last one. */
static int package_settle(const struct engine *e, struct fault *fault)
{
    char from[ENGINE_PATH_MAX];
    char to[ENGINE_PATH_MAX];
    if (engine_path(e, PACKAGE_NEW, from, fault) != 0 || engine_path(e, ENGINE_PACKAGE, to, fault) != 0) {
        return -1;
    }
    return rename(from, to) == 0 ? 0 : fault_write(fault, to);
}

#define CREDENTIAL_NOTICE (30 * 86400) /* seconds before its end that somebody is told */

/* When chips take the appliance no more; 0: none asks. */
static uint64_t credential_end(const struct engine *e)
{
    struct run *run = appliance_run_take(e->appliance);
    const uint64_t ends = run == NULL ? 0 : run->channel_ends;
    appliance_run_give(e->appliance, run);
    return ends;
}

static void credential_note(const struct engine *e)
{
    const uint64_t ends = credential_end(e);
    if (ends != 0 && ends < (uint64_t)time(NULL) + CREDENTIAL_NOTICE) {
        log_say(LOG_LEVEL_WARNING, "credential_ends", "what",
                "the appliance's credential for chips ends soon, or has ended", "hint",
                "the maker renews it: windlass pki appliance, with the same request; then windlassd enrol", NULL);
    }
}

/* What was loaded last, or was being loaded when the power went. */
static void package_resume(struct engine *e)
{
    struct fault fault = FAULT_NONE;
    if (package_is_there(e, PACKAGE_NEW) && package_take(e, PACKAGE_NEW, &fault) == 0) {
        (void)package_settle(e, &fault);
    } else if (package_is_there(e, ENGINE_PACKAGE)) {
        fault = FAULT_NONE;
        if (package_take(e, ENGINE_PACKAGE, &fault) != 0) {
            log_say(LOG_LEVEL_ERROR, "package_refused", "what", fault.what, "hint", fault.hint, NULL);
            return;
        }
    } else {
        log_say(LOG_LEVEL_WARNING, "no_package", "hint", "windlassd load", NULL);
        return;
    }
    log_say(LOG_LEVEL_INFO, "package_resumed", NULL);
    credential_note(e);
}

static int package_load(struct engine *engine, struct bytes package, struct fault *fault)
{
    char path[ENGINE_PATH_MAX];
    if (engine_path(engine, PACKAGE_NEW, path, fault) != 0 ||
        file_write(path, package, 0600, FILE_REPLACE, fault) != 0) {
        return -1;
    }
    if (appliance_load(engine->appliance, package, fault) != 0) {
        (void)unlink(path);
        return -1;
    }
    log_say(LOG_LEVEL_INFO, "package_loaded", NULL);
    credential_note(engine);
    tally_reset(engine->tally);
    return package_settle(engine, fault);
}

int engine_load(struct engine *engine, struct bytes package, struct control_reply *reply, struct fault *fault)
{
    (void)pthread_mutex_lock(&engine->loading);
    int result = package_load(engine, package, fault);
    (void)pthread_mutex_unlock(&engine->loading);
    return result != 0 ? -1 : engine_status(engine, reply, fault);
}

void engine_resume(struct engine *engine)
{
    (void)pthread_mutex_lock(&engine->loading);
    struct run *run = appliance_run_take(engine->appliance);
    if (run == NULL) {
        package_resume(engine);
    }
    appliance_run_give(engine->appliance, run);
    (void)pthread_mutex_unlock(&engine->loading);
}

/* ---- opening ---- */

static int engine_parts(struct engine *e, int token_needed, struct fault *fault)
{
    atomic_store(&e->recount, 1);
    if (tally_make(NULL, &e->tally, fault) != 0 || tpm_open(e, fault) != 0 || records_open(e, fault) != 0) {
        return -1;
    }
    const struct appliance_config config = { e->folder, e->hsm, e->ledger, e->quota, token_needed };
    if (appliance_make(&config, &e->appliance, fault) != 0) {
        return -1;
    }
    package_resume(e);
    return 0;
}

int engine_open(const struct appliance_folder *folder, struct hsm *hsm, int token_needed, struct engine **out,
                struct fault *fault)
{
    struct engine *e = calloc(1, sizeof *e);
    *out = NULL;
    if (e == NULL) {
        return fault_set(fault, "no memory");
    }
    (void)pthread_mutex_init(&e->loading, NULL);
    e->folder = folder;
    e->hsm = hsm;
    if (engine_parts(e, token_needed, fault) != 0) {
        engine_close(e);
        return -1;
    }
    *out = e;
    return 0;
}

int engine_watch(struct engine *engine, struct fault *fault)
{
    return watch_start(&engine->watch, engine->ledger, engine->quota, &engine->folder->records, fault);
}

void engine_close(struct engine *engine)
{
    struct fault fault = FAULT_NONE;
    if (engine == NULL) {
        return;
    }
    watch_stop(&engine->watch);
    if (engine->appliance != NULL) {
        appliance_failures_settle(engine->appliance);
    }
    if (engine->appliance != NULL && ledger_stop_record(engine->ledger, &fault) != 0) {
        log_say(LOG_LEVEL_ERROR, "stop_not_recorded", "what", fault.what, "hint", fault.hint, NULL);
    }
    /* The ledger's own thread asks the appliance for the TPM's count. */
    struct appliance *appliance = engine->appliance;
    ledger_close(engine->ledger);
    engine->appliance = NULL;
    appliance_close(appliance);
    quota_close(engine->quota);
    tally_free(engine->tally);
    free(engine);
}

/* ---- orders and status ---- */

int engine_order(struct engine *engine, struct control_reply *reply, struct fault *fault)
{
    uint8_t transport[32];
    uint8_t order[QUOTA_ORDER_MAX];
    size_t len = 0;
    const struct cert *grant = &engine->folder->grant;
    if (engine->quota == NULL) {
        (void)fault_set(fault, "this appliance has no TPM, and needs no order");
        return fault_hint(fault, "windlass master production without --order");
    }
    parcel_kid(engine->folder->trust.transport_key, transport);
    if (quota_order_build(engine->quota, transport, bytes_of(grant->der, grant->len), order, &len, fault) != 0) {
        return -1;
    }
    control_reply_hex(reply, "order", bytes_of(order, len));
    return 0;
}

static int package_tell(struct engine *e, struct control_reply *reply, struct fault *fault)
{
    struct ledger_package package;
    int found = ledger_package_find(e->ledger, 0, &package, fault);
    if (found > 0) {
        control_reply_number(reply, "package", (int64_t)package.number);
        control_reply_number(reply, "quota", (int64_t)package.quota);
        control_reply_number(reply, "reserved", (int64_t)package.reserved);
        control_reply_number(reply, "done", (int64_t)package.done);
        control_reply_number(reply, "not_after", (int64_t)package.not_after);
    }
    return found < 0 ? -1 : 0;
}

static int count_tell(struct engine *e, struct control_reply *reply, struct fault *fault)
{
    struct quota_facts facts;
    if (e->quota == NULL) {
        return 0;
    }
    if (quota_facts(e->quota, &facts, fault) != 0) {
        return -1;
    }
    control_reply_number(reply, "tpm_count", facts.count);
    control_reply_number(reply, "tpm_limit", facts.limit);
    return 0;
}

/* A ledger or a TPM in trouble is what somebody wants to see who asks for the status. */
int engine_status(struct engine *engine, struct control_reply *reply, struct fault *fault)
{
    struct fault ledger = FAULT_NONE;
    struct fault tpm = FAULT_NONE;
    (void)fault;
    int trouble = package_tell(engine, reply, &ledger) != 0;
    if (trouble) {
        control_reply_text(reply, "ledger_trouble", ledger.what);
    }
    if (count_tell(engine, reply, &tpm) != 0) {
        control_reply_text(reply, "tpm_trouble", tpm.what);
        trouble = 1;
    }
    const uint64_t ends = credential_end(engine);
    if (ends != 0) {
        control_reply_number(reply, "credential_ends", (int64_t)ends);
    }
    struct run *run = appliance_run_take(engine->appliance);
    control_reply_text(reply, "state", trouble ? "in trouble" : run != NULL ? "ready" : "no package is loaded");
    appliance_run_give(engine->appliance, run);
    return 0;
}
