/* SPDX-License-Identifier: Apache-2.0 */
/* wrapping: see wrapping.h. */
#include "host/lib/wrapping.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "base/wipe.h"

int wrapping_kek(const uint8_t secret[32], struct bytes info, uint8_t *kek, size_t kek_len)
{
    char hash[] = "SHA256";
    uint8_t z[32];
    memcpy(z, secret, sizeof z);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, z, sizeof z),
                            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.data,
                                                              info.len),
                            OSSL_PARAM_construct_end() };
    int done = ctx != NULL && EVP_KDF_derive(ctx, kek, kek_len, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    wipe(z, sizeof z);
    return done ? 0 : -1;
}

int wrapping_run(int encrypt, struct bytes kek, struct bytes in, uint8_t out[WRAPPING_MAX])
{
    int len = 0;
    int rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        return 0;
    }
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int done = EVP_CipherInit_ex(ctx, kek.len == 32 ? EVP_aes_256_wrap() : EVP_aes_128_wrap(), NULL, kek.data, NULL,
                                 encrypt) == 1 &&
               EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) == 1 &&
               EVP_CipherFinal_ex(ctx, out + len, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return done ? len + rest : 0;
}
