/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room: a simulated chip's file. Flash and fuses in it are what a power cut leaves: the process that maps it is the
 * chip's power. Beside them: where its ports are, and where it came to rest.
 */
#ifndef TESTS_CRASH_ROOM_H
#define TESTS_CRASH_ROOM_H

#include <stdatomic.h>

#include "ports/sim/sim.h"

/* The layout of wire/layout.h, with the regions that hold whole images cut short to what the tests' images need. */
#define ROOM_SHORT_LEN 0x20000u /* of application, package slots and SBM package */
#define ROOM_NONCE_LEN 32u      /* what the data link takes; it answers with a length of two bytes and the token */

struct room {
    uint32_t made; /* 1: sim is a chip; else the chip makes itself, with a unique ID and a root key of its own */
    atomic_uint ready;
    unsigned debug_port; /* 0: it has none any more */
    unsigned link_port;
    enum sim_end rest;    /* of the last run */
    struct {              /* the device certificate that stations were given for it */
        uint32_t changed; /* 1: later ones were other bytes */
        uint32_t len;
        uint8_t der[2048];
    } given;
    struct sim sim;
};

#endif
