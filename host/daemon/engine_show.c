/* SPDX-License-Identifier: Apache-2.0 */
/* engine_show: what the dashboard shows of the line (engine.h). */
#include <stdio.h>
#include <string.h>

#include "host/daemon/engine_room.h"
#include "host/lib/text.h"

static int package_show(const struct engine *e, struct dashboard_package *out, struct fault *fault)
{
    struct ledger_package package;
    int found = ledger_package_find(e->ledger, 0, &package, fault);
    if (found > 0) {
        out->number = package.number;
        out->quota = package.quota;
        out->made = package.done;
        out->under_way = package.reserved - package.done;
        out->not_after = package.not_after;
    }
    return found < 0 ? -1 : 0;
}

static int ledger_show(struct engine *e, struct dashboard_ledger *out, struct fault *fault)
{
    uint64_t count = 0;
    uint64_t time = 0;
    if (ledger_latest(e->ledger, &count, &time, fault) != 0) {
        return -1;
    }
    watch_tell(&e->watch, out);
    out->has_tpm = e->quota != NULL;
    out->tpm_count = out->has_tpm ? engine_tpm_count(e) : 0;
    out->ledger_count = count;
    if (!out->has_tpm && out->health == DASHBOARD_SOUND) {
        out->health = DASHBOARD_WATCH;
        (void)snprintf(out->text, sizeof out->text, "There is no TPM: the ledger alone counts.");
        (void)snprintf(out->hint, sizeof out->hint, "The OEM's report says so, too.");
    }
    return 0;
}

/* A name that ends in "_total" is a counter's. */
static size_t value_put(char *out, size_t len, size_t out_len, const char *name, const char *help, double value)
{
    const char *type = strstr(name, "_total") != NULL ? "counter" : "gauge";
    int added = snprintf(out + len, out_len - len, "# HELP %s %s\n# TYPE %s %s\n%s %.16g\n", name, help, name, type,
                         name, value);
    if (added < 0 || (size_t)added >= out_len - len) {
        out[len] = '\0';
        return len;
    }
    return len + (size_t)added;
}

size_t engine_metrics(struct engine *engine, char *out, size_t len, size_t out_len)
{
    struct dashboard_package package = { 0 };
    struct dashboard_ledger ledger = { 0 };
    struct fault unsaid = FAULT_NONE;
    uint64_t signatures = 0;
    uint64_t busy_us = 0;
    appliance_tpm_busy(engine->appliance, &signatures, &busy_us);
    if (package_show(engine, &package, &unsaid) != 0 || ledger_show(engine, &ledger, &unsaid) != 0) {
        return len; /* what is not known is not told */
    }
    const struct {
        const char *name;
        const char *help;
        double value;
    } values[] = {
        { "windlass_package_number", "The production package that is loaded; 0: none.", (double)package.number },
        { "windlass_package_quota", "Units that it allows.", (double)package.quota },
        { "windlass_package_not_after", "Unix seconds until which it is valid.", (double)package.not_after },
        { "windlass_package_units_done", "Its units that were seen locked.", (double)package.made },
        { "windlass_package_units_under_way", "Its units that were begun and are not done.",
          (double)package.under_way },
        { "windlass_ledger_health", "0 sound, 1 look at it, 2 damaged.", (double)ledger.health },
        { "windlass_ledger_events", "Events that were seen in this appliance's chain.", (double)ledger.events },
        { "windlass_ledger_checkpoint", "Unix seconds of the newest checkpoint.", (double)ledger.checkpoint },
        { "windlass_ledger_tpm_units", "The highest count of the TPM that the ledger holds.",
          (double)ledger.ledger_count },
        { "windlass_tpm_signatures_total", "Units that the TPM signed since the start.", (double)signatures },
        { "windlass_tpm_busy_seconds_total", "How long it took for them.", (double)busy_us / 1e6 },
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        len = value_put(out, len, out_len, values[i].name, values[i].help, values[i].value);
    }
    return len;
}

/* "CN=PRODUCT appliance NAME,O=..." */
static void names_show(const struct engine *e, struct dashboard_line *line)
{
    static const char between[] = " appliance ";
    struct cert_facts facts;
    struct fault unsaid = FAULT_NONE;
    if (cert_facts_read(&e->folder->appliance, &facts, &unsaid) != 0 || strncmp(facts.subject, "CN=", 3) != 0) {
        return;
    }
    const char *name = strstr(facts.subject, between);
    if (name != NULL) {
        int product_len = (int)(name - facts.subject) - 3;
        name += sizeof between - 1;
        (void)snprintf(line->product, sizeof line->product, "%.*s", product_len, facts.subject + 3);
        (void)snprintf(line->appliance, sizeof line->appliance, "%.*s", (int)strcspn(name, ","), name);
    }
}

int engine_line(void *engine, struct dashboard_line *line, struct fault *fault)
{
    struct engine *e = engine;
    (void)snprintf(line->version, sizeof line->version, "%s", ENGINE_VERSION);
    names_show(e, line);
    tally_tell(e->tally, line);
    if (atomic_exchange(&e->recount, 0) &&
        ledger_unit_count(e->ledger, LEDGER_QUARANTINED, &e->quarantined, fault) != 0) {
        atomic_store(&e->recount, 1);
        return -1;
    }
    line->quarantined = e->quarantined;
    return package_show(e, &line->package, fault) != 0 ? -1 : ledger_show(e, &line->ledger, fault);
}

struct search {
    size_t max;
    struct dashboard_unit *out;
    size_t count;
};

static void unit_show(const struct ledger_unit *unit, struct dashboard_unit *out)
{
    memset(out, 0, sizeof *out);
    text_hex(unit->uid, sizeof unit->uid, out->uid);
    (void)snprintf(out->state, sizeof out->state, "%s", ledger_state_name(unit->state));
    (void)snprintf(out->reserved_at, sizeof out->reserved_at, "%s", unit->reserved_at);
    (void)snprintf(out->checked_at, sizeof out->checked_at, "%s", unit->checked_at);
    (void)snprintf(out->done_at, sizeof out->done_at, "%s", unit->done_at);
    (void)snprintf(out->quarantined_at, sizeof out->quarantined_at, "%s", unit->quarantined_at);
    (void)snprintf(out->debugged_at, sizeof out->debugged_at, "%s", unit->debugged_at);
    out->number = unit->number;
    out->package = unit->package;
    out->sequence = unit->package_sequence;
    out->has_grant = unit->grant_len > 0;
    out->has_receipt = unit->has_receipt;
    out->has_token = unit->has_token;
    out->device_cert = unit->device_cert;
    out->update_cert = unit->update_cert;
}

static int unit_match(void *context, const struct ledger_unit *unit)
{
    struct search *s = context;
    if (s->count < s->max) {
        unit_show(unit, &s->out[s->count++]);
    }
    return 0;
}

int engine_units(void *engine, const char *prefix, size_t max, struct dashboard_unit *out, size_t *count,
                 uint64_t *total, struct fault *fault)
{
    const struct engine *e = engine;
    struct search search = { max, out, 0 };
    int result = ledger_unit_search(e->ledger, prefix, max, unit_match, &search, total, fault);
    *count = search.count;
    return result;
}
