/* SPDX-License-Identifier: Apache-2.0 */
/* master_rig_trust: what a device makes of the rig's packages. */
#ifndef TESTS_UNIT_MASTER_RIG_TRUST_H
#define TESTS_UNIT_MASTER_RIG_TRUST_H

#include "boot/verify.h"
#include "tests/unit/master_rig.h"

/* What a device trusts that knows this key alone. */
struct verify_trust rig_trust(const char *label, uint8_t key[64]);

#endif
