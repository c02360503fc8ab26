/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision_factory: a maker and an enrolled appliance without TPM for tests, in the test's folder: tokens,
 * certificates, bootloader, SBM and application packages, and the production package of them.
 */
#ifndef TESTS_PROVISION_FACTORY_H
#define TESTS_PROVISION_FACTORY_H

#include "host/appliance/appliance.h"
#include "host/ledger/ledger.h"
#include "host/lib/block.h"
#include "host/lib/cert.h"
#include "host/lib/project.h"

#define FACTORY_APP_SEQUENCE 7
#define FACTORY_SBM_SEQUENCE 3
#define FACTORY_SBM_A_BYTE 0x33 /* the image for slot A is full of it */
#define FACTORY_SBM_B_BYTE 0x44
#define FACTORY_SBM_LEN 9000
#define FACTORY_APP_DIGEST_BYTE 0x77 /* the first byte of the plain image's digest; the others are 0 */

struct factory {
    struct project project;          /* of the maker */
    struct appliance_folder *folder; /* the enrolled appliance's */
    const char *files[4];            /* what goes into the production package: BL1, SBM, application, its key block */
    char paths[4][128];              /* what was made for it, in the same order */
    struct hsm *oem;                 /* root, firmware and mastering keys */
    struct hsm *appliance;           /* issuing, transport and provisioner keys */
    struct hsm *chip;                /* "identity" and "update" of a chip; "identity2", "update2" of another */
    struct ledger *ledger;           /* of the appliance that is open */
    struct block_package facts;      /* of the application package */
    struct session_key session;
    uint8_t firmware_keys[128];
    char vendors[64];   /* file of silicon vendors' CAs in the test's folder; empty: the open channel */
    int token_needed;   /* 1: a record is closed only by the device's own token */
    int next_key;       /* 1: packages and key block are signed by the next keys */
    uint64_t sbm_needs; /* version of the application that the SBM demands; 0: any */
    uint64_t app_needs; /* the reverse */
    uint64_t number;    /* of the production package, which is made when an appliance is opened */
    uint8_t *package;
    size_t package_len;
};

struct token_claims;
/* Fills implementation and software with what a device of this factory says whose flash is this; views look into
 * `room`. */
struct factory_claims {
    uint8_t implementation[32];
    uint8_t digests[3][32];
    uint8_t signer[32];
    uint8_t nobody[32];
};
void factory_claims_fill(const uint8_t *flash, struct factory_claims *room, struct token_claims *claims);

/* Makes it all in support_folder_make's folder. */
void factory_open(struct factory *factory);
/* Makes the SBM and application packages and the key block again, as next_key and the needs say. */
void factory_packages_make(struct factory *factory);
/* Files or their names were changed: the next appliance that is opened gets a package with the next number. */
void factory_package_forget(struct factory *factory);
/* Flips a bit of one of the files, and forgets. */
void factory_file_flip(struct factory *factory, size_t file, size_t at);
/* An engine with ledger.db in the test's folder and the production package loaded, signed by the mastering key whatever
 * is in it. -1: the package is refused. One at a time. */
int factory_appliance_open(struct factory *factory, struct appliance **out, struct fault *fault);
/* NULL is allowed for the appliance. */
void factory_appliance_close(struct factory *factory, struct appliance *appliance);
void factory_close(struct factory *factory);

#endif
