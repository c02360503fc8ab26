/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision_factory: a whole project for tests in the test's folder: tokens, certificates, bootloader, SBM and
 * application packages, key block.
 */
#ifndef TESTS_PROVISION_FACTORY_H
#define TESTS_PROVISION_FACTORY_H

#include "host/appliance/appliance.h"
#include "host/lib/block.h"
#include "host/lib/cert.h"
#include "host/lib/project.h"

#define FACTORY_APP_SEQUENCE 7
#define FACTORY_SBM_SEQUENCE 3
#define FACTORY_SBM_A_BYTE 0x33 /* the image for slot A is full of it */
#define FACTORY_SBM_B_BYTE 0x44
#define FACTORY_SBM_LEN 9000
#define FACTORY_APP_DIGEST_BYTE 0x77 /* the first byte of the plain image's digest; the others are 0 */
#define FACTORY_VENDOR_BYTE 1
#define FACTORY_SBM_CLASS_BYTE 3

struct factory {
    struct project project;
    struct appliance_inputs inputs;
    char paths[4][128];    /* bl1, sbm, app, block */
    struct hsm *oem;       /* root, firmware and mastering keys */
    struct hsm *appliance; /* issuing, transport and provisioner keys */
    struct hsm *chip;      /* "identity" and "update" of a chip; "identity2", "update2" of another */
    struct cert root;
    struct block_package facts; /* of the application package */
    struct session_key session;
    uint8_t provisioner_key[64];
    int next_key;       /* 1: packages and key block are signed by the next keys */
    uint64_t sbm_needs; /* version of the application that the SBM demands; 0: any */
    uint64_t app_needs; /* the reverse */
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
void factory_close(struct factory *factory);

#endif
