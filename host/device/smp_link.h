/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smp_link: requests and answers of SMP over a serial line (docs/spec.md section 9): a tty, or the data UART of a
 * virtual chip. The device is not trusted: every wait has a deadline, and what is not the answer to the request is
 * dropped.
 */
#ifndef HOST_DEVICE_SMP_LINK_H
#define HOST_DEVICE_SMP_LINK_H

#include "host/lib/fault.h"
#include "wire/smp.h"

#define SMP_BODY_MAX (SMP_PACKET_MAX - SMP_HEAD_LEN)

struct smp_link {
    int fd;              /* -1: closed */
    uint8_t sequence;    /* of the last request */
    unsigned timeout_ms; /* for one try */
    unsigned tries;
    struct smp_decoder decoder;
    uint8_t answer[SMP_PACKET_MAX];
};

/* Opens DIR/link.sock of a virtual chip; "HOST:PORT", where a serial port is given raw over TCP; or a tty (115200 baud,
 * raw). The last takes either of the latter two. */
int smp_line_chip_open(struct smp_link *link, const char *dir, struct fault *fault);
int smp_line_port_open(struct smp_link *link, const char *port, struct fault *fault);
int smp_line_tty_open(struct smp_link *link, const char *path, struct fault *fault);
/* Takes a descriptor over: for tests, and for the two above. Timeout 2 seconds, 4 tries. */
void smp_link_init(struct smp_link *link, int fd);
/* Safe on one that is closed. */
void smp_link_close(struct smp_link *link);

/* A request; `body` is an encoded CBOR map. */
struct smp_question {
    enum smp_op op; /* SMP_READ or SMP_WRITE */
    uint16_t group;
    uint8_t command;
    struct bytes body;
};
/* Asks until there is an answer or all tries are used up. *body looks into link->answer until the next call. */
int smp_link_ask(struct smp_link *link, const struct smp_question *question, struct bytes *body, struct fault *fault);

#endif
