/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standard_app: an application that uses each function, type and value of the PSA Certified APIs that SBM serves, by
 * the names and from the headers of the standards. That it compiles and links is the test: Crypto 1.2, Internal Trusted
 * Storage 1.0, Attestation 1.0, Firmware Update 1.0.
 */
#include "psa/error.h"
#include "psa/storage_common.h"
#include "psa/internal_trusted_storage.h"
#include "psa/initial_attestation.h"
#include "psa/update.h"
#include <psa/crypto.h>

#include "app/app.h"

#define VALUE(name, value) _Static_assert((name) == (value), #name);
/* Status code API 1.0 */
VALUE(PSA_SUCCESS, 0)
VALUE(PSA_ERROR_PROGRAMMER_ERROR, -129)
VALUE(PSA_ERROR_GENERIC_ERROR, -132)
VALUE(PSA_ERROR_NOT_PERMITTED, -133)
VALUE(PSA_ERROR_NOT_SUPPORTED, -134)
VALUE(PSA_ERROR_INVALID_ARGUMENT, -135)
VALUE(PSA_ERROR_INVALID_HANDLE, -136)
VALUE(PSA_ERROR_BAD_STATE, -137)
VALUE(PSA_ERROR_BUFFER_TOO_SMALL, -138)
VALUE(PSA_ERROR_ALREADY_EXISTS, -139)
VALUE(PSA_ERROR_DOES_NOT_EXIST, -140)
VALUE(PSA_ERROR_INSUFFICIENT_MEMORY, -141)
VALUE(PSA_ERROR_INSUFFICIENT_STORAGE, -142)
VALUE(PSA_ERROR_INSUFFICIENT_DATA, -143)
VALUE(PSA_ERROR_SERVICE_FAILURE, -144)
VALUE(PSA_ERROR_COMMUNICATION_FAILURE, -145)
VALUE(PSA_ERROR_STORAGE_FAILURE, -146)
VALUE(PSA_ERROR_HARDWARE_FAILURE, -147)
VALUE(PSA_ERROR_INSUFFICIENT_ENTROPY, -148)
VALUE(PSA_ERROR_INVALID_SIGNATURE, -149)
VALUE(PSA_ERROR_INVALID_PADDING, -150)
VALUE(PSA_ERROR_CORRUPTION_DETECTED, -151)
VALUE(PSA_ERROR_DATA_CORRUPT, -152)
VALUE(PSA_ERROR_DATA_INVALID, -153)
_Static_assert(sizeof(psa_status_t) == 4 && (psa_status_t)-1 < 0, "int32_t");

/* Firmware Update 1.0 */
VALUE(PSA_FWU_API_VERSION_MAJOR, 1)
VALUE(PSA_FWU_API_VERSION_MINOR, 0)
VALUE(PSA_ERROR_DEPENDENCY_NEEDED, -156)
VALUE(PSA_ERROR_FLASH_ABUSE, -160)
VALUE(PSA_ERROR_INSUFFICIENT_POWER, -161)
VALUE(PSA_SUCCESS_REBOOT, 1)
VALUE(PSA_SUCCESS_RESTART, 2)
VALUE(PSA_FWU_READY, 0)
VALUE(PSA_FWU_WRITING, 1)
VALUE(PSA_FWU_CANDIDATE, 2)
VALUE(PSA_FWU_STAGED, 3)
VALUE(PSA_FWU_FAILED, 4)
VALUE(PSA_FWU_TRIAL, 5)
VALUE(PSA_FWU_REJECTED, 6)
VALUE(PSA_FWU_UPDATED, 7)
VALUE(PSA_FWU_FLAG_VOLATILE_STAGING, 1)
VALUE(PSA_FWU_FLAG_ENCRYPTION, 2)
_Static_assert((PSA_FWU_MAX_WRITE_SIZE & ((1u << PSA_FWU_LOG2_WRITE_ALIGN) - 1)) == 0, "section 5.4");
_Static_assert(sizeof(psa_fwu_component_t) == 1, "uint8_t");

/* Secure Storage 1.0, Attestation 1.0 */
VALUE(PSA_ITS_API_VERSION_MAJOR, 1)
VALUE(PSA_STORAGE_FLAG_NONE, 0)
VALUE(PSA_STORAGE_FLAG_WRITE_ONCE, 1)
VALUE(PSA_STORAGE_FLAG_NO_CONFIDENTIALITY, 2)
VALUE(PSA_STORAGE_FLAG_NO_REPLAY_PROTECTION, 4)
_Static_assert(sizeof(psa_storage_uid_t) == 8 && sizeof(psa_storage_create_flags_t) == 4, "uint64_t, uint32_t");
VALUE(PSA_INITIAL_ATTEST_API_VERSION_MAJOR, 1)
VALUE(PSA_INITIAL_ATTEST_CHALLENGE_SIZE_32, 32)
VALUE(PSA_INITIAL_ATTEST_CHALLENGE_SIZE_48, 48)
VALUE(PSA_INITIAL_ATTEST_CHALLENGE_SIZE_64, 64)
_Static_assert(PSA_INITIAL_ATTEST_MAX_TOKEN_SIZE > 0, "the longest token");

/* Crypto 1.2: of what SBM has, the values that go over the door and into storage. */
VALUE(PSA_ALG_SHA_256, 0x02000009)
VALUE(PSA_ALG_HMAC(PSA_ALG_SHA_256), 0x03800009)
VALUE(PSA_ALG_CTR, 0x04c01000)
VALUE(PSA_ALG_CCM, 0x05500100)
VALUE(PSA_ALG_GCM, 0x05500200)
VALUE(PSA_ALG_CHACHA20_POLY1305, 0x05100500)
VALUE(PSA_ALG_HKDF(PSA_ALG_SHA_256), 0x08000109)
VALUE(PSA_ALG_TLS12_PRF(PSA_ALG_SHA_256), 0x08000209)
VALUE(PSA_ALG_ECDH, 0x09020000)
VALUE(PSA_ALG_ECDSA(PSA_ALG_SHA_256), 0x06000609)
VALUE(PSA_KEY_TYPE_RAW_DATA, 0x1001)
VALUE(PSA_KEY_TYPE_HMAC, 0x1100)
VALUE(PSA_KEY_TYPE_DERIVE, 0x1200)
VALUE(PSA_KEY_TYPE_AES, 0x2400)
VALUE(PSA_KEY_TYPE_CHACHA20, 0x2004)
VALUE(PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1), 0x7112)
VALUE(PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1), 0x4112)
VALUE(PSA_KEY_USAGE_EXPORT, 0x1)
VALUE(PSA_KEY_USAGE_COPY, 0x2)
VALUE(PSA_KEY_USAGE_ENCRYPT, 0x100)
VALUE(PSA_KEY_USAGE_DECRYPT, 0x200)
VALUE(PSA_KEY_USAGE_SIGN_MESSAGE, 0x400)
VALUE(PSA_KEY_USAGE_VERIFY_MESSAGE, 0x800)
VALUE(PSA_KEY_USAGE_SIGN_HASH, 0x1000)
VALUE(PSA_KEY_USAGE_VERIFY_HASH, 0x2000)
VALUE(PSA_KEY_USAGE_DERIVE, 0x4000)
VALUE(PSA_KEY_LIFETIME_VOLATILE, 0)
VALUE(PSA_KEY_LIFETIME_PERSISTENT, 1)
VALUE(PSA_KEY_DERIVATION_INPUT_SECRET, 0x0101)
VALUE(PSA_KEY_DERIVATION_INPUT_LABEL, 0x0201)
VALUE(PSA_KEY_DERIVATION_INPUT_SALT, 0x0202)
VALUE(PSA_KEY_DERIVATION_INPUT_INFO, 0x0203)
VALUE(PSA_KEY_DERIVATION_INPUT_SEED, 0x0204)

/* The standards' prototypes: a function of another type is not taken. */
static const struct {
    psa_status_t (*query)(psa_fwu_component_t, psa_fwu_component_info_t *);
    psa_status_t (*start)(psa_fwu_component_t, const void *, size_t);
    psa_status_t (*write)(psa_fwu_component_t, size_t, const void *, size_t);
    psa_status_t (*of_one[3])(psa_fwu_component_t);
    psa_status_t (*of_all[3])(void);
    psa_status_t (*reject)(psa_status_t);
} update = { psa_fwu_query,
             psa_fwu_start,
             psa_fwu_write,
             { psa_fwu_finish, psa_fwu_cancel, psa_fwu_clean },
             { psa_fwu_install, psa_fwu_accept, psa_fwu_request_reboot },
             psa_fwu_reject };
static const struct {
    psa_status_t (*set)(psa_storage_uid_t, size_t, const void *, psa_storage_create_flags_t);
    psa_status_t (*get)(psa_storage_uid_t, size_t, size_t, void *, size_t *);
    psa_status_t (*get_info)(psa_storage_uid_t, struct psa_storage_info_t *);
    psa_status_t (*remove)(psa_storage_uid_t);
} storage = { psa_its_set, psa_its_get, psa_its_get_info, psa_its_remove };
static const struct {
    psa_status_t (*get_token)(const uint8_t *, size_t, uint8_t *, size_t, size_t *);
    psa_status_t (*get_token_size)(size_t, size_t *);
} attestation = { psa_initial_attest_get_token, psa_initial_attest_get_token_size };

#define ADDRESS(name) (void (*)(void)) name
static void (*const crypto[])(void) = {
    ADDRESS(psa_aead_abort),
    ADDRESS(psa_aead_decrypt),
    ADDRESS(psa_aead_decrypt_setup),
    ADDRESS(psa_aead_encrypt),
    ADDRESS(psa_aead_encrypt_setup),
    ADDRESS(psa_aead_finish),
    ADDRESS(psa_aead_generate_nonce),
    ADDRESS(psa_aead_set_lengths),
    ADDRESS(psa_aead_set_nonce),
    ADDRESS(psa_aead_update),
    ADDRESS(psa_aead_update_ad),
    ADDRESS(psa_aead_verify),
    ADDRESS(psa_asymmetric_decrypt),
    ADDRESS(psa_asymmetric_encrypt),
    ADDRESS(psa_cipher_abort),
    ADDRESS(psa_cipher_decrypt),
    ADDRESS(psa_cipher_decrypt_setup),
    ADDRESS(psa_cipher_encrypt),
    ADDRESS(psa_cipher_encrypt_setup),
    ADDRESS(psa_cipher_finish),
    ADDRESS(psa_cipher_generate_iv),
    ADDRESS(psa_cipher_set_iv),
    ADDRESS(psa_cipher_update),
    ADDRESS(psa_copy_key),
    ADDRESS(psa_crypto_init),
    ADDRESS(psa_destroy_key),
    ADDRESS(psa_export_key),
    ADDRESS(psa_export_public_key),
    ADDRESS(psa_generate_key),
    ADDRESS(psa_generate_random),
    ADDRESS(psa_get_key_attributes),
    ADDRESS(psa_hash_abort),
    ADDRESS(psa_hash_clone),
    ADDRESS(psa_hash_compare),
    ADDRESS(psa_hash_compute),
    ADDRESS(psa_hash_finish),
    ADDRESS(psa_hash_setup),
    ADDRESS(psa_hash_update),
    ADDRESS(psa_hash_verify),
    ADDRESS(psa_import_key),
    ADDRESS(psa_key_derivation_abort),
    ADDRESS(psa_key_derivation_get_capacity),
    ADDRESS(psa_key_derivation_input_bytes),
    ADDRESS(psa_key_derivation_input_integer),
    ADDRESS(psa_key_derivation_input_key),
    ADDRESS(psa_key_derivation_key_agreement),
    ADDRESS(psa_key_derivation_output_bytes),
    ADDRESS(psa_key_derivation_output_key),
    ADDRESS(psa_key_derivation_set_capacity),
    ADDRESS(psa_key_derivation_setup),
    ADDRESS(psa_key_derivation_verify_bytes),
    ADDRESS(psa_key_derivation_verify_key),
    ADDRESS(psa_mac_abort),
    ADDRESS(psa_mac_compute),
    ADDRESS(psa_mac_sign_finish),
    ADDRESS(psa_mac_sign_setup),
    ADDRESS(psa_mac_update),
    ADDRESS(psa_mac_verify),
    ADDRESS(psa_mac_verify_finish),
    ADDRESS(psa_mac_verify_setup),
    ADDRESS(psa_purge_key),
    ADDRESS(psa_raw_key_agreement),
    ADDRESS(psa_key_agreement),
    ADDRESS(psa_reset_key_attributes),
    ADDRESS(psa_sign_hash),
    ADDRESS(psa_sign_message),
    ADDRESS(psa_verify_hash),
    ADDRESS(psa_verify_message),
};

_Noreturn void app_main(void)
{
    /* Read, so that the linker keeps them. */
    const void *volatile used[] = { &update, &storage, &attestation, crypto };
    psa_fwu_component_info_t info = { .state = PSA_FWU_READY, .error = PSA_SUCCESS };
    psa_fwu_image_version_t version = { .major = 0, .minor = 0, .patch = 0, .build = 0 };
    psa_fwu_impl_info_t impl = { 0 };
    info.version = version;
    info.impl = impl;
    info.max_size = info.flags = info.location = 0;
    (void)used;
    (void)info;
    app_link_serve();
}
