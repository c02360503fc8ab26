/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_maker: a maker with an appliance that fills a ledger: the certificates by SoftHSM, all other signatures by
 * keys in memory. What it records is what an honest appliance would record.
 */
#ifndef TESTS_UNIT_LEDGER_MAKER_H
#define TESTS_UNIT_LEDGER_MAKER_H

#include <openssl/evp.h>

#include "host/ledger/audit.h"
#include "host/lib/hsm.h"
#include "wire/grant.h"

enum maker_key { MAKER_RECORDS, MAKER_MASTERING, MAKER_GRANT, MAKER_DELEGATE, MAKER_QUOTA, MAKER_KEYS };

struct maker {
    struct hsm *hsm; /* keys "root" and "issuing" */
    struct cert root;
    struct cert issuing;
    struct cert records;
    EVP_PKEY *keys[MAKER_KEYS];
    uint8_t points[MAKER_KEYS][64];
    struct ledger_signer signer;
    struct audit_trust trust;
    struct ledger_package package;
    struct audit_given given[2];
    uint64_t tpm_count;   /* of the pretended TPM; counts only when package.tpm */
    uint64_t block_first; /* the block under way */
    uint8_t block[GRANT_SIGNED_MAX];
    size_t block_len;
    uint8_t ticket[GRANT_SIGNED_MAX];
    size_t ticket_len;
};

/* A chip, with its keys. */
struct made {
    uint8_t uid[16];
    EVP_PKEY *identity;
    uint8_t identity_key[64];
    uint8_t update_key[64];
    struct ledger_unit unit;
};

enum maker_step { MAKE_RESERVE, MAKE_GRANT, MAKE_CERTIFY, MAKE_CHECK, MAKE_CLOSE };

/* Package 1 with this quota; block above 1: units of a block share an operation of the TPM. Needs the folder of
 * host_support. */
void maker_open(struct maker *maker, uint64_t quota, int tpm, uint64_t block);
void maker_close(struct maker *maker);
/* Opens the ledger at `place` with the maker's signer, and loads the package. */
struct ledger *maker_ledger_open(struct maker *maker, const char *place);
/* Takes a new chip as far as this step. `name` makes its unique ID. made_free afterwards. */
void maker_unit_make(struct maker *maker, struct ledger *ledger, uint32_t name, enum maker_step last, struct made *out);
/* Takes a chip that has begun on, from this step to that. */
void maker_unit_go_on(struct maker *maker, struct ledger *ledger, enum maker_step first, enum maker_step last,
                      struct made *made);
/* Gives a further package, number 2, and loads it. */
void maker_package_next(struct maker *maker, struct ledger *ledger, uint64_t quota);
void made_free(struct made *made);
/* The pieces. */
void maker_chip_new(uint32_t name, struct made *out);
struct bytes maker_grant_make(struct maker *maker, const struct made *made, uint8_t out[GRANT_ITEM_MAX]);
void maker_certs_make(struct maker *maker, const struct made *made, struct cert *device, struct cert *update);
struct bytes maker_receipt_make(uint64_t sequence, uint8_t out[256]);
struct bytes maker_token_make(const struct made *made, struct bytes nonce, uint8_t out[1024]);
/* COSE_Sign1 of `payload`. */
struct bytes maker_sign1(struct maker *maker, enum maker_key key, const char *aad, struct bytes payload, uint8_t *out,
                         size_t out_len);
/* By the root. */
void maker_cert_make(struct maker *maker, enum cert_kind kind, const char *name, const uint8_t key[64],
                     struct cert *out);
void maker_sign(EVP_PKEY *key, const uint8_t digest[32], uint8_t signature[64]);
EVP_PKEY *maker_key_new(uint8_t point[64]);

#endif
