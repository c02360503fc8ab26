/* SPDX-License-Identifier: Apache-2.0 */
/* cert_check: checks a certificate to its root (cert.h). OpenSSL walks the path, strictly; what a kind may be used for
 * is checked here. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"

/* The certificates of one check; intermediate may be NULL. */
struct check {
    X509 *leaf;
    X509 *intermediate;
    X509 *root;
    int past; /* 1: the clock is not looked at */
};

static void check_free(struct check *check)
{
    X509_free(check->leaf);
    X509_free(check->intermediate);
    X509_free(check->root);
}

static int check_load(struct check *check, const struct cert *leaf, const struct cert *intermediate,
                      const struct cert *root, struct fault *fault)
{
    check->leaf = cert_x509(bytes_of(leaf->der, leaf->len), fault);
    check->root = cert_x509(bytes_of(root->der, root->len), fault);
    if (intermediate != NULL) {
        check->intermediate = cert_x509(bytes_of(intermediate->der, intermediate->len), fault);
    }
    return check->leaf != NULL && check->root != NULL && (intermediate == NULL || check->intermediate != NULL) ? 0 : -1;
}

static const char *check_hint(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "issue it again with 'windlass pki', or check this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "check this machine's clock";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "it was issued by another CA: check which root belongs to it";
    default:
        return "get the certificate from its issuer again";
    }
}

static int check_path_fault(X509_STORE_CTX *context, struct fault *fault)
{
    char subject[160] = "";
    int error = X509_STORE_CTX_get_error(context);
    X509 *at = X509_STORE_CTX_get_current_cert(context);
    if (at != NULL) {
        (void)X509_NAME_oneline(X509_get_subject_name(at), subject, sizeof subject);
    }
    ERR_clear_error();
    (void)fault_set(fault, "certificate '%s': %s", subject, X509_verify_cert_error_string(error));
    return fault_hint(fault, "%s", check_hint(error));
}

/* With an intermediate the path must run through it, and end at the root. */
static int check_path_run(X509_STORE_CTX *context, const struct check *check, struct fault *fault)
{
    if (X509_verify_cert(context) != 1) {
        return check_path_fault(context, fault);
    }
    const STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    int self = X509_cmp(check->leaf, check->root) == 0;
    int wanted = self ? 1 : check->intermediate != NULL ? 3 : 2;
    if (sk_X509_num(path) != wanted) {
        return fault_set(fault, "certificate: its path to the root has %d certificates, not %d", sk_X509_num(path),
                         wanted);
    }
    return 0;
}

/* Level 2 refuses SHA-1 signatures and short keys, too. */
static int check_path(const struct check *check, struct fault *fault)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    int result = -1;
    if (store != NULL && context != NULL && untrusted != NULL && X509_STORE_add_cert(store, check->root) == 1 &&
        (check->intermediate == NULL || sk_X509_push(untrusted, check->intermediate) > 0) &&
        X509_STORE_CTX_init(context, store, check->leaf, untrusted) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
        (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE |
                                                     (check->past ? X509_V_FLAG_NO_CHECK_TIME : 0));
        X509_VERIFY_PARAM_set_depth(param, 2);
        X509_VERIFY_PARAM_set_auth_level(param, 2);
        result = check_path_run(context, check, fault);
    } else {
        result = cert_openssl_fault(fault, "certificate: cannot be checked");
    }
    sk_X509_free(untrusted);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return result;
}

/* Exactly this extended key usage; NID_undef: none at all. So that no TLS certificate stands in for another key. */
static int check_purpose(X509 *x509, int purpose)
{
    EXTENDED_KEY_USAGE *usage = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    int has = X509_get_ext_by_NID(x509, NID_ext_key_usage, -1) >= 0;
    int good = purpose == NID_undef ? !has
                                    : usage != NULL && sk_ASN1_OBJECT_num(usage) == 1 &&
                                          OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) == purpose;
    EXTENDED_KEY_USAGE_free(usage);
    return good;
}

/* Exactly the usage and place in the path that the kind has; both extensions present. */
static const char *check_kind(X509 *x509, enum cert_kind kind)
{
    uint32_t flags = X509_get_extension_flags(x509);
    int path_len = cert_kind_path_len(kind);
    if ((flags & EXFLAG_INVALID) != 0 || (flags & EXFLAG_KUSAGE) == 0 || (flags & EXFLAG_BCONS) == 0) {
        return "it lacks basicConstraints or keyUsage, or has them in bad form";
    }
    if (((flags & EXFLAG_CA) != 0) != (path_len >= 0)) {
        return path_len >= 0 ? "it is not that of a CA" : "it is that of a CA, and may not be used here";
    }
    if (path_len >= 0 && X509_get_pathlen(x509) != path_len) {
        return "its pathLen is another";
    }
    if (X509_get_key_usage(x509) != cert_kind_usage(kind)) {
        return "its key usage is another";
    }
    return check_purpose(x509, cert_kind_purpose(kind)) ? NULL : "its extended key usage is another";
}

static int check_kind_fault(X509 *x509, enum cert_kind kind, const char *whose, struct fault *fault)
{
    char subject[160] = "";
    const char *wrong = check_kind(x509, kind);
    if (wrong == NULL) {
        return 0;
    }
    (void)X509_NAME_oneline(X509_get_subject_name(x509), subject, sizeof subject);
    return fault_set(fault, "certificate '%s' (%s): %s", subject, whose, wrong);
}

static int check_all(const struct check *check, enum cert_kind kind, struct fault *fault)
{
    if (check_kind_fault(check->root, CERT_ROOT, "root", fault) != 0 ||
        check_kind_fault(check->leaf, kind, "leaf", fault) != 0) {
        return -1;
    }
    if (check->intermediate != NULL &&
        check_kind_fault(check->intermediate, CERT_ISSUING, "intermediate", fault) != 0) {
        return -1;
    }
    return check_path(check, fault);
}

/* What there is beside the path. */
static int check_leaf(const struct check *check, const struct cert *leaf, enum cert_kind kind, uint8_t public_key[64],
                      struct fault *fault)
{
    char serial[80];
    if ((kind == CERT_DEVICE || kind == CERT_DEVICE_UPDATE) &&
        cert_serial_number(leaf, serial, sizeof serial, fault) != 0) {
        return -1;
    }
    memcpy(public_key, cert_x509_point(check->leaf) + 1, 64);
    return 0;
}

int cert_check(const struct cert *leaf, const struct cert *intermediate, const struct cert *root, enum cert_kind kind,
               uint8_t public_key[64], struct fault *fault)
{
    struct check check = { NULL, NULL, NULL, 0 };
    int result = check_load(&check, leaf, intermediate, root, fault) != 0 || check_all(&check, kind, fault) != 0
                     ? -1
                     : check_leaf(&check, leaf, kind, public_key, fault);
    check_free(&check);
    return result;
}

int cert_check_past(const struct cert *leaf, const struct cert *intermediate, const struct cert *root,
                    enum cert_kind kind, uint8_t public_key[64], struct fault *fault)
{
    struct check check = { NULL, NULL, NULL, 1 };
    int result = check_load(&check, leaf, intermediate, root, fault) != 0 || check_all(&check, kind, fault) != 0
                     ? -1
                     : check_leaf(&check, leaf, kind, public_key, fault);
    check_free(&check);
    return result;
}
