/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut: where the next death is: a page shared by the sweep and whoever may die. A place counts its events while it is
 * armed; at event `at` the cut happens.
 */
#ifndef TESTS_CRASH_CUT_H
#define TESTS_CRASH_CUT_H

#include <stdatomic.h>
#include <stdint.h>

#define CUT_ENV "WINDLASS_CRASH_CUT"

enum cut_place {
    CUT_NOWHERE,     /* the numbers are known to tests/system/crash_line.sh, too: new places come last */
    CUT_WRITE,       /* windlassd: before a change of its folder: write, sync, rename, unlink */
    CUT_CALL,        /* windlassd: before a call of the token */
    CUT_LOST,        /* the token's sessions are gone, from this call on */
    CUT_OUT,         /* the token is out, from this call on for a while */
    CUT_TPM_BEFORE,  /* the TPM loses its power before it takes a command */
    CUT_TPM_AFTER,   /* ... after it did what the command says, and before it answers */
    CUT_LINE_BEFORE, /* the connection to the TPM breaks, likewise */
    CUT_LINE_AFTER,
    CUT_ASKED,    /* before a letter reaches windlassd */
    CUT_ANSWERED, /* after it was answered, before the answer arrives */
    CUT_GONE,     /* the station: before a letter leaves it */
    CUT_HEARD,    /* the station: after it has an answer */
    CUT_POWER,    /* the chip: an operation of flash or fuses */
    CUT_SENDS,    /* a station with the wall: before each message to windlassd, `prey` dies, or itself when that is 0 */
    CUT_DB_ASKED, /* windlassd: before a message of it reaches the database's server */
    CUT_DB_ANSWERED, /* ... after the server has answered it, before the answer arrives */
    CUT_DB_BEFORE,   /* the database's server, likewise */
    CUT_DB_AFTER,
    CUT_PLACES
};

struct cut {
    _Atomic uint32_t place; /* enum cut_place; CUT_NOWHERE: nothing is counted */
    _Atomic uint32_t count; /* events so far */
    _Atomic uint32_t at;    /* from 1; 0: only count */
    _Atomic uint32_t hit;   /* 1: it happened */
    _Atomic uint32_t left;  /* CUT_OUT: calls that still find no token */
    _Atomic uint32_t prey;  /* CUT_SENDS: a process */
    _Atomic uint32_t up;    /* CUT_DB_BEFORE, CUT_DB_AFTER: 1: the server is up again */
};

/* 1 when this event of `place` is the one at which the cut happens. */
static inline int cut_here(struct cut *cut, enum cut_place place)
{
    if (cut == 0 || atomic_load(&cut->place) != (uint32_t)place) {
        return 0;
    }
    uint32_t now = atomic_fetch_add(&cut->count, 1) + 1;
    if (now != atomic_load(&cut->at)) {
        return 0;
    }
    atomic_store(&cut->hit, 1);
    return 1;
}

#endif
