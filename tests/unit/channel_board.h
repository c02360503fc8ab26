/* SPDX-License-Identifier: Apache-2.0 */
/* channel_board: a simulated chip with BL1's agent, or with SBM, that runs in a thread of its own as if it were another
 * machine, and the line to it. Link with --wrap for port_link_receive and port_link_send. */
#ifndef TESTS_UNIT_CHANNEL_BOARD_H
#define TESTS_UNIT_CHANNEL_BOARD_H

#include "tests/unit/boot_maker.h"
#include "tests/unit/channel_line.h"

#define BOARD_IMAGE_LEN 900u
#define BOARD_SECTOR 512u

struct channel_board {
    struct maker maker;
    struct channel_rig rig;
    struct sim source; /* a machine with what the appliance sends */
    struct sim machine;
    struct channel_line talk; /* the appliance's end */
};
extern struct channel_board board;
extern const struct provision_request board_hello;
extern const struct provision_request board_order; /* START */

int board_group_setup(void **state);
/* A chip with anchor pages and a vendor's key, and nothing else; an appliance that it takes. */
int board_setup(void **state);
void board_bl1_start(void);
void board_sbm_start(void);
/* Pulls the line and waits until the chip has ended; or waits only. How it ended. */
enum sim_end board_join(void);
enum sim_end board_wait(void);
/* The same without a line, here. */
enum sim_end board_bl1_run(void);
enum sim_end board_sbm_run(void);
/* Sends a region out of such an array by WRITE, sector by sector; the first status that is not 0. */
uint64_t board_region_send(const struct port_region *region, const uint8_t *from);
/* 1 when these bytes were on the line, in either direction, since the last _forget. */
int board_was_seen(const uint8_t *data, size_t len);
void board_seen_forget(void);

#endif
