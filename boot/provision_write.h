/* SPDX-License-Identifier: Apache-2.0 */
/* provision_write: flash written over the secure channel, while a chip is not provisioned: SBM slots (by BL1 alone) and
 * what arrives for SBM. */
#ifndef BOOT_PROVISION_WRITE_H
#define BOOT_PROVISION_WRITE_H

#include "boot/port.h"

/*
 * Writes `data` at flash offset `off`, whole granules; a write that begins at a sector erases it first, and none
 * crosses into the next. `slots`: the SBM slots may be written, too. FLASH_RANGE, FLASH_ALIGN, or what the flash says.
 * cut: the sector is in any state; the writer begins the sector anew.
 */
status_t provision_write(uint64_t off, struct bytes data, int slots);

#endif
