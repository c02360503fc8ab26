/* SPDX-License-Identifier: Apache-2.0 */
/* revoke: puts certificates on the revocation list (enrol.h). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/cert_crl.h"
#include "host/lib/enrolment.h"
#include "host/pki/enrol_room.h"

#define REVOKED_MAX 128 /* certificates of an appliance, renewed ones and all */

struct revoked {
    struct cert certs[REVOKED_MAX];
    size_t count;
};

static int add_one(struct revoked *revoked, const char *path, struct fault *fault)
{
    return revoked->count == REVOKED_MAX ? fault_set(fault, "%s: one certificate too many", path)
                                         : cert_read(path, &revoked->certs[revoked->count++], fault);
}

/* Adds the certificate of a file that is there, and those before it that were renewed. */
static int add(struct revoked *revoked, const char *path, struct fault *fault)
{
    char aside[ENROL_PATH_MAX];
    if (access(path, F_OK) == 0 && add_one(revoked, path, fault) != 0) {
        return -1;
    }
    for (unsigned n = 1;; n++) {
        if (enrol_path_aside(path, n, aside, fault) != 0) {
            return -1;
        }
        if (access(aside, F_OK) != 0) {
            return 0;
        }
        if (add_one(revoked, aside, fault) != 0) {
            return -1;
        }
    }
}

static int gather(const struct enrol *e, const char *name, struct revoked *out, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    const int mastering = strcmp(name, KEY_MASTERING) == 0 || strcmp(name, KEY_MASTERING_NEXT) == 0;
    out->count = 0;
    if (mastering) {
        return enrol_path(e, path, fault, "pki/%s.crt", name) != 0 ? -1 : add(out, path, fault);
    }
    if (enrol_name_check(name, fault) != 0 || enrol_path(e, path, fault, "pki/stations/%s.crt", name) != 0 ||
        add(out, path, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i <= ENROLMENT_KEYS; i++) {
        const char *label = i < ENROLMENT_KEYS ? enrolment_keys[i].label : KEY_GRANT;
        if (enrol_path(e, path, fault, "pki/appliances/%s/%s.crt", name, label) != 0 || add(out, path, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* How many of them are not on the list yet, or -1. */
static int count_new(const struct cert_crl *crl, const struct revoked *revoked, struct fault *fault)
{
    int new = 0;
    for (size_t i = 0; i < revoked->count; i++) {
        int has = cert_crl_has(crl, &revoked->certs[i], fault);
        if (has < 0) {
            return -1;
        }
        new += !has;
    }
    return new;
}

static int list_write(struct enrol *e, const struct cert_crl *old, const struct revoked *revoked, const char *name,
                      const char *path, struct fault *fault)
{
    struct cert_crl crl = { NULL, 0 };
    int result = cert_crl_issue(old, revoked->certs, revoked->count, &e->root, e->hsm, KEY_ROOT, &crl, fault);
    if (result == 0) {
        result = transcript_line(&e->transcript, fault,
                                 "revoked %zu certificate%s of '%s'; bring " PKI_CRL " to every appliance",
                                 revoked->count, revoked->count == 1 ? "" : "s", name);
    }
    if (result == 0) {
        result = cert_crl_write(path, &crl, fault);
    }
    cert_crl_free(&crl);
    return result;
}

static int name_revoke(struct enrol *e, const char *name, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    struct revoked revoked;
    struct cert_crl old = { NULL, 0 };
    if (gather(e, name, &revoked, fault) != 0 || enrol_path(e, path, fault, PKI_CRL) != 0) {
        return -1;
    }
    if (revoked.count == 0) {
        (void)fault_set(fault, "there is no station, appliance or mastering key called '%s'", name);
        return fault_hint(fault, "look into pki/stations/ and pki/appliances/");
    }
    if (cert_crl_read(path, &e->root, &old, fault) != 0) {
        return -1;
    }
    int new = count_new(&old, &revoked, fault);
    int result = new > 0 ? list_write(e, &old, &revoked, name, path, fault) : new;
    if (new == 0) {
        transcript_tell(&e->transcript, "'%s' is revoked already: nothing was left to do", name);
    }
    cert_crl_free(&old);
    return result;
}

int pki_revoke(const struct project *project, const char *name, const struct pki_listener *listener,
               struct fault *fault)
{
    struct enrol e;
    return enrol_begin(&e, project, "revocations", listener, fault) != 0
               ? -1
               : enrol_end(&e, name_revoke(&e, name, fault), fault);
}
