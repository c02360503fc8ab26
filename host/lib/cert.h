/* SPDX-License-Identifier: Apache-2.0 */
/* cert: X.509 certificates (RFC 5280; devices: IEEE 802.1AR IDevID), made with an HSM's signature and checked to a
 * root. DER inside, PEM in files. */
#ifndef HOST_LIB_CERT_H
#define HOST_LIB_CERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"
#include "host/lib/hsm.h"

#define CERT_DER_MAX 1536

enum cert_kind {
    CERT_ROOT,          /* self-signed CA, pathLen 1 */
    CERT_ISSUING,       /* CA, pathLen 0 */
    CERT_SIGNING,       /* firmware, mastering, provisioner: digitalSignature */
    CERT_AGREEMENT,     /* transport, distribution: keyAgreement */
    CERT_DEVICE,        /* IDevID: digitalSignature, serialNumber = unique ID, notAfter 99991231235959Z */
    CERT_DEVICE_UPDATE, /* the device's update key: keyAgreement, same subject */
    CERT_SERVER,        /* a TLS server of the maker: digitalSignature, serverAuth, subjectAltName */
    CERT_STATION        /* a TLS client, a provisioning station: digitalSignature, clientAuth */
};

struct cert_spec {
    enum cert_kind kind;
    const char *organisation;
    const char *common_name;
    const char *serial_number;      /* subject serialNumber: hex of the unique ID; for device kinds only, else NULL */
    const char *host;               /* CERT_SERVER: its DNS name or IP address, else NULL */
    const char *const *other_hosts; /* CERT_SERVER: further ones, ended by NULL; or NULL */
    uint8_t public_key[64];
    unsigned years; /* ignored for device kinds */
};

struct cert {
    uint8_t der[CERT_DER_MAX];
    size_t len;
};

/* Issues a certificate with `issuer_key` of the HSM. `issuer` is the issuer's certificate, or NULL for CERT_ROOT. The
 * public key of `issuer` must be issuer_key's. */
int cert_issue(const struct cert_spec *spec, const struct cert *issuer, struct hsm *hsm, const char *issuer_key,
               struct cert *out, struct fault *fault);
/* Checks `leaf` through `intermediate` (NULL: none) to `root`: signatures, validity, CA flags, pathLen, key usage, and
 * that the leaf has the key usage of `kind`, and for TLS its extended one. serialNumber of device kinds must be
 * present. Gives the leaf's public key (X then Y). */
int cert_check(const struct cert *leaf, const struct cert *intermediate, const struct cert *root, enum cert_kind kind,
               uint8_t public_key[64], struct fault *fault);
/* The same without a look at the clock: for what was signed in the past, when CAs have run out since. Never for what is
 * about to be believed for the first time. */
int cert_check_past(const struct cert *leaf, const struct cert *intermediate, const struct cert *root,
                    enum cert_kind kind, uint8_t public_key[64], struct fault *fault);
int cert_public_key(const struct cert *cert, uint8_t public_key[64], struct fault *fault);
/* The subject's serialNumber as text; fault when absent. */
int cert_serial_number(const struct cert *cert, char *out, size_t out_len, struct fault *fault);
/* DER that is one well-formed certificate with a P-256 key and nothing after it. */
int cert_parse(struct bytes der, struct cert *out, struct fault *fault);
/* PEM file with exactly one certificate. */
int cert_read(const char *path, struct cert *out, struct fault *fault);
int cert_write(const char *path, const struct cert *cert, struct fault *fault); /* refuses to overwrite */

/* PEM file with one PKCS#10 request (RFC 2986) for a P-256 key: gives the key, of which the request's signature shows
 * that its sender holds it. What else it asks for is not looked at. */
int cert_request_read(const char *path, uint8_t public_key[64], struct fault *fault);

#define CERT_REQUEST_MAX 512
/* Makes a PKCS#10 request for the key `label` of `hsm`, with the label as common name: DER, at most CERT_REQUEST_MAX
 * bytes. */
int cert_request_make(struct hsm *hsm, const char *label, uint8_t *out, size_t *out_len, struct fault *fault);
/* Checks a request's signature and gives its key and its common name (1 to 64 bytes). */
int cert_request_parse(struct bytes der, char common_name[65], uint8_t public_key[64], struct fault *fault);

/* A key that cannot sign asks by its SubjectPublicKeyInfo (RFC 5280 section 4.1): DER, at most CERT_REQUEST_MAX bytes.
 */
int cert_spki_make(const uint8_t public_key[64], uint8_t *out, size_t *out_len, struct fault *fault);
int cert_spki_parse(struct bytes der, uint8_t public_key[64], struct fault *fault);

/* What people ask of a certificate. Times are UTC, "2026-01-31T23:59:59Z". */
struct cert_facts {
    char subject[256]; /* RFC 2253, control characters escaped */
    char not_before[24];
    char not_after[24];
    uint8_t fingerprint[32]; /* SHA-256 over the DER */
};
int cert_facts_read(const struct cert *cert, struct cert_facts *out, struct fault *fault);

#endif
