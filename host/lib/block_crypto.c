/* SPDX-License-Identifier: Apache-2.0 */
/* block_crypto: see block_crypto.h. */
#include "host/lib/block_crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/wipe.h"
#include "host/lib/p256.h"
#include "host/lib/wrapping.h"
#include "wire/cose.h"

#define POINT_LEN 65

static int openssl_fault(struct fault *fault, const char *what)
{
    char text[160];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return fault_set(fault, "%s: %s", what, text);
}

/* `peer` was imported, so it is a point of the curve; all of these are of its prime order, and that need not be
 * computed once more. */
static int derive(EVP_PKEY *mine, EVP_PKEY *peer, uint8_t secret[32])
{
    size_t len = 32;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
    int done = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
               EVP_PKEY_derive(ctx, secret, &len) == 1 && len == 32;
    EVP_PKEY_CTX_free(ctx);
    return done ? 0 : -1;
}

int block_ephemeral_agree(const uint8_t peer[64], uint8_t public_key[64], uint8_t secret[32], struct fault *fault)
{
    uint8_t point[POINT_LEN];
    size_t point_len = 0;
    int result = -1;
    EVP_PKEY *theirs = p256_import(peer);
    EVP_PKEY *mine = theirs == NULL ? NULL : EVP_EC_gen("P-256");
    if (theirs == NULL) {
        ERR_clear_error();
        return fault_set(fault, "the recipient's public key is not a point of P-256");
    }
    if (mine != NULL && derive(mine, theirs, secret) == 0 &&
        EVP_PKEY_get_octet_string_param(mine, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &point_len) == 1 &&
        point_len == sizeof point && point[0] == 0x04) {
        memcpy(public_key, point + 1, 64);
        result = 0;
    } else {
        wipe(secret, 32);
        (void)openssl_fault(fault, "ephemeral key agreement failed");
    }
    EVP_PKEY_free(mine);
    EVP_PKEY_free(theirs);
    return result;
}

int block_kek(const uint8_t secret[32], uint8_t kek[16], struct fault *fault)
{
    uint8_t info[COSE_KDF_CONTEXT_MAX];
    struct cbor_writer w = cbor_writer_of(info, sizeof info);
    cose_kdf_context_build(&w);
    return w.status == STATUS_OK && wrapping_kek(secret, cbor_written(&w), kek, 16) == 0
               ? 0
               : openssl_fault(fault, "HKDF failed");
}

int block_wrap(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24], struct fault *fault)
{
    uint8_t out[WRAPPING_MAX];
    if (wrapping_run(1, bytes_of(kek, 16), bytes_of(key, 16), out) != 24) {
        return openssl_fault(fault, "AES key wrap failed");
    }
    memcpy(wrapped, out, 24);
    return 0;
}

int block_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16])
{
    uint8_t out[WRAPPING_MAX] = { 0 };
    int done = wrapping_run(0, bytes_of(kek, 16), bytes_of(wrapped, 24), out) == 16;
    memset(key, 0, 16);
    if (done) {
        memcpy(key, out, 16);
    }
    wipe(out, sizeof out);
    ERR_clear_error();
    return done ? 0 : -1;
}
