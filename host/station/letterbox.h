/* SPDX-License-Identifier: Apache-2.0 */
/* letterbox: the station's side of the letters: builds requests, checks answers, turns a refusal into a fault. */
#ifndef HOST_STATION_LETTERBOX_H
#define HOST_STATION_LETTERBOX_H

#include "host/lib/letter_carrier.h"
#include "wire/letter.h"

struct letterbox {
    struct letter_carrier carrier;
    uint8_t request[LETTER_MAX];
    uint8_t answer[LETTER_MAX];
    uint8_t piece[LETTER_MAX]; /* the answer that brings a piece of an image */
};

/* One request; `answer` looks into box->answer until the next call. */
int letterbox_ask(struct letterbox *box, const struct letter_request *request, struct letter_answer *answer,
                  struct fault *fault);
/* For image_source: fetches a whole image. `box` is a struct letterbox. What the last answer said stays. */
int letterbox_image_fetch(void *box, const uint8_t digest[32], uint8_t *out, size_t len, struct fault *fault);

#endif
