/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest: known answers that are cheap enough for every start: SHA-256 (FIPS 180-4 example), HKDF (RFC 5869 A.3), AES
 * key unwrap (RFC 3394 4.1), AES-CTR (SP 800-38A F.5.1). P-256 has its known answers in the unit tests: a boot's own
 * signature check exercises it.
 */
#include "crypto/crypto.h"

static const uint8_t sha_answer[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                        0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
static const uint8_t hkdf_answer[16] = { 0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f,
                                         0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31 };
static const uint8_t kw_kek[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t kw_wrapped[24] = { 0x1f, 0xa6, 0x8b, 0x0a, 0x81, 0x12, 0xb4, 0x47, 0xae, 0xf3, 0x4b, 0xd8,
                                        0xfb, 0x5a, 0x7b, 0x82, 0x9d, 0x3e, 0x86, 0x23, 0x71, 0xd2, 0xcf, 0xe5 };
static const uint8_t kw_answer[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                       0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
static const uint8_t ctr_key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                     0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
static const uint8_t ctr_iv[16] = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
                                    0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff };
static const uint8_t ctr_plain[16] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                       0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
static const uint8_t ctr_answer[16] = { 0x87, 0x4d, 0x61, 0x91, 0xb6, 0x20, 0xe3, 0x26,
                                        0x1b, 0xef, 0x68, 0x64, 0x99, 0x0d, 0xb6, 0xce };

static status_t answer_check(const uint8_t *got, const uint8_t *want, size_t len)
{
    return memcmp(got, want, len) == 0 ? STATUS_OK : STATUS_CRYPTO_SELFTEST;
}

static status_t hash_check(void)
{
    uint8_t out[32];
    crypto_sha256(bytes_of("abc", 3), out);
    return answer_check(out, sha_answer, sizeof sha_answer);
}

static status_t hkdf_check(void)
{
    uint8_t secret[22];
    uint8_t out[16];
    memset(secret, 0x0b, sizeof secret);
    if (crypto_hkdf(bytes_of(secret, sizeof secret), bytes_of(NULL, 0), out, sizeof out) != STATUS_OK) {
        return STATUS_CRYPTO_SELFTEST;
    }
    return answer_check(out, hkdf_answer, sizeof hkdf_answer);
}

static status_t unwrap_check(void)
{
    uint8_t out[16];
    uint8_t damaged[24];
    memcpy(damaged, kw_wrapped, sizeof damaged);
    damaged[23] ^= 1;
    if (crypto_key_unwrap(kw_kek, damaged, out) == STATUS_OK ||
        crypto_key_unwrap(kw_kek, kw_wrapped, out) != STATUS_OK) {
        return STATUS_CRYPTO_SELFTEST;
    }
    return answer_check(out, kw_answer, sizeof kw_answer);
}

static status_t ctr_check(void)
{
    struct crypto_ctr ctr;
    uint8_t out[16];
    crypto_ctr_start(&ctr, ctr_key, ctr_iv);
    crypto_ctr_apply(&ctr, ctr_plain, out, sizeof out);
    crypto_ctr_wipe(&ctr);
    return answer_check(out, ctr_answer, sizeof ctr_answer);
}

status_t crypto_selftest(void)
{
    if (hash_check() != STATUS_OK || hkdf_check() != STATUS_OK || unwrap_check() != STATUS_OK) {
        return STATUS_CRYPTO_SELFTEST;
    }
    return ctr_check();
}
