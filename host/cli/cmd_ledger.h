/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger: what the verbs of `windlass ledger` share. */
#ifndef HOST_CLI_CMD_LEDGER_H
#define HOST_CLI_CMD_LEDGER_H

#include "host/ledger/audit.h"
#include "host/lib/project.h"

#define LEDGER_COMMAND "ledger"
#define LEDGER_PATH_LEN 600
#define LEDGER_CERTS_MAX 4096

struct ledger_options {
    const char *project; /* folder of the maker's project */
    const char *place;   /* file, folder of an appliance, or database; NULL: ledger.db of the project */
    const char *head;
    const char *order;    /* of an appliance with a TPM: its count, as the TPM certified it */
    const char *argument; /* of show and search */
    const char *token;    /* file with an attestation token, for show */
    const char *format;
    const char *out;
    const char *state;
    const char *certs[16]; /* files, for verify */
    size_t cert_count;
    uint64_t count;
    uint64_t package;
    int has_count;
    int has_package;
    int final;
    int json;
};

/* The place of the ledger that is meant. */
int ledger_place_find(const struct ledger_options *options, char out[LEDGER_PATH_LEN], struct fault *fault);

/* The maker's certificates, out of pki/. ledger_trust_free afterwards. */
struct ledger_trust {
    struct audit_trust audit;
    struct cert *certs;
    uint64_t *revoked;
    struct audit_given *given;
    size_t given_room;
};
int ledger_trust_open(const char *project, struct ledger_trust *out, struct fault *fault);
/* What the TPM states in an order, and the records key of the appliance whose order it is. */
int ledger_order_read(const struct ledger_options *options, uint64_t *count, uint8_t records_key[64],
                      struct fault *fault);
void ledger_trust_free(struct ledger_trust *trust);

/* Shows the unit that made a token, and what the token says. */
int ledger_token_show(struct ledger *ledger, const struct ledger_options *options, struct fault *fault);

/* The verbs. 0, or -1 with the fault; 1: done, and the result is a bad one. */
int ledger_verify(const struct ledger_options *options, struct fault *fault);
int ledger_report(const struct ledger_options *options, struct fault *fault);
int ledger_export(const struct ledger_options *options, struct fault *fault);

#endif
