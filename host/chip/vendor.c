/* SPDX-License-Identifier: Apache-2.0 */
/* vendor: see vendor.h. */
#include "host/chip/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "host/chip/rsp.h"
#include "wire/edhoc.h"

#define CRED_OFF 3 /* of the certificate's byte string in {33: certificate} */
#define ORGANISATION "stand-in silicon vendor"

struct issuer {
    EVP_PKEY *key;
    X509 *certificate;
};

static int name_add(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, (const unsigned char *)value, -1, -1, 0);
}

static int extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int ok = extension != NULL && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* Version, a random serial number of 127 bits, from today to the end of time, the key. */
static int body_fill(X509 *certificate, EVP_PKEY *key)
{
    unsigned char number[16];
    if (RAND_bytes(number, sizeof number) != 1) {
        return 0;
    }
    number[0] = (unsigned char)((number[0] & 0x7Fu) | 0x40u);
    BIGNUM *bn = BN_bin2bn(number, sizeof number, NULL);
    int ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(certificate)) != NULL &&
             X509_set_version(certificate, X509_VERSION_3) && X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
             ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") &&
             X509_set_pubkey(certificate, key);
    BN_free(bn);
    return ok;
}

static X509 *ca_certificate_make(EVP_PKEY *key)
{
    X509 *c = X509_new();
    if (c != NULL && body_fill(c, key) && name_add(X509_get_subject_name(c), "O", ORGANISATION) &&
        name_add(X509_get_subject_name(c), "CN", "Stand-in silicon vendor CA") &&
        X509_set_issuer_name(c, X509_get_subject_name(c)) &&
        extension_add(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        extension_add(c, c, NID_key_usage, "critical,keyCertSign") &&
        extension_add(c, c, NID_subject_key_identifier, "hash") && X509_sign(c, key, EVP_sha256()) > 0) {
        return c;
    }
    X509_free(c);
    return NULL;
}

static X509 *chip_certificate_make(EVP_PKEY *key, const uint8_t uid[16], const struct issuer *ca)
{
    uint8_t serial[33] = { 0 };
    rsp_hex_write(uid, 16, serial);
    X509 *c = X509_new();
    if (c != NULL && body_fill(c, key) && name_add(X509_get_subject_name(c), "O", ORGANISATION) &&
        name_add(X509_get_subject_name(c), "CN", "virtual chip mps2-an505") &&
        name_add(X509_get_subject_name(c), "serialNumber", (const char *)serial) &&
        X509_set_issuer_name(c, X509_get_subject_name(ca->certificate)) &&
        extension_add(c, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
        extension_add(c, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
        extension_add(c, ca->certificate, NID_authority_key_identifier, "keyid:always") &&
        X509_sign(c, ca->key, EVP_sha256()) > 0) {
        return c;
    }
    X509_free(c);
    return NULL;
}

static int issuer_make(struct issuer *ca)
{
    ca->key = EVP_EC_gen("P-256");
    ca->certificate = ca->key == NULL ? NULL : ca_certificate_make(ca->key);
    return ca->certificate != NULL ? 0 : -1;
}

static FILE *file_open(int dir_fd, const char *name, int flags)
{
    int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? NULL : fdopen(fd, (flags & O_WRONLY) != 0 ? "w" : "r");
}

static int issuer_store(const struct issuer *ca, int dir_fd)
{
    FILE *key = file_open(dir_fd, "ca.key", O_WRONLY | O_CREAT | O_EXCL);
    FILE *certificate = key == NULL ? NULL : file_open(dir_fd, "ca.crt", O_WRONLY | O_CREAT | O_EXCL);
    int ok = certificate != NULL && PEM_write_PrivateKey(key, ca->key, NULL, NULL, 0, NULL, NULL) &&
             PEM_write_X509(certificate, ca->certificate);
    ok = (key == NULL || fclose(key) == 0) && ok;
    ok = (certificate == NULL || fclose(certificate) == 0) && ok;
    return ok ? 0 : -1;
}

static int issuer_load(struct issuer *ca, int dir_fd)
{
    FILE *key = file_open(dir_fd, "ca.key", O_RDONLY);
    FILE *certificate = key == NULL ? NULL : file_open(dir_fd, "ca.crt", O_RDONLY);
    char no_password[] = ""; /* else OpenSSL would ask at the terminal */
    if (certificate != NULL) {
        ca->key = PEM_read_PrivateKey(key, NULL, NULL, no_password);
        ca->certificate = PEM_read_X509(certificate, NULL, NULL, NULL);
        (void)fclose(certificate);
    }
    if (key != NULL) {
        (void)fclose(key);
    }
    return ca->key != NULL && ca->certificate != NULL && X509_check_private_key(ca->certificate, ca->key) == 1 ? 0 : -1;
}

static int issuer_open(struct issuer *ca, const char *vendor, struct fault *fault)
{
    int made = vendor != NULL && mkdir(vendor, 0700) == 0;
    if (vendor == NULL || made) {
        if (issuer_make(ca) != 0) {
            return fault_set(fault, "the stand-in silicon vendor's CA could not be made");
        }
    }
    if (vendor == NULL) {
        return 0;
    }
    int dir_fd = open(vendor, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        return fault_errno(fault, "%s", vendor);
    }
    int result = made ? issuer_store(ca, dir_fd) : issuer_load(ca, dir_fd);
    (void)close(dir_fd);
    if (result != 0) {
        (void)fault_hint(fault,
                         "remove the folder, or give another: a new vendor is made in a folder that does not exist");
        return fault_set(fault, "%s does not hold a usable stand-in silicon vendor (ca.key and ca.crt)", vendor);
    }
    return 0;
}

static int pem_write(X509 *certificate, char out[VENDOR_PEM_MAX])
{
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = bio != NULL && PEM_write_bio_X509(bio, certificate);
    int len = ok ? BIO_read(bio, out, VENDOR_PEM_MAX - 1) : -1;
    BIO_free(bio);
    if (len <= 0 || len == VENDOR_PEM_MAX - 1) {
        return -1;
    }
    out[len] = '\0';
    return 0;
}

/* Time, lengths, and the certificate as EDHOC carries it: {33: certificate}. */
static int page_write(X509 *certificate, uint8_t page[FLASHCTL_VENDOR_LEN])
{
    unsigned char *der = NULL;
    int der_len = i2d_X509(certificate, &der);
    const struct edhoc_chain chain = { { { der, der_len > 0 ? (size_t)der_len : 0 } }, 1 };
    struct cbor_writer w =
        cbor_writer_of(page + FLASHCTL_VENDOR_HEAD_LEN, FLASHCTL_VENDOR_LEN - FLASHCTL_VENDOR_HEAD_LEN);
    edhoc_x5chain_build(&chain, &w);
    OPENSSL_free(der);
    if (der_len <= 0 || w.status != STATUS_OK) {
        return -1;
    }
    bytes_write_le32(page, (uint32_t)time(NULL));
    bytes_write_le16(page + 4, (uint16_t)w.len);
    bytes_write_le16(page + 6, CRED_OFF);
    bytes_write_le16(page + 8, (uint16_t)(w.len - CRED_OFF));
    return 0;
}

static int private_key_read(EVP_PKEY *key, uint8_t out[32])
{
    BIGNUM *d = NULL;
    int ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) && BN_bn2binpad(d, out, 32) == 32;
    BN_clear_free(d);
    return ok ? 0 : -1;
}

static int identity_fill(const uint8_t uid[16], const struct issuer *ca, struct vendor_identity *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key == NULL ? NULL : chip_certificate_make(key, uid, ca);
    int result = certificate == NULL || private_key_read(key, out->private_key) != 0 ||
                         page_write(certificate, out->page) != 0 || pem_write(certificate, out->certificate) != 0 ||
                         pem_write(ca->certificate, out->issuer) != 0
                     ? -1
                     : 0;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return result;
}

int vendor_identity_make(const uint8_t uid[16], const char *vendor, struct vendor_identity *out, struct fault *fault)
{
    struct issuer ca = { NULL, NULL };
    memset(out, 0, sizeof *out);
    int result = issuer_open(&ca, vendor, fault);
    if (result == 0 && identity_fill(uid, &ca, out) != 0) {
        result = fault_set(fault, "the chip's vendor certificate could not be made");
    }
    X509_free(ca.certificate);
    EVP_PKEY_free(ca.key);
    return result;
}
