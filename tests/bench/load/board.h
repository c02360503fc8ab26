/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board: a chip's board for the load bench: the virtual chip's own flash map, fuses, mailbox and reset, at the speed of
 * the host. One chip at a time in a process. The firmware runs on a stack of its own, so that it keeps its RAM while it
 * waits for the station, as it does on a chip.
 */
#ifndef TESTS_BENCH_LOAD_BOARD_H
#define TESTS_BENCH_LOAD_BOARD_H

#include "boot/port.h"
#include "wire/flashctl.h"
#include "wire/provision_msg.h"

#define BOARD_SECTORS (FLASHCTL_FLASH_LEN / FLASHCTL_SECTOR_LEN)

/* Why the firmware gave the processor back. */
enum board_end { BOARD_WAITS = 1, BOARD_RESET, BOARD_ASLEEP, BOARD_STARTED_SBM, BOARD_STARTED_APPLICATION };

struct board {
    uint8_t uid[16];
    uint32_t fuses[6];
    uint8_t flash[FLASHCTL_FLASH_LEN];
    uint8_t own[BOARD_SECTORS];     /* 1: the chip wrote into this sector */
    uint32_t writes[BOARD_SECTORS]; /* how often a sector was changed, by anybody */
    uint32_t mailbox[MAILBOX_LEN / 4];
    char log[4096]; /* of this boot */
    size_t log_len;
};
extern struct board board;

/* For who writes to flash: `len` bytes at `off` are no longer what they were. */
void board_flash_changed(uint32_t off, uint32_t len);
/* How often the sectors of this range were changed: another number, another content. */
uint64_t board_flash_version(uint32_t off, uint32_t len);
/* Once: all flash erased. */
void board_make(void);
/* A new chip with this unique ID: fuses and all that the chip before wrote are blank; what the station wrote outside of
 * the package slot's head stands there already, as when flash was programmed beforehand. */
void board_chip_new(const uint8_t uid[16]);
/* From BL1's reset until the firmware waits, rests, resets, or starts the application. */
enum board_end board_power_on(void);
/* Lets a firmware that waits go on. */
enum board_end board_go_on(void);
/* The debug port is closed for good. */
int board_is_locked(void);

#endif
