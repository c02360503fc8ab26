/* SPDX-License-Identifier: Apache-2.0 */
/* cert_server: what certificates of TLS servers and clients need: their names, and what they are for. */
#include <string.h>

#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"

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

/* All of a server's names; none for a client. */
static int names_add(const struct cert_spec *spec, GENERAL_NAMES *names)
{
    const char *host = spec->host;
    const char *const *next = spec->other_hosts;
    int good = names != NULL;
    while (good && host != NULL) {
        GENERAL_NAME *name = name_make(host);
        good = name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
        if (!good) {
            GENERAL_NAME_free(name);
        }
        host = next != NULL ? *next : NULL;
        next = host != NULL ? next + 1 : NULL;
    }
    return good;
}

int cert_tls_extensions(X509 *x509, const struct cert_spec *spec)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
    int good = usage != NULL && names_add(spec, names) &&
               sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(cert_kind_purpose(spec->kind))) > 0 &&
               X509_add1_ext_i2d(x509, NID_ext_key_usage, usage, 0, X509V3_ADD_DEFAULT) == 1 &&
               (sk_GENERAL_NAME_num(names) == 0 ||
                X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
    GENERAL_NAMES_free(names);
    EXTENDED_KEY_USAGE_free(usage);
    return good;
}
