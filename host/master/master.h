/* SPDX-License-Identifier: Apache-2.0 */
/*
 * master: from a firmware image to what is shipped: packages, key blocks, update files, anchor pages (docs/spec.md
 * sections 5.1 and 7). Each output is read again, and a package is checked by the device's own verifier, before it
 * appears; it appears whole or not at all.
 */
#ifndef HOST_MASTER_MASTER_H
#define HOST_MASTER_MASTER_H

#include <stdio.h>

#include "host/lib/file.h"
#include "host/lib/project.h"
#include "host/master/image.h"

#define MASTER_RECIPIENTS_MAX 24
/* The OEM's own key block stands beside its package, under this ending. */
#define MASTER_KEY_SUFFIX ".key"

struct master_recipient {
    const char *cert; /* PEM */
    const char *out;  /* the key block */
};

/* A package for the application, or for the SBM with an image for each of its slots. */
struct master_package_order {
    const char *input;
    const char *input_b; /* SBM: the image for slot B; NULL: `input` is an application */
    enum image_format format;
    struct image_rules rules;
    struct image_rules rules_b;
    uint64_t sequence;
    uint64_t needs_version; /* least version of the other component, SBM or application; 0: any */
    const char *key;        /* label of the firmware key; NULL: the current one */
    const char *out;
    const char *issuer; /* of the recipients' device certificates; NULL: any of this project */
    struct master_recipient recipients[MASTER_RECIPIENTS_MAX];
    size_t recipient_count;
    enum file_replace replace;
    int development;
};

/* Signs, encrypts when it is the application, and writes the package, the OEM's key block and a block for each
 * recipient. */
int master_package(const struct project *project, const struct master_package_order *order, struct fault *fault);

struct master_block_order {
    const char *package;
    const char *to;     /* certificate of the recipient */
    const char *issuer; /* NULL: any of this project */
    const char *out;
    enum file_replace replace;
    int development;
    const char *key; /* label of the mastering key; NULL: the current one */
};

/* Opens the OEM's key block of a package and makes one for a recipient. */
int master_block(const struct project *project, const struct master_block_order *order, struct fault *fault);

/* Joins a key block and its package into the file that is sent to a device. */
int master_update(const char *package, const char *block, const char *out, enum file_replace replace,
                  struct fault *fault);

/* Writes what a package, key block, update file, command or production package says, for people or as one JSON object.
 * No signature is checked. */
int master_inspect(const char *path, int json, FILE *out, struct fault *fault);

struct master_anchor_order {
    uint64_t least_sequence; /* of the SBM */
    const char *out;
    enum file_replace replace;
    int development;
};

struct master_retire_order {
    const char *retire;    /* label of the key: a firmware or a mastering key */
    const char *signed_by; /* label of a firmware key; NULL: the one that stays */
    const char *out;
    enum file_replace replace;
};

/* Writes the signed command by which devices retire a key. */
int master_retire(const struct project *project, const struct master_retire_order *order, struct fault *fault);

struct master_production_order {
    const char *appliance; /* name: its certificates are in pki/appliances/<name>/ */
    uint64_t number;       /* of the package; above every one before */
    uint64_t quota;        /* units, 1 to PRODUCTION_QUOTA_MAX */
    uint64_t block;        /* units for one operation of the TPM, 1 to PRODUCTION_BLOCK_MAX */
    unsigned days;         /* validity from now, 1 to 3660 */
    const char *bl1;       /* raw binary */
    const char *sbm;       /* package */
    const char *app;       /* package; the OEM's key block is beside it */
    const char *key;       /* label of the mastering key; NULL: the current one */
    struct bytes refill;   /* for the appliance's TPM (host/pki/refill.h); empty: it has none */
    /* Told the SHA-256 of the package before it appears; nothing appears when it gives -1. NULL: nobody is told. */
    int (*note)(void *context, const uint8_t digest[32], struct fault *fault);
    void *context;
    const char *out;
    enum file_replace replace;
};

/* Writes a production package (docs/spec.md section 19) for one appliance. */
int master_production(const struct project *project, const struct master_production_order *order, struct fault *fault);

/* Writes an anchor page for BL1. */
int master_anchor(const struct project *project, const struct master_anchor_order *order, struct fault *fault);

#endif
