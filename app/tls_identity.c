/* SPDX-License-Identifier: Apache-2.0 */
/* tls_identity: see tls_identity.h. */
#include "app/tls_identity.h"

#include <string.h>

#include "app/text.h"
#include "windlass/crypto_call.h"
#include "windlass/sbm.h"

void tls_identity_init(struct tls_identity *identity)
{
    mbedtls_x509_crt_init(&identity->own);
    mbedtls_x509_crt_init(&identity->root);
    mbedtls_pk_init(&identity->key);
}

void tls_identity_free(struct tls_identity *identity)
{
    mbedtls_x509_crt_free(&identity->own);
    mbedtls_x509_crt_free(&identity->root);
    mbedtls_pk_free(&identity->key);
}

static int certificate_add(mbedtls_x509_crt *chain, uint32_t which)
{
    static uint8_t der[SBM_CERTIFICATE_MAX];
    size_t len;
    if (sbm_certificate_read(which, der, sizeof der, &len) != PSA_SUCCESS) {
        return MBEDTLS_ERR_X509_FILE_IO_ERROR;
    }
    return mbedtls_x509_crt_parse_der(chain, der, len);
}

int tls_identity_load(struct tls_identity *identity)
{
    int result = certificate_add(&identity->own, SBM_CERTIFICATE_DEVICE);
    if (result == 0) {
        result = certificate_add(&identity->own, SBM_CERTIFICATE_ISSUER);
    }
    if (result == 0) {
        result = certificate_add(&identity->root, SBM_CERTIFICATE_ROOT);
    }
    return result == 0 ? mbedtls_pk_setup_opaque(&identity->key, SBM_CRYPTO_KEY_IDENTITY) : result;
}

static size_t text_add(char *out, size_t at, const char *text)
{
    size_t len = strlen(text);
    memcpy(out + at, text, len);
    return at + len;
}

static size_t number_add(char *out, size_t at, uint32_t number)
{
    char room[TEXT_NUMBER_MAX];
    return text_add(out, at, text_number(number, room));
}

size_t tls_identity_line(char out[TLS_LINE_MAX])
{
    struct sbm_status status;
    size_t at = 0;
    if (sbm_status_read(&status, sizeof status) != PSA_SUCCESS) {
        return 0;
    }
    at = text_add(out, at, "device ");
    for (size_t i = 0; i < sizeof status.unique_id; i++) {
        text_hex(status.unique_id[i], out + at);
        at += 2;
    }
    at = text_add(out, at, " app ");
    at = number_add(out, at, status.app_sequence);
    at = text_add(out, at, " sbm ");
    at = number_add(out, at, status.sbm_sequence);
    return text_add(out, at, "\n");
}
