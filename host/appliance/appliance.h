/* SPDX-License-Identifier: Apache-2.0 */
/*
 * appliance: the engine of provisioning: token, ledger, certificates, key blocks. It conducts: each letter of a station
 * (wire/letter.h) is answered with the next action. Every answer rests on what it checked itself; what a station says
 * is checked against the chip's signature. Any number of sockets at once, from any threads; one chip in one socket.
 */
#ifndef HOST_APPLIANCE_APPLIANCE_H
#define HOST_APPLIANCE_APPLIANCE_H

#include "base/bytes.h"
#include "host/lib/project.h"
#include "wire/letter.h"

struct appliance;
struct appliance_socket;
struct appliance_folder;
struct ledger;
struct quota;

/* What the engine works with. All of it outlives the engine; `folder` must be enrolled. */
struct appliance_config {
    const struct appliance_folder *folder;
    struct hsm *hsm;
    struct ledger *ledger;
    struct quota *quota; /* NULL: no TPM, the ledger alone counts */
    int token_needed;    /* 1: a record is closed only by the device's own token that says it is secured */
};
/* Makes an engine without a production package: it refuses every chip until one is loaded. */
int appliance_make(const struct appliance_config *config, struct appliance **out, struct fault *fault);
/*
 * Opens a production package (host/production/production.h says what is refused), gives its refill to the TPM, records
 * it and makes chips by it from now on; those in hand are finished by the package that they were begun with. The same
 * package once more, as at each start, counts nothing again. cut: the TPM may be refilled and the package not recorded;
 * loading it again completes that.
 */
int appliance_load(struct appliance *appliance, struct bytes package, struct fault *fault);

/* Failures go into the ledger up to a rate for each station (failures.h). How many did so far, and how many did not;
 * settle: records the number of those that did not, before the ledger is closed. */
void appliance_failures_count(struct appliance *appliance, uint64_t *recorded, uint64_t *left_out);
void appliance_failures_settle(struct appliance *appliance);
/* What its TPM did since the start (spend_busy); zero without one. */
void appliance_tpm_busy(struct appliance *appliance, uint64_t *signatures, uint64_t *busy_us);
/* All its sockets are closed before. NULL is allowed. */
void appliance_close(struct appliance *appliance);

/*
 * A place for one chip, on one connection. `station` names who is connected, for records; at most 63 bytes are kept.
 * The letters of one socket come one after the other.
 */
int appliance_socket_open(struct appliance *appliance, const char *station, struct appliance_socket **out,
                          struct fault *fault);
/* Lets go of the chip that is in hand; what was recorded stays. NULL is allowed. */
void appliance_socket_close(struct appliance_socket *socket);
/*
 * Answers one letter; for letter_carrier.carry, `socket` is a struct appliance_socket. `answer` has room for LETTER_MAX
 * bytes. A refusal is an answer too: the result is -1 only when not even that can be written. cut: what was released
 * was recorded before.
 */
int appliance_carry(void *socket, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault);

#endif
