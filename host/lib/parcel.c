/* SPDX-License-Identifier: Apache-2.0 */
/* parcel: see parcel.h. */
#include "host/lib/parcel.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/wipe.h"
#include "host/lib/block_crypto.h"
#include "host/lib/p256.h"
#include "host/lib/wrapping.h"

#define KEY_LEN 32

static int parcel_fault(struct fault *fault, const char *what)
{
    char text[160];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return fault_set(fault, "the production package: %s: %s", what, text);
}

void parcel_kid(const uint8_t public_key[64], uint8_t kid[32])
{
    uint8_t point[65] = { 0x04 };
    memcpy(point + 1, public_key, 64);
    p256_sha256(bytes_of(point, sizeof point), kid);
}

/* The caller wipes `kek`. */
static int kek_derive(const uint8_t secret[32], uint8_t kek[KEY_LEN], struct fault *fault)
{
    uint8_t info[PRODUCTION_STRUCTURE_MAX];
    struct cbor_writer w = cbor_writer_of(info, sizeof info);
    production_kdf_context_build(&w);
    return w.status == STATUS_OK && wrapping_kek(secret, cbor_written(&w), kek, KEY_LEN) == 0
               ? 0
               : parcel_fault(fault, "HKDF failed");
}

/* Key, IV and additional data of one pass of AES-256-GCM. */
static int gcm_begin(EVP_CIPHER_CTX *ctx, int encrypt, const uint8_t key[KEY_LEN], const uint8_t *iv)
{
    uint8_t aad[PRODUCTION_STRUCTURE_MAX];
    int len = 0;
    struct cbor_writer w = cbor_writer_of(aad, sizeof aad);
    production_enc_structure_build(&w);
    return ctx != NULL && w.status == STATUS_OK &&
           EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv, encrypt) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &len, aad, (int)w.len) == 1;
}

static int gcm_seal(const uint8_t key[KEY_LEN], const uint8_t *iv, struct bytes plain, uint8_t *out)
{
    int len = 0;
    int rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = gcm_begin(ctx, 1, key, iv) && EVP_CipherUpdate(ctx, out, &len, plain.data, (int)plain.len) == 1 &&
               EVP_CipherFinal_ex(ctx, out + len, &rest) == 1 && (size_t)(len + rest) == plain.len &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, PRODUCTION_TAG_LEN, out + plain.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return done;
}

static int gcm_open(const uint8_t key[KEY_LEN], const struct production_cipher *in, uint8_t *out)
{
    uint8_t tag[PRODUCTION_TAG_LEN];
    const size_t plain_len = in->ciphertext.len - PRODUCTION_TAG_LEN;
    int len = 0;
    int rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    memcpy(tag, in->ciphertext.data + plain_len, sizeof tag);
    int done = gcm_begin(ctx, 0, key, in->iv.data) &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, PRODUCTION_TAG_LEN, tag) == 1 &&
               EVP_CipherUpdate(ctx, out, &len, in->ciphertext.data, (int)plain_len) == 1 &&
               EVP_CipherFinal_ex(ctx, out + len, &rest) == 1 && (size_t)(len + rest) == plain_len;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    return done;
}

static int key_seal(const uint8_t key[KEY_LEN], const uint8_t recipient[64], struct parcel *parcel, struct fault *fault)
{
    uint8_t secret[32] = { 0 };
    uint8_t kek[KEY_LEN] = { 0 };
    uint8_t wrapped[WRAPPING_MAX];
    int result = -1;
    if (block_ephemeral_agree(recipient, parcel->ephemeral, secret, fault) == 0 &&
        kek_derive(secret, kek, fault) == 0) {
        result = wrapping_run(1, bytes_of(kek, KEY_LEN), bytes_of(key, KEY_LEN), wrapped) == PRODUCTION_WRAPPED_LEN
                     ? 0
                     : parcel_fault(fault, "AES key wrap failed");
    }
    if (result == 0) {
        memcpy(parcel->wrapped_key, wrapped, sizeof parcel->wrapped_key);
    }
    wipe(secret, sizeof secret);
    wipe(kek, sizeof kek);
    return result;
}

int parcel_seal(struct bytes plain, const uint8_t recipient[64], struct parcel *parcel, uint8_t *ciphertext,
                struct production_cipher *out, struct fault *fault)
{
    uint8_t key[KEY_LEN] = { 0 };
    int result = -1;
    if (plain.len == 0 || plain.len > PRODUCTION_MAX) {
        return fault_set(fault, "the production package: its content has %zu bytes; at most %u are allowed", plain.len,
                         PRODUCTION_MAX);
    }
    if (RAND_priv_bytes(key, sizeof key) != 1 || RAND_bytes(parcel->iv, sizeof parcel->iv) != 1) {
        (void)parcel_fault(fault, "no random bytes");
    } else if (key_seal(key, recipient, parcel, fault) == 0) {
        result = gcm_seal(key, parcel->iv, plain, ciphertext) ? 0 : parcel_fault(fault, "AES-GCM failed");
    }
    wipe(key, sizeof key);
    parcel_kid(recipient, parcel->kid);
    *out = (struct production_cipher){
        bytes_of(parcel->iv, sizeof parcel->iv),   bytes_of(ciphertext, plain.len + PRODUCTION_TAG_LEN),
        bytes_of(parcel->kid, sizeof parcel->kid), bytes_of(parcel->ephemeral, 32),
        bytes_of(parcel->ephemeral + 32, 32),      bytes_of(parcel->wrapped_key, sizeof parcel->wrapped_key)
    };
    return result;
}

/* The content's key. The caller wipes it. */
static int key_open(const struct production_cipher *in, struct hsm *hsm, const char *label, uint8_t key[KEY_LEN],
                    struct fault *fault)
{
    uint8_t peer[64];
    uint8_t secret[32] = { 0 };
    uint8_t kek[KEY_LEN] = { 0 };
    uint8_t out[WRAPPING_MAX] = { 0 };
    int result = -1;
    memcpy(peer, in->ephemeral_x.data, 32);
    memcpy(peer + 32, in->ephemeral_y.data, 32);
    if (hsm_agree(hsm, label, peer, secret, fault) == 0 && kek_derive(secret, kek, fault) == 0) {
        result = wrapping_run(0, bytes_of(kek, KEY_LEN), in->wrapped_key, out) == KEY_LEN
                     ? 0
                     : fault_set(fault, "the production package: its wrapped key does not open");
    }
    if (result == 0) {
        memcpy(key, out, KEY_LEN);
    }
    wipe(secret, sizeof secret);
    wipe(kek, sizeof kek);
    wipe(out, sizeof out);
    ERR_clear_error();
    return result;
}

int parcel_open(const struct production_cipher *in, struct hsm *hsm, const char *label, uint8_t *plain,
                struct fault *fault)
{
    uint8_t key[KEY_LEN] = { 0 };
    int result = key_open(in, hsm, label, key, fault);
    if (result == 0 && !gcm_open(key, in, plain)) {
        wipe(plain, in->ciphertext.len - PRODUCTION_TAG_LEN);
        result = fault_set(fault, "the production package: its content was changed (AES-GCM)");
    }
    wipe(key, sizeof key);
    return result;
}
