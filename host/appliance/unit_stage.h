/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit_stage: the table of a unit's stages: what each asks of the station, the check of what comes back, and whether
 * more may be asked for before that check. Not for other rooms.
 */
#ifndef HOST_APPLIANCE_UNIT_STAGE_H
#define HOST_APPLIANCE_UNIT_STAGE_H

#include "host/appliance/unit.h"

enum unit_stage {
    UNIT_NONE,
    UNIT_BOOT,
    UNIT_SBM_A,
    UNIT_SBM_B,
    UNIT_SBM_PACKAGE,
    UNIT_START,
    UNIT_HELLO,
    UNIT_KEYS,
    UNIT_GRANT,
    UNIT_POLICY,
    UNIT_DEVICE_CERT,
    UNIT_ISSUER_CERT,
    UNIT_ROOT_CERT,
    UNIT_PACKAGE_TAIL,
    UNIT_PACKAGE_HEAD,
    UNIT_START_AGAIN,
    UNIT_HELLO_AGAIN,
    UNIT_INSTALL,
    UNIT_SEE_BOOT,
    UNIT_SEE_SBM_A,
    UNIT_SEE_SBM_B,
    UNIT_SEE_SBM_PACKAGE,
    UNIT_CHECK,
    UNIT_LOCK,
    UNIT_CLOSED,
    UNIT_TOKEN,
    UNIT_CLOSED_STILL,
    UNIT_DONE,
    UNIT_CLAIM,
    UNIT_HAND, /* secure channel: the handshake, and BL1 */
    UNIT_HAND_AGAIN,
    UNIT_HELLO_FIRST,
    UNIT_STAGES,
    UNIT_REPEAT = UNIT_STAGES /* no stage: the last action once more */
};

struct stage {
    const char *step; /* for people */
    uint8_t kind;     /* enum letter_kind */
    uint8_t argument; /* for `issue`: enum run_image_id, enum store_type or enum provision_op */
    uint8_t next;
    uint8_t closed; /* the next one when the debug port turns out to be closed; UNIT_NONE: that is a fault */
    uint8_t waits;  /* 1: nothing after it is asked for before its result is checked, and recorded */
    int (*issue)(struct unit *unit, uint8_t argument, struct letter_action *action, struct fault *fault);
    int (*check)(struct unit *unit, struct bytes data, struct fault *fault); /* NULL: it was done, no more to see */
};

extern const struct stage unit_stages[UNIT_STAGES];

#endif
