/* SPDX-License-Identifier: Apache-2.0 */
/* order: what the maker orders one device to do (docs/spec.md section 7.6): debug until the next reset, or its end. */
#ifndef SBM_ORDER_H
#define SBM_ORDER_H

#include "base/bytes.h"
#include "base/status.h"

/* Obeys the signed content of an order. ORDER_CHIP, ORDER_STALE, ORDER_POLICY, FLASH_*, FUSE_DENIED, or a syntax error.
 * The same order again in the same boot does nothing new.
 * cut: of a debug order, the vault may be erased. Of a decommissioning: secured, or decommissioned for good. */
status_t order_obey(struct bytes payload);
/* For a decommissioned device, at its start: erases everything that provisioning, updates and the application left,
 * where it is not erased already. cut: repeat it. */
void order_remains_erase(void);

#endif
