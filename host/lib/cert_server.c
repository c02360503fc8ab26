/* SPDX-License-Identifier: Apache-2.0 */
/* cert_server: what certificates of the maker's TLS servers need: their requests, and their names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"
#include "host/lib/file.h"

#define REQUEST_MAX 16384
#define DNS_MAX 253
#define LABEL_MAX 63

/* Labels of letters, digits and hyphens (RFC 5890 section 2.3.1), not all of them numbers. No wildcard. */
static int dns_name_is(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";
    size_t label = 0;
    int good = host[0] != '\0' && strlen(host) <= DNS_MAX && strpbrk(host, letters) != NULL;
    for (const char *at = host; good && *at != '\0'; at++) {
        int dot = *at == '.';
        int edge = label == 0 || at[1] == '.' || at[1] == '\0';
        good = dot ? label > 0 : strchr(letters, *at) != NULL || (*at >= '0' && *at <= '9');
        good = good && !(*at == '-' && edge) && label < LABEL_MAX;
        label = dot ? 0 : label + 1;
    }
    return good && label > 0;
}

static GENERAL_NAME *name_make(const char *host)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    ASN1_IA5STRING *text = address == NULL ? ASN1_IA5STRING_new() : NULL;
    if (name != NULL && address != NULL) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        return name;
    }
    if (name != NULL && text != NULL && dns_name_is(host) && ASN1_STRING_set(text, host, -1) == 1) {
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        return name;
    }
    ASN1_OCTET_STRING_free(address);
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(name);
    return NULL;
}

int cert_server_extensions(X509 *x509, const char *host)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
    GENERAL_NAME *name = name_make(host);
    int good = names != NULL && usage != NULL && name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
    if (!good) {
        GENERAL_NAME_free(name);
    }
    good = good && sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth)) > 0 &&
           X509_add1_ext_i2d(x509, NID_ext_key_usage, usage, 0, X509V3_ADD_DEFAULT) == 1 &&
           X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    EXTENDED_KEY_USAGE_free(usage);
    return good;
}

static int request_key(X509_REQ *request, uint8_t public_key[64])
{
    uint8_t point[CERT_POINT_LEN];
    char group[32] = "";
    size_t len = 0;
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    int good = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
               EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 && strcmp(group, "prime256v1") == 0 &&
               X509_REQ_verify(request, key) == 1 &&
               EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &len) == 1 && len == sizeof point &&
               point[0] == 0x04;
    if (good) {
        memcpy(public_key, point + 1, 64);
    }
    ERR_clear_error();
    return good;
}

int cert_request_read(const char *path, uint8_t public_key[64], struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read(path, REQUEST_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    X509_REQ *request = bio == NULL ? NULL : PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    ERR_clear_error();
    int good = request != NULL && request_key(request, public_key);
    X509_REQ_free(request);
    BIO_free(bio);
    free(text);
    if (!good) {
        (void)fault_set(fault, "%s: not a certificate request for a P-256 key, signed with that key", path);
        return fault_hint(fault, "make one: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                                 "-subj /CN=server -keyout server.key -out server.csr");
    }
    return 0;
}
