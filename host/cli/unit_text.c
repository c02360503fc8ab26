/* SPDX-License-Identifier: Apache-2.0 */
/* unit_text: see unit_text.h. */
#include "host/cli/unit_text.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/text.h"

int unit_uid_read(const char *text, uint8_t uid[16])
{
    if (strlen(text) != 32 || strspn(text, "0123456789abcdefABCDEF") != 32) {
        return -1;
    }
    for (size_t i = 0; i < 16; i++) {
        unsigned byte = 0;
        (void)sscanf(text + 2 * i, "%2x", &byte);
        uid[i] = (uint8_t)byte;
    }
    return 0;
}

void unit_fingerprint(const uint8_t *der, size_t len, char out[65])
{
    uint8_t digest[32];
    (void)SHA256(der, len, digest);
    text_hex(digest, sizeof digest, out);
}

static void line_print(const char *name, const char *value)
{
    if (value[0] != '\0') {
        (void)printf("%-20s %s\n", name, value);
    }
}

void unit_text_print(const struct ledger_unit *u)
{
    char text[129];
    (void)printf("%-20s %llu\n", "unit", (unsigned long long)u->number);
    text_hex(u->uid, sizeof u->uid, text);
    line_print("unique ID", text);
    line_print("state", ledger_state_name(u->state));
    if (u->package != 0) {
        (void)printf("%-20s %llu\n", "package", (unsigned long long)u->package);
    }
    (void)printf("%-20s %llu\n", "package sequence", (unsigned long long)u->package_sequence);
    text_hex(u->identity_key, sizeof u->identity_key, text);
    line_print("identity key", text);
    text_hex(u->update_key, sizeof u->update_key, text);
    line_print("update key", text);
    if (u->device_cert.len != 0) {
        unit_fingerprint(u->device_cert.der, u->device_cert.len, text);
        line_print("device certificate", text);
        unit_fingerprint(u->update_cert.der, u->update_cert.len, text);
        line_print("update certificate", text);
    }
    if (u->has_receipt) {
        text_hex(u->receipt, sizeof u->receipt, text);
        line_print("receipt", text);
    }
    if (u->done_at[0] != '\0') {
        line_print("closed by", u->has_token ? "its own token" : "the closed debug port");
    }
    line_print("reserved", u->reserved_at);
    line_print("checked", u->checked_at);
    line_print("done", u->done_at);
    line_print("quarantined", u->quarantined_at);
    line_print("debug rights given", u->debugged_at);
}

/* A member whose value is text, or null when it is empty. No value here needs escaping. */
static void member_print(FILE *out, const char *name, const char *value)
{
    if (value[0] == '\0') {
        (void)fprintf(out, ",\"%s\":null", name);
    } else {
        (void)fprintf(out, ",\"%s\":\"%s\"", name, value);
    }
}

static void cert_member_print(FILE *out, const char *name, const struct cert *cert)
{
    char text[65] = "";
    if (cert->len != 0) {
        unit_fingerprint(cert->der, cert->len, text);
    }
    member_print(out, name, text);
}

void unit_json_print(FILE *out, const struct ledger_unit *u)
{
    char text[129];
    (void)fprintf(out, "{\"unit\":%llu", (unsigned long long)u->number);
    text_hex(u->uid, sizeof u->uid, text);
    member_print(out, "uid", text);
    member_print(out, "state", ledger_state_name(u->state));
    (void)fprintf(out, ",\"package\":%llu,\"sequence\":%llu", (unsigned long long)u->package,
                  (unsigned long long)u->package_sequence);
    text_hex(u->identity_key, sizeof u->identity_key, text);
    member_print(out, "identity_key", text);
    text_hex(u->update_key, sizeof u->update_key, text);
    member_print(out, "update_key", text);
    cert_member_print(out, "device_certificate", &u->device_cert);
    cert_member_print(out, "update_certificate", &u->update_cert);
    text[0] = '\0';
    if (u->has_receipt) {
        text_hex(u->receipt, sizeof u->receipt, text);
    }
    member_print(out, "receipt", text);
    (void)fprintf(out, ",\"token\":%s", u->has_token ? "true" : "false");
    member_print(out, "reserved_at", u->reserved_at);
    member_print(out, "checked_at", u->checked_at);
    member_print(out, "done_at", u->done_at);
    member_print(out, "quarantined_at", u->quarantined_at);
    member_print(out, "debugged_at", u->debugged_at);
    (void)fputs("}", out);
}

int unit_state_is_known(const char *state)
{
    for (enum ledger_state s = LEDGER_RESERVED; s <= LEDGER_DECOMMISSIONED; s++) {
        if (strcmp(ledger_state_name(s), state) == 0) {
            return 1;
        }
    }
    return 0;
}

int unit_is_meant(const struct ledger_unit *unit, const char *state, int has_package, uint64_t package)
{
    return (state == NULL || strcmp(ledger_state_name(unit->state), state) == 0) &&
           (!has_package || unit->package == package);
}
