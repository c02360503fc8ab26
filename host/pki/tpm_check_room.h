/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_check_room: what the files tpm_check*.c share. Not for others. */
#ifndef HOST_PKI_TPM_CHECK_ROOM_H
#define HOST_PKI_TPM_CHECK_ROOM_H

#include <openssl/x509.h>

#include "host/lib/tpm_shape.h"
#include "host/pki/tpm_check.h"

/* Reads big-endian fields as TPM 2.0 Part 2 writes them; latches: after the first field that is not there, all are 0.
 */
struct tpm_reader {
    const uint8_t *at;
    size_t left;
    int failed;
};
struct tpm_reader tpm_reader_of(struct bytes in);
struct bytes tpm_read_bytes(struct tpm_reader *r, size_t len);
uint16_t tpm_read_u16(struct tpm_reader *r);
uint32_t tpm_read_u32(struct tpm_reader *r);
/* A TPM2B of at most `max` bytes. */
struct bytes tpm_read_sized(struct tpm_reader *r, size_t max);
/* 1 when nothing failed and nothing is left. */
int tpm_reader_done(const struct tpm_reader *r);

enum tpm_statement_kind { TPM_STATEMENT_KEY = 0x8017, TPM_STATEMENT_INDEX = 0x8014 };

/* A statement of the TPM (TPMS_ATTEST, Part 2 section 10.12.8), by a key that signs nothing else of that form. */
struct tpm_statement {
    enum tpm_statement_kind kind;
    struct bytes signer; /* qualified name */
    struct bytes qualifying;
    struct bytes name; /* of the key or index */
    struct bytes contents;
};
/* Parses strictly, and checks signer, signature and qualifying data. */
int tpm_statement_check(struct bytes attest, struct bytes signature, const struct tpm_enrolment *by,
                        const uint8_t qualifying[32], struct tpm_statement *out, struct fault *fault);

/* Checks a TPMT_PUBLIC to be exactly of this kind; its point. */
int tpm_key_check(struct bytes public_area, enum tpm_shape_key kind, const uint8_t quota_key[64], uint8_t point[64],
                  struct fault *fault);

/* Map {1: bstr, ... count: bstr}, all of them there. */
int tpm_fields_read(const char *what, struct bytes text, struct bytes *fields, unsigned count, struct fault *fault);

/* The certificate `der`, for an EK and nothing else; NULL with the fault filled. The caller frees it. */
X509 *tpm_ek_parse(struct bytes der, struct fault *fault);
/* Its path to a root in the PEM file. */
int tpm_ek_path_check(X509 *ek, const char *ca_pem, struct fault *fault);

#endif
