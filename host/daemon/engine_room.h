/* SPDX-License-Identifier: Apache-2.0 */
/* engine_room: what the files engine*.c share. */
#ifndef HOST_DAEMON_ENGINE_ROOM_H
#define HOST_DAEMON_ENGINE_ROOM_H

#include <stdatomic.h>

#include "host/appliance/appliance_room.h"
#include "host/daemon/engine.h"
#include "host/daemon/engine_watch.h"
#include "host/quota/quota.h"
#include "host/dashboard/tally.h"
#include "host/ledger/ledger.h"

#define ENGINE_PATH_MAX 700
#define ENGINE_VERSION "windlassd " WINDLASS_VERSION

struct engine {
    const struct appliance_folder *folder;
    struct hsm *hsm;
    struct ledger *ledger;
    struct quota *quota; /* NULL: no TPM */
    struct appliance *appliance;
    uint64_t count_at_start; /* of the TPM */
    struct tally *tally;     /* what happens at the sockets, for people */
    atomic_int recount;      /* 1: the units in quarantine are to be counted again */
    uint64_t quarantined;    /* the dashboard's thread's */
    pthread_mutex_t loading; /* one package at a time */
    struct watch watch;      /* of ledger and TPM */
};

/* The TPM's count as last seen; 0 without one. */
uint64_t engine_tpm_count(const struct engine *engine);

#endif
