/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki: the key ceremony. Key specs are data; a ceremony makes their keys in HSM tokens, certifies them, and keeps a
 * transcript. A ceremony that was cut goes on where it stopped. No key and no certificate is ever overwritten.
 */
#ifndef HOST_PKI_PKI_H
#define HOST_PKI_PKI_H

#include "base/bytes.h"
#include "host/lib/cert.h"
#include "host/lib/project.h"

#define PKI_KEYS_MAX 16
#define PKI_LABEL_MAX 40

/* One key of a spec. */
struct pki_key {
    char label[PKI_LABEL_MAX + 1];
    enum project_token token;
    enum cert_kind kind;            /* CERT_ROOT, CERT_SIGNING or CERT_AGREEMENT */
    char issuer[PKI_LABEL_MAX + 1]; /* empty for the root */
    char name[24];
};

struct pki_spec {
    struct pki_key keys[PKI_KEYS_MAX]; /* the first is the root; an issuer stands before what it certifies */
    size_t count;
};

/* Parses a spec (the format is described in specs/ceremony.yaml). Errors name file, line and mend. */
int pki_spec_parse(const char *name, struct bytes text, struct pki_spec *out, struct fault *fault);
/* Checks that a production spec has every key that the other commands use, and none in the development token. */
int pki_spec_check_complete(const char *name, const struct pki_spec *spec, struct fault *fault);
/* The built-in specs. */
struct bytes pki_spec_ceremony(void);
struct bytes pki_spec_development(void);
/* The spec by which this project's ceremony was made (pki/ceremony.yaml), or the built-in one. */
int pki_spec_of_project(const struct project *project, struct pki_spec *out, struct fault *fault);

/* Gets one line for each step, without newline. */
struct pki_listener {
    void (*step)(void *context, const char *line);
    void *context;
};

/* Makes what `spec` asks for: tokens (SoftHSM only), keys, certificates in pki/, pki/transcript.txt. */
int pki_ceremony_run(const struct project *project, const struct pki_spec *spec, const struct pki_listener *listener,
                     struct fault *fault);
/* The production ceremony: pki_ceremony_run with `text` as spec, which is kept as pki/ceremony.yaml; `name` is for
 * messages. */
int pki_create(const struct project *project, const char *name, struct bytes text, const struct pki_listener *listener,
               struct fault *fault);

struct pki_server_order {
    const char *request; /* PEM: PKCS#10 request for the server's key */
    const char *host;    /* DNS name or IP address */
    const char *common_name;
    unsigned years; /* 1 to 50 */
    const char *out;
};
/* Has the root certify a TLS server to which devices may talk, and notes it in pki/servers.txt before the certificate
 * appears. */
int pki_server_issue(const struct project *project, const struct pki_server_order *order,
                     const struct pki_listener *listener, struct fault *fault);

struct pki_scaffold {
    const char *dir;
    const char *product;      /* NULL: the folder's name */
    const char *organisation; /* NULL: an example */
    const char *vendor_domain;
};
/* `windlass init`: writes a project with a development token, keys and certificates. The profile is written last. */
int pki_scaffold_make(const struct pki_scaffold *scaffold, const struct pki_listener *listener, struct fault *fault);

/* What is known of one key. */
struct pki_row {
    struct pki_key key;
    int has_certificate;
    struct cert_facts facts;
    int in_token;      /* 1 the token holds the key of the certificate, 0 not, -1 the token cannot be asked */
    char token[256];   /* description of the token, or why it cannot be asked */
    char problem[768]; /* what is wrong; empty when all is well */
    char hint[384];    /* how to mend it, or empty */
};
/* Looks at every key of the spec: certificate, path to the root, token, sealed. */
int pki_survey(const struct project *project, const struct pki_spec *spec, struct pki_row rows[PKI_KEYS_MAX],
               struct fault *fault);

#endif
