/* SPDX-License-Identifier: Apache-2.0 */
/* survey: what there is of a spec's keys, and whether it fits together (pki.h). Changes nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/pki/pki.h"

/* A token of the project, opened once for all its keys. */
struct survey_token {
    int tried;
    struct hsm *hsm;
    struct fault fault;
};

struct survey {
    const struct project *project;
    struct survey_token tokens[PROJECT_TOKENS];
    struct cert root;
    int has_root;
};

static void row_problem(struct pki_row *row, const struct fault *fault)
{
    if (row->problem[0] == '\0') {
        (void)snprintf(row->problem, sizeof row->problem, "%s", fault->what);
        (void)snprintf(row->hint, sizeof row->hint, "%s", fault->hint);
    }
}

static void survey_token_open(struct survey *survey, enum project_token which)
{
    struct survey_token *token = &survey->tokens[which];
    if (!token->tried) {
        token->tried = 1;
        (void)project_hsm_open(survey->project, which, &token->hsm, &token->fault);
    }
}

static int survey_cert(const struct survey *survey, struct pki_row *row, struct cert *cert, struct fault *fault)
{
    char relative[PKI_LABEL_MAX + 16];
    char path[640];
    (void)snprintf(relative, sizeof relative, "pki/%s.crt", row->key.label);
    if (project_path(survey->project, relative, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return fault_set(fault, "%s is missing", relative);
    }
    if (cert_read(path, cert, fault) != 0 || cert_facts_read(cert, &row->facts, fault) != 0) {
        return -1;
    }
    row->has_certificate = 1;
    return 0;
}

/* Gives the certified key, when the path to the root is sound. */
static int survey_path(struct survey *survey, struct pki_row *row, uint8_t certified[64], struct fault *fault)
{
    struct cert cert;
    if (survey_cert(survey, row, &cert, fault) != 0) {
        return -1;
    }
    if (row->key.kind == CERT_ROOT) {
        survey->root = cert;
        survey->has_root = 1;
    }
    if (!survey->has_root) {
        return fault_set(fault, "there is no root certificate to check it with");
    }
    return cert_check(&cert, NULL, &survey->root, row->key.kind, certified, fault);
}

static void survey_key(struct survey *survey, struct pki_row *row, const uint8_t *certified)
{
    struct survey_token *token = &survey->tokens[row->key.token];
    struct fault fault = FAULT_NONE;
    uint8_t in_token[64];
    survey_token_open(survey, row->key.token);
    row->in_token = -1;
    if (token->hsm == NULL) {
        (void)snprintf(row->token, sizeof row->token, "%.255s", token->fault.what);
        row_problem(row, &token->fault);
        return;
    }
    (void)snprintf(row->token, sizeof row->token, "%s", hsm_description(token->hsm));
    row->in_token = hsm_key_exists(token->hsm, row->key.label, &fault);
    if (row->in_token == 0) {
        (void)fault_set(&fault, "the token has no key '%s'", row->key.label);
    }
    if (row->in_token == 1 && hsm_key_check_sealed(token->hsm, row->key.label, &fault) == 0 &&
        hsm_key_public(token->hsm, row->key.label, in_token, &fault) == 0 && certified != NULL &&
        memcmp(in_token, certified, sizeof in_token) != 0) {
        row->in_token = 0;
        (void)fault_set(&fault, "the token's key '%s' is not the certified one", row->key.label);
    }
    row_problem(row, &fault);
}

int pki_survey(const struct project *project, const struct pki_spec *spec, struct pki_row rows[PKI_KEYS_MAX],
               struct fault *fault)
{
    struct survey survey = { .project = project };
    memset(rows, 0, PKI_KEYS_MAX * sizeof rows[0]);
    if (project_softhsm_use(project, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < spec->count; i++) {
        struct fault problem = FAULT_NONE;
        uint8_t certified[64];
        rows[i].key = spec->keys[i];
        int sound = survey_path(&survey, &rows[i], certified, &problem) == 0;
        row_problem(&rows[i], &problem);
        survey_key(&survey, &rows[i], sound ? certified : NULL);
    }
    for (unsigned token = 0; token < PROJECT_TOKENS; token++) {
        hsm_close(survey.tokens[token].hsm);
    }
    return 0;
}
