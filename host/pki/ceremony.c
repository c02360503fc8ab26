/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceremony: makes the keys and certificates of a spec (pki.h). Each step is noted before the next; what a run that was
 * cut had begun is finished, what stands is checked and left, and what does not fit together is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "host/lib/file.h"
#include "host/lib/hsm_uri.h"
#include "host/lib/text.h"
#include "host/lib/yaml_file.h"
#include "host/pki/enrol.h"
#include "host/pki/pki.h"
#include "host/pki/transcript.h"

struct ceremony {
    const struct project *project;
    const struct pki_spec *spec;
    struct bytes keep; /* text of the spec to keep as pki/ceremony.yaml; empty for none */
    struct transcript transcript;
    struct hsm *hsm[PROJECT_TOKENS];
    struct cert certs[PKI_KEYS_MAX];
    size_t made;
};

/* ---- tokens ---- */

static int token_is_used(const struct pki_spec *spec, enum project_token token)
{
    for (size_t i = 0; i < spec->count; i++) {
        if (spec->keys[i].token == token) {
            return 1;
        }
    }
    return 0;
}

/* Only SoftHSM's tokens are made here: those of real HSMs are made by their own tools, under their own rules. */
static int token_make(struct ceremony *c, enum project_token token, struct fault *fault)
{
    const struct project_hsm *hsm = &c->project->profile.hsm[token];
    struct hsm_uri uri;
    if (hsm_uri_parse(hsm->uri, &uri, fault) != 0) {
        return -1;
    }
    if (uri.token[0] == '\0' || hsm->pin_file[0] == '\0') {
        return fault_set(fault, "product.yaml: hsm.%s: to make the token, it needs a token= label and a pin_file",
                         project_token_name(token));
    }
    if (hsm_token_make(hsm->module, uri.token, hsm->pin_file, fault) != 0) {
        return fault_hint(fault, "is the token in another SoftHSM folder (SOFTHSM2_CONF)?");
    }
    c->made++;
    return transcript_line(&c->transcript, fault, "made token '%s' (%s) in SoftHSM; its PIN is in %s", uri.token,
                           project_token_name(token), hsm->pin_file);
}

static int token_open(struct ceremony *c, enum project_token token, struct fault *fault)
{
    const struct project_hsm *hsm = &c->project->profile.hsm[token];
    if (strstr(hsm->module, "softhsm") != NULL) {
        int exists = hsm_token_exists(hsm->module, hsm->uri, fault);
        if (exists < 0 || (exists == 0 && token_make(c, token, fault) != 0)) {
            return -1;
        }
        if (exists == 1 && hsm_token_finish(hsm->module, hsm->uri, hsm->pin_file, fault) != 0) {
            return -1;
        }
    }
    if (project_hsm_open(c->project, token, &c->hsm[token], fault) != 0) {
        return -1;
    }
    transcript_tell(&c->transcript, "token %s: %s", project_token_name(token), hsm_description(c->hsm[token]));
    return 0;
}

static int tokens_open(struct ceremony *c, struct fault *fault)
{
    if (project_softhsm_use(c->project, fault) != 0) {
        return -1;
    }
    for (unsigned token = 0; token < PROJECT_TOKENS; token++) {
        if (token_is_used(c->spec, (enum project_token)token) && token_open(c, (enum project_token)token, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- keys ---- */

/* SHA-256 over the 64 bytes of a public key, in hexadecimal. */
static void key_fingerprint(const uint8_t public_key[64], char out[65])
{
    uint8_t digest[32] = { 0 };
    (void)EVP_Digest(public_key, 64, digest, NULL, EVP_sha256(), NULL);
    text_hex(digest, sizeof digest, out);
}

static int key_make(struct ceremony *c, const struct pki_key *key, uint8_t public_key[64], struct fault *fault)
{
    char fingerprint[65];
    struct hsm *hsm = c->hsm[key->token];
    enum hsm_key_kind kind = key->kind == CERT_AGREEMENT ? HSM_KEY_AGREE : HSM_KEY_SIGN;
    if (transcript_begin(&c->transcript, key->label, fault) != 0 ||
        hsm_key_generate(hsm, key->label, kind, public_key, fault) != 0 ||
        hsm_key_check_sealed(hsm, key->label, fault) != 0) {
        return -1;
    }
    key_fingerprint(public_key, fingerprint);
    return transcript_line(&c->transcript, fault, "made key '%s' (P-256, cannot leave) in %s; public key SHA-256 %s",
                           key->label, hsm_description(hsm), fingerprint);
}

/* A key without certificate is ours only when a run that was cut had begun it. */
static int key_resume(struct ceremony *c, const struct pki_key *key, uint8_t public_key[64], struct fault *fault)
{
    int begun = transcript_begun(&c->transcript, key->label, fault);
    if (begun == 0) {
        (void)fault_set(fault, "the %s token has a key '%s' that this ceremony did not make",
                        project_token_name(key->token), key->label);
        return fault_hint(fault, "is it another product's token? Name a new one in product.yaml");
    }
    struct hsm *hsm = c->hsm[key->token];
    if (begun < 0 || hsm_key_check_sealed(hsm, key->label, fault) != 0 ||
        hsm_key_public(hsm, key->label, public_key, fault) != 0) {
        return -1;
    }
    return transcript_line(&c->transcript, fault, "key '%s' was made by the run that was cut: going on with it",
                           key->label);
}

/* ---- certificates ---- */

static int cert_path(const struct ceremony *c, const struct pki_key *key, char *out, size_t out_len,
                     struct fault *fault)
{
    char relative[PKI_LABEL_MAX + 16];
    (void)snprintf(relative, sizeof relative, "pki/%s.crt", key->label);
    return project_path(c->project, relative, out, out_len, fault);
}

/* The root certifies all keys of a spec, and itself. */
static int cert_make(struct ceremony *c, size_t index, const uint8_t public_key[64], const char *path,
                     struct fault *fault)
{
    char name[96];
    struct cert_facts facts;
    const struct pki_key *key = &c->spec->keys[index];
    const struct pki_key *root = &c->spec->keys[0];
    (void)snprintf(name, sizeof name, "%s %s", c->project->profile.product, key->name);
    struct cert_spec spec = { .kind = key->kind,
                              .organisation = c->project->profile.organisation,
                              .common_name = name,
                              .years = c->project->profile.ca_years };
    memcpy(spec.public_key, public_key, 64);
    if (cert_issue(&spec, index == 0 ? NULL : &c->certs[0], c->hsm[root->token], root->label, &c->certs[index],
                   fault) != 0 ||
        cert_facts_read(&c->certs[index], &facts, fault) != 0 || cert_write(path, &c->certs[index], fault) != 0) {
        return -1;
    }
    char fingerprint[65];
    text_hex(facts.fingerprint, sizeof facts.fingerprint, fingerprint);
    c->made++;
    return transcript_line(&c->transcript, fault, "issued pki/%s.crt (%s) by '%s', valid until %s, SHA-256 %s",
                           key->label, facts.subject, root->label, facts.not_after, fingerprint);
}

/* What stands is checked as if it were new. */
static int cert_keep(struct ceremony *c, size_t index, const char *path, struct fault *fault)
{
    const struct pki_key *key = &c->spec->keys[index];
    uint8_t certified[64];
    uint8_t in_token[64];
    if (cert_read(path, &c->certs[index], fault) != 0 ||
        cert_check(&c->certs[index], NULL, &c->certs[0], key->kind, certified, fault) != 0 ||
        hsm_key_public(c->hsm[key->token], key->label, in_token, fault) != 0) {
        return -1;
    }
    if (memcmp(certified, in_token, sizeof certified) != 0) {
        (void)fault_set(fault, "%s: certifies another key than '%s' in the %s token", path, key->label,
                        project_token_name(key->token));
        return fault_hint(fault, "check that product.yaml names the right token");
    }
    if (hsm_key_check_sealed(c->hsm[key->token], key->label, fault) != 0) {
        return -1;
    }
    transcript_tell(&c->transcript, "key '%s' and pki/%s.crt exist and match: left as they are", key->label,
                    key->label);
    return 0;
}

/* A key that a cut run began and never noted as made, and that is not whole: nobody has used it. */
static int key_is_torn(const struct ceremony *c, const struct pki_key *key, int exists, struct fault *fault)
{
    struct fault ignored = FAULT_NONE;
    int begun = transcript_begun(&c->transcript, key->label, fault);
    int made = begun <= 0 ? 0 : transcript_made(&c->transcript, key->label, fault);
    if (begun < 0 || made < 0) {
        return -1;
    }
    return begun && !made && (!exists || hsm_key_check_sealed(c->hsm[key->token], key->label, &ignored) != 0);
}

static int key_step(struct ceremony *c, size_t index, struct fault *fault)
{
    char path[640];
    uint8_t public_key[64];
    const struct pki_key *key = &c->spec->keys[index];
    if (cert_path(c, key, path, sizeof path, fault) != 0) {
        return -1;
    }
    int certified = access(path, F_OK) == 0;
    int exists = hsm_key_exists(c->hsm[key->token], key->label, fault);
    if (exists < 0) {
        return -1;
    }
    if (certified && exists == 0) {
        (void)fault_set(fault, "%s exists, but the %s token has no key '%s'", path, project_token_name(key->token),
                        key->label);
        return fault_hint(fault, "check that product.yaml names the right token; nothing was changed");
    }
    if (certified) {
        return cert_keep(c, index, path, fault);
    }
    int torn = key_is_torn(c, key, exists, fault);
    if (torn < 0 || (torn && hsm_key_torn_drop(c->hsm[key->token], key->label, fault) != 0)) {
        return -1;
    }
    exists = exists && !torn;
    int result = exists ? key_resume(c, key, public_key, fault) : key_make(c, key, public_key, fault);
    return result != 0 ? -1 : cert_make(c, index, public_key, path, fault);
}

/* ---- the whole ---- */

static int spec_keep(const struct ceremony *c, struct fault *fault)
{
    char path[640];
    uint8_t *kept;
    size_t len;
    if (c->keep.len == 0) {
        return 0;
    }
    if (project_path(c->project, "pki/ceremony.yaml", path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return file_write(path, c->keep, 0644, FILE_NEW_ONLY, fault);
    }
    if (file_read(path, YAML_FILE_MAX, &kept, &len, fault) != 0) {
        return -1;
    }
    int same = bytes_equal(c->keep, bytes_of(kept, len));
    free(kept);
    if (!same) {
        (void)fault_set(fault, "%s: this project's ceremony began with another key spec", path);
        return fault_hint(fault, "go on with --spec %s", path);
    }
    return 0;
}

static int ceremony_steps(struct ceremony *c, struct fault *fault)
{
    if (tokens_open(c, fault) != 0 || spec_keep(c, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < c->spec->count; i++) {
        if (key_step(c, i, fault) != 0) {
            return -1;
        }
    }
    return transcript_finish(&c->transcript, fault);
}

static int ceremony_run(const struct project *project, const struct pki_spec *spec, struct bytes keep,
                        const struct pki_listener *listener, struct fault *fault)
{
    const char *name = spec->keys[0].token == PROJECT_DEVELOPMENT ? "dev-transcript" : "transcript";
    struct ceremony *c = (struct ceremony *)calloc(1, sizeof *c);
    if (c == NULL) {
        return fault_set(fault, "no memory");
    }
    c->project = project;
    c->spec = spec;
    c->keep = keep;
    int result = transcript_open(&c->transcript, project, name, listener, fault);
    if (result == 0) {
        result = ceremony_steps(c, fault);
        if (result == 0) {
            if (c->made == 0) {
                transcript_tell(&c->transcript, "nothing was left to do");
            } else {
                transcript_tell(&c->transcript, "noted in pki/%s.txt", name);
            }
        }
        transcript_close(&c->transcript);
    }
    for (unsigned token = 0; token < PROJECT_TOKENS; token++) {
        hsm_close(c->hsm[token]);
    }
    free(c);
    return result;
}

int pki_ceremony_run(const struct project *project, const struct pki_spec *spec, const struct pki_listener *listener,
                     struct fault *fault)
{
    return ceremony_run(project, spec, bytes_of(NULL, 0), listener, fault);
}

int pki_create(const struct project *project, const char *name, struct bytes text, const struct pki_listener *listener,
               struct fault *fault)
{
    struct pki_spec spec;
    if (pki_spec_parse(name, text, &spec, fault) != 0 || pki_spec_check_complete(name, &spec, fault) != 0) {
        return -1;
    }
    return ceremony_run(project, &spec, text, listener, fault) != 0 ? -1 : pki_public_write(project, fault);
}
