/* SPDX-License-Identifier: Apache-2.0 */
/* letterbox: the station's side of the letters: builds requests, checks answers, turns a refusal into a fault. */
#ifndef HOST_STATION_LETTERBOX_H
#define HOST_STATION_LETTERBOX_H

#include "host/letter/letter.h"

struct letterbox {
    struct letter_carrier carrier;
    uint8_t answer[LETTER_MAX];
};

/* One request; `answer` looks into box->answer until the next call. */
int letterbox_ask(struct letterbox *box, const struct letter_request *request, struct letter_answer *answer,
                  struct fault *fault);
/* Fetches a whole image of 1 to `max` bytes into malloc'd memory; the caller frees. */
int letterbox_image_fetch(struct letterbox *box, enum letter_image image, size_t max, uint8_t **data, size_t *len,
                          struct fault *fault);

#endif
