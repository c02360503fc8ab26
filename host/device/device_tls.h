/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device_tls: the device's TLS session with a server, whose records this side only carries (docs/spec.md section 9.5).
 * It sees no key and no text of the session but what the device gives away.
 */
#ifndef HOST_DEVICE_DEVICE_TLS_H
#define HOST_DEVICE_DEVICE_TLS_H

#include "host/device/device.h"

#define DEVICE_TLS_PIECE_MAX 1024 /* bytes to the device in one step */
#define DEVICE_TLS_TEXT_MAX 8192  /* that the server may say */

enum device_tls_state {
    DEVICE_TLS_HANDSHAKE = 1,
    DEVICE_TLS_OPEN = 2,
    DEVICE_TLS_DONE = 3,   /* the server answered; ended in order */
    DEVICE_TLS_CLOSED = 4, /* the server ended it without an answer */
    DEVICE_TLS_FAILED = 5
};

struct device_tls_step {
    struct bytes in; /* from the server, beginning at byte `off` of all that it sent */
    uint32_t off;
    uint32_t ack; /* bytes for the server that have come so far */
    uint32_t got; /* bytes of text that have come so far */
    int end;      /* the server will send no more */
};

/* Views into link->answer. */
struct device_tls_answer {
    uint32_t off; /* bytes from the server that the device has */
    struct bytes out;
    struct bytes why; /* for people, not trusted */
    uint64_t code;
    struct bytes text;
    uint64_t state; /* enum device_tls_state */
};

/* Has the device begin a session with the server of that name. */
int device_tls_open(struct smp_link *link, const char *name, struct fault *fault);
/* One step. */
int device_tls_step(struct smp_link *link, const struct device_tls_step *step, struct device_tls_answer *out,
                    struct fault *fault);
/* Strict: UNKNOWN_FIELD, MISSING_FIELD, BAD_ARGUMENT, or what the reader says. */
status_t device_tls_answer_parse(struct bytes in, struct device_tls_answer *out);

/* What the device said at the end of a session. */
struct device_tls_result {
    uint64_t state;
    char why[128]; /* cleaned */
    uint64_t code;
    char text[DEVICE_TLS_TEXT_MAX + 1]; /* cleaned, without line ends */
};
/*
 * Carries records between the device and `fd`, a connected stream socket, until the session has ended or nothing moved
 * for `idle_ms`. A session that ended badly is no fault: out->state tells.
 */
int device_tls_carry(struct smp_link *link, int fd, const char *name, unsigned idle_ms, struct device_tls_result *out,
                     struct fault *fault);

#endif
