/* SPDX-License-Identifier: Apache-2.0 */
/* sim_vendor: the simulated board's silicon vendor: key, credential, and the RAM between BL1 and SBM. Not part of the
 * machine that is copied. */
#ifndef PORTS_SIM_SIM_VENDOR_H
#define PORTS_SIM_SIM_VENDOR_H

#include "boot/port.h"

struct sim_vendor {
    uint8_t key[32];
    struct port_vendor says; /* len 0: the chip has no key pair of its own */
    uint8_t credential[1024];
    uint32_t handover[PORT_HANDOVER_LEN / 4];
};
extern struct sim_vendor sim_vendor;

#endif
