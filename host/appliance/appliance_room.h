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
    const struct appliance_folder *folder;
    struct hsm *hsm;
    struct ledger *ledger;
    struct quota *quota;
    struct cert root;
    struct cert issuing;
    struct granting granting;
    struct hand hand;
    struct failures failures;
    struct channel_side channel; /* what it shows to chips with a key of their vendor; the vendors are the run's */
    pthread_mutex_t lock;        /* guards the present run and how many use each */
    struct run *run;
    struct fault refusal; /* of the package that was tried last, while there is no run */
};

/* The present run, for a chip; NULL when none is loaded. */
struct run *appliance_run_take(struct appliance *appliance);
/* Says that there is none, and why. */
int appliance_run_missing(struct appliance *appliance, struct fault *fault);
/* NULL is allowed. */
void appliance_run_give(struct appliance *appliance, struct run *run);

struct appliance_socket {
    struct unit unit;
    char station[64];
};

#endif
