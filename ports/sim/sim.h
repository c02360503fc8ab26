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
#define SIM_SECTOR_LEAST 512u

/* How an operation that the power leaves ends. TORN: its first `cut_len` bytes happen. HALF: half of them. LAST: all
 * but the last byte, of which some bits happen. RANDOM: an erased sector is any mix of old, erased and other bytes; of
 * a program any number of granules are whole, one is in any state, the rest untouched. Of a fuse blow some bits happen.
 */
enum sim_cut_mode {
    SIM_CUT_NONE,
    SIM_CUT_BEFORE,
    SIM_CUT_TORN,
    SIM_CUT_AFTER,
    SIM_CUT_HALF,
    SIM_CUT_LAST,
    SIM_CUT_RANDOM
};

/* How a run ended. */
enum sim_end { SIM_POWER_CUT = 1, SIM_RESET, SIM_ASLEEP, SIM_STARTED_SBM, SIM_STARTED_APPLICATION, SIM_RETURNED };

struct sim {
    struct port_flash map;
    uint32_t fuses[SIM_FUSES]; /* docs/spec.md section 2.3, words 0 to 5 */
    uint8_t unique_id[16];
    uint8_t root_key[32];
    uint32_t sealed;
    uint32_t debug;      /* enum port_debug: rights until the next reset */
    uint32_t operations; /* flash and fuse operations so far */
    uint32_t erases;
    uint32_t cut_at; /* operation number, from 1; 0: no cut */
    enum sim_cut_mode cut_mode;
    uint32_t cut_len;         /* bytes of a TORN operation that happen */
    uint32_t cut_seed;        /* of LAST and RANDOM */
    void (*on_mailbox)(void); /* the station: called whenever the chip looks at its mailbox; NULL: nobody is there */
    uint32_t mailbox[1024];   /* in RAM: lost at reset */
    uint32_t started_addr;
    unsigned sbm_slot; /* that was started last */
    char log[2048];    /* the newest console text */
    uint32_t log_len;
    uint32_t flash_len; /* bytes of `flash` that the map uses, and that sim_copy copies */
    uint8_t flash[SIM_FLASH_LEN];
};

/* Sizes of the regions, in sectors; an anchor page and a counter page have one, the log has two. */
struct sim_layout {
    uint32_t store;
    uint32_t state;
    uint32_t vault;
    uint32_t sbm;          /* of a slot, envelope included */
    uint32_t sbm_envelope; /* before the image in it */
    uint32_t sbm_package;
    uint32_t package;
    uint32_t primary;
    uint32_t external_sector_len; /* 0: none; else the package slots and sbm_package lie in sectors of this length */
};

/* A blank machine. `sector_len` 512 to 8192, `granule_len` 1, 8, 16 or 32, erased value 0x00 or 0xFF. The primary slot
 * has 24 sectors. */
void sim_make(struct sim *sim, uint32_t sector_len, uint32_t granule_len, uint8_t erased);
/* The same with regions of one's own. */
void sim_make_layout(struct sim *sim, uint32_t sector_len, uint32_t granule_len, uint8_t erased,
                     const struct sim_layout *layout);
/* The machine without the unused rest of the array. */
void sim_copy(struct sim *to, const struct sim *from);
/* Fuses `secured`, and no other lock. */
void sim_secure(struct sim *sim);
/* Plugs the machine in and runs `code` on it until it ends: by power cut, reset, sleep or start of the next stage, or
 * by returning. */
enum sim_end sim_run(struct sim *sim, void (*code)(void));
/* Ends the run under way, from inside. */
_Noreturn void sim_stop(enum sim_end end);
/* The machine plugged in. */
struct sim *sim_now(void);

#endif
