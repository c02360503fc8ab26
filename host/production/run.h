/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: what a production run puts on every chip: images of its flash by their digests, policy, the application's
 * session key. Made once from checked parts, then only read, by any number of threads.
 */
#ifndef HOST_PRODUCTION_RUN_H
#define HOST_PRODUCTION_RUN_H

#include "host/production/package.h"
#include "host/lib/block.h"
#include "host/lib/cert_form.h"
#include "host/lib/project.h"
#include "host/lib/silicon.h"
#include "wire/grant.h"
#include "wire/flashctl.h"
#include "wire/layout.h"
#include "wire/policy.h"
#include "wire/token.h"

/* What a run is made of. All has been checked but the key block; nothing is kept. */
struct run_parts {
    const char *bl1_name; /* for messages */
    const char *sbm_name;
    const char *block_name;
    struct bytes bl1; /* raw binary */
    struct bytes sbm_package;
    struct bytes app_package;
    struct bytes block; /* of the application, for the transport key */
    const struct package *sbm;
    const struct package *app;
    const struct profile *profile;
    struct bytes firmware_keys;  /* 64 each */
    struct bytes mastering_keys; /* 64 each: one of them signed the key block */
    struct bytes provisioner_key;
    struct bytes ticket;   /* of the production package, for every chip */
    struct bytes vendors;  /* of the silicon, as silicon_read gives them; empty: the open channel */
    uint64_t channel_ends; /* when chips take the appliance no more, seconds since 1970; 0: no end is known */
    uint64_t units;        /* for one operation of the TPM */
    uint64_t not_after;    /* seconds since 1970; 0: no end */
    uint64_t number;       /* of the production package */
    const struct cert *issuing;
    struct hsm *hsm; /* holds KEY_TRANSPORT, KEY_PROVISIONER and KEY_ISSUING */
};

/* A moment: what the clock showed, and what runs on evenly whatever the clock does. Seconds. */
struct run_clock {
    int64_t shown;
    int64_t even;
};

struct run_image {
    uint32_t off; /* in flash */
    uint32_t erase_len;
    struct bytes data;
    uint8_t digest[32];
};

/*
 * The images that are the same on every chip. Key block and application package stand one after the other in their
 * slot: its first sector differs from chip to chip, the tail does not.
 */
enum run_image_id { RUN_BOOT, RUN_SBM_A, RUN_SBM_B, RUN_SBM_PACKAGE, RUN_PACKAGE_TAIL, RUN_IMAGES };
#define RUN_HEAD_LEN FLASHCTL_SECTOR_LEN

/* What a device made by this run says of itself in its token (docs/spec.md section 9.2). */
struct run_software {
    uint8_t implementation[TOKEN_IMPLEMENTATION_LEN];
    uint8_t bl1[TOKEN_HASH_LEN];
    uint8_t sbm[2][TOKEN_HASH_LEN]; /* from slot A, from slot B */
    uint8_t app[TOKEN_HASH_LEN];
};

struct run {
    unsigned users;               /* guarded by the appliance's lock */
    struct cert_form device_form; /* of the devices' certificates */
    struct cert_form update_form;
    uint8_t *store; /* all images; in locked memory, for over the secure channel they are secret */
    size_t store_len;
    struct run_image images[RUN_IMAGES];
    uint8_t sbm_digest[32];     /* over both slots */
    uint8_t head[RUN_HEAD_LEN]; /* what follows the key block in the slot's first sector */
    size_t block_len;           /* of every key block */
    struct block_package facts; /* of the application package */
    uint8_t policy[POLICY_MAX];
    size_t policy_len;
    uint64_t sbm_sequence;
    struct run_software software;
    uint64_t number; /* of the production package */
    uint64_t units;  /* for one operation of the TPM */
    uint64_t not_after;
    uint64_t channel_ends;
    struct run_clock since; /* when it was loaded */
    uint8_t ticket[GRANT_SIGNED_MAX];
    size_t ticket_len;
    struct session_key *session; /* in locked memory */
    struct cert vendors[SILICON_VENDORS_MAX];
    size_t vendor_count; /* 0: chips have no key of their own, and are reached over the open channel */
};

struct run_clock run_clock_now(void);
/* Fault when the run is over by its time, or the clock shows less than has passed since it was loaded: a minute is
 * allowed. */
int run_clock_check(const struct run *run, struct fault *fault);
/* Fault when parts do not fit together, do not fit the chip, or the key block is not ours. */
int run_make(const struct run_parts *parts, struct run **out, struct fault *fault);
/* Wipes session key and images. NULL is allowed. */
void run_free(struct run *run);
/* The slot's first sector for a chip with this key block. Fault when the block has another length than all others. */
int run_head_build(const struct run *run, const struct block *block, uint8_t out[RUN_HEAD_LEN], struct fault *fault);

#endif
