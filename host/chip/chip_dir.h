/* SPDX-License-Identifier: Apache-2.0 */
/* chip_dir: the folder of a virtual chip (docs/spec.md section 2.1): making one, opening one, the lock that only one
 * owner holds, its small text files. */
#ifndef HOST_CHIP_CHIP_DIR_H
#define HOST_CHIP_CHIP_DIR_H

#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"
#include "wire/flashctl.h"

#define CHIP_UID_LEN 16
#define CHIP_CONTROL_SOCKET "control.sock"
#define CHIP_LINK_SOCKET "link.sock"
#define CHIP_PID_FILE "run.pid"
#define CHIP_PORT_FILE "gdb.port"
#define CHIP_CONSOLE_LOG "console.log"

struct chip_dir {
    int fd;
    uint8_t *flash;                      /* FLASHCTL_FLASH_LEN, mapped from flash.bin */
    uint8_t *fuses;                      /* ARRAY_FUSES_LEN, mapped from fuses.bin */
    uint8_t vendor[FLASHCTL_VENDOR_LEN]; /* vendor.bin: the vendor page; zeros when there is no such file */
};

/*
 * Makes a chip as it leaves the silicon vendor: blank flash, fuses with unique ID, vendor key and vendor lock, vendor
 * certificates. Refused when `path` exists. `vendor` is the folder of a stand-in silicon vendor, made when missing, or
 * NULL for one that signs this chip only. The folder appears whole or not at all.
 */
int chip_dir_create(const char *path, const uint8_t uid[CHIP_UID_LEN], const char *vendor, struct fault *fault);

/* What a silicon vendor does who programs chips for a maker before he ships them: BL1 and both anchor pages into the
 * boot flash, boot lock and debug lock fused. `boot`: 1 to LAYOUT_BL1_LEN bytes; `anchor`: one page. */
int chip_dir_boot_put(const char *path, struct bytes boot, struct bytes anchor, struct fault *fault);

enum chip_dir_use { CHIP_DIR_LOOK, CHIP_DIR_OWN };
/* CHIP_DIR_OWN maps for writing and takes the owner's lock, refused while another process has it. CHIP_DIR_LOOK maps a
 * private view and takes no lock. */
int chip_dir_open(const char *path, enum chip_dir_use use, struct chip_dir *out, struct fault *fault);
/* Writes flash and fuses out, unlocks and unmaps. Safe on one that never opened (fd -1). */
void chip_dir_close(struct chip_dir *d);

/* A small file that appears whole, 0600. 0, or -1 with errno. */
int chip_dir_text_write(const struct chip_dir *d, const char *name, const char *text);
/* The positive number in a small file; -1 when there is none. */
long chip_dir_number_read(const struct chip_dir *d, const char *name);
void chip_dir_name_remove(const struct chip_dir *d, const char *name);

#endif
