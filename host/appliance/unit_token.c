/* SPDX-License-Identifier: Apache-2.0 */
/* unit_token: the device's own word at the end: that it is secured, and what it runs. See unit.h. */
#include "host/appliance/appliance_room.h"

/* The device itself must say, over our nonce, that it is secured. */
static int secured_check(const struct unit *u, struct bytes token, struct token_claims *claims, struct fault *fault)
{
    if (token_check(token, u->record.identity_key, bytes_of(u->nonce, sizeof u->nonce), claims, fault) != 0) {
        return -1;
    }
    return claims->lifecycle == TOKEN_LIFECYCLE_SECURED
               ? 0
               : fault_set(fault, "the device does not say that it is secured");
}

static int measured(const struct token_component *part, const uint8_t digest[TOKEN_HASH_LEN])
{
    return bytes_equal(part->measurement, bytes_of(digest, TOKEN_HASH_LEN));
}

/* CHECK's answer came through the station's hands; this is signed. */
static int software_check(const struct run *run, const struct token_claims *claims, struct fault *fault)
{
    const struct run_software *s = &run->software;
    const struct token_component *parts = claims->parts;
    const char *wrong = NULL;
    if (!bytes_equal(claims->implementation, bytes_of(s->implementation, sizeof s->implementation))) {
        wrong = "product";
    } else if (!measured(&parts[TOKEN_BL1], s->bl1)) {
        wrong = "bootloader";
    } else if (parts[TOKEN_SBM].version != run->sbm_sequence ||
               (!measured(&parts[TOKEN_SBM], s->sbm[0]) && !measured(&parts[TOKEN_SBM], s->sbm[1]))) {
        wrong = "Secure Boot Manager";
    } else if (parts[TOKEN_APP].version != run->facts.sequence || !measured(&parts[TOKEN_APP], s->app)) {
        wrong = "application";
    }
    if (wrong == NULL) {
        return 0;
    }
    (void)fault_set(fault, "the device says that it runs another %s than it was given", wrong);
    return fault_hint(fault, "do not ship it: find out who had the chip in hand");
}

static int token_keep(struct unit *u, struct bytes token, struct fault *fault)
{
    if (token.len > sizeof u->token) {
        return fault_set(fault, "the device's token is too long");
    }
    memcpy(u->token, token.data, token.len);
    u->token_len = token.len;
    return 0;
}

static int record_close(const struct unit *u, struct fault *fault)
{
    return ledger_unit_close(u->appliance->ledger, u->record.uid, bytes_of(u->nonce, sizeof u->nonce),
                             bytes_of(u->token, u->token_len), fault);
}

int unit_token_check(struct unit *u, struct bytes data, struct fault *fault)
{
    if (data.len == 0 && !u->appliance->token_needed) {
        return 0;
    }
    if (data.len == 0) {
        return fault_set(fault, "the device gave no token that says that it is secured");
    }
    struct token_claims claims;
    return secured_check(u, data, &claims, fault) != 0 || software_check(u->run, &claims, fault) != 0
               ? -1
               : token_keep(u, data, fault);
}

int unit_closed_check(struct unit *u, struct bytes data, struct fault *fault)
{
    (void)data;
    return record_close(u, fault);
}

/* The unit whose identity key has this instance ID. */
static int claim_find(struct unit *u, struct bytes token, struct fault *fault)
{
    struct token_claims claims;
    struct bytes encoded;
    struct bytes signature;
    status_t status = token_parse(token, &encoded, &signature);
    if (status == STATUS_OK) {
        status = token_claims_parse(encoded, &claims);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's token", status);
    }
    int found = ledger_unit_by_instance(u->appliance->ledger, claims.instance.data, &u->record, fault);
    if (found == 0) {
        (void)fault_set(fault, "this chip is a device already, and this ledger does not know it");
        return fault_hint(fault,
                          "it was made at another appliance, or by nobody: the maker can search his ledgers for it");
    }
    return found == 1 ? 0 : -1;
}

/* A run that locked the chip and did not live to record that: the device's own word closes the record now. */
int unit_claim_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct token_claims claims;
    if (data.len == 0) {
        (void)fault_set(fault, "%s", u->trouble);
        return fault_hint(fault,
                          "a locked chip has no debug port: with --link, or as a virtual chip, it can prove that "
                          "it is one of ours");
    }
    if (claim_find(u, data, fault) != 0 || secured_check(u, data, &claims, fault) != 0 ||
        unit_chip_take(u, u->record.uid, fault) != 0) {
        return -1;
    }
    /* One that is done may have been updated since, and one of another package was measured by that. */
    if (u->record.state != LEDGER_DONE && u->record.package == u->run->number &&
        software_check(u->run, &claims, fault) != 0) {
        return -1;
    }
    return token_keep(u, data, fault) != 0 ? -1 : record_close(u, fault);
}
