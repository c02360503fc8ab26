/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim: a board on the host. The whole machine is one struct that can be copied: cut the power at any flash or fuse
 * operation, copy, boot again. Only one machine is plugged in at a time.
 */
#ifndef PORTS_SIM_SIM_H
#define PORTS_SIM_SIM_H

#include "boot/port.h"

#define SIM_FLASH_LEN (1024u * 1024u)
#define SIM_FUSES 8

enum sim_cut_mode { SIM_CUT_NONE, SIM_CUT_BEFORE, SIM_CUT_TORN, SIM_CUT_AFTER };

/* How a run ended. */
enum sim_end { SIM_POWER_CUT = 1, SIM_RESET, SIM_ASLEEP, SIM_STARTED_SBM, SIM_STARTED_APPLICATION, SIM_RETURNED };

struct sim {
    struct port_flash map;
    uint8_t flash[SIM_FLASH_LEN];
    uint32_t fuses[SIM_FUSES]; /* lifecycle, debug lock, boot lock, boot lock sectors, retired keys (two sets) */
    uint8_t unique_id[16];
    uint8_t root_key[32];
    uint32_t sealed;
    uint32_t operations; /* flash and fuse operations so far */
    uint32_t erases;
    uint32_t cut_at; /* operation number, from 1; 0: no cut */
    enum sim_cut_mode cut_mode;
    uint32_t cut_len;       /* bytes of a torn operation that happen */
    uint32_t mailbox[1024]; /* in RAM: lost at reset */
    uint32_t started_addr;
    char log[2048]; /* the newest console text */
    uint32_t log_len;
};

/* A blank machine. `sector_len` 512 to 8192, `granule_len` 1, 8, 16 or 32, erased value 0x00 or 0xFF. The primary slot
 * has 24 sectors. */
void sim_make(struct sim *sim, uint32_t sector_len, uint32_t granule_len, uint8_t erased);
/* Plugs the machine in and runs `code` on it until it ends: by power cut, reset, sleep or start of the next stage, or
 * by returning. */
enum sim_end sim_run(struct sim *sim, void (*code)(void));
/* The machine plugged in. */
struct sim *sim_now(void);

#endif
