/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: those that the HSM signs satisfy strict readers (the openssl command is the peer); those that are not
 * as they should be are refused. The bad ones are made here with OpenSSL and a software key, because cert_issue makes
 * none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "host/lib/cert.h"
#include "tests/unit/host_support.h"

#define UID "00112233445566778899aabbccddeeff"

static struct hsm *hsm;
static uint8_t root_key[64];
static uint8_t issuing_key[64];
static uint8_t device_key[64];
static struct cert root;
static struct cert issuing;
static struct cert device;

static void issue(const struct cert_spec *spec, const struct cert *issuer, const char *key, struct cert *out)
{
    struct fault fault = FAULT_NONE;
    support_check(cert_issue(spec, issuer, hsm, key, out, &fault), &fault);
}

static struct cert_spec spec_of(enum cert_kind kind, const char *name, const uint8_t public_key[64])
{
    struct cert_spec spec = { .kind = kind, .organisation = "Example Devices", .common_name = name, .years = 25 };
    memcpy(spec.public_key, public_key, 64);
    if (kind == CERT_DEVICE || kind == CERT_DEVICE_UPDATE) {
        spec.serial_number = UID;
    }
    return spec;
}

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    (void)support_folder_make();
    support_softhsm_start();
    hsm = support_token_open("one");
    support_check(hsm_key_generate(hsm, "root", HSM_KEY_SIGN, root_key, &fault), &fault);
    support_check(hsm_key_generate(hsm, "issuing", HSM_KEY_SIGN, issuing_key, &fault), &fault);
    support_check(hsm_key_generate(hsm, "device", HSM_KEY_SIGN, device_key, &fault), &fault);
    struct cert_spec spec = spec_of(CERT_ROOT, "root", root_key);
    issue(&spec, NULL, "root", &root);
    spec = spec_of(CERT_ISSUING, "issuing", issuing_key);
    issue(&spec, &root, "root", &issuing);
    spec = spec_of(CERT_DEVICE, "sensor", device_key);
    issue(&spec, &issuing, "issuing", &device);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    support_folder_remove();
    return 0;
}

static void refused(const struct cert *leaf, const struct cert *intermediate, const struct cert *anchor,
                    enum cert_kind kind, const char *part)
{
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    support_check_refused(cert_check(leaf, intermediate, anchor, kind, key, &fault), &fault, part);
}

/* ---- what the HSM signed ---- */

static void device_certificate_checks_to_its_root(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    char serial[64];
    support_check(cert_check(&device, &issuing, &root, CERT_DEVICE, key, &fault), &fault);
    assert_memory_equal(key, device_key, 64);
    support_check(cert_serial_number(&device, serial, sizeof serial, &fault), &fault);
    assert_string_equal(serial, UID);
}

static void device_certificate_never_ends(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert_facts facts;
    support_check(cert_facts_read(&device, &facts, &fault), &fault);
    assert_string_equal(facts.not_after, "9999-12-31T23:59:59Z");
    support_check(cert_facts_read(&issuing, &facts, &fault), &fault);
    assert_true(strcmp(facts.not_after, "9999") < 0);
}

static void every_kind_is_taken_for_itself_only(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert signing;
    struct cert agreement;
    uint8_t key[64];
    struct cert_spec spec = spec_of(CERT_SIGNING, "firmware", device_key);
    issue(&spec, &root, "root", &signing);
    spec = spec_of(CERT_AGREEMENT, "transport", device_key);
    issue(&spec, &root, "root", &agreement);
    support_check(cert_check(&signing, NULL, &root, CERT_SIGNING, key, &fault), &fault);
    support_check(cert_check(&agreement, NULL, &root, CERT_AGREEMENT, key, &fault), &fault);
    support_check(cert_check(&root, NULL, &root, CERT_ROOT, key, &fault), &fault);
    refused(&signing, NULL, &root, CERT_AGREEMENT, "key usage is another");
    refused(&agreement, NULL, &root, CERT_SIGNING, "key usage is another");
    refused(&signing, NULL, &root, CERT_ISSUING, "not that of a CA");
    refused(&issuing, NULL, &root, CERT_SIGNING, "is that of a CA");
    refused(&issuing, NULL, &issuing, CERT_ISSUING, "pathLen");
    refused(&signing, NULL, &root, CERT_DEVICE, "no serialNumber");
    refused(&device, &issuing, &root, CERT_DEVICE_UPDATE, "key usage is another");
    refused(&device, &signing, &root, CERT_DEVICE, "not that of a CA");
}

/* Right in everything, but issued past the intermediate that is shown with it. */
static void path_that_leaves_out_its_intermediate_is_refused(void **state)
{
    (void)state;
    struct cert direct;
    const struct cert_spec spec = spec_of(CERT_DEVICE, "sensor", device_key);
    issue(&spec, &root, "root", &direct);
    refused(&direct, &issuing, &root, CERT_DEVICE, "2 certificates, not 3");
}

static void openssl_command_is_content(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    char command[512];
    support_check(cert_write(support_path("root.crt"), &root, &fault), &fault);
    support_check(cert_write(support_path("issuing.crt"), &issuing, &fault), &fault);
    support_check(cert_write(support_path("device.crt"), &device, &fault), &fault);
    (void)snprintf(command, sizeof command,
                   "openssl verify -x509_strict -check_ss_sig -CAfile %s -untrusted %s %s >/dev/null 2>&1",
                   support_path("root.crt"), support_path("issuing.crt"), support_path("device.crt"));
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof command, "openssl x509 -in %s -noout -text | grep -q 'serialNumber = " UID "'",
                   support_path("device.crt"));
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof command, "openssl verify -x509_strict -CAfile %s %s >/dev/null 2>&1",
                   support_path("root.crt"), support_path("device.crt"));
    assert_int_not_equal(system(command), 0);
}

static void serial_numbers_are_positive_long_and_new(void **state)
{
    (void)state;
    struct cert again;
    struct cert_spec spec = spec_of(CERT_DEVICE, "sensor", device_key);
    issue(&spec, &issuing, "issuing", &again);
    const uint8_t *a = device.der;
    const uint8_t *b = again.der;
    X509 *x = d2i_X509(NULL, &a, (long)device.len);
    X509 *y = d2i_X509(NULL, &b, (long)again.len);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(x)), 16);
    assert_int_equal(ASN1_STRING_type(X509_get0_serialNumber(x)), V_ASN1_INTEGER);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(y)), 0);
    X509_free(x);
    X509_free(y);
}

static void wrong_issuer_key_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert out;
    struct cert_spec spec = spec_of(CERT_SIGNING, "x", device_key);
    support_check_refused(cert_issue(&spec, &root, hsm, "issuing", &out, &fault), &fault, "does not belong");
    fault = FAULT_NONE;
    support_check_refused(cert_issue(&spec, &device, hsm, "device", &out, &fault), &fault, "not that of a CA");
    fault = FAULT_NONE;
    support_check_refused(cert_issue(&spec, NULL, hsm, "root", &out, &fault), &fault, "has no issuer but itself");
}

static void bad_specs_are_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert out;
    struct cert_spec spec = spec_of(CERT_SIGNING, "", device_key);
    support_check_refused(cert_issue(&spec, &root, hsm, "root", &out, &fault), &fault, "CN");
    fault = FAULT_NONE;
    spec = spec_of(CERT_SIGNING, "x", device_key);
    spec.years = 0;
    support_check_refused(cert_issue(&spec, &root, hsm, "root", &out, &fault), &fault, "1 to 50");
    fault = FAULT_NONE;
    spec = spec_of(CERT_SIGNING, "x", device_key);
    spec.public_key[3] ^= 1;
    support_check_refused(cert_issue(&spec, &root, hsm, "root", &out, &fault), &fault, "not a point of P-256");
    fault = FAULT_NONE;
    spec = spec_of(CERT_DEVICE, "x", device_key);
    spec.serial_number = NULL;
    support_check_refused(cert_issue(&spec, &issuing, hsm, "issuing", &out, &fault), &fault, "serialNumber");
}

/* ---- damage ---- */

static void certificate_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < device.len; len++) {
        struct fault fault = FAULT_NONE;
        struct cert out;
        assert_int_equal(cert_parse(bytes_of(device.der, len), &out, &fault), -1);
    }
    uint8_t longer[CERT_DER_MAX];
    struct fault fault = FAULT_NONE;
    struct cert out;
    memcpy(longer, device.der, device.len);
    longer[device.len] = 0;
    support_check_refused(cert_parse(bytes_of(longer, device.len + 1), &out, &fault), &fault, "data after it");
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < device.len; i++) {
        struct cert bad = device;
        struct fault fault = FAULT_NONE;
        uint8_t key[64];
        bad.der[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(cert_check(&bad, &issuing, &root, CERT_DEVICE, key, &fault), -1);
        assert_true(fault.what[0] != '\0');
    }
}

static void pem_file_holds_one_certificate_only(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert out;
    char command[512];
    support_check(cert_read(support_path("device.crt"), &out, &fault), &fault);
    assert_int_equal(out.len, device.len);
    assert_memory_equal(out.der, device.der, device.len);
    support_check_refused(cert_write(support_path("device.crt"), &device, &fault), &fault, "exists already");
    (void)snprintf(command, sizeof command, "cat %s %s > %s", support_path("device.crt"), support_path("root.crt"),
                   support_path("two.crt"));
    assert_int_equal(system(command), 0);
    fault = FAULT_NONE;
    support_check_refused(cert_read(support_path("two.crt"), &out, &fault), &fault, "more than one");
    fault = FAULT_NONE;
    support_write("none.crt", "hello\n", 0644);
    support_check_refused(cert_read(support_path("none.crt"), &out, &fault), &fault, "no PEM certificate");
}

/* ---- forged with a software key ---- */

struct forge {
    const char *curve; /* of the subject's key */
    const EVP_MD *digest;
    long from; /* seconds from now */
    long until;
    const char *constraints; /* basicConstraints, or NULL */
    const char *usage;       /* keyUsage, or NULL */
    const char *extra;       /* further critical extension as "oid=value", or NULL */
};

static const struct forge sound_root = {
    "P-256", NULL, -60, 3600, "critical,CA:TRUE,pathlen:1", "critical,keyCertSign,cRLSign", NULL
};
static const struct forge sound_leaf = { "P-256", NULL, -60, 3600, "critical,CA:FALSE", "critical,digitalSignature",
                                         NULL };

static void forge_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    if (value != NULL) {
        X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        assert_non_null(e);
        assert_int_equal(X509_add_ext(x, e, -1), 1);
        X509_EXTENSION_free(e);
    }
}

static void forge_extra(X509 *x, const char *oid)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    assert_int_equal(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2), 1);
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    assert_int_equal(X509_add_ext(x, e, -1), 1);
    X509_EXTENSION_free(e);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
}

/* Makes a certificate signed with `signer` (NULL: with its own key); gives the key, too. */
static EVP_PKEY *forge(const struct forge *f, X509 *issuer, EVP_PKEY *signer, const char *name, struct cert *out,
                       X509 **made)
{
    EVP_PKEY *key = EVP_EC_gen(f->curve);
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    (void)X509_set_version(x, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
    (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    (void)X509_set_issuer_name(x, issuer == NULL ? subject : X509_get_subject_name(issuer));
    (void)X509_gmtime_adj(X509_getm_notBefore(x), f->from);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), f->until);
    (void)X509_set_pubkey(x, key);
    forge_extension(x, issuer == NULL ? x : issuer, NID_basic_constraints, f->constraints);
    forge_extension(x, issuer == NULL ? x : issuer, NID_key_usage, f->usage);
    forge_extension(x, issuer == NULL ? x : issuer, NID_subject_key_identifier, "hash");
    forge_extension(x, issuer == NULL ? x : issuer, NID_authority_key_identifier, "keyid:always");
    if (f->extra != NULL) {
        forge_extra(x, f->extra);
    }
    assert_true(X509_sign(x, signer == NULL ? key : signer, f->digest == NULL ? EVP_sha256() : f->digest) > 0);
    uint8_t *at = out->der;
    out->len = (size_t)i2d_X509(x, &at);
    assert_true(out->len <= sizeof out->der);
    *made = x;
    return key;
}

/* cert_check, or cert_check_past. */
static int (*forged_check)(const struct cert *, const struct cert *, const struct cert *, enum cert_kind, uint8_t[64],
                           struct fault *) = cert_check;

/* Checks a leaf of this form, issued by a root of that form. */
static void forged_is(const struct forge *of_root, const struct forge *of_leaf, const char *part)
{
    struct cert forged_root;
    struct cert leaf;
    X509 *r;
    X509 *l;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    EVP_PKEY *root_pair = forge(of_root, NULL, NULL, "forged root", &forged_root, &r);
    EVP_PKEY *leaf_pair = forge(of_leaf, r, root_pair, "forged leaf", &leaf, &l);
    int result = forged_check(&leaf, NULL, &forged_root, CERT_SIGNING, key, &fault);
    if (part == NULL) {
        support_check(result, &fault);
    } else {
        support_check_refused(result, &fault, part);
    }
    EVP_PKEY_free(root_pair);
    EVP_PKEY_free(leaf_pair);
    X509_free(r);
    X509_free(l);
}

static void expired_certificates_are_refused(void **state)
{
    (void)state;
    struct forge f = sound_leaf;
    forged_is(&sound_root, &sound_leaf, NULL);
    f.until = -30;
    forged_is(&sound_root, &f, "expired");
    f = sound_leaf;
    f.from = 600;
    forged_is(&sound_root, &f, "not yet valid");
    f = sound_root;
    f.until = -30;
    forged_is(&f, &sound_leaf, "expired");
}

static void what_was_signed_in_the_past_is_checked_without_the_clock(void **state)
{
    (void)state;
    struct forge leaf = sound_leaf;
    struct forge ca = sound_root;
    leaf.until = -30;
    ca.until = -30;
    forged_check = cert_check_past;
    forged_is(&ca, &leaf, NULL);
    leaf.usage = "critical,keyAgreement"; /* all else is as strict */
    forged_is(&ca, &leaf, "key usage is another");
    leaf = sound_leaf;
    leaf.until = -30;
    leaf.digest = EVP_sha1();
    forged_is(&ca, &leaf, "");
    forged_check = cert_check;
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    struct forge f = sound_leaf;
    f.usage = "critical,digitalSignature,keyAgreement";
    forged_is(&sound_root, &f, "key usage is another");
    f.usage = NULL;
    forged_is(&sound_root, &f, "lacks basicConstraints or keyUsage");
    f = sound_leaf;
    f.constraints = NULL;
    forged_is(&sound_root, &f, "lacks basicConstraints or keyUsage");
    f.constraints = "critical,CA:TRUE";
    f.usage = "critical,digitalSignature,keyCertSign";
    forged_is(&sound_root, &f, "is that of a CA");
    f = sound_root;
    f.constraints = "critical,CA:FALSE";
    f.usage = "critical,digitalSignature";
    forged_is(&f, &sound_leaf, "not that of a CA");
    f = sound_root;
    f.constraints = "critical,CA:TRUE";
    forged_is(&f, &sound_leaf, "pathLen");
}

static void other_algorithms_are_refused(void **state)
{
    (void)state;
    struct forge f = sound_leaf;
    f.digest = EVP_sha1();
    forged_is(&sound_root, &f, "not signed with ECDSA and SHA-256");
    f.digest = EVP_sha384();
    forged_is(&sound_root, &f, "not signed with ECDSA and SHA-256");
    f = sound_leaf;
    f.curve = "P-384";
    forged_is(&sound_root, &f, "not a P-256 key");
    f = sound_root;
    f.curve = "P-384";
    forged_is(&f, &sound_leaf, "not a P-256 key");
}

static void unknown_critical_extension_is_refused(void **state)
{
    (void)state;
    struct forge f = sound_leaf;
    f.extra = "1.3.6.1.4.1.99999.1";
    forged_is(&sound_root, &f, "unhandled critical extension");
}

static void other_root_is_refused(void **state)
{
    (void)state;
    struct cert other;
    X509 *x;
    EVP_PKEY *key = forge(&sound_root, NULL, NULL, "other root", &other, &x);
    refused(&issuing, NULL, &other, CERT_ISSUING, "another CA");
    refused(&device, &issuing, &other, CERT_DEVICE, "another CA");
    refused(&device, NULL, &root, CERT_DEVICE, "another CA");
    EVP_PKEY_free(key);
    X509_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_certificate_checks_to_its_root),
        cmocka_unit_test(device_certificate_never_ends),
        cmocka_unit_test(every_kind_is_taken_for_itself_only),
        cmocka_unit_test(path_that_leaves_out_its_intermediate_is_refused),
        cmocka_unit_test(openssl_command_is_content),
        cmocka_unit_test(serial_numbers_are_positive_long_and_new),
        cmocka_unit_test(wrong_issuer_key_is_refused),
        cmocka_unit_test(bad_specs_are_refused),
        cmocka_unit_test(certificate_cut_anywhere_is_refused),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(pem_file_holds_one_certificate_only),
        cmocka_unit_test(expired_certificates_are_refused),
        cmocka_unit_test(what_was_signed_in_the_past_is_checked_without_the_clock),
        cmocka_unit_test(wrong_usage_is_refused),
        cmocka_unit_test(other_algorithms_are_refused),
        cmocka_unit_test(unknown_critical_extension_is_refused),
        cmocka_unit_test(other_root_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
