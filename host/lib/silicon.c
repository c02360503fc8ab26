/* SPDX-License-Identifier: Apache-2.0 */
/* silicon: see silicon.h. */
#include "host/lib/silicon.h"

#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "host/lib/pem.h"

#define FILE_MAX 65536

/* The first certificate of `der`: its length, or 0 when there is no CA's. */
static size_t ca_len(struct bytes der)
{
    const unsigned char *at = der.data;
    X509 *one = d2i_X509(NULL, &at, (long)der.len);
    const size_t len = one != NULL && X509_check_ca(one) == 1 ? (size_t)(at - der.data) : 0;
    X509_free(one);
    return len <= CERT_DER_MAX ? len : 0;
}

int silicon_parse(struct bytes der, struct cert out[SILICON_VENDORS_MAX], size_t *count, struct fault *fault)
{
    for (*count = 0; der.len > 0; (*count)++) {
        const size_t len = *count < SILICON_VENDORS_MAX ? ca_len(der) : 0;
        if (len == 0) {
            return fault_set(fault, "the silicon vendors' certificates are not 1 to %d certificates of CAs",
                             SILICON_VENDORS_MAX);
        }
        memcpy(out[*count].der, der.data, len);
        out[*count].len = len;
        der = bytes_of(der.data + len, der.len - len);
    }
    return 0;
}

static int blocks_join(const struct pem_file *pem, uint8_t out[SILICON_DER_MAX], size_t *len)
{
    for (size_t i = 0; i < pem->count; i++) {
        const struct bytes der = pem->blocks[i].data;
        if (i == SILICON_VENDORS_MAX || strcmp(pem->blocks[i].label, PEM_STRING_X509) != 0 || ca_len(der) != der.len) {
            return -1;
        }
        memcpy(out + *len, der.data, der.len);
        *len += der.len;
    }
    return 0;
}

int silicon_read(const struct project *project, uint8_t out[SILICON_DER_MAX], size_t *len, struct fault *fault)
{
    char path[sizeof project->dir + sizeof project->profile.chip_vendors];
    struct pem_file pem;
    *len = 0;
    if (project->profile.chip_vendors[0] == '\0') {
        return 0;
    }
    if (project_path(project, project->profile.chip_vendors, path, sizeof path, fault) != 0 ||
        pem_read(path, FILE_MAX, &pem, fault) != 0) {
        return fault_hint(fault, "product.yaml names it at chip_vendors: the silicon vendors' CA certificates (PEM)");
    }
    int result = blocks_join(&pem, out, len);
    pem_free(&pem);
    if (result != 0) {
        (void)fault_set(fault, "%s: must hold 1 to %d certificates of CAs, of at most %d bytes each, and no more", path,
                        SILICON_VENDORS_MAX, CERT_DER_MAX);
        return fault_hint(fault, "give the certificates of the silicon vendors' CAs (PEM), not of single chips");
    }
    return 0;
}
