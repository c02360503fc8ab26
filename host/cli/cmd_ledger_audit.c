/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger_audit: `windlass ledger verify` and `report`. */
#include "host/cli/cmd_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/text.h"

/* ---- running it ---- */

struct telling {
    int json;
    int quiet; /* findings are only counted */
    size_t count;
};

/* A text as JSON: what is shown is clean already. */
static void json_text(const char *text)
{
    char clean[512];
    text_clean(text, clean, sizeof clean);
    (void)fputc('"', stdout);
    for (const char *at = clean; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            (void)fputc('\\', stdout);
        }
        (void)fputc(*at, stdout);
    }
    (void)fputc('"', stdout);
}

static void finding_json(struct telling *telling, const struct audit_finding *f, const char *chain)
{
    (void)printf("%s{\"chain\":", telling->count++ == 0 ? "" : ",\n ");
    if (chain[0] != '\0') {
        (void)printf("\"%s\"", chain);
    } else {
        (void)fputs("null", stdout);
    }
    (void)printf(",\"event\":%llu,\"unit\":%llu,\"what\":", (unsigned long long)f->seq, (unsigned long long)f->unit);
    json_text(f->what);
    (void)fputs("}", stdout);
}

static void finding_tell(void *context, const struct audit_finding *f)
{
    struct telling *telling = context;
    char chain[2 * 16 + 1] = "";
    char clean[512];
    if (telling->quiet) {
        return;
    }
    if (f->chain != NULL) {
        text_hex(f->chain, 16, chain);
    }
    if (telling->json) {
        finding_json(telling, f, chain);
        return;
    }
    if (f->chain != NULL && f->seq != 0) {
        (void)printf("appliance %.8s, event %llu", chain, (unsigned long long)f->seq);
    } else if (f->chain != NULL) {
        (void)printf("appliance %.8s", chain);
    } else {
        (void)fputs("ledger", stdout);
    }
    if (f->unit != 0) {
        (void)printf(", unit %llu", (unsigned long long)f->unit);
    }
    text_clean(f->what, clean, sizeof clean);
    (void)printf(": %s\n", clean);
}

static int found_read(const struct ledger_options *options, struct cert *certs, struct fault *fault)
{
    for (size_t i = 0; i < options->cert_count; i++) {
        if (cert_read(options->certs[i], &certs[i], fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ledger.head beside the ledger, when it is there. */
static const char *head_find(const char *place, char out[LEDGER_PATH_LEN])
{
    const char *slash = strrchr(place, '/');
    int folder = slash == NULL ? 0 : (int)(slash - place) + 1;
    if (strstr(place, "://") != NULL) {
        return NULL;
    }
    int len = snprintf(out, LEDGER_PATH_LEN, "%.*s%s", folder, place, LEDGER_HEAD_FILE);
    return len < LEDGER_PATH_LEN && access(out, F_OK) == 0 ? out : NULL;
}

static int audit_run(const struct ledger_options *options, struct telling *telling, struct audit_result *result,
                     struct fault *fault)
{
    struct ledger_trust trust = { 0 };
    struct cert found[sizeof options->certs / sizeof options->certs[0]];
    char place[LEDGER_PATH_LEN];
    char head[LEDGER_PATH_LEN];
    uint64_t count = options->count;
    uint8_t count_key[64];
    memset(result, 0, sizeof *result);
    int failed = ledger_place_find(options, place, fault) != 0 ||
                 ledger_trust_open(options->project, &trust, fault) != 0 || found_read(options, found, fault) != 0 ||
                 (options->order != NULL && ledger_order_read(options, &count, count_key, fault) != 0);
    const struct audit_config config = { .place = place,
                                         .trust = &trust.audit,
                                         .head = failed                  ? NULL
                                                 : options->head != NULL ? options->head
                                                                         : head_find(place, head),
                                         .has_count = options->has_count || options->order != NULL,
                                         .count = count,
                                         .count_may_be_older = options->order != NULL,
                                         .count_key = options->order != NULL ? count_key : NULL,
                                         .final = options->final,
                                         .found = found,
                                         .found_count = options->cert_count,
                                         .finding = finding_tell,
                                         .context = telling };
    failed = failed || ledger_audit(&config, result, fault) != 0;
    ledger_trust_free(&trust);
    return failed ? -1 : 0;
}

/* ---- verify ---- */

int ledger_verify(const struct ledger_options *options, struct fault *fault)
{
    struct telling telling = { options->json, 0, 0 };
    struct audit_result r;
    if (options->json) {
        (void)fputs("{\"findings\":[", stdout);
    }
    if (audit_run(options, &telling, &r, fault) != 0) {
        audit_result_free(&r);
        if (options->json) {
            (void)fputs("],\"sound\":false}\n", stdout);
        }
        return -1;
    }
    if (options->json) {
        (void)printf("],\"finding_count\":%llu,\"events\":%llu,\"checkpoints\":%llu,\"appliances\":%llu,\"units\":%llu,"
                     "\"tpm_count\":%llu,\"sound\":%s}\n",
                     (unsigned long long)r.findings, (unsigned long long)r.events, (unsigned long long)r.checkpoints,
                     (unsigned long long)r.chains, (unsigned long long)r.units, (unsigned long long)r.count,
                     r.findings == 0 ? "true" : "false");
    } else {
        (void)printf("%s: %llu events, %llu checkpoints, %llu appliances, %llu units",
                     r.findings == 0 ? "sound" : "not sound", (unsigned long long)r.events,
                     (unsigned long long)r.checkpoints, (unsigned long long)r.chains, (unsigned long long)r.units);
        if (r.findings == 0) {
            (void)puts("");
        } else {
            (void)printf("; %llu findings\n", (unsigned long long)r.findings);
        }
    }
    audit_result_free(&r);
    return r.findings == 0 ? 0 : 1;
}

/* ---- report ---- */

static void line(const char *name, uint64_t value)
{
    (void)printf("  %-22s %llu\n", name, (unsigned long long)value);
}

static void package_text(const struct audit_package *p)
{
    char until[LEDGER_TIME_LEN];
    ledger_time_text(p->not_after, until);
    (void)printf("\npackage %llu, until %s\n", (unsigned long long)p->number, until);
    line("quota", p->quota);
    line("reserved", p->reserved);
    line("granted", p->granted);
    line("certified", p->certified);
    line("done", p->done);
    line("open", p->open);
    line("quarantined", p->quarantined);
    line("scrapped", p->scrapped);
    line("decommissioned", p->decommissioned);
    line("given debug rights", p->debugged);
    line("moved to a later one", p->moved);
    line("done without a token", p->without_token);
    if (!p->tpm) {
        (void)puts("  counted by the ledger alone: whoever owns the appliance's host can make more than the quota");
    } else if (p->block == 1) {
        (void)puts("  counted by the TPM, unit by unit: an appliance in wrong hands cannot make one more");
    } else {
        (void)printf(
            "  counted by the TPM in blocks of %llu: an appliance in wrong hands can make units of blocks that "
            "were begun, unrecorded; never more than the quota, rounded up to whole blocks\n",
            (unsigned long long)p->block);
    }
}

static void report_text(const struct audit_result *r)
{
    char first[LEDGER_TIME_LEN];
    char last[LEDGER_TIME_LEN];
    ledger_time_text(r->first_time, first);
    ledger_time_text(r->last_time, last);
    (void)printf("from %s to %s\n", first, last);
    line("appliances", r->chains);
    line("events", r->events);
    line("units", r->units);
    line("units in no package", r->unpackaged);
    line("failures", r->failures);
    line("debug rights given", r->debugs);
    line("TPM operations", r->count);
    line("TPM operations lost", r->spent);
    line("TPM operations missing", r->gaps);
    for (size_t i = 0; i < r->package_count; i++) {
        package_text(&r->packages[i]);
    }
    (void)printf("\n%s\n",
                 r->findings == 0 ? "the ledger is sound" : "the ledger is NOT sound: see 'windlass ledger verify'");
}

static void package_json(const struct audit_package *p, int is_first)
{
    (void)printf(
        "%s{\"package\":%llu,\"quota\":%llu,\"block\":%llu,\"counted_by\":\"%s\",\"not_after\":%llu,"
        "\"reserved\":%llu,\"granted\":%llu,\"certified\":%llu,\"done\":%llu,\"open\":%llu,"
        "\"quarantined\":%llu,\"scrapped\":%llu,\"decommissioned\":%llu,\"without_token\":%llu,\"debugged\":%llu,"
        "\"moved\":%llu}",
        is_first ? "" : ",\n ", (unsigned long long)p->number, (unsigned long long)p->quota,
        (unsigned long long)p->block, p->tpm ? "tpm" : "ledger", (unsigned long long)p->not_after,
        (unsigned long long)p->reserved, (unsigned long long)p->granted, (unsigned long long)p->certified,
        (unsigned long long)p->done, (unsigned long long)p->open, (unsigned long long)p->quarantined,
        (unsigned long long)p->scrapped, (unsigned long long)p->decommissioned, (unsigned long long)p->without_token,
        (unsigned long long)p->debugged, (unsigned long long)p->moved);
}

static void report_json(const struct audit_result *r)
{
    (void)fputs("{\"packages\":[", stdout);
    for (size_t i = 0; i < r->package_count; i++) {
        package_json(&r->packages[i], i == 0);
    }
    (void)printf(
        "],\"appliances\":%llu,\"events\":%llu,\"units\":%llu,\"unpackaged\":%llu,\"failures\":%llu,"
        "\"debugs\":%llu,\"tpm_count\":%llu,\"tpm_lost\":%llu,\"tpm_missing\":%llu,\"findings\":%llu,\"sound\":%s}\n",
        (unsigned long long)r->chains, (unsigned long long)r->events, (unsigned long long)r->units,
        (unsigned long long)r->unpackaged, (unsigned long long)r->failures, (unsigned long long)r->debugs,
        (unsigned long long)r->count, (unsigned long long)r->spent, (unsigned long long)r->gaps,
        (unsigned long long)r->findings, r->findings == 0 ? "true" : "false");
}

int ledger_report(const struct ledger_options *options, struct fault *fault)
{
    struct telling telling = { options->json, 1, 0 };
    struct audit_result r;
    int failed = audit_run(options, &telling, &r, fault);
    if (failed == 0 && options->json) {
        report_json(&r);
    } else if (failed == 0) {
        report_text(&r);
    }
    audit_result_free(&r);
    return failed != 0 ? -1 : r.findings == 0 ? 0 : 1;
}
