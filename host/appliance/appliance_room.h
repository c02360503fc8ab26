/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_room: what the files of this room share. Not for others. */
#ifndef HOST_APPLIANCE_APPLIANCE_ROOM_H
#define HOST_APPLIANCE_APPLIANCE_ROOM_H

#include "host/appliance/appliance.h"
#include "host/appliance/failures.h"
#include "host/appliance/folder.h"
#include "host/appliance/granting.h"
#include "host/appliance/unit.h"

struct appliance {
    int token_needed;
    int owns;                              /* 1: token and ledger are closed with it */
    const struct appliance_folder *folder; /* NULL: made from files */
    struct hsm *hsm;
    struct ledger *ledger;
    struct quota *quota;
    struct cert root;
    struct cert issuing;
    struct granting granting;
    struct hand hand;
    struct failures failures;
    const struct channel_side *channel; /* what it shows to chips with a key of their vendor; NULL: nothing */
    struct channel_side own_channel;    /* of the folder */
    pthread_mutex_t lock;               /* guards the present run and how many use each */
    struct run *run;
};

/* An engine without run; on a fault it is closed. */
int appliance_new(const struct appliance *parts, struct appliance **out, struct fault *fault);
/* The present run, for a chip; NULL when none is loaded. */
struct run *appliance_run_take(struct appliance *appliance);
/* NULL is allowed. */
void appliance_run_give(struct appliance *appliance, struct run *run);
/* Makes `run` the present one. */
void appliance_run_set(struct appliance *appliance, struct run *run);

struct appliance_socket {
    struct unit unit;
    char station[64];
};

#endif
