/* SPDX-License-Identifier: Apache-2.0 */
/* hand: see hand.h. */
#include "host/appliance/hand.h"

#include <string.h>

void hand_init(struct hand *hand)
{
    (void)pthread_mutex_init(&hand->lock, NULL);
    hand->first = NULL;
}

/* With the lock held. */
static int is_taken(const struct hand *hand, const uint8_t uid[16])
{
    const struct hand_chip *at = hand->first;
    while (at != NULL && memcmp(at->uid, uid, 16) != 0) {
        at = at->next;
    }
    return at != NULL;
}

int hand_take(struct hand *hand, struct hand_chip *chip, const uint8_t uid[16])
{
    hand_drop(hand, chip);
    (void)pthread_mutex_lock(&hand->lock);
    int taken = is_taken(hand, uid);
    if (!taken) {
        memcpy(chip->uid, uid, sizeof chip->uid);
        chip->next = hand->first;
        chip->taken = 1;
        hand->first = chip;
    }
    (void)pthread_mutex_unlock(&hand->lock);
    return taken ? -1 : 0;
}

void hand_drop(struct hand *hand, struct hand_chip *chip)
{
    (void)pthread_mutex_lock(&hand->lock);
    if (chip->taken) {
        struct hand_chip **at = &hand->first;
        while (*at != chip) {
            at = &(*at)->next;
        }
        *at = chip->next;
        chip->taken = 0;
    }
    (void)pthread_mutex_unlock(&hand->lock);
}
