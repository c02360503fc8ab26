/* SPDX-License-Identifier: Apache-2.0 */
/* stage: what BL1 and SBM each give to their port, joined at link time. */
#ifndef BOOT_STAGE_H
#define BOOT_STAGE_H

#include "base/status.h"

/* Called by the port's reset handler, with memory and console ready. */
_Noreturn void stage_main(void);
/* Called by the port's fault handler. `address` is the data address that the fault names, else that of
 * the instruction, else 0. */
_Noreturn void stage_fault(status_t what, uint32_t address);
/* Given by SBM, called by the port before the application starts: fills the page of entry points (`table_len` bytes)
 * that the non-secure world may call. The port makes it read-only and executable afterwards. */
void stage_entries_write(uint32_t *table, uint32_t table_len);

#endif
