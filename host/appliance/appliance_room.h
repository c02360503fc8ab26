/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_room: what the files of this room share. Not for others. */
#ifndef HOST_APPLIANCE_APPLIANCE_ROOM_H
#define HOST_APPLIANCE_APPLIANCE_ROOM_H

#include "host/appliance/appliance.h"
#include "host/appliance/unit.h"

struct appliance {
    struct project project;
    int token_needed;
    struct hsm *hsm;
    struct trust trust;
    struct ledger *ledger;
    struct run *run;
    struct hand hand;
};

struct appliance_socket {
    struct unit unit;
    char station[64];
};

#endif
