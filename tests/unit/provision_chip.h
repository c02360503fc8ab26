/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision_chip: a chip for tests of the station: a debug port on a TCP port of its own, flash with NOR rules, and an
 * agent behind the mailbox whose keys are in a token. It can lose its line at any packet, and it can lie.
 */
#ifndef TESTS_PROVISION_CHIP_H
#define TESTS_PROVISION_CHIP_H

#include <pthread.h>

#include "host/lib/hsm.h"
#include "tests/unit/provision_peer.h"
#include "wire/flashctl.h"
#include "wire/layout.h"
#include "wire/provision_msg.h"

enum chip_vice {
    CHIP_HONEST,
    CHIP_OTHER_CHALLENGE, /* proves another challenge */
    CHIP_OTHER_UID,       /* proves another unique ID */
    CHIP_BAD_SIGNATURE,
    CHIP_SAME_KEYS,      /* one key for both purposes */
    CHIP_STUCK_BIT,      /* a flash bit that reads wrong */
    CHIP_BAD_DIGEST,     /* says that it holds another policy */
    CHIP_STAYS_OPEN,     /* answers LOCK and does not lock */
    CHIP_MUTE_AGENT,     /* no agent starts */
    CHIP_WRONG_OP,       /* answers to another request */
    CHIP_ENDLESS_ANSWER, /* claims an answer of 4 GiB */
    CHIP_DEAD_AT_LOCK,   /* its port closes, but because it lost power */
    CHIP_NOT_SECURED,    /* its port closes; its token says "provisioning" */
    CHIP_OLD_TOKEN,      /* its port closes; its token is over another nonce */
    CHIP_OTHER_SOFTWARE  /* its port closes; its token names another application */
};

struct chip {
    enum chip_vice vice;
    struct hsm *hsm; /* holds its keys */
    const char *identity_label;
    const char *update_label;
    uint8_t uid[16];
    uint64_t sbm_sequence;
    uint64_t app_sequence; /* what INSTALL gives */
    uint8_t *flash;
    uint8_t mailbox[MAILBOX_LEN];
    uint8_t items[5][2048]; /* STORE types 3 to 7 */
    size_t item_lens[5];
    int lock_asked;
    int locked;
    unsigned packets; /* served so far */
    unsigned cut_at;  /* the line breaks at this packet; 0: never */
    char target[32];  /* "127.0.0.1:port" */
    int listen_fd;
    pthread_t thread;
    struct peer peer;
};

/* Fills the fields with a bare, honest chip and starts its debug port. The caller has set hsm and labels. */
void chip_start(struct chip *chip);
/* Powers it off; flash, items and lock stay for a look at them. */
void chip_stop(struct chip *chip);
/* How long one of its answers is waited for: little for what never comes. */
static inline unsigned chip_patience_ms(const struct chip *chip)
{
    return chip->vice == CHIP_MUTE_AGENT || chip->vice == CHIP_STAYS_OPEN ? 400 : 5000;
}

/* For station_prover: the chip's token over `nonce`. */
int chip_prove(void *context, struct bytes nonce, unsigned timeout_ms, uint8_t *token, size_t *len,
               struct fault *fault);
/* A debug port again, as after a power cycle; nothing when it is locked. */
void chip_power_on(struct chip *chip);
void chip_free(struct chip *chip);

#endif
