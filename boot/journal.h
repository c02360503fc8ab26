/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: small records in flash, in two mirrors (docs/spec.md section 4). The newest sound record of a type is its
 * value; one damaged or torn record never takes a value away that the other mirror still holds.
 */
#ifndef BOOT_JOURNAL_H
#define BOOT_JOURNAL_H

#include "boot/port.h"

#define JOURNAL_MAGIC 0x4A57u
#define JOURNAL_VERSION 1u
#define JOURNAL_HEAD_LEN 12u
#define JOURNAL_TAG_LEN 8u
#define JOURNAL_PAYLOAD_MAX 4000u
#define JOURNAL_TYPE_MAX 15u

struct journal {
    struct port_region mirror[2];
    uint32_t used[2];  /* bytes of each mirror that are no longer erased, in granules */
    uint32_t sequence; /* highest sequence seen */
};

/* Looks at both mirrors. Never fails: a damaged mirror holds what is sound in it. */
void journal_open(struct journal *journal, const struct port_region mirror[2]);
/* The newest sound record of `type`: a view into the flash, valid until the next append. NOT_FOUND. */
status_t journal_read(const struct journal *journal, uint8_t type, struct bytes *payload);
/* Makes `payload` (at most JOURNAL_PAYLOAD_MAX bytes, not a view into the journal) the newest record of `type`, in both
 * mirrors. NO_SPACE when the newest records of all types and this one do not fit, when each mirror holds something that
 * the other has no room for, or when the sequence numbers are used up. cut: the old or the new value, never
 * neither. */
status_t journal_append(struct journal *journal, uint8_t type, struct bytes payload);
/* Brings a mirror that lacks the newest record of `type` up to date from the other one. 1 when something was healed. */
int journal_heal(struct journal *journal, uint8_t type);

#endif
