/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest: known answers of what every start uses, before it is used: SHA-256 (FIPS 180-4 example), HKDF (RFC 5869
 * A.3), Poly1305 (RFC 8439 2.5.2), AEAD (RFC 8439 A.1, vector 2, as the ciphertext of zeros under a zero key; its tag
 * is OpenSSL's). Each answer is compared whole.
 */
#include "crypto/crypto.h"

static const uint8_t sha_answer[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
static const uint8_t hkdf_answer[42] = { 0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80,
                                         0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1,
                                         0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d, 0x9d,
                                         0x20, 0x13, 0x95, 0xfa, 0xa4, 0xb6, 0x1a, 0x96, 0xc8 };
static const uint8_t poly_key[32] = { 0x85, 0xd6, 0xbe, 0x78, 0x57, 0x55, 0x6d, 0x33, 0x7f, 0x44, 0x52,
                                      0xfe, 0x42, 0xd5, 0x06, 0xa8, 0x01, 0x03, 0x80, 0x8a, 0xfb, 0x0d,
                                      0xb2, 0xfd, 0x4a, 0xbf, 0xf6, 0xaf, 0x41, 0x49, 0xf5, 0x1b };
static const uint8_t poly_answer[16] = { 0xa8, 0x06, 0x1d, 0xc1, 0x30, 0x51, 0x36, 0xc6,
                                         0xc2, 0x2b, 0x8b, 0xaf, 0x0c, 0x01, 0x27, 0xa9 };
static const uint8_t aead_cipher[32] = { 0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a, 0x98, 0xba, 0x97,
                                         0x7c, 0x73, 0x2d, 0x08, 0x0d, 0xcb, 0x0f, 0x29, 0xa0, 0x48, 0xe3,
                                         0x65, 0x69, 0x12, 0xc6, 0x53, 0x3e, 0x32, 0xee, 0x7a, 0xed };
static const uint8_t aead_tag[16] = { 0x95, 0xf8, 0x2b, 0xfa, 0xe8, 0xf5, 0x22, 0x21,
                                      0x7f, 0x8b, 0x7d, 0xb3, 0x9b, 0x40, 0xad, 0x06 };

static status_t hash_check(void)
{
    uint8_t out[32];
    crypto_sha256(bytes_of("abc", 3), out);
    return memcmp(out, sha_answer, sizeof out) == 0 ? STATUS_OK : STATUS_CRYPTO_SELFTEST;
}

static status_t hkdf_check(void)
{
    uint8_t secret[22];
    uint8_t out[42];
    memset(secret, 0x0b, sizeof secret);
    status_t status = crypto_hkdf(bytes_of(secret, sizeof secret), bytes_of(NULL, 0), out, sizeof out);
    return status == STATUS_OK && memcmp(out, hkdf_answer, sizeof out) == 0 ? STATUS_OK : STATUS_CRYPTO_SELFTEST;
}

static status_t mac_check(void)
{
    struct crypto_poly1305 p;
    uint8_t out[16];
    crypto_poly1305_start(&p, poly_key);
    crypto_poly1305_add(&p, bytes_of("Cryptographic Forum Research Group", 34));
    crypto_poly1305_finish(&p, out);
    return memcmp(out, poly_answer, sizeof out) == 0 ? STATUS_OK : STATUS_CRYPTO_SELFTEST;
}

static status_t aead_check(void)
{
    const uint8_t zeros[32] = { 0 };
    const struct crypto_aead how = { zeros, zeros, bytes_of(NULL, 0) };
    uint8_t out[32];
    uint8_t tag[16];
    if (crypto_aead_seal(&how, bytes_of(zeros, sizeof zeros), out, tag) != STATUS_OK ||
        memcmp(out, aead_cipher, sizeof out) != 0 || memcmp(tag, aead_tag, sizeof tag) != 0) {
        return STATUS_CRYPTO_SELFTEST;
    }
    tag[15] ^= 0x80;
    if (crypto_aead_open(&how, bytes_of(aead_cipher, sizeof aead_cipher), tag, out) != STATUS_CRYPTO_TAG ||
        crypto_aead_open(&how, bytes_of(aead_cipher, sizeof aead_cipher), aead_tag, out) != STATUS_OK) {
        return STATUS_CRYPTO_SELFTEST;
    }
    return memcmp(out, zeros, sizeof out) == 0 ? STATUS_OK : STATUS_CRYPTO_SELFTEST;
}

status_t crypto_selftest(void)
{
    status_t status = hash_check();
    if (status == STATUS_OK) {
        status = hkdf_check();
    }
    if (status == STATUS_OK) {
        status = mac_check();
    }
    return status == STATUS_OK ? aead_check() : status;
}
