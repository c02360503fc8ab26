/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: see outcome.h. */
#include "host/cli/outcome.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/unit_text.h"
#include "host/lib/file.h"
#include "host/lib/text.h"

/* ---- files ---- */

/* Writes a certificate; one that stands there already must be the same. */
static int cert_file(const char *path, const struct cert *cert, struct fault *fault)
{
    struct cert there;
    if (access(path, F_OK) != 0) {
        return cert_write(path, cert, fault);
    }
    if (cert_read(path, &there, fault) != 0) {
        return -1;
    }
    return there.len == cert->len && memcmp(there.der, cert->der, cert->len) == 0
               ? 0
               : fault_set(fault, "%s: another certificate stands there", path);
}

int outcome_file(const char *dir, const struct outcome *o, struct fault *fault)
{
    char uid[33];
    char path[700];
    text_hex(o->uid, sizeof o->uid, uid);
    if (strlen(dir) > 600) {
        return fault_set(fault, "%.600s: the path is too long", dir);
    }
    (void)snprintf(path, sizeof path, "%s/%s", dir, uid);
    if (file_folder_make(dir, 0755, fault) != 0 || file_folder_make(path, 0755, fault) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/%s/device.crt", dir, uid);
    if (cert_file(path, &o->device, fault) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/%s/update.crt", dir, uid);
    return cert_file(path, &o->update, fault);
}

/* ---- for people ---- */

void outcome_print(const struct outcome *o, const char *filed)
{
    char uid[33];
    char device[65];
    char update[65];
    text_hex(o->uid, sizeof o->uid, uid);
    unit_fingerprint(o->device.der, o->device.len, device);
    unit_fingerprint(o->update.der, o->update.len, update);
    (void)printf("unit                %llu\nunique ID           %s\napplication         sequence number %llu\n"
                 "device certificate  SHA-256 %s\nupdate certificate  SHA-256 %s\n",
                 (unsigned long long)o->number, uid, (unsigned long long)o->sequence, device, update);
    if (filed != NULL) {
        (void)printf("filed in            %s/%s\n", filed, uid);
    }
}

void outcome_table_print(const struct outcome_row *rows, size_t count)
{
    size_t done = 0;
    (void)printf("%6s  %-32s  %-24s  %s\n", "unit", "unique ID", "chip", "result");
    for (size_t i = 0; i < count; i++) {
        const struct outcome *o = rows[i].outcome;
        char uid[33] = "";
        char number[24] = "";
        char chip[25];
        char step[100];
        text_clean(rows[i].chip, chip, sizeof chip);
        text_clean(rows[i].step, step, sizeof step);
        if (rows[i].fault == NULL) {
            text_hex(o->uid, sizeof o->uid, uid);
            (void)snprintf(number, sizeof number, "%llu", (unsigned long long)o->number);
            done++;
        }
        (void)printf("%6s  %-32s  %-24s  %s%s\n", number, uid, chip, rows[i].fault == NULL ? "done" : "failed: ",
                     rows[i].fault == NULL     ? ""
                     : rows[i].step[0] == '\0' ? "nothing was begun"
                                               : step);
    }
    (void)printf("%zu of %zu done\n", done, count);
}

/* ---- for machines ---- */

/* Text from outside may be no UTF-8. */
static json_t *text_json(const char *in)
{
    char text[800];
    text_clean(in, text, sizeof text);
    return json_string(text);
}

static json_t *done_json(const struct outcome_row *row)
{
    const struct outcome *o = row->outcome;
    char uid[33];
    char device[65];
    char update[65];
    text_hex(o->uid, sizeof o->uid, uid);
    unit_fingerprint(o->device.der, o->device.len, device);
    unit_fingerprint(o->update.der, o->update.len, update);
    return json_pack("{s:o, s:s, s:I, s:s, s:I, s:s, s:s}", "chip", text_json(row->chip), "result", "done", "unit",
                     (json_int_t)o->number, "uid", uid, "sequence", (json_int_t)o->sequence, "device_certificate",
                     device, "update_certificate", update);
}

static json_t *failed_json(const struct outcome_row *row)
{
    return json_pack("{s:o, s:s, s:o, s:o, s:o}", "chip", text_json(row->chip), "result", "failed", "step",
                     text_json(row->step), "error", text_json(row->fault->what), "hint", text_json(row->fault->hint));
}

int outcome_json_print(const struct outcome_row *rows, size_t count)
{
    json_t *all = json_array();
    int result = all == NULL ? -1 : 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        result = json_array_append_new(all, rows[i].fault == NULL ? done_json(&rows[i]) : failed_json(&rows[i]));
    }
    if (result == 0) {
        result = json_dumpf(all, stdout, JSON_COMPACT);
        (void)fputs("\n", stdout);
    }
    json_decref(all);
    return result;
}
