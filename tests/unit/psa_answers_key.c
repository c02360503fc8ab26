/* SPDX-License-Identifier: Apache-2.0 */
/* psa_answers_key: see psa_answers.h. Derivation, P-256 and persistent keys. */
#include "tests/unit/psa_vectors.h"

/* Inputs by key for the secret, by bytes for the rest; the output must be `want`. */
static int derives(psa_algorithm_t alg, const psa_key_derivation_step_t steps[3], const uint8_t *const data[3],
                   const size_t lens[3], const uint8_t *want, size_t want_len)
{
    psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
    uint8_t out[64];
    psa_key_id_t key = 0;
    int fine = psa_key_derivation_setup(&operation, alg) == PSA_SUCCESS;
    for (unsigned i = 0; i < 3 && fine; i++) {
        if (steps[i] == PSA_KEY_DERIVATION_INPUT_SECRET) {
            key = key_of(PSA_KEY_TYPE_DERIVE, alg, PSA_KEY_USAGE_DERIVE, data[i], lens[i]);
            fine = psa_key_derivation_input_key(&operation, steps[i], key) == PSA_SUCCESS;
        } else if (steps[i] != 0) {
            fine = psa_key_derivation_input_bytes(&operation, steps[i], data[i], lens[i]) == PSA_SUCCESS;
        }
    }
    fine = fine && psa_key_derivation_set_capacity(&operation, want_len) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_output_bytes(&operation, out, 10) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_output_bytes(&operation, out + 10, want_len - 10) == PSA_SUCCESS;
    fine = fine && memcmp(out, want, want_len) == 0;
    fine = fine && psa_key_derivation_output_bytes(&operation, out, 1) == PSA_ERROR_INSUFFICIENT_DATA;
    return psa_key_derivation_abort(&operation) == PSA_SUCCESS && psa_destroy_key(key) == PSA_SUCCESS && fine;
}

int psa_hkdf_holds(void)
{
    uint8_t ikm[22];
    memset(ikm, 0x0b, sizeof ikm);
    const psa_key_derivation_step_t steps[3] = { PSA_KEY_DERIVATION_INPUT_SALT, PSA_KEY_DERIVATION_INPUT_SECRET,
                                                 PSA_KEY_DERIVATION_INPUT_INFO };
    const uint8_t *const data[3] = { hkdf_salt, ikm, hkdf_info };
    const size_t lens[3] = { sizeof hkdf_salt, sizeof ikm, sizeof hkdf_info };
    const psa_key_derivation_step_t extract[3] = { PSA_KEY_DERIVATION_INPUT_SALT, PSA_KEY_DERIVATION_INPUT_SECRET, 0 };
    const psa_key_derivation_step_t expand[3] = { PSA_KEY_DERIVATION_INPUT_SECRET, PSA_KEY_DERIVATION_INPUT_INFO, 0 };
    const uint8_t *const expand_data[3] = { hkdf_extracted, hkdf_info, NULL };
    const size_t expand_lens[3] = { sizeof hkdf_extracted, sizeof hkdf_info, 0 };
    return derives(PSA_ALG_HKDF(PSA_ALG_SHA_256), steps, data, lens, hkdf_out, sizeof hkdf_out) &&
           derives(PSA_ALG_HKDF_EXTRACT(PSA_ALG_SHA_256), extract, data, lens, hkdf_extracted, sizeof hkdf_extracted) &&
           derives(PSA_ALG_HKDF_EXPAND(PSA_ALG_SHA_256), expand, expand_data, expand_lens, hkdf_out, sizeof hkdf_out);
}

int psa_tls12_prf_holds(void)
{
    const psa_key_derivation_step_t steps[3] = { PSA_KEY_DERIVATION_INPUT_SEED, PSA_KEY_DERIVATION_INPUT_SECRET,
                                                 PSA_KEY_DERIVATION_INPUT_LABEL };
    const uint8_t *const data[3] = { prf_seed, prf_secret, (const uint8_t *)"test label" };
    const size_t lens[3] = { sizeof prf_seed, sizeof prf_secret, 10 };
    return derives(PSA_ALG_TLS12_PRF(PSA_ALG_SHA_256), steps, data, lens, prf_out, sizeof prf_out);
}

int psa_ecdh_holds(void)
{
    psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
    const psa_algorithm_t alg = PSA_ALG_KEY_AGREEMENT(PSA_ALG_ECDH, PSA_ALG_HKDF(PSA_ALG_SHA_256));
    const psa_key_type_t type = PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1);
    psa_key_id_t key = key_of(type, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE, ecdh_private, 32);
    psa_key_id_t other = key_of(type, alg, PSA_KEY_USAGE_DERIVE, ecdh_private, 32);
    uint8_t out[65];
    size_t len = 0;
    int fine =
        psa_raw_key_agreement(PSA_ALG_ECDH, key, ecdh_peer, sizeof ecdh_peer, out, sizeof out, &len) == PSA_SUCCESS;
    fine = fine && same(out, len, ecdh_secret, 32);
    memcpy(out, ecdh_peer, sizeof ecdh_peer);
    out[64] ^= 1; /* not on the curve */
    fine =
        fine && psa_raw_key_agreement(PSA_ALG_ECDH, key, out, 65, out, sizeof out, &len) == PSA_ERROR_INVALID_ARGUMENT;
    fine = fine && psa_key_derivation_setup(&operation, alg) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_key_agreement(&operation, PSA_KEY_DERIVATION_INPUT_SECRET, other, ecdh_peer,
                                                    sizeof ecdh_peer) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, NULL, 0) == PSA_SUCCESS;
    fine = fine && psa_key_derivation_output_bytes(&operation, out, 32) == PSA_SUCCESS;
    (void)psa_key_derivation_abort(&operation);
    return psa_destroy_key(key) == PSA_SUCCESS && psa_destroy_key(other) == PSA_SUCCESS && fine;
}

static int ecdsa_vector_holds(void)
{
    const psa_algorithm_t alg = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
    psa_key_id_t key = key_of(PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), alg, PSA_KEY_USAGE_VERIFY_MESSAGE,
                              ecdsa_public, sizeof ecdsa_public);
    uint8_t bad[64];
    const uint8_t *sample = (const uint8_t *)"sample";
    int fine = psa_verify_message(key, alg, sample, 6, ecdsa_signature, 64) == PSA_SUCCESS;
    fine = fine && psa_verify_message(key, alg, sample, 5, ecdsa_signature, 64) == PSA_ERROR_INVALID_SIGNATURE;
    fine = fine && psa_verify_message(key, alg, sample, 6, ecdsa_signature, 63) == PSA_ERROR_INVALID_SIGNATURE;
    for (unsigned i = 0; i < 64 && fine; i += 9) {
        memcpy(bad, ecdsa_signature, 64);
        bad[i] ^= 4;
        fine = psa_verify_message(key, alg, sample, 6, bad, 64) == PSA_ERROR_INVALID_SIGNATURE;
    }
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

/* Shorter and longer hashes than the curve's order: RFC 6979 A.2.5 with SHA-1 and SHA-384. */
static int other_hashes_hold(void)
{
    psa_key_id_t key = key_of(PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), PSA_ALG_ECDSA_ANY,
                              PSA_KEY_USAGE_VERIFY_HASH, ecdsa_public, sizeof ecdsa_public);
    int fine = psa_verify_hash(key, PSA_ALG_ECDSA_ANY, sample_sha1, sizeof sample_sha1, ecdsa_signature_sha1, 64) ==
                   PSA_SUCCESS &&
               psa_verify_hash(key, PSA_ALG_ECDSA_ANY, sample_sha384, sizeof sample_sha384, ecdsa_signature_sha384,
                               64) == PSA_SUCCESS;
    fine = fine && psa_verify_hash(key, PSA_ALG_ECDSA_ANY, sample_sha1, sizeof sample_sha1 - 1, ecdsa_signature_sha1,
                                   64) == PSA_ERROR_INVALID_SIGNATURE;
    return psa_destroy_key(key) == PSA_SUCCESS && fine;
}

/* A key made in SBM signs; a copy of its public half verifies. */
int psa_ecdsa_holds(void)
{
    const psa_algorithm_t alg = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_key_id_t half;
    uint8_t public[65];
    uint8_t signature[64];
    size_t len = 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, alg);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
    int fine = psa_generate_key(&attributes, &key) == PSA_SUCCESS;
    fine = fine && psa_export_public_key(key, public, sizeof public, &len) == PSA_SUCCESS && len == 65;
    fine = fine && psa_export_key(key, signature, sizeof signature, &len) == PSA_ERROR_NOT_PERMITTED;
    fine =
        fine && psa_sign_hash(key, alg, abc_digest, 32, signature, sizeof signature, &len) == PSA_SUCCESS && len == 64;
    half = key_of(PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), alg, PSA_KEY_USAGE_VERIFY_HASH, public, 65);
    fine = fine && psa_verify_hash(half, alg, abc_digest, 32, signature, 64) == PSA_SUCCESS;
    signature[40] ^= 1;
    fine = fine && psa_verify_hash(half, alg, abc_digest, 32, signature, 64) == PSA_ERROR_INVALID_SIGNATURE;
    return psa_destroy_key(key) == PSA_SUCCESS && psa_destroy_key(half) == PSA_SUCCESS && fine &&
           ecdsa_vector_holds() && other_hashes_hold();
}

/* A persistent key comes back by its number, as it was made, and is gone when it is destroyed. */
int psa_persistent_key_holds(void)
{
    const psa_algorithm_t alg = PSA_ALG_HMAC(PSA_ALG_SHA_256);
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    uint8_t out[32];
    size_t len = 0;
    (void)psa_destroy_key(0x1234);
    psa_set_key_id(&attributes, 0x1234);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_algorithm(&attributes, alg);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_EXPORT);
    int fine = psa_import_key(&attributes, (const uint8_t *)"Jefe", 4, &key) == PSA_SUCCESS && key == 0x1234;
    fine = fine && psa_import_key(&attributes, (const uint8_t *)"Jefe", 4, &key) == PSA_ERROR_ALREADY_EXISTS;
    fine = fine && psa_purge_key(0x1234) == PSA_SUCCESS;
    fine = fine &&
           psa_mac_compute(0x1234, alg, (const uint8_t *)"what do ya want for nothing?", 28, out, sizeof out, &len) ==
               PSA_SUCCESS &&
           same(out, len, hmac_tag, 32);
    psa_reset_key_attributes(&attributes);
    fine = fine && psa_get_key_attributes(0x1234, &attributes) == PSA_SUCCESS;
    fine = fine && psa_get_key_id(&attributes) == 0x1234 && psa_get_key_bits(&attributes) == 32;
    fine = fine && psa_get_key_lifetime(&attributes) == PSA_KEY_LIFETIME_PERSISTENT;
    fine = fine && psa_export_key(0x1234, out, sizeof out, &len) == PSA_SUCCESS &&
           same(out, len, (const uint8_t *)"Jefe", 4);
    fine = fine && psa_destroy_key(0x1234) == PSA_SUCCESS;
    return fine && psa_export_key(0x1234, out, sizeof out, &len) == PSA_ERROR_INVALID_HANDLE;
}
