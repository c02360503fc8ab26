/* SPDX-License-Identifier: Apache-2.0 */
/*
 * station: brings one chip from bare to locked: writes what the appliance gives, carries letters between chip and
 * appliance, and proves that the debug port closed. It holds no key and decides nothing. Every step may be repeated:
 * running it again on the same chip resumes.
 */
#ifndef HOST_STATION_STATION_H
#define HOST_STATION_STATION_H

#include "host/letter/letter.h"
#include "host/lib/fault.h"

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

struct station_job {
    const char *target;  /* "host:port" of the debug port */
    unsigned timeout_ms; /* for one command of the debug port, 0: 5 seconds; all other waits are multiples of it */
    struct letter_carrier carrier; /* to the appliance */
    struct station_prover prover;
    struct station_progress progress;
};

struct station_result {
    uint8_t uid[16];
    uint64_t number;
    uint64_t package_sequence;
    uint8_t device_cert[2048]; /* DER */
    size_t device_cert_len;
    uint8_t update_cert[2048];
    size_t update_cert_len;
};

/* Provisions one chip. On a fault nothing is lost: repair what the fault says and run again. */
int station_provision(const struct station_job *job, struct station_result *out, struct fault *fault);
/* Waits until nothing answers at `target` any more; fault when the debug port is still open after `timeout_ms`. */
int station_port_closed_wait(const char *target, unsigned timeout_ms, struct fault *fault);

#endif
