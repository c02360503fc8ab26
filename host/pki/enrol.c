/* SPDX-License-Identifier: Apache-2.0 */
/* enrol: what all certifying runs begin and end with (enrol_room.h), and public.pem. */
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/enrolment.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/pki/enrol_room.h"

int enrol_path(const struct enrol *e, char out[ENROL_PATH_MAX], struct fault *fault, const char *format, ...)
{
    char relative[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(relative, sizeof relative, format, args);
    va_end(args);
    return project_path(e->project, relative, out, ENROL_PATH_MAX, fault);
}

int enrol_begin(struct enrol *e, const struct project *project, const char *log, const struct pki_listener *listener,
                struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    uint8_t key[64];
    memset(e, 0, sizeof *e);
    e->project = project;
    if (enrol_path(e, path, fault, "pki/" KEY_ROOT ".crt") != 0 || cert_read(path, &e->root, fault) != 0) {
        return fault_hint(fault, "the maker's keys come first: windlass pki create");
    }
    if (cert_check(&e->root, NULL, &e->root, CERT_ROOT, key, fault) != 0 ||
        transcript_open(&e->transcript, project, log, listener, fault) != 0) {
        return -1;
    }
    if (project_hsm_open(project, PROJECT_OEM, &e->hsm, fault) != 0) {
        transcript_close(&e->transcript);
        return -1;
    }
    return 0;
}

int enrol_end(struct enrol *e, int result, struct fault *fault)
{
    if (result == 0) {
        result = transcript_finish(&e->transcript, fault);
    }
    transcript_close(&e->transcript);
    hsm_close(e->hsm);
    return result;
}

int enrol_name_check(const char *name, struct fault *fault)
{
    struct pki_spec spec;
    size_t len = strlen(name);
    int sound = len >= 1 && len <= PKI_NAME_MAX && name[0] != '-' &&
                name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
    if (!sound) {
        (void)fault_set(fault, "'%.80s' is not a name for a machine", name);
        return fault_hint(fault, "1 to %d lower-case letters, digits and '-', such as factory-1", PKI_NAME_MAX);
    }
    if (pki_spec_parse("built-in ceremony.yaml", pki_spec_ceremony(), &spec, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < spec.count; i++) {
        if (strcmp(spec.keys[i].label, name) == 0) {
            (void)fault_set(fault, "'%s' is the name of a key, and not one for a machine", name);
            return fault_hint(fault, "choose another, such as factory-1");
        }
    }
    return 0;
}

static int cert_is_for(const struct cert *cert, const uint8_t public_key[64], const char *path, struct fault *fault)
{
    uint8_t certified[64];
    if (cert_public_key(cert, certified, fault) != 0) {
        return -1;
    }
    if (memcmp(certified, public_key, sizeof certified) != 0) {
        (void)fault_set(fault, "%s: exists already, for another key; nothing is overwritten", path);
        return fault_hint(fault, "choose another name");
    }
    return 0;
}

int enrol_path_aside(const char *path, unsigned n, char out[ENROL_PATH_MAX], struct fault *fault)
{
    size_t stem = strlen(path) - strlen(".crt");
    int len = snprintf(out, ENROL_PATH_MAX, "%.*s.%u.crt", (int)stem, path, n);
    return len > 0 && len < ENROL_PATH_MAX ? 0 : fault_set(fault, "%s: the name is too long", path);
}

/* What was signed under it is still to be checked some day. */
static int cert_put_aside(const char *path, struct fault *fault)
{
    char aside[ENROL_PATH_MAX];
    unsigned n = 1;
    while (enrol_path_aside(path, n, aside, fault) == 0) {
        if (access(aside, F_OK) != 0) {
            return rename(path, aside) == 0 ? 0 : fault_errno(fault, "%s", aside);
        }
        n++;
    }
    return -1;
}

/* 1: the certificate that is there stays, and is *out; 0: there is none, any more; -1. */
static int cert_there(const struct enrol *e, const struct cert_spec *spec, const char *path, struct cert *out,
                      struct fault *fault)
{
    if (access(path, F_OK) != 0) {
        return 0;
    }
    if (cert_read(path, out, fault) != 0 || cert_is_for(out, spec->public_key, path, fault) != 0) {
        return -1;
    }
    return e->renew ? cert_put_aside(path, fault) : 1;
}

int enrol_cert(struct enrol *e, const struct cert_spec *spec, const char *path, struct cert *out, struct fault *fault)
{
    struct cert_facts facts;
    char fingerprint[65];
    int there = cert_there(e, spec, path, out, fault);
    if (there != 0) {
        return there < 0 ? -1 : 0;
    }
    if (cert_issue(spec, &e->root, e->hsm, KEY_ROOT, out, fault) != 0 || cert_facts_read(out, &facts, fault) != 0) {
        return -1;
    }
    text_hex(facts.fingerprint, sizeof facts.fingerprint, fingerprint);
    if (transcript_line(&e->transcript, fault, "issued %s (%s) by '" KEY_ROOT "', valid until %s, SHA-256 %s",
                        path + strlen(e->project->dir) + 1, facts.subject, facts.not_after, fingerprint) != 0) {
        return -1;
    }
    return cert_write(path, out, fault);
}

int pki_public_write(const struct project *project, struct fault *fault)
{
    const struct enrol e = { .project = project };
    char path[ENROL_PATH_MAX];
    struct cert cert;
    struct pem_text text = { NULL, 0 };
    int result = pem_note(&text, "Windlass: the maker's public keys, for an appliance (windlassd init --oem)", fault);
    for (size_t i = 0; result == 0 && i < ENROLMENT_MAKER_CERTS; i++) {
        result = enrol_path(&e, path, fault, "pki/%s.crt", enrolment_maker_labels[i]);
        if (result == 0) {
            result = cert_read(path, &cert, fault);
        }
        if (result == 0) {
            result = pem_note(&text, enrolment_maker_labels[i], fault);
        }
        if (result == 0) {
            result = pem_add(&text, PEM_STRING_X509, bytes_of(cert.der, cert.len), fault);
        }
    }
    if (result == 0 && (result = enrol_path(&e, path, fault, "pki/public.pem")) == 0) {
        result = file_write(path, bytes_of(text.data, text.len), 0644, FILE_REPLACE, fault);
    }
    pem_text_free(&text);
    return result;
}
