/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger_export: `windlass ledger export`: units as CSV (RFC 4180), newline-delimited JSON, or PEM bundles for
 * registries of devices. */
#include "host/cli/cmd_ledger.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/unit_text.h"
#include "host/lib/file.h"
#include "host/lib/text.h"

struct exporting {
    const struct ledger_options *options;
    void (*unit)(FILE *out, const struct ledger_unit *unit);
    FILE *out;
};

static void csv_hex(FILE *out, const uint8_t *data, size_t len)
{
    char text[129];
    text_hex(data, len, text);
    (void)fprintf(out, ",%s", text);
}

static void csv_cert(FILE *out, const struct cert *cert)
{
    char text[65] = "";
    if (cert->len != 0) {
        unit_fingerprint(cert->der, cert->len, text);
    }
    (void)fprintf(out, ",%s", text);
}

/* No value needs quotes: numbers, names of states, digits and times. */
static void csv_unit(FILE *out, const struct ledger_unit *u)
{
    (void)fprintf(out, "%llu", (unsigned long long)u->number);
    csv_hex(out, u->uid, sizeof u->uid);
    (void)fprintf(out, ",%s,%llu,%llu", ledger_state_name(u->state), (unsigned long long)u->package,
                  (unsigned long long)u->package_sequence);
    csv_hex(out, u->identity_key, sizeof u->identity_key);
    csv_hex(out, u->update_key, sizeof u->update_key);
    csv_cert(out, &u->device_cert);
    csv_cert(out, &u->update_cert);
    csv_hex(out, u->receipt, u->has_receipt ? sizeof u->receipt : 0);
    (void)fprintf(out, ",%s,%s,%s,%s,%s,%s\r\n", u->has_token ? "yes" : "no", u->reserved_at, u->checked_at, u->done_at,
                  u->quarantined_at, u->debugged_at);
}

static void ndjson_unit(FILE *out, const struct ledger_unit *unit)
{
    unit_json_print(out, unit);
    (void)fputs("\n", out);
}

static void pem_unit(FILE *out, const struct ledger_unit *u)
{
    char uid[33];
    if (u->device_cert.len != 0) {
        text_hex(u->uid, sizeof u->uid, uid);
        (void)fprintf(out, "unit %llu, unique ID %s, %s\n", (unsigned long long)u->number, uid,
                      ledger_state_name(u->state));
        (void)PEM_write(out, PEM_STRING_X509, "", u->device_cert.der, (long)u->device_cert.len);
    }
}

static int unit_export(void *context, const struct ledger_unit *unit)
{
    const struct exporting *e = context;
    const struct ledger_options *o = e->options;
    if (unit_is_meant(unit, o->state, o->has_package, o->package)) {
        e->unit(e->out, unit);
    }
    return 0;
}

static int units_export(struct exporting *e, struct fault *fault)
{
    struct ledger *ledger = NULL;
    char place[LEDGER_PATH_LEN];
    const struct ledger_config config = { .place = place, .mode = LEDGER_READ };
    if (ledger_place_find(e->options, place, fault) != 0 || ledger_open(&config, &ledger, fault) != 0) {
        return -1;
    }
    if (e->unit == csv_unit) {
        (void)fputs("unit,uid,state,package,sequence,identity_key,update_key,device_certificate,update_certificate,"
                    "receipt,token,reserved_at,checked_at,done_at,quarantined_at,debugged_at\r\n",
                    e->out);
    }
    int failed = ledger_unit_walk(ledger, unit_export, e, fault);
    ledger_close(ledger);
    return failed;
}

/* The file appears whole or not at all. */
static int file_export(struct exporting *e, struct fault *fault)
{
    struct file_draft draft = { .fd = -1 };
    if (file_draft_begin(&draft, e->options->out, 0644, FILE_REPLACE, fault) != 0) {
        return -1;
    }
    int fd = dup(draft.fd);
    e->out = fd < 0 ? NULL : fdopen(fd, "w");
    int failed = e->out == NULL ? fault_write(fault, e->options->out) : units_export(e, fault);
    if (e->out != NULL && fclose(e->out) != 0 && failed == 0) {
        failed = fault_write(fault, e->options->out);
    }
    if (failed == 0) {
        failed = file_draft_commit(&draft, fault);
    }
    file_draft_abandon(&draft);
    return failed;
}

int ledger_export(const struct ledger_options *options, struct fault *fault)
{
    static const struct {
        const char *name;
        void (*unit)(FILE *out, const struct ledger_unit *unit);
    } formats[] = { { "csv", csv_unit }, { "ndjson", ndjson_unit }, { "pem", pem_unit } };
    struct exporting e = { options, NULL, stdout };
    for (size_t i = 0; i < 3 && options->format != NULL; i++) {
        e.unit = strcmp(formats[i].name, options->format) == 0 ? formats[i].unit : e.unit;
    }
    if (e.unit == NULL) {
        (void)fault_set(fault, "export: %s", options->format == NULL ? "in which format?" : "there is no such format");
        return fault_hint(fault, "give --format csv, ndjson or pem");
    }
    /* A registry trusts what it is given: by itself, only what is finished goes there. */
    struct ledger_options done = *options;
    done.state = options->state == NULL && e.unit == pem_unit ? "done" : options->state;
    e.options = &done;
    return options->out == NULL ? units_export(&e, fault) : file_export(&e, fault);
}
