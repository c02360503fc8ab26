/* SPDX-License-Identifier: Apache-2.0 */
/*
 * station: one socket of a station: speaks the letters to an appliance over TLS and does what they ask with the chip of
 * this process. Keeps the images that are the same for every chip, as a station does.
 */
#ifndef TESTS_BENCH_LOAD_STATION_H
#define TESTS_BENCH_LOAD_STATION_H

#include "host/lib/cert.h"
#include "host/lib/tls.h"
#include "wire/letter.h"

#define STATION_IMAGES 8
#define STATION_PATIENCE_MS 120000

struct station_image {
    uint8_t digest[32];
    uint8_t *data; /* NULL: none */
    size_t len;
};

struct station {
    struct tls *tls;
    struct tls_conn *conn;
    char name[LETTER_SOCKET_MAX + 1];
    struct station_image images[STATION_IMAGES];
    struct station_image head; /* of the chip in hand */
    /* NULL, or what happens to each letter before it leaves; gives its length then. */
    size_t (*twist)(struct station *station, const struct letter_request *request, size_t len);
    uint64_t letters; /* sent for this unit, pieces of images aside */
    uint8_t request[LETTER_MAX];
    uint8_t answer[LETTER_MAX];
    uint8_t piece[LETTER_MAX]; /* the answer with a piece of an image */
    uint8_t data[LETTER_MAX];  /* what came of the actions at hand */
    uint8_t token[2048];
};

/* What a unit came to. */
struct station_made {
    uint64_t number;
    uint64_t letters;
    uint8_t uid[16];
    uint8_t identity_key[64]; /* as its chip said */
    struct cert device;
    struct cert update;
};

/* Opens the identity's TLS; each socket has a connection of its own. */
int station_open(struct station *station, const char *address, const char *identity, const char *name,
                 struct fault *fault);
void station_close(struct station *station);
/* Makes a device of a new chip: from BEGIN to DONE. */
int station_unit_make(struct station *station, const uint8_t uid[16], struct station_made *made, struct fault *fault);
/* The same with the chip as it is. */
int station_unit_run(struct station *station, struct station_made *made, struct fault *fault);

#endif
