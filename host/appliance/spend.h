/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spend: units taken from the TPM's quota, none of them without a trace: what the TPM counted and no grant of the
 * ledger holds is recorded as spent before the next unit is taken. Thread-safe.
 */
#ifndef HOST_APPLIANCE_SPEND_H
#define HOST_APPLIANCE_SPEND_H

#include <pthread.h>
#include <semaphore.h>

#include "host/quota/quota.h"
#include "host/ledger/ledger.h"

#define SPEND_LOST_MAX 64

/* One caller's wish, on its own stack while it waits. */
struct spend_ask {
    const uint8_t *digest;
    uint8_t *signature;
    uint64_t *count;
    struct fault *fault;
    int result;
    sem_t done;
    struct spend_ask *next;
};

struct spend {
    struct quota *quota;
    struct ledger *ledger;
    pthread_t signer; /* a thread of its own, so that the TPM waits for nobody while somebody waits for it */
    int running;
    pthread_mutex_t queue; /* guards what is asked */
    pthread_cond_t wake;
    int stopping;
    struct spend_ask *first;
    struct spend_ask *end;
    pthread_mutex_t lock; /* guards all below */
    int unsure;           /* the TPM may have counted what nobody got */
    uint64_t last;        /* the count of its last signature */
    uint64_t signatures;  /* that the TPM gave since the start, ... */
    uint64_t busy_us;     /* ... and the time that it took for them, in microseconds */
    size_t lost_count;    /* counts whose grant could not be recorded, and not yet that they are lost either */
    uint64_t lost[SPEND_LOST_MAX];
};

/* Begins where the ledger ends: what the TPM counted and the ledger does not hold, now that nobody waits for it any
 * more, is recorded as spent. */
int spend_init(struct spend *spend, struct quota *quota, struct ledger *ledger, struct fault *fault);
/* No call may be under way. */
void spend_close(struct spend *spend);
/* As quota_sign, after everything lost before is on record. Refused, too, while the TPM has counted less than the
 * ledger holds, and with a count that the ledger may hold already. */
int spend_sign(struct spend *spend, const uint8_t digest[32], uint8_t signature[64], uint64_t *count,
               struct fault *fault);
/* How many units the TPM signed since the start, and for how long it was asked: its own rate is the one by the other.
 */
void spend_busy(struct spend *spend, uint64_t *signatures, uint64_t *busy_us);
/* As quota_refill. Units that were left, and are void by it, are recorded as spent. cut: they are at the next start. */
int spend_refill(struct spend *spend, struct bytes refill, struct fault *fault);
/* What was signed with this count could not be recorded and is forgotten. */
void spend_lose(struct spend *spend, uint64_t count);

#endif
