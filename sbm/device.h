/* SPDX-License-Identifier: Apache-2.0 */
/* device: what SBM knows while it runs. One instance; secure memory only. */
#ifndef SBM_DEVICE_H
#define SBM_DEVICE_H

#include "boot/state.h"
#include "sbm/provisioned.h"
#include "windlass/sbm.h"

struct device {
    struct provisioned provisioned;
    struct state_store state;
    struct install candidate; /* being checked or installed; holds a session key: wiped after use and in halt */
    uint8_t unique_id[16];
    enum port_lifecycle lifecycle;
    unsigned sbm_slot; /* 0 or 1: from which SBM runs */
    uint64_t sbm_sequence;
    uint64_t running_sequence;                 /* of the application that was started; 0 before */
    uint8_t running_digest[CRYPTO_SHA256_LEN]; /* of its image */
    uint8_t running_key_id[COSE_KID_LEN];      /* of the key that signed it */
    uint8_t boot_seed[32];                     /* random, for attestation: made when it is asked for */
    int has_boot_seed;
    uint8_t health[SBM_PLACES]; /* enum sbm_health by enum sbm_place, since this boot began */
    enum port_debug debug;      /* rights that an order has given since this boot began */
    int recovering;             /* 1: recovery serves the data link; no application runs */
};

extern struct device device;

/* A store was mended from its copy: kept for the status, and in the event log. */
void device_mended(enum sbm_place place);
/* A store has only one sound copy left, or none. */
void device_damaged(enum sbm_place place);
/* Keeps the reason why a package was refused and says it on the console. */
void device_refuse(status_t why, uint64_t sequence);
/* Writes to the secure console: "[sbm] " + text + status text + newline. */
void device_log(const char *text, status_t status);
/* The same with a number at the end, decimal or as an address. */
void device_log_number(const char *text, uint64_t number);
void device_log_address(const char *text, uint32_t address);

#endif
