/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smp_server: the answering side of SMP over a serial line (docs/spec.md section 9), for the application and for SBM's
 * recovery alike: echo, reset, parameters, image state, upload, erase. It carries; what is done, and whether, decide
 * the calls that its owner gives. Bytes in, bytes out: it touches no line itself.
 */
#ifndef WIRE_SMP_SERVER_H
#define WIRE_SMP_SERVER_H

#include "wire/smp.h"
#include "wire/smp_image.h"

/* The longest piece that upload_write gets. */
#define SMP_PIECE_MAX 1024

enum smp_rc {
    SMP_RC_OK = 0,
    SMP_RC_UNKNOWN = 1,
    SMP_RC_INVALID = 3,
    SMP_RC_NOT_FOUND = 5,
    SMP_RC_BAD_STATE = 6,
    SMP_RC_TOO_LONG = 7,
    SMP_RC_NOT_SUPPORTED = 8
};

/* What a request's head says. The answer has the same; a second version's success has no "rc". */
enum smp_version { SMP_FIRST = 0, SMP_SECOND = 1 };

/* Each gives STATUS_OK, or the status number of the refusal. */
struct smp_calls {
    /* Makes ready for `len` bytes for that image, whatever came before. */
    status_t (*upload_start)(uint32_t image, uint32_t len);
    /* Pieces come in order, without gaps. */
    status_t (*upload_write)(uint32_t off, struct bytes data);
    /* All has come: checks it and makes it pending. */
    status_t (*upload_finish)(void);
    /* Forgets what was uploaded, also when it is pending. */
    status_t (*upload_erase)(void);
    status_t (*confirm)(void);
    /* 1 when there is an image: slot 0 is installed, slot 1 is pending. */
    int (*image_read)(unsigned slot, struct smp_image *out);
    /* Any other group: reads the body, and writes one map. */
    void (*other)(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer);
};

struct smp_server {
    const struct smp_calls *calls;
    struct smp_decoder decoder;
    uint32_t image; /* the upload under way or done */
    uint32_t len;   /* 0: none */
    uint32_t off;
    status_t verdict; /* once off is len */
    uint8_t sha[SMP_HASH_LEN];
    int has_sha;
    uint8_t version; /* SMP_FIRST or SMP_SECOND, of the request under way */
    uint8_t answer[SMP_PACKET_MAX];
    uint8_t frames[SMP_ENCODED_MAX];
};

void smp_server_open(struct smp_server *server, const struct smp_calls *calls);
/* Takes one byte of the line. When it completes a request: the answer in frames, to be sent, and in *head what it
 * answered; else nothing. After the answer to a reset (smp_is_reset) the owner resets the device. */
struct bytes smp_server_take(struct smp_server *server, uint8_t byte, struct smp_head *head);
int smp_is_reset(const struct smp_head *head);

/* {"rc": rc}. */
void smp_rc_build(struct cbor_writer *w, enum smp_rc rc);
/* {"rc": 0}, or the refusal {"rc": n, "rsn": "status number: its text"}. */
void smp_status_build(struct cbor_writer *w, status_t status);

#endif
