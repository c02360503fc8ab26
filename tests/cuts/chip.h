/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip: the whole device of the sweeps: simulated board, BL1 and SBM one after the other, and their RAM, which a reset
 * empties. Everything that starts is compared with what its maker made.
 */
#ifndef TESTS_CUTS_CHIP_H
#define TESTS_CUTS_CHIP_H

#include "ports/sim/sim.h"
#include "tests/unit/boot_maker.h"

#define CHIP_RAM_MAX 131072u
#define CHIP_SBM_LEN 900u

/* What a chip is made of. */
struct geometry {
    uint32_t sector_len;
    uint32_t granule_len;
    uint8_t erased;
    uint32_t external_len; /* sectors of a memory outside the chip, in which the packages lie; 0: there is none */
};

/* A chip at one moment, with all that it knows. */
struct shot {
    uint8_t ram[CHIP_RAM_MAX];
    uint64_t random;
    uint64_t ran;
    uint64_t ran_sbm;
    struct maker maker; /* the station may have learnt the chip's keys */
    struct sim sim;     /* last: its unused end is not copied */
};

extern struct sim chip;
extern struct maker chip_maker;
/* Of the applications, in bytes. */
extern uint32_t chip_image_len;
/* Sequence number of the application that was started last, as its bytes say; 0 none. */
extern uint64_t chip_ran;
/* The same of the SBM; 0 when BL1 started none. */
extern uint64_t chip_ran_sbm;
/* What was started although nobody signed it; NULL when nothing was. Stays until chip_wrong_clear. */
extern const char *chip_wrong;

/* Once, first: keys, and where the firmware's RAM is. */
void chip_start(uint64_t seed);
void chip_save(struct shot *shot);
void chip_load(const struct shot *shot);

/* A blank machine of that geometry, with anchor pages and both SBM slots; open. */
void chip_make(const struct geometry *geometry);
/* Provisions it with application `sequence` in package slot 0, and secures it. */
void chip_provision(uint64_t sequence);
/* A package for this chip: a view into a buffer that the next call reuses. `block_len` may be NULL. */
struct bytes chip_package(uint64_t sequence, size_t *block_len);

/* An SBM package, in the same buffer. */
struct bytes chip_sbm_package(uint64_t sequence);

/* From power-on until it rests or the power goes: resets are followed, at most a dozen. */
enum sim_end chip_boot(void);
/* Runs a call on the firmware as it is. */
enum sim_end chip_call(void (*code)(void));
/* The application's security counter. */
uint64_t chip_counter(void);
/* 1 when the firmware holds the keys that were provisioned. */
int chip_has_keys(void);
void chip_wrong_clear(void);

#endif
