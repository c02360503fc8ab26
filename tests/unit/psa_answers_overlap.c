/* SPDX-License-Identifier: Apache-2.0 */
/* psa_answers_overlap: see psa_answers.h. Texts longer than one call to SBM, whose output lies over their input. */
#include "tests/unit/psa_answers.h"

#include "tests/unit/psa_vectors.h"

#define LEN 5000u
#define MOST_OFF 3000u
#define MORE_LEN 16u /* an IV or a tag */

static uint8_t space[LEN + MOST_OFF + MORE_LEN];
static uint8_t other[LEN + MORE_LEN];
static uint8_t plain[LEN];
static uint8_t nonce[12];

/* From `in` to `out`; encrypts or decrypts with a cipher or an AEAD. */
static psa_status_t run(psa_key_id_t key, psa_algorithm_t alg, int encrypt, const uint8_t *in, size_t in_len,
                        uint8_t *out, size_t *out_len)
{
    const size_t capacity = LEN + MORE_LEN;
    if (alg == PSA_ALG_CTR) {
        return encrypt ? psa_cipher_encrypt(key, alg, in, in_len, out, capacity, out_len)
                       : psa_cipher_decrypt(key, alg, in, in_len, out, capacity, out_len);
    }
    return encrypt ? psa_aead_encrypt(key, alg, nonce, 12, NULL, 0, in, in_len, out, capacity, out_len)
                   : psa_aead_decrypt(key, alg, nonce, 12, NULL, 0, in, in_len, out, capacity, out_len);
}

/* There and back again, each with its output at another offset than its input. */
static int overlap_holds(psa_key_id_t key, psa_algorithm_t alg, size_t in_off, size_t out_off)
{
    size_t len = 0;
    size_t again = 0;
    memcpy(space + in_off, plain, LEN);
    int fine = run(key, alg, 1, space + in_off, LEN, space + out_off, &len) == PSA_SUCCESS && len == sizeof other;
    fine =
        fine && run(key, alg, 0, space + out_off, len, other, &again) == PSA_SUCCESS && same(other, again, plain, LEN);
    fine = fine && run(key, alg, 1, plain, LEN, other, &len) == PSA_SUCCESS;
    memcpy(space + in_off, other, sizeof other);
    fine = fine && run(key, alg, 0, space + in_off, len, space + out_off, &again) == PSA_SUCCESS;
    return fine && same(space + out_off, again, plain, LEN);
}

static int all_overlaps_hold(psa_key_type_t type, psa_algorithm_t alg)
{
    static const uint16_t offs[][2] = { { 0, 0 },  { 0, 1 },  { 1, 0 },    { 0, 16 },
                                        { 16, 0 }, { 20, 3 }, { 0, 3000 }, { 3000, 0 } };
    psa_key_id_t key = key_of(type, alg, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT, plain, 32);
    int fine = key != 0;
    for (size_t i = 0; i < sizeof offs / sizeof offs[0]; i++) {
        fine = fine && overlap_holds(key, alg, offs[i][0], offs[i][1]);
    }
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

int psa_overlap_holds(void)
{
    for (size_t i = 0; i < LEN; i++) {
        plain[i] = (uint8_t)(i * 11 + i / 256);
    }
    return all_overlaps_hold(PSA_KEY_TYPE_AES, PSA_ALG_CTR) && all_overlaps_hold(PSA_KEY_TYPE_AES, PSA_ALG_GCM) &&
           all_overlaps_hold(PSA_KEY_TYPE_CHACHA20, PSA_ALG_CHACHA20_POLY1305);
}
