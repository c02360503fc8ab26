/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vflash: flash as a debugger sees it: the memory map, vFlashErase, vFlashWrite and vFlashDone (GDB manual, appendix
 * E), and plain reads. Packets in, answers out, over the array with all its rules; no I/O.
 */
#ifndef HOST_CHIP_VFLASH_H
#define HOST_CHIP_VFLASH_H

#include "base/bytes.h"
#include "host/chip/array.h"

struct vflash {
    struct array *array;
    /* One sector being collected: granules that the debugger wrote in pieces are programmed once, the rest of each
     * filled with 0xFF. */
    bool pending;
    uint32_t sector_off;
    uint8_t data[FLASHCTL_SECTOR_LEN];
    uint8_t touched[FLASHCTL_SECTOR_LEN / FLASHCTL_GRANULE_LEN];
    /* Flash offsets changed since vflash_changed_take. */
    uint32_t changed_from;
    uint32_t changed_to;
};

void vflash_init(struct vflash *v, struct array *array);
/* Forgets what was collected and not programmed: the debugger went away. */
void vflash_abandon(struct vflash *v);
/* The answers to the packets whose arguments (after the name) are `in`: "OK", "E01" or "E.memtype". */
const char *vflash_erase(struct vflash *v, struct bytes in);
const char *vflash_write(struct vflash *v, struct bytes in);
const char *vflash_done(struct vflash *v);
/* True, with the range, when flash changed since the last call. */
bool vflash_changed_take(struct vflash *v, uint32_t *off, uint32_t *len);

/* How an access of `len` bytes at `address` lies to flash, through either alias. */
enum vflash_place { VFLASH_OUTSIDE, VFLASH_INSIDE, VFLASH_PARTLY };
enum vflash_place vflash_place_of(uint64_t address, uint64_t len, uint32_t *off);
/* The memory map document, NUL-terminated. */
extern const char vflash_memory_map[];

#endif
