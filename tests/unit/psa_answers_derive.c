/* SPDX-License-Identifier: Apache-2.0 */
/* psa_answers_derive: see psa_answers.h. What a derivation may give, what is verified without being shown, and shared
 * secrets that become keys. */
#include "tests/unit/psa_vectors.h"

#define HKDF PSA_ALG_HKDF(PSA_ALG_SHA_256)
#define HKDF_MAX (255u * 32u)

/* RFC 5869 A.1, ready to give its output. */
static int hkdf_begin(psa_key_derivation_operation_t *operation)
{
    uint8_t ikm[22];
    memset(ikm, 0x0b, sizeof ikm);
    psa_key_id_t key = key_of(PSA_KEY_TYPE_DERIVE, HKDF, PSA_KEY_USAGE_DERIVE, ikm, sizeof ikm);
    *operation = psa_key_derivation_operation_init();
    int fine = psa_key_derivation_setup(operation, HKDF) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_input_bytes(operation, PSA_KEY_DERIVATION_INPUT_SALT, hkdf_salt,
                                                  sizeof hkdf_salt) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_input_key(operation, PSA_KEY_DERIVATION_INPUT_SECRET, key) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_input_bytes(operation, PSA_KEY_DERIVATION_INPUT_INFO, hkdf_info,
                                                  sizeof hkdf_info) == PSA_SUCCESS;
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

static int capacity_is(const psa_key_derivation_operation_t *operation, size_t want)
{
    size_t capacity = want + 1;
    return psa_key_derivation_get_capacity(operation, &capacity) == PSA_SUCCESS && capacity == want;
}

/* A capacity cannot grow; to ask for that changes nothing. */
static int refused_capacity_changes_nothing(void)
{
    psa_key_derivation_operation_t operation;
    uint8_t out[sizeof hkdf_out];
    int fine = hkdf_begin(&operation) && capacity_is(&operation, HKDF_MAX);
    fine = fine && psa_key_derivation_set_capacity(&operation, sizeof out) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_set_capacity(&operation, sizeof out + 1) == PSA_ERROR_INVALID_ARGUMENT;
    fine = fine && capacity_is(&operation, sizeof out);
    fine = fine && psa_key_derivation_output_bytes(&operation, out, sizeof out) == PSA_SUCCESS;
    fine = fine && memcmp(out, hkdf_out, sizeof out) == 0 && capacity_is(&operation, 0);
    return psa_key_derivation_abort(&operation) == PSA_SUCCESS && fine;
}

/* Of more than the capacity nothing comes, however long it is, and the capacity is gone. */
static int more_than_the_capacity_gives_nothing(size_t len)
{
    static uint8_t out[HKDF_MAX + 1];
    psa_key_derivation_operation_t operation;
    uint8_t touched = 0;
    memset(out, 0, sizeof out);
    int fine = hkdf_begin(&operation);
    fine = fine && psa_key_derivation_set_capacity(&operation, len - 1) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_output_bytes(&operation, out, len) == PSA_ERROR_INSUFFICIENT_DATA;
    fine = fine && capacity_is(&operation, 0);
    fine = fine && psa_key_derivation_output_bytes(&operation, out, 1) == PSA_ERROR_INSUFFICIENT_DATA;
    for (size_t i = 0; i < sizeof out; i++) {
        touched |= out[i];
    }
    return psa_key_derivation_abort(&operation) == PSA_SUCCESS && fine && touched == 0;
}

static int all_of_the_capacity_comes(void)
{
    static uint8_t out[HKDF_MAX];
    psa_key_derivation_operation_t operation;
    int fine = hkdf_begin(&operation);
    fine = fine && psa_key_derivation_output_bytes(&operation, out, sizeof out) == PSA_SUCCESS;
    fine = fine && memcmp(out, hkdf_out, sizeof hkdf_out) == 0 && capacity_is(&operation, 0);
    return psa_key_derivation_abort(&operation) == PSA_SUCCESS && fine;
}

int psa_capacity_holds(void)
{
    return refused_capacity_changes_nothing() && more_than_the_capacity_gives_nothing(2) &&
           more_than_the_capacity_gives_nothing(HKDF_MAX) && all_of_the_capacity_comes();
}

static int verify_is(const uint8_t *expected, size_t len, psa_status_t want)
{
    psa_key_derivation_operation_t operation;
    int fine = hkdf_begin(&operation);
    fine = fine && psa_key_derivation_set_capacity(&operation, sizeof hkdf_out) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_verify_bytes(&operation, expected, len) == want;
    fine = fine && capacity_is(&operation, len > sizeof hkdf_out ? 0 : sizeof hkdf_out - len);
    fine = psa_key_derivation_abort(&operation) == PSA_SUCCESS && fine;
    return fine && psa_key_derivation_verify_bytes(&operation, expected, len) == PSA_ERROR_BAD_STATE;
}

int psa_verify_bytes_holds(void)
{
    uint8_t other[100];
    int fine = verify_is(hkdf_out, sizeof hkdf_out, PSA_SUCCESS) && verify_is(hkdf_out, 5, PSA_SUCCESS);
    memset(other, 0, sizeof other);
    for (size_t i = 0; i < sizeof hkdf_out; i++) {
        memcpy(other, hkdf_out, sizeof hkdf_out);
        other[i] ^= 0x80;
        fine = fine && verify_is(other, sizeof hkdf_out, PSA_ERROR_INVALID_SIGNATURE);
    }
    return fine && verify_is(hkdf_out, sizeof hkdf_out + 1, PSA_ERROR_INSUFFICIENT_DATA) &&
           verify_is(other, sizeof other, PSA_ERROR_INSUFFICIENT_DATA);
}

/* The number of a key of the shared secret, or 0; `got` says why. */
static psa_key_id_t agreed(psa_key_id_t key, psa_key_type_t type, size_t bits, psa_key_usage_t usage, psa_status_t *got)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t made = 99;
    psa_set_key_type(&attributes, type);
    psa_set_key_bits(&attributes, bits);
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, type == PSA_KEY_TYPE_HMAC ? PSA_ALG_HMAC(PSA_ALG_SHA_256) : HKDF);
    *got = psa_key_agreement(key, ecdh_peer, sizeof ecdh_peer, PSA_ALG_ECDH, &attributes, &made);
    return made;
}

static int makes_no_key(psa_key_id_t key, psa_key_type_t type, size_t bits, psa_status_t want)
{
    psa_status_t got;
    return agreed(key, type, bits, PSA_KEY_USAGE_EXPORT, &got) == 0 && got == want;
}

/* The key has the secret in it, and shows it only with the right to export. */
static int secret_becomes_key(psa_key_id_t key, psa_key_type_t type)
{
    uint8_t out[32];
    size_t len = 0;
    psa_status_t got;
    psa_key_id_t hidden = agreed(key, type, 0, PSA_KEY_USAGE_DERIVE, &got);
    int fine = got == PSA_SUCCESS && psa_export_key(hidden, out, sizeof out, &len) == PSA_ERROR_NOT_PERMITTED;
    psa_key_id_t shown = agreed(key, type, 256, PSA_KEY_USAGE_EXPORT, &got);
    fine = fine && got == PSA_SUCCESS && psa_export_key(shown, out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && same(out, len, ecdh_secret, 32);
    return psa_destroy_key(hidden) == PSA_SUCCESS && psa_destroy_key(shown) == PSA_SUCCESS && fine;
}

int psa_agreement_key_holds(void)
{
    const psa_key_type_t pair = PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1);
    psa_key_id_t key = key_of(pair, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE, ecdh_private, 32);
    psa_key_id_t other = key_of(pair, PSA_ALG_ECDH, PSA_KEY_USAGE_EXPORT, ecdh_private, 32);
    int fine = secret_becomes_key(key, PSA_KEY_TYPE_DERIVE) && secret_becomes_key(key, PSA_KEY_TYPE_RAW_DATA) &&
               secret_becomes_key(key, PSA_KEY_TYPE_HMAC);
    fine = fine && makes_no_key(key, PSA_KEY_TYPE_NONE, 0, PSA_ERROR_INVALID_ARGUMENT);
    fine = fine && makes_no_key(key, PSA_KEY_TYPE_AES, 256, PSA_ERROR_INVALID_ARGUMENT);
    fine = fine && makes_no_key(key, pair, 256, PSA_ERROR_INVALID_ARGUMENT);
    fine = fine && makes_no_key(key, PSA_KEY_TYPE_DERIVE, 128, PSA_ERROR_INVALID_ARGUMENT);
    fine = fine && makes_no_key(other, PSA_KEY_TYPE_DERIVE, 0, PSA_ERROR_NOT_PERMITTED);
    fine = fine && makes_no_key(0, PSA_KEY_TYPE_DERIVE, 0, PSA_ERROR_INVALID_HANDLE);
    return psa_destroy_key(key) == PSA_SUCCESS && psa_destroy_key(other) == PSA_SUCCESS && fine;
}

/* The bytes of RFC 5869 A.1 as a number, plus 1: its point was computed elsewhere. */
static const uint8_t derived_public[65] = { 0x04, 0x4d, 0x9b, 0xc8, 0xa9, 0x70, 0x9e, 0x12, 0x18, 0x11, 0x70,
                                            0x51, 0x0c, 0x07, 0x11, 0x77, 0x75, 0x20, 0xde, 0xb1, 0x11, 0x67,
                                            0x7d, 0xbd, 0xea, 0x4c, 0xb6, 0xe6, 0xa8, 0x54, 0x8a, 0xe4, 0x01,
                                            0xa3, 0xc1, 0xf0, 0xd5, 0xac, 0xb8, 0xc3, 0x1e, 0x56, 0x12, 0x50,
                                            0x90, 0x34, 0x17, 0xc3, 0x6a, 0xca, 0xca, 0x49, 0xc4, 0x84, 0xfe,
                                            0x64, 0x1a, 0xac, 0xa3, 0x4f, 0x36, 0x91, 0x0e, 0x33, 0x80 };

static int pair_of_bits_is(size_t bits, size_t capacity, psa_status_t want, psa_key_id_t *made)
{
    psa_key_derivation_operation_t operation;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, bits);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
    int fine = hkdf_begin(&operation) && psa_key_derivation_set_capacity(&operation, capacity) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_output_key(&attributes, &operation, made) == want;
    fine = fine && (want != PSA_SUCCESS || capacity_is(&operation, capacity - 32));
    return psa_key_derivation_abort(&operation) == PSA_SUCCESS && fine && (want == PSA_SUCCESS) == (*made != 0);
}

/* A secret that was given as bytes makes no key, as for every other type. */
static int bytes_make_no_pair(void)
{
    psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t made = 99;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    int fine = psa_key_derivation_setup(&operation, HKDF) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SECRET, hkdf_salt,
                                                  sizeof hkdf_salt) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, NULL, 0) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_output_key(&attributes, &operation, &made) == PSA_ERROR_NOT_PERMITTED;
    return psa_key_derivation_abort(&operation) == PSA_SUCCESS && fine && made == 0;
}

int psa_derived_pair_holds(void)
{
    uint8_t out[65];
    size_t len = 0;
    psa_key_id_t key = 0;
    psa_key_id_t none = 99;
    int fine = pair_of_bits_is(256, 42, PSA_SUCCESS, &key);
    fine = fine && psa_export_public_key(key, out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && same(out, len, derived_public, sizeof derived_public);
    fine = fine && psa_export_key(key, out, sizeof out, &len) == PSA_ERROR_NOT_PERMITTED;
    fine = fine && pair_of_bits_is(256, 31, PSA_ERROR_INSUFFICIENT_DATA, &none);
    fine = fine && pair_of_bits_is(384, 64, PSA_ERROR_NOT_SUPPORTED, &none);
    fine = fine && pair_of_bits_is(220, 64, PSA_ERROR_INVALID_ARGUMENT, &none);
    fine = fine && pair_of_bits_is(0, 64, PSA_ERROR_INVALID_ARGUMENT, &none) && bytes_make_no_pair();
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}
