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
#define JOURNAL_TYPE_MAX 40u

struct journal {
    struct port_region mirror[2];
    uint32_t used[2];                     /* bytes of each mirror that are no longer erased, in granules */
    uint32_t sequence;                    /* highest sequence seen; the next append takes the one after it */
    uint32_t newest[2][JOURNAL_TYPE_MAX]; /* flash offset of the newest sound head of each type, 0: none */
};

/* A record as its head tells it. */
struct journal_record {
    uint32_t off; /* flash offset of the head */
    uint32_t sequence;
    uint8_t type;
    struct bytes payload; /* view into the flash, valid until the next append */
};

/* Looks at both mirrors. Never fails: a damaged mirror holds what is sound in it. */
void journal_open(struct journal *journal, const struct port_region mirror[2]);
/* The newest sound record of `type`: a view into the flash, valid until the next append. NOT_FOUND. */
status_t journal_read(const struct journal *journal, uint8_t type, struct bytes *payload);
/* Makes `payload` (at most JOURNAL_PAYLOAD_MAX bytes, not a view into the journal) the newest record of `type`, in both
 * mirrors. NO_SPACE when the newest records of all types and this one do not fit, when each mirror holds something that
 * the other has no room for, or when the sequence numbers are used up. One mirror whose sectors do not take it any more
 * (FLASH_IO) is no error. cut: the old or the new value, never
 * neither. */
status_t journal_append(struct journal *journal, uint8_t type, struct bytes payload);
/* Brings a mirror that lacks the newest record of `type` up to date from the other one. 1 when something was healed. */
int journal_heal(struct journal *journal, uint8_t type);

/* For a layer that has its own proof of a record. The newest record of `type` in mirror `which` with a sound head and a
 * sequence below `below` (0: any); its tag is not looked at. 0: none. */
int journal_find(const struct journal *journal, unsigned which, uint8_t type, uint32_t below,
                 struct journal_record *out);
/* 1 when the tag is right. */
int journal_record_sound(const struct journal_record *record);
/* 1 when both are the same bytes, tag included. */
int journal_record_same(const struct journal_record *a, const struct journal_record *b);
/* Writes a record of the other mirror to mirror `which`, with its sequence. Errors and cut: as journal_append. */
status_t journal_copy(struct journal *journal, unsigned which, const struct journal_record *record);
/* Bytes of flash that a record with a payload of `payload_len` bytes takes. */
uint32_t journal_record_len(uint32_t payload_len);

#endif
