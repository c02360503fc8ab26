/* SPDX-License-Identifier: Apache-2.0 */
/* sim_board: what stands around the simulated machine: outputs, timer, watchdog and the data link. Not part of what a
 * power cut takes away. */
#ifndef PORTS_SIM_SIM_BOARD_H
#define PORTS_SIM_SIM_BOARD_H

#include "base/bytes.h"
#include "ports/sim/sim.h"

struct sim_board {
    uint32_t outputs;
    uint64_t slept_ms; /* by port_sleep_ms */
    uint32_t watchdog_seconds;
    uint32_t feeds;
    uint16_t erased[SIM_FLASH_LEN / SIM_SECTOR_LEAST]; /* how often, by sector: at its offset / SIM_SECTOR_LEAST */
    struct bytes line_in; /* what the other side sends; when all is read, the machine ends in SIM_ASLEEP */
    uint8_t line_out[16384];
    size_t line_out_len; /* what does not fit is lost */
};
extern struct sim_board sim_board;

#endif
