/* SPDX-License-Identifier: Apache-2.0 */
/* cipher: AES-128-CTR and AES key unwrap of crypto.h over Mbed TLS. */
#include <mbedtls/aes.h>
#include <mbedtls/nist_kw.h>

#include "base/wipe.h"
#include "crypto/crypto.h"

struct ctr_context {
    mbedtls_aes_context aes;
    size_t offset;
    uint8_t counter[16];
    uint8_t block[16];
};

_Static_assert(sizeof(struct ctr_context) <= sizeof(struct crypto_ctr), "the opaque context is too small");

static struct ctr_context *context_of(struct crypto_ctr *c)
{
    return (struct ctr_context *)(void *)c->opaque;
}

void crypto_ctr_start(struct crypto_ctr *c, const uint8_t key[16], const uint8_t iv[16])
{
    struct ctr_context *s = context_of(c);
    mbedtls_aes_init(&s->aes);
    (void)mbedtls_aes_setkey_enc(&s->aes, key, 128);
    s->offset = 0;
    memcpy(s->counter, iv, sizeof s->counter);
}

void crypto_ctr_apply(struct crypto_ctr *c, const uint8_t *in, uint8_t *out, size_t len)
{
    struct ctr_context *s = context_of(c);
    (void)mbedtls_aes_crypt_ctr(&s->aes, len, &s->offset, s->counter, s->block, in, out);
}

void crypto_ctr_wipe(struct crypto_ctr *c)
{
    mbedtls_aes_free(&context_of(c)->aes);
    wipe(c, sizeof *c);
}

status_t crypto_key_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16])
{
    mbedtls_nist_kw_context kw;
    size_t len = 0;
    mbedtls_nist_kw_init(&kw);
    int failed = mbedtls_nist_kw_setkey(&kw, MBEDTLS_CIPHER_ID_AES, kek, 128, 0);
    if (failed == 0) {
        failed = mbedtls_nist_kw_unwrap(&kw, MBEDTLS_KW_MODE_KW, wrapped, 24, key, &len, 16);
    }
    mbedtls_nist_kw_free(&kw);
    if (failed != 0 || len != 16) {
        wipe(key, 16);
        return STATUS_CRYPTO_UNWRAP;
    }
    return STATUS_OK;
}
