/* SPDX-License-Identifier: Apache-2.0 */
/* hand: the chips in hand over all sockets: no chip is in two at once. Thread-safe. */
#ifndef HOST_APPLIANCE_HAND_H
#define HOST_APPLIANCE_HAND_H

#include <pthread.h>
#include <stdint.h>

/* One chip in hand; zero: none. It stands in the list, so it must not move. */
struct hand_chip {
    struct hand_chip *next;
    int taken;
    uint8_t uid[16];
};

struct hand {
    pthread_mutex_t lock;
    struct hand_chip *first;
};

void hand_init(struct hand *hand);
/* Takes the chip with this unique ID. 0, or -1 when it is in hand elsewhere. What `chip` held before is let go. */
int hand_take(struct hand *hand, struct hand_chip *chip, const uint8_t uid[16]);
/* Lets it go; nothing when it is not taken. */
void hand_drop(struct hand *hand, struct hand_chip *chip);

#endif
