/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger_token: `windlass ledger show --token`: which unit made a token, is it true, and what does it say? */
#include "host/cli/cmd_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/unit_text.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/sign1/token.h"

static const char *const part_names[TOKEN_PARTS] = { "bootloader", "boot manager", "application" };

/* The claims, of which nothing is believed yet. */
static int claims_read(struct bytes token, struct token_claims *claims, struct fault *fault)
{
    struct bytes encoded;
    struct bytes signature;
    status_t status = token_parse(token, &encoded, &signature);
    if (status == STATUS_OK) {
        status = token_claims_parse(encoded, claims);
    }
    return status == STATUS_OK ? 0 : fault_status(fault, "the token", status);
}

static int unit_find(struct ledger *ledger, struct bytes token, struct ledger_unit *unit, struct token_claims *claims,
                     struct fault *fault)
{
    if (claims_read(token, claims, fault) != 0) {
        return -1;
    }
    int found = ledger_unit_by_instance(ledger, claims->instance.data, unit, fault);
    if (found <= 0) {
        return found < 0 ? -1 : fault_set(fault, "the ledger knows no unit that makes such tokens");
    }
    return token_check(token, unit->identity_key, claims->nonce, claims, fault);
}

static void claims_text(const struct token_claims *claims)
{
    char text[129];
    (void)printf("\n%-20s %s (0x%04llx)\n", "the token says", token_lifecycle_text(claims->lifecycle),
                 (unsigned long long)claims->lifecycle);
    text_hex(claims->nonce.data, claims->nonce.len, text);
    (void)printf("%-20s %s\n", "nonce", text);
    for (unsigned i = 0; i < TOKEN_PARTS; i++) {
        text_hex(claims->parts[i].measurement.data, claims->parts[i].measurement.len, text);
        (void)printf("%-20s %lu, %s\n", part_names[i], (unsigned long)claims->parts[i].version, text);
    }
}

static void claims_json(const struct token_claims *claims)
{
    char text[129];
    text_hex(claims->nonce.data, claims->nonce.len, text);
    (void)printf("{\"lifecycle\":%llu,\"nonce\":\"%s\",\"software\":[", (unsigned long long)claims->lifecycle, text);
    for (unsigned i = 0; i < TOKEN_PARTS; i++) {
        text_hex(claims->parts[i].measurement.data, claims->parts[i].measurement.len, text);
        (void)printf("%s{\"version\":%lu,\"measurement\":\"%s\"}", i == 0 ? "" : ",",
                     (unsigned long)claims->parts[i].version, text);
    }
    (void)fputs("]}", stdout);
}

int ledger_token_show(struct ledger *ledger, const struct ledger_options *options, struct fault *fault)
{
    struct ledger_unit unit;
    struct token_claims claims;
    uint8_t *token = NULL;
    size_t len = 0;
    if (file_read(options->token, TOKEN_MAX, &token, &len, fault) != 0) {
        return -1;
    }
    int result = unit_find(ledger, bytes_of(token, len), &unit, &claims, fault);
    if (result == 0 && options->json) {
        (void)fputs("{\"unit\":", stdout);
        unit_json_print(stdout, &unit);
        (void)fputs(",\"token\":", stdout);
        claims_json(&claims);
        (void)puts("}");
    } else if (result == 0) {
        unit_text_print(&unit);
        claims_text(&claims);
    }
    free(token);
    return result;
}
