/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdbguard: what a debugger with rights for the non-secure world alone may ask (docs/spec.md section 2.7). A list of
 * what is allowed: what is not on it does not reach the CPU.
 */
#ifndef HOST_CHIP_GDBGUARD_H
#define HOST_CHIP_GDBGUARD_H

#include "base/bytes.h"

enum gdbguard_verdict {
    GDBGUARD_ALLOWED,
    GDBGUARD_NONSECURE_STATE, /* allowed while the CPU stands in the non-secure state */
    GDBGUARD_REFUSED,         /* answered E01 */
    GDBGUARD_UNKNOWN          /* answered as a packet that is not supported */
};

enum gdbguard_verdict gdbguard_check(struct bytes packet);
/* 1 when `len` bytes from `address` lie in one of the windows of the non-secure world. */
int gdbguard_is_nonsecure(uint64_t address, uint64_t len);

#endif
