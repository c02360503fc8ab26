/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array: the chip's non-volatile memory: flash with NOR rules, one-time fuses, the boot lock, the seal, and the power
 * cut that a test orders. Pure logic over two buffers (docs/spec.md sections 2.2, 2.3, 2.5). The only room that changes
 * flash or fuses.
 */
#ifndef HOST_CHIP_ARRAY_H
#define HOST_CHIP_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/flashctl.h"

#define ARRAY_FUSES_LEN (FUSE_WORDS * 4u)
/* In place of an answer: the ordered cut happened in this operation. No FLASHCTL_ number is 0. */
#define ARRAY_POWER_LOST 0x00u
/* As `bytes` of a cut: half of the operation. */
#define ARRAY_CUT_HALF SIZE_MAX

enum array_cut_mode { ARRAY_CUT_BEFORE, ARRAY_CUT_TORN, ARRAY_CUT_AFTER };

struct array_cut {
    uint64_t left; /* the cut comes with this many-th accepted operation from now; 0: none ordered */
    enum array_cut_mode mode;
    size_t bytes; /* ARRAY_CUT_TORN: how much of the operation happens */
};

struct array {
    uint8_t *flash; /* FLASHCTL_FLASH_LEN */
    uint8_t *fuses; /* ARRAY_FUSES_LEN, words little-endian */
    bool sealed;
    uint32_t debug_rights; /* FLASHCTL_DEBUG_: what SBM has granted until the next reset; 0: nothing */
    bool power_lost;       /* after a cut every operation answers ARRAY_POWER_LOST */
    uint64_t operations;   /* accepted erase, program and fuse operations */
    struct array_cut cut;
};

void array_init(struct array *a, uint8_t *flash, uint8_t *fuses);
/* What a reset does: the seal opens, granted debug rights end. */
void array_reset(struct array *a);

/*
 * Each gives FLASHCTL_DONE, a FLASHCTL_ error (then nothing has changed) or ARRAY_POWER_LOST.
 * cut: erase leaves a prefix of the sector erased; program leaves a prefix of the bytes programmed; blow leaves the
 * mask's low bytes blown.
 */
uint8_t array_sector_erase(struct array *a, uint32_t off);
/* `len`: a positive multiple of the granule, at most FLASHCTL_PROGRAM_MAX. */
uint8_t array_granules_program(struct array *a, uint32_t off, const uint8_t *data, size_t len);
uint8_t array_fuse_blow(struct array *a, uint32_t word, uint32_t mask);
uint8_t array_seal(struct array *a);
/* Grants rights at the debug port until the next reset; FUSE_DENIED for others than FLASHCTL_DEBUG_, and for fewer than
 * were granted. With secure rights the vendor key and the root key read as zero until then. */
uint8_t array_debug_grant(struct array *a, uint32_t rights);
/* The power goes while `have` of the `len` bytes of a program operation have arrived: these are programmed if the
 * operation is allowed. */
void array_program_interrupt(struct array *a, uint32_t off, const uint8_t *data, size_t have, size_t len);

/* A fuse word (0..63); reserved words read as zero. */
uint32_t array_fuse_read(const struct array *a, uint32_t word);
bool array_debug_is_locked(const struct array *a);
/* Bytes from the start of flash that the boot lock covers; 0 while it is open. */
uint32_t array_boot_lock_len(const struct array *a);
/* "open", "provisioning", "secured" or "decommissioned" (section 2.3, word 0). */
const char *array_lifecycle_name(const struct array *a);
/* True when the initial stack pointer and entry (the first 8 bytes of flash) are erased. */
bool array_vectors_are_blank(const struct array *a);

#endif
