/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm_shape: how the quota in a TPM 2.0 looks, in the bytes of TPM 2.0 Part 2: the index that counts, the keys, their
 * names and policies. Appliance and maker both build them from here, so that one checks what the other makes. Pure.
 */
#ifndef HOST_LIB_TPM_SHAPE_H
#define HOST_LIB_TPM_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define TPM_SHAPE_INDEX 0x01500010u       /* NV index: count and limit, 4 bytes each, big-endian */
#define TPM_SHAPE_GRANT 0x81500010u       /* persistent: grant key */
#define TPM_SHAPE_ATTESTATION 0x81500011u /* persistent: attestation key */
#define TPM_SHAPE_INDEX_LEN 46            /* bytes of its TPMS_NV_PUBLIC */
#define TPM_SHAPE_NAME_LEN 34             /* hash algorithm (2), SHA-256 (32) */
#define TPM_SHAPE_KEY_MAX 160             /* bytes of a TPMT_PUBLIC */
#define TPM_SHAPE_SECRET_LEN 32           /* the credential's secret: an AES-256-GCM key, used once */
#define TPM_SHAPE_TAG_LEN 16              /* of AES-GCM */

enum tpm_shape_key {
    TPM_SHAPE_KEY_GRANT,       /* signs only after the index's PolicySecret */
    TPM_SHAPE_KEY_ATTESTATION, /* signs only what the TPM states */
    TPM_SHAPE_KEY_QUOTA        /* the maker's public key, as it is loaded for PolicySigned */
};

/* TPMS_NV_PUBLIC of the index: once written, or never yet. */
void tpm_shape_index(const uint8_t quota_key[64], int written, uint8_t out[TPM_SHAPE_INDEX_LEN]);
/* Name of a public area (TPM 2.0 Part 1 section 16). */
void tpm_shape_name(struct bytes public_area, uint8_t name[TPM_SHAPE_NAME_LEN]);
/* TPMT_PUBLIC of a kind up to its point, which follows as X and Y (size (2), bytes); `quota_key` matters for
 * TPM_SHAPE_KEY_GRANT only. Gives the length. */
size_t tpm_shape_key_head(enum tpm_shape_key kind, const uint8_t quota_key[64], uint8_t out[TPM_SHAPE_KEY_MAX]);
/* The same with its point. */
size_t tpm_shape_key(enum tpm_shape_key kind, const uint8_t quota_key[64], const uint8_t point[64],
                     uint8_t out[TPM_SHAPE_KEY_MAX]);
/* What the key `quota` signs to set count and limit: aHash of TPM2_PolicySigned (TPM 2.0 Part 3 section 23.3) over the
 * session's nonce, no expiration, the digest of this one NV_Write, and an empty policyRef. */
void tpm_shape_refill(const uint8_t quota_key[64], int written, const uint8_t nonce[32], const uint8_t pin[8],
                      uint8_t digest[32]);
/* cpHashA of that NV_Write. */
void tpm_shape_write(const uint8_t quota_key[64], int written, const uint8_t pin[8], uint8_t digest[32]);
/* Count and limit as the index holds them. */
void tpm_shape_pin(uint32_t count, uint32_t limit, uint8_t pin[8]);
/* Qualifying data of an enrolment: SHA-256 of "windlass tpm enrolment" and SHA-256 of the EK certificate. */
void tpm_shape_enrolment(struct bytes ek_certificate, uint8_t digest[32]);
/* Qualifying data of an order: SHA-256 of transport digest, nonce, certificate digest. */
void tpm_shape_order(const uint8_t transport_digest[32], const uint8_t nonce[32], const uint8_t certificate_digest[32],
                     uint8_t digest[32]);

#endif
