/* SPDX-License-Identifier: Apache-2.0 */
/* psa_answers: see psa_answers.h. Hashes, MACs, ciphers, AEADs and randomness. */
#include "tests/unit/psa_answers.h"

#include "tests/unit/psa_vectors.h"

#define LONG_LEN 10000u

static uint8_t long_text[LONG_LEN];
static uint8_t long_out[LONG_LEN + 32];

static int hash_holds(void)
{
    const uint8_t *abc = (const uint8_t *)"abc";
    psa_hash_operation_t whole = PSA_HASH_OPERATION_INIT;
    psa_hash_operation_t half = PSA_HASH_OPERATION_INIT;
    uint8_t out[32];
    size_t len = 0;
    int fine = psa_hash_compute(PSA_ALG_SHA_256, abc, 3, out, sizeof out, &len) == PSA_SUCCESS &&
               same(out, len, abc_digest, 32);
    fine = fine && psa_hash_compare(PSA_ALG_SHA_256, abc, 3, abc_digest, 32) == PSA_SUCCESS;
    out[31] ^= 1;
    fine = fine && psa_hash_compare(PSA_ALG_SHA_256, abc, 3, out, 32) == PSA_ERROR_INVALID_SIGNATURE;
    fine = fine && psa_hash_compare(PSA_ALG_SHA_256, abc, 3, abc_digest, 31) == PSA_ERROR_INVALID_SIGNATURE;
    fine = fine && psa_hash_setup(&half, PSA_ALG_SHA_256) == PSA_SUCCESS;
    fine = fine && psa_hash_update(&half, abc, 1) == PSA_SUCCESS && psa_hash_clone(&half, &whole) == PSA_SUCCESS;
    fine = fine && psa_hash_update(&whole, abc + 1, 2) == PSA_SUCCESS;
    fine = fine && psa_hash_finish(&whole, out, sizeof out, &len) == PSA_SUCCESS && same(out, len, abc_digest, 32);
    fine = fine && psa_hash_update(&half, abc + 1, 2) == PSA_SUCCESS;
    fine = fine && psa_hash_verify(&half, abc_digest, 32) == PSA_SUCCESS;
    fine = fine && psa_hash_update(&half, abc, 1) == PSA_ERROR_BAD_STATE;
    return fine && psa_hash_abort(&half) == PSA_SUCCESS;
}

static int mac_holds(void)
{
    const uint8_t *text = (const uint8_t *)"what do ya want for nothing?";
    psa_mac_operation_t operation = PSA_MAC_OPERATION_INIT;
    const psa_algorithm_t alg = PSA_ALG_HMAC(PSA_ALG_SHA_256);
    psa_key_id_t key = key_of(PSA_KEY_TYPE_HMAC, alg, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE,
                              (const uint8_t *)"Jefe", 4);
    uint8_t out[32];
    size_t len = 0;
    int fine = key != 0 && psa_mac_compute(key, alg, text, 28, out, sizeof out, &len) == PSA_SUCCESS &&
               same(out, len, hmac_tag, 32);
    fine = fine && psa_mac_verify(key, alg, text, 28, hmac_tag, 32) == PSA_SUCCESS;
    fine = fine && psa_mac_verify(key, alg, text, 28, hmac_tag, 16) == PSA_ERROR_INVALID_SIGNATURE;
    fine = fine && psa_mac_verify(key, alg, text, 28, hmac_tag, 0) == PSA_ERROR_INVALID_SIGNATURE;
    fine = fine && psa_mac_verify_setup(&operation, key, alg) == PSA_SUCCESS;
    fine = fine && psa_mac_update(&operation, text, 20) == PSA_SUCCESS;
    fine = fine && psa_mac_update(&operation, text + 20, 8) == PSA_SUCCESS;
    fine = fine && psa_mac_verify_finish(&operation, hmac_tag, 32) == PSA_SUCCESS;
    fine = fine && psa_mac_sign_setup(&operation, key, alg) == PSA_SUCCESS;
    fine = fine && psa_mac_update(&operation, text, 28) == PSA_SUCCESS;
    fine =
        fine && psa_mac_sign_finish(&operation, out, sizeof out, &len) == PSA_SUCCESS && same(out, len, hmac_tag, 32);
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

static int ctr_holds_with(const uint8_t *key_bytes, size_t key_len, const uint8_t *cipher)
{
    psa_cipher_operation_t operation = PSA_CIPHER_OPERATION_INIT;
    psa_key_id_t key =
        key_of(PSA_KEY_TYPE_AES, PSA_ALG_CTR, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT, key_bytes, key_len);
    uint8_t out[32];
    uint8_t back[16];
    size_t len = 0;
    int fine = psa_cipher_encrypt_setup(&operation, key, PSA_ALG_CTR) == PSA_SUCCESS;
    fine = fine && psa_cipher_set_iv(&operation, ctr_iv, 16) == PSA_SUCCESS;
    fine = fine && psa_cipher_update(&operation, ctr_plain, 16, out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && same(out, len, cipher, 16);
    fine = fine && psa_cipher_finish(&operation, out, sizeof out, &len) == PSA_SUCCESS && len == 0;
    fine = fine && psa_cipher_encrypt(key, PSA_ALG_CTR, ctr_plain, 16, out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && len == 32 && psa_cipher_decrypt(key, PSA_ALG_CTR, out, 32, back, sizeof back, &len) == PSA_SUCCESS;
    fine = fine && same(back, len, ctr_plain, 16);
    (void)psa_cipher_abort(&operation);
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

static int cipher_holds(void)
{
    return ctr_holds_with(ctr_key, 16, ctr_cipher) && ctr_holds_with(ctr_key_192, 24, ctr_cipher_192) &&
           ctr_holds_with(ctr_key_256, 32, ctr_cipher_256);
}

struct aead_case {
    psa_key_type_t type;
    psa_algorithm_t alg;
    const uint8_t *key, *nonce, *ad, *plain, *cipher;
    size_t key_len, nonce_len, ad_len, plain_len, cipher_len;
};

/* Every byte changed, every truncation: refused, and nothing is given out. */
static int forgeries_are_refused(const struct aead_case *c, psa_key_id_t key)
{
    uint8_t bad[160];
    uint8_t out[160];
    size_t len = 0;
    for (size_t i = 0; i < c->cipher_len; i++) {
        memcpy(bad, c->cipher, c->cipher_len);
        bad[i] ^= (uint8_t)(1u << i % 8);
        memset(out, 0, sizeof out);
        if (psa_aead_decrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, bad, c->cipher_len, out, sizeof out,
                             &len) != PSA_ERROR_INVALID_SIGNATURE ||
            len != 0 || memcmp(out, c->plain, 8) == 0) {
            return 0;
        }
    }
    for (size_t cut = 1; cut <= 16; cut++) {
        if (psa_aead_decrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, c->cipher, c->cipher_len - cut, out,
                             sizeof out, &len) == PSA_SUCCESS) {
            return 0;
        }
    }
    return 1;
}

static int in_parts(const struct aead_case *c, psa_key_id_t key)
{
    psa_aead_operation_t operation = PSA_AEAD_OPERATION_INIT;
    uint8_t out[160];
    uint8_t tag[16];
    size_t len = 0;
    size_t more = 0;
    size_t tag_len = c->cipher_len - c->plain_len;
    int fine = psa_aead_encrypt_setup(&operation, key, c->alg) == PSA_SUCCESS;
    fine = fine && psa_aead_set_lengths(&operation, c->ad_len, c->plain_len) == PSA_SUCCESS;
    fine = fine && psa_aead_set_nonce(&operation, c->nonce, c->nonce_len) == PSA_SUCCESS;
    fine = fine && psa_aead_update_ad(&operation, c->ad, c->ad_len) == PSA_SUCCESS;
    fine = fine && psa_aead_update(&operation, c->plain, 7, out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && psa_aead_update(&operation, c->plain + 7, c->plain_len - 7, out + len, sizeof out - len, &more) ==
                       PSA_SUCCESS;
    len += more;
    fine = fine &&
           psa_aead_finish(&operation, out + len, sizeof out - len, &more, tag, sizeof tag, &tag_len) == PSA_SUCCESS;
    fine = fine && same(out, len + more, c->cipher, c->plain_len);
    fine = fine && same(tag, tag_len, c->cipher + c->plain_len, c->cipher_len - c->plain_len);
    (void)psa_aead_abort(&operation);
    fine = fine && psa_aead_decrypt_setup(&operation, key, c->alg) == PSA_SUCCESS;
    fine = fine && psa_aead_set_lengths(&operation, c->ad_len, c->plain_len) == PSA_SUCCESS;
    fine = fine && psa_aead_set_nonce(&operation, c->nonce, c->nonce_len) == PSA_SUCCESS;
    fine = fine && psa_aead_update_ad(&operation, c->ad, c->ad_len) == PSA_SUCCESS;
    fine = fine && psa_aead_update(&operation, c->cipher, c->plain_len, out, sizeof out, &len) == PSA_SUCCESS;
    tag[tag_len - 1] ^= 0x80;
    fine = fine && psa_aead_verify(&operation, out, sizeof out, &more, tag, tag_len) == PSA_ERROR_INVALID_SIGNATURE;
    return psa_aead_abort(&operation) == PSA_SUCCESS && fine;
}

/* What was decrypted in pieces before the tag was seen to be wrong does not stay. */
static int long_forgery_is_wiped(const struct aead_case *c, psa_key_id_t key)
{
    uint8_t left = 0;
    size_t len = 0;
    int fine = psa_aead_encrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, long_text, LONG_LEN, long_out,
                                sizeof long_out, &len) == PSA_SUCCESS;
    long_out[len - 1] ^= 1;
    fine = fine && psa_aead_decrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, long_out, len, long_text,
                                    sizeof long_text, &len) == PSA_ERROR_INVALID_SIGNATURE;
    for (size_t i = 0; i < LONG_LEN; i++) {
        left |= long_text[i];
    }
    return fine && len == 0 && left == 0;
}

/* Longer than one call carries: worked in pieces, over itself as TLS does it. */
static int long_text_holds(const struct aead_case *c, psa_key_id_t key)
{
    size_t len = 0;
    for (size_t i = 0; i < LONG_LEN; i++) {
        long_text[i] = (uint8_t)(i * 7 + i / 256);
    }
    memcpy(long_out, long_text, LONG_LEN);
    int fine = psa_aead_encrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, long_out, LONG_LEN, long_out,
                                sizeof long_out, &len) == PSA_SUCCESS;
    fine = fine && len == LONG_LEN + c->cipher_len - c->plain_len && memcmp(long_out, long_text, LONG_LEN) != 0;
    fine = fine && psa_aead_decrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, long_out, len, long_out,
                                    sizeof long_out, &len) == PSA_SUCCESS;
    return fine && same(long_out, len, long_text, LONG_LEN) && long_forgery_is_wiped(c, key);
}

static int aead_holds(const struct aead_case *c)
{
    uint8_t out[160];
    size_t len = 0;
    psa_key_id_t key = key_of(c->type, c->alg, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT, c->key, c->key_len);
    int fine = psa_aead_encrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, c->plain, c->plain_len, out,
                                sizeof out, &len) == PSA_SUCCESS;
    fine = fine && same(out, len, c->cipher, c->cipher_len);
    fine = fine && psa_aead_decrypt(key, c->alg, c->nonce, c->nonce_len, c->ad, c->ad_len, c->cipher, c->cipher_len,
                                    out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && same(out, len, c->plain, c->plain_len);
    fine = fine && forgeries_are_refused(c, key) && in_parts(c, key) && long_text_holds(c, key);
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

static int gcm_holds(void)
{
    static const struct aead_case c = { PSA_KEY_TYPE_AES, PSA_ALG_GCM,   gcm_key,          gcm_nonce,
                                        gcm_ad,           gcm_plain,     gcm_cipher,       sizeof gcm_key,
                                        sizeof gcm_nonce, sizeof gcm_ad, sizeof gcm_plain, sizeof gcm_cipher };
    return aead_holds(&c);
}

static int ccm_holds(void)
{
    static const struct aead_case c = { PSA_KEY_TYPE_AES, PSA_ALG_AEAD_WITH_SHORTENED_TAG(PSA_ALG_CCM, 8),
                                        ccm_key,          ccm_nonce,
                                        ccm_ad,           ccm_plain,
                                        ccm_cipher,       sizeof ccm_key,
                                        sizeof ccm_nonce, sizeof ccm_ad,
                                        sizeof ccm_plain, sizeof ccm_cipher };
    return aead_holds(&c);
}

static int chacha_holds(void)
{
    static const struct aead_case c = { PSA_KEY_TYPE_CHACHA20,
                                        PSA_ALG_CHACHA20_POLY1305,
                                        chacha_key,
                                        chacha_nonce,
                                        chacha_ad,
                                        (const uint8_t *)chacha_plain,
                                        chacha_cipher,
                                        sizeof chacha_key,
                                        sizeof chacha_nonce,
                                        sizeof chacha_ad,
                                        sizeof chacha_plain - 1,
                                        sizeof chacha_cipher };
    return aead_holds(&c);
}

static int random_holds(void)
{
    uint32_t ones = 0;
    memset(long_text, 0, sizeof long_text);
    int fine = psa_generate_random(long_text, sizeof long_text) == PSA_SUCCESS;
    for (size_t i = 0; i < sizeof long_text; i++) {
        ones += (uint32_t)__builtin_popcount(long_text[i]);
    }
    return fine && ones > 39000 && ones < 41000; /* of 80000 bits: seven standard deviations */
}

const struct psa_answer psa_answers[] = {
    { "hash", hash_holds },
    { "mac", mac_holds },
    { "cipher", cipher_holds },
    { "gcm", gcm_holds },
    { "ccm", ccm_holds },
    { "chacha20-poly1305", chacha_holds },
    { "hkdf", psa_hkdf_holds },
    { "tls12-prf", psa_tls12_prf_holds },
    { "capacity of a derivation", psa_capacity_holds },
    { "verified derivation", psa_verify_bytes_holds },
    { "derived key pair", psa_derived_pair_holds },
    { "ecdh", psa_ecdh_holds },
    { "agreed key", psa_agreement_key_holds },
    { "ecdsa", psa_ecdsa_holds },
    { "persistent key", psa_persistent_key_holds },
    { "random", random_holds },
    { "overlapping buffers", psa_overlap_holds },
};
const size_t psa_answers_count = sizeof psa_answers / sizeof psa_answers[0];
