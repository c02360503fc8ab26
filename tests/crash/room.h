/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room: a simulated chip's file. Flash and fuses in it are what a power cut leaves: the process that maps it is the
 * chip's power. Beside them: where its ports are, and where it came to rest.
 */
#ifndef TESTS_CRASH_ROOM_H
#define TESTS_CRASH_ROOM_H

#include <stdatomic.h>

#include <string.h>

#include "ports/sim/sim.h"
#include "wire/flashctl.h"
#include "wire/layout.h"

/* The layout of wire/layout.h, with the regions of the application cut short to what the tests' images need. */
#define ROOM_PRIMARY                                                                                                   \
    {                                                                                                                  \
        LAYOUT_PRIMARY_OFF, 0x10000u                                                                                   \
    }
#define ROOM_PACKAGE0                                                                                                  \
    {                                                                                                                  \
        LAYOUT_PACKAGE0_OFF, 0x8000u                                                                                   \
    }
#define ROOM_PACKAGE1                                                                                                  \
    {                                                                                                                  \
        LAYOUT_PACKAGE1_OFF, 0x8000u                                                                                   \
    }
#define ROOM_SBM_PACKAGE                                                                                               \
    {                                                                                                                  \
        LAYOUT_SBM_PACKAGE_OFF, LAYOUT_SBM_PACKAGE_LEN                                                                 \
    }
_Static_assert(LAYOUT_PRIMARY_OFF + 0x20000u + LAYOUT_SBM_PACKAGE_LEN <= SIM_FLASH_LEN, "the array holds them");
#define ROOM_NONCE_LEN 32u /* what the data link takes; it answers with a length of two bytes and the token */

struct room {
    uint32_t made; /* 1: sim is a chip; else the chip makes itself, with a unique ID and a root key of its own */
    atomic_uint ready;
    unsigned debug_port; /* 0: it has none any more */
    unsigned link_port;
    unsigned line_port; /* of a chip with a key of its vendor's */
    struct {
        uint8_t key[32];
        uint8_t page[FLASHCTL_VENDOR_LEN];
    } vendor;
    enum sim_end rest;    /* of the last run */
    struct {              /* the device certificate that was given for it */
        uint32_t changed; /* 1: later ones were other bytes */
        uint32_t len;
        uint8_t der[2048];
    } given;
    struct sim sim;
};

/* A device certificate that is given for it. */
static inline void room_given(struct room *room, struct bytes der)
{
    if (der.len > sizeof room->given.der) {
        return;
    }
    if (room->given.len != 0 && !bytes_equal(der, bytes_of(room->given.der, room->given.len))) {
        room->given.changed = 1;
    }
    memcpy(room->given.der, der.data, der.len);
    room->given.len = (uint32_t)der.len;
}

#endif
