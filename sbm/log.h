/* SPDX-License-Identifier: Apache-2.0 */
/* log: the security event log (docs/spec.md section 4.4): small records in a ring of flash sectors. It holds no secret,
 * nothing is decided by it but how a halt ends and whether recovery was asked for, and nobody can take a record back.
 */
#ifndef SBM_LOG_H
#define SBM_LOG_H

#include "base/status.h"

#define LOG_RECORD_LEN 32u
/* Records that one boot may write, halts, faults and recovery aside: an application cannot wear the flash out or push
 * everything older out of the ring by provoking refusals. */
#define LOG_BOOT_MAX 32u

enum log_kind {
    LOG_REFUSED = 1,            /* a package; value: its sequence number, 0 when not known */
    LOG_INSTALLED = 2,          /* value: sequence number */
    LOG_REVERTED = 3,           /* value: sequence number that runs again */
    LOG_REINSTALLED = 4,        /* after damage; value: sequence number */
    LOG_CONFIRMED = 5,          /* value: sequence number */
    LOG_HEALED = 6,             /* value: enum sbm_place, plus one */
    LOG_FAULT = 7,              /* value: address */
    LOG_HALT = 8,               /* value: how it ends, enum policy_halt; 1 when no policy is known */
    LOG_RECOVERY_REQUESTED = 9, /* by the application */
    LOG_RECOVERY = 10,          /* entered */
    LOG_SBM_CHANGED = 11,       /* a new SBM was written, the next boot tries it; value: its slot */
    LOG_KEY_RETIRED = 12,       /* value: set << 8 | index */
    LOG_LOCKED = 13,            /* provisioning ends: written just before the fuses are blown */
    LOG_ORDERED = 14            /* the maker's order is carried out; value: enum order_what */
};

struct log_entry {
    uint32_t sequence; /* 1 for the first record of the chip's life, one more for each */
    uint32_t kind;     /* enum log_kind */
    uint32_t boot;     /* number of the boot, 0 when not known yet */
    uint32_t status;   /* status number, 0 when none */
    uint64_t value;
};

/* Finds the newest record. Once, before the others. */
void log_open(void);
/* Appends a record; STATUS_OK is stored as 0. The ring's oldest sector is erased when the newest is full. NO_SPACE:
 * this boot wrote enough. FLASH_*. cut: the record is there or not; with an erase, the oldest sector's records may be
 * gone. */
status_t log_append(enum log_kind kind, status_t status, uint64_t value);
/* Record `index`, 0 is the newest. NOT_FOUND beyond the oldest. */
status_t log_read(uint32_t index, struct log_entry *out);
/* Sound records in the ring. */
uint32_t log_count(void);
#define LOG_BAD_BOOTS 100u /* fewer than the ring holds even when it has just lost a sector of 4096 bytes */
#define LOG_HALTS_MANY 255u
/* Halts in a row before this boot: boots of which every one ended in a halt or a fault. LOG_HALTS_MANY when the row is
 * LOG_BAD_BOOTS long: then the ring may have forgotten some. */
uint32_t log_halts(void);
/* 1 when the newest word about recovery asks for it: the application's request, or a halt that ends in it. */
int log_recovery_wanted(void);
/* Status number of the newest halt, 0 when there was none. */
uint32_t log_last_halt(void);

#endif
