/* SPDX-License-Identifier: Apache-2.0 */
/* visitor: see visitor.h. */
#include "host/dashboard/visitor.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/lib/file.h"

#define PEM_MAX 1048576

struct lists {
    gnutls_x509_crl_t *crls;
    unsigned count;
};

struct visitors {
    const char *crl; /* NULL: no lists */
    gnutls_x509_crt_t *cas;
    unsigned ca_count;
    pthread_mutex_t lock; /* guards the lists */
    struct lists lists;
};

static int pem_read(const char *path, uint8_t **data, gnutls_datum_t *pem, struct fault *fault)
{
    size_t len = 0;
    if (file_read(path, PEM_MAX, data, &len, fault) != 0) {
        return -1;
    }
    *pem = (gnutls_datum_t){ *data, (unsigned)len };
    return 0;
}

static void lists_free(struct lists *lists)
{
    for (unsigned i = 0; i < lists->count; i++) {
        gnutls_x509_crl_deinit(lists->crls[i]);
    }
    gnutls_free(lists->crls);
    *lists = (struct lists){ NULL, 0 };
}

/* ---- reading ---- */

static int lists_read(const char *path, struct lists *out, struct fault *fault)
{
    uint8_t *data = NULL;
    gnutls_datum_t pem;
    *out = (struct lists){ NULL, 0 };
    if (pem_read(path, &data, &pem, fault) != 0) {
        return -1;
    }
    int error = gnutls_x509_crl_list_import2(&out->crls, &out->count, &pem, GNUTLS_X509_FMT_PEM, 0);
    free(data);
    if (error < 0 || out->count == 0) {
        *out = (struct lists){ NULL, 0 };
        (void)fault_set(fault, "%s: no certificate revocation list in PEM", path);
        return fault_hint(fault, "openssl ca -gencrl writes one");
    }
    return 0;
}

/* The list's signature, and that it is of this time. */
static int list_check(const struct visitors *v, gnutls_x509_crl_t crl, struct fault *fault)
{
    unsigned status = 1;
    if (gnutls_x509_crl_verify(crl, v->cas, v->ca_count, 0, &status) < 0 ||
        (status & ~(unsigned)GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED) != 0) {
        (void)fault_set(fault, "%s: a revocation list is not signed by a CA of --dashboard-clients", v->crl);
        return fault_hint(fault, "bring the list of the CA that issues the viewers' certificates");
    }
    if (status != 0 || gnutls_x509_crl_get_next_update(crl) <= time(NULL)) {
        (void)fault_set(fault, "%s: a revocation list has expired, or does not say when it ends", v->crl);
        return fault_hint(fault, "have its CA write a new one, then: windlassd reload");
    }
    return 0;
}

static int same_name(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* The list of an issuer; NULL: there is none. */
static gnutls_x509_crl_t list_of(const struct lists *lists, const gnutls_datum_t *issuer)
{
    for (unsigned i = 0; i < lists->count; i++) {
        gnutls_datum_t name = { NULL, 0 };
        int found = gnutls_x509_crl_get_raw_issuer_dn(lists->crls[i], &name) == 0 && same_name(&name, issuer);
        gnutls_free(name.data);
        if (found) {
            return lists->crls[i];
        }
    }
    return NULL;
}

/* What was revoked stays so: no list goes back. */
static int lists_follow(const struct visitors *v, const struct lists *next, struct fault *fault)
{
    for (unsigned i = 0; i < v->lists.count; i++) {
        gnutls_datum_t name = { NULL, 0 };
        gnutls_x509_crl_t crl =
            gnutls_x509_crl_get_raw_issuer_dn(v->lists.crls[i], &name) == 0 ? list_of(next, &name) : NULL;
        gnutls_free(name.data);
        if (crl == NULL || gnutls_x509_crl_get_this_update(crl) < gnutls_x509_crl_get_this_update(v->lists.crls[i])) {
            (void)fault_set(fault, "%s: older than the revocation list in use, or gone", v->crl);
            return fault_hint(fault, "bring the latest list");
        }
    }
    return 0;
}

int visitors_reload(struct visitors *v, struct fault *fault)
{
    struct lists next;
    if (v->crl == NULL) {
        return 0;
    }
    int result = lists_read(v->crl, &next, fault);
    for (unsigned i = 0; result == 0 && i < next.count; i++) {
        result = list_check(v, next.crls[i], fault);
    }
    (void)pthread_mutex_lock(&v->lock);
    result = result != 0 ? -1 : lists_follow(v, &next, fault);
    if (result == 0) {
        const struct lists before = v->lists;
        v->lists = next;
        next = before;
    }
    (void)pthread_mutex_unlock(&v->lock);
    lists_free(&next);
    return result;
}

static int cas_read(struct visitors *v, const char *path, struct fault *fault)
{
    uint8_t *data = NULL;
    gnutls_datum_t pem;
    if (pem_read(path, &data, &pem, fault) != 0) {
        return -1;
    }
    int error = gnutls_x509_crt_list_import2(&v->cas, &v->ca_count, &pem, GNUTLS_X509_FMT_PEM, 0);
    free(data);
    return error >= 0 ? 0 : fault_set(fault, "%s: no certificates of CAs in PEM", path);
}

int visitors_open(const char *clients, const char *crl, struct visitors **out, struct fault *fault)
{
    struct visitors *v = calloc(1, sizeof *v);
    *out = NULL;
    if (v == NULL) {
        return fault_set(fault, "the dashboard has no memory");
    }
    v->crl = crl;
    (void)pthread_mutex_init(&v->lock, NULL);
    if (crl != NULL && (cas_read(v, clients, fault) != 0 || visitors_reload(v, fault) != 0)) {
        visitors_close(v);
        return -1;
    }
    *out = v;
    return 0;
}

void visitors_close(struct visitors *v)
{
    if (v == NULL) {
        return;
    }
    for (unsigned i = 0; i < v->ca_count; i++) {
        gnutls_x509_crt_deinit(v->cas[i]);
    }
    gnutls_free(v->cas);
    lists_free(&v->lists);
    (void)pthread_mutex_destroy(&v->lock);
    free(v);
}

/* ---- visits ---- */

/* With the lock: 1 when a list of its issuer is there, is not over, and does not name it. */
static int is_listed_good(const struct visitors *v, gnutls_x509_crt_t cert)
{
    gnutls_datum_t issuer = { NULL, 0 };
    gnutls_x509_crl_t crl = gnutls_x509_crt_get_raw_issuer_dn(cert, &issuer) == 0 ? list_of(&v->lists, &issuer) : NULL;
    gnutls_free(issuer.data);
    return crl != NULL && gnutls_x509_crl_get_next_update(crl) > time(NULL) &&
           gnutls_x509_crt_check_revocation(cert, v->lists.crls, v->lists.count) == 0;
}

static int is_not_revoked(struct visitors *v, const gnutls_datum_t *der)
{
    gnutls_x509_crt_t cert;
    if (v->crl == NULL) {
        return 1;
    }
    if (gnutls_x509_crt_init(&cert) != 0) {
        return 0;
    }
    (void)pthread_mutex_lock(&v->lock);
    int good = gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) == 0 && is_listed_good(v, cert);
    (void)pthread_mutex_unlock(&v->lock);
    gnutls_x509_crt_deinit(cert);
    return good;
}

int visitor_is_known(struct visitors *v, struct MHD_Connection *connection)
{
    unsigned count = 0;
    unsigned status = 1;
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info == NULL ? NULL : (gnutls_session_t)info->tls_session;
    const gnutls_datum_t *peers = session == NULL ? NULL : gnutls_certificate_get_peers(session, &count);
    return peers != NULL && count > 0 && gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 &&
           status == 0 && is_not_revoked(v, &peers[0]);
}
