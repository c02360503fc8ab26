/* SPDX-License-Identifier: Apache-2.0 */
/*
 * production: the production package (docs/spec.md section 19): what the OEM hands to one named appliance. A COSE_Sign1
 * by the mastering key over the terms; in them a COSE_Encrypt for the appliance's transport key; in that the content.
 * Syntax and ranges only: no key, no cipher, no clock. For hosts.
 */
#ifndef WIRE_PRODUCTION_H
#define WIRE_PRODUCTION_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define PRODUCTION_AAD "windlass production package" /* of the signature, and in the key derivation */
#define PRODUCTION_MAX 0x200000u                     /* bytes of a whole package */
#define PRODUCTION_TERMS_MAX 1536u                   /* bytes around the content: signature, terms, heads */
#define PRODUCTION_BLOCK_MAX 1000u                   /* units for one operation of the TPM */
#define PRODUCTION_QUOTA_MAX 1000000000u             /* units of one package */
#define PRODUCTION_REFILL_MAX 512u
#define PRODUCTION_TICKET_MAX 512u
#define PRODUCTION_PROFILE_MAX 65536u
#define PRODUCTION_VENDORS_MAX 12288u
#define PRODUCTION_KEK_LEN 32
#define PRODUCTION_IV_LEN 12
#define PRODUCTION_TAG_LEN 16
#define PRODUCTION_WRAPPED_LEN 40
#define PRODUCTION_STRUCTURE_MAX 128u /* bytes of what the three functions at the end write */

/* The terms: what is signed, for everybody to read. */
struct production {
    uint64_t number;        /* of the package, 1 or more */
    struct bytes recipient; /* 32: SHA-256 over 0x04, X, Y of the appliance's transport key */
    struct bytes vendor;    /* 16 */
    struct bytes class_id;  /* 16: of the application */
    uint64_t not_before;    /* seconds since 1970 */
    uint64_t not_after;
    uint64_t quota;         /* units; 0 parses, and whoever opens the package refuses it */
    uint64_t block;         /* 1 to PRODUCTION_BLOCK_MAX units for one operation of the TPM */
    struct bytes grant_key; /* 64: of the TPM, or of the provisioner without one */
    uint64_t tpm;           /* 1: the quota is held by the TPM, too; 0: by the ledger alone */
    struct bytes issuing;   /* 32: SHA-256 of the issuing certificate */
    struct bytes refill;    /* for the TPM (section 16); empty without one */
    struct bytes encrypted; /* COSE_Encrypt */
};

/* The encrypted part. */
struct production_cipher {
    struct bytes iv;          /* 12 */
    struct bytes ciphertext;  /* with its tag, 16 */
    struct bytes kid;         /* 32: as recipient above */
    struct bytes ephemeral_x; /* 32 */
    struct bytes ephemeral_y; /* 32 */
    struct bytes wrapped_key; /* 40: RFC 3394 of a 32-byte key */
};

/* What is encrypted. */
struct production_content {
    struct bytes bl1;            /* raw binary */
    struct bytes sbm;            /* SBM package */
    struct bytes app;            /* application package, still encrypted */
    struct bytes block;          /* key block of app for the transport key */
    struct bytes profile;        /* product.yaml */
    struct bytes firmware_keys;  /* 64 or 128: what the devices trust */
    struct bytes mastering_keys; /* 64 or 128 */
    struct bytes root;           /* root certificate, DER */
    struct bytes ticket;         /* section 8.1 */
    struct bytes quota_key;      /* 64: signs refills and orders about single devices */
    struct bytes vendors;        /* CA certificates of the silicon vendors whose chips are taken, DER, one after the
                                    other; empty: chips have no key of their own, and are reached in the open */
};

/* Each takes the whole of `in`: TRAILING when bytes follow, and what fields.h says. On error *out is zero. */
status_t production_parse(struct bytes in, struct production *out);
status_t production_cipher_parse(struct bytes in, struct production_cipher *out);
/* BAD_ARGUMENT when keys are not 64 bytes each. */
status_t production_content_parse(struct bytes in, struct production_content *out);

void production_build(const struct production *in, struct cbor_writer *out);
void production_cipher_build(const struct production_cipher *in, struct cbor_writer *out);
void production_content_build(const struct production_content *in, struct cbor_writer *out);

/* Sig_structure (RFC 9052 section 4.4) up to its payload of `payload_len` bytes, which is hashed after it. */
void production_sig_head_build(uint64_t payload_len, struct cbor_writer *out);
/* Enc_structure (RFC 9052 section 5.3): the additional data of the content's encryption. */
void production_enc_structure_build(struct cbor_writer *out);
/* COSE_KDF_Context (RFC 9053 section 5.2): the info from which the key encryption key is derived. */
void production_kdf_context_build(struct cbor_writer *out);

#endif
