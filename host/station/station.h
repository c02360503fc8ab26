/* SPDX-License-Identifier: Apache-2.0 */
/*
 * station: the hands of the appliance at one chip: it does what the appliance's letters ask, and says how that went. It
 * holds no key, knows no steps and decides nothing. Every run may be repeated: on the same chip it resumes.
 */
#ifndef HOST_STATION_STATION_H
#define HOST_STATION_STATION_H

#include "host/lib/fault.h"
#include "host/lib/letter_carrier.h"
#include "host/station/image_cache.h"

enum station_mark { STATION_BEGUN, STATION_DONE };

/* Called at the begin and at the end of each step. */
struct station_progress {
    void *context;
    void (*tell)(void *context, const char *step, enum station_mark mark);
};

/*
 * Gets a token over `nonce` from the device once it runs locked, through its data link. `token` has room for
 * STATION_TOKEN_MAX bytes. Waits for the device's start up to `timeout_ms`. NULL where there is no data link: then only
 * the closed debug port tells of the lock.
 */
#define STATION_TOKEN_MAX 1024u
struct station_prover {
    void *context;
    int (*prove)(void *context, struct bytes nonce, unsigned timeout_ms, uint8_t *token, size_t *len,
                 struct fault *fault);
};

/*
 * The chip's own line, for the secure channel. `open` gives a descriptor, which is the station's then. NULL where the
 * chip is reached over its debug port.
 */
struct station_wire {
    void *context;
    int (*open)(void *context, int *fd, struct fault *fault);
};

struct station_job {
    const char *target;  /* "host:port" of the debug port; NULL: it is known to be closed */
    const char *socket;  /* its name on this station, 1 to LETTER_SOCKET_MAX bytes */
    unsigned timeout_ms; /* for one command of the debug port, 0: 5 seconds; all other waits are multiples of it */
    struct letter_carrier carrier; /* to the appliance; of this chip alone */
    struct station_wire wire;
    struct station_prover prover;
    struct station_progress progress;
    struct image_cache *cache; /* of all sockets of the station */
};

struct station_result {
    uint64_t number;
    uint64_t package_sequence;
    uint8_t device_cert[LETTER_CERT_MAX]; /* DER */
    size_t device_cert_len;
    uint8_t update_cert[LETTER_CERT_MAX];
    size_t update_cert_len;
};

/* Provisions one chip. On a fault nothing is lost: repair what the fault says and run again. */
int station_provision(const struct station_job *job, struct station_result *out, struct fault *fault);

#endif
