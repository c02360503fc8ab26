/* SPDX-License-Identifier: Apache-2.0 */
/* windlass/sbm.h: the Secure Boot Manager's own calls for the application, beside the PSA Certified APIs. Not to be
 * called from interrupt handlers: they are refused there. */
#ifndef WINDLASS_SBM_H
#define WINDLASS_SBM_H

#include <stddef.h>
#include <stdint.h>

#include "psa/error.h"

enum sbm_place {
    SBM_PLACE_STORE = 0,   /* what provisioning installed */
    SBM_PLACE_STATE = 1,   /* boot state */
    SBM_PLACE_VAULT = 2,   /* the application's storage; looked at when it is first used */
    SBM_PLACE_COUNTER = 3, /* security counters */
    SBM_PLACE_SPARE = 4    /* the second copy of the SBM */
};
#define SBM_PLACES 8
enum sbm_health { SBM_HEALTH_SOUND = 0, SBM_HEALTH_MENDED = 1, SBM_HEALTH_DAMAGED = 2 };

struct sbm_status {
    uint8_t unique_id[16];
    uint32_t lifecycle; /* 0 open, 1 provisioning, 2 secured, 3 decommissioned */
    uint32_t sbm_sequence;
    uint32_t app_sequence;     /* of the running application */
    uint32_t counter;          /* no lower sequence number runs */
    uint32_t pending_sequence; /* installed at the next reset; 0: nothing */
    uint32_t trial;            /* 1: the running application is not confirmed yet */
    uint32_t boots;
    uint32_t reason;  /* why this boot: docs/spec.md section 6 */
    uint32_t refused; /* status number of the last refusal, 0: none */
    uint32_t refused_sequence;
    uint32_t fault;             /* status number of the last fault, 0: none */
    uint32_t halt;              /* status number of the last halt that the log holds, 0: none */
    uint32_t recovery;          /* 1: SBM's recovery tells this, no application runs */
    uint32_t sbm_counter;       /* no lower SBM sequence number starts */
    uint32_t sbm_trial;         /* 1: this SBM is not confirmed yet */
    uint32_t sbm_slot;          /* 0 or 1: from which it runs */
    uint8_t health[SBM_PLACES]; /* by enum sbm_place: enum sbm_health at this boot */
};

/* Fills *status. `status_len` is sizeof *status as the application was built: the structure only grows, so an older
 * application gets the fields that it knows from a later SBM, and a later one zeros for those that this SBM does not
 * know. INVALID_ARGUMENT for less than the first size. */
#define SBM_STATUS_LEN_LEAST 68u
psa_status_t sbm_status_read(struct sbm_status *status, size_t status_len);

/* What psa_initial_attest_get_token (psa/initial_attestation.h) hands over. */
struct sbm_attest {
    const uint8_t *challenge;
    size_t challenge_len;
    uint8_t *token;
    size_t token_capacity;
    size_t token_len; /* set on success */
};
psa_status_t sbm_attest_token(struct sbm_attest *call);

enum sbm_certificate { SBM_CERTIFICATE_DEVICE = 0, SBM_CERTIFICATE_ISSUER = 1, SBM_CERTIFICATE_ROOT = 2 };
#define SBM_CERTIFICATE_MAX 1536u
/* Copies a certificate (DER), at most SBM_CERTIFICATE_MAX bytes. *len is its length, also with BUFFER_TOO_SMALL. */
psa_status_t sbm_certificate_read(uint32_t which, uint8_t *out, size_t capacity, size_t *len);

/*
 * Obeys a signed command of the maker (docs/spec.md section 7.5): a key is retired, for good. Repeating one does
 * nothing. INVALID_SIGNATURE; BAD_STATE while an update is pending or on trial; NOT_PERMITTED when the device still
 * needs that key; INVALID_ARGUMENT; STORAGE_FAILURE. The precise reason is `refused` of sbm_status_read.
 */
psa_status_t sbm_command(const uint8_t *command, size_t len);

/* The security event log (docs/spec.md section 4.4). */
struct sbm_log_entry {
    uint32_t number; /* 1 for the first record of the chip's life, one more for each */
    uint32_t kind;
    uint32_t boot;   /* number of the boot, 0: not known */
    uint32_t status; /* status number, 0: none */
    uint64_t value;
};
/* Record `index`, 0 is the newest. DOES_NOT_EXIST beyond the oldest. */
psa_status_t sbm_log_read(uint32_t index, struct sbm_log_entry *entry);

#define SBM_IMAGE_BOOTABLE 1u
#define SBM_IMAGE_PENDING 2u
#define SBM_IMAGE_CONFIRMED 4u
#define SBM_IMAGE_ACTIVE 8u
struct sbm_image {
    uint8_t digest[32]; /* SHA-256 of the image, from its signed package */
    uint32_t sequence;
    uint32_t flags;
};
/* The application in slot 0 (installed) or 1 (pending). DOES_NOT_EXIST when there is none, or its package is damaged.
 */
psa_status_t sbm_image_read(uint32_t slot, struct sbm_image *image);

/* Begins the watchdog's time anew, as every call to SBM does. NOT_SUPPORTED when the device has none. */
psa_status_t sbm_watchdog_feed(void);
/* Resets into SBM's recovery, once: the reset after that is an ordinary one. Returns only when it failed. */
psa_status_t sbm_recovery_request(void);

#endif
