/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter: the messages between a station and the appliance (docs/spec.md section 13), in deterministic CBOR: all that
 * the two know of each other. The appliance conducts: its answer names the next actions, the station's next request
 * says how they went. No private key and no plaintext application ever stands in one. Syntax only.
 */
#ifndef WIRE_LETTER_H
#define WIRE_LETTER_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define LETTER_VERSION 3
#define LETTER_MAX 24576u       /* an encoded letter */
#define LETTER_PIECE_MAX 16384u /* bytes of an image in one letter */
#define LETTER_SOCKET_MAX 32u   /* name of a socket */
#define LETTER_TEXT_MAX 256u    /* what a station says of a trouble */
#define LETTER_STEP_MAX 96u     /* an action's text for people */
#define LETTER_WHAT_MAX 767u    /* a refusal's texts */
#define LETTER_HINT_MAX 383u
#define LETTER_CERT_MAX 2048u
#define LETTER_IMAGE_MAX 0x400000u /* no image is larger than a chip's flash */
#define LETTER_ACTIONS_MAX 16u     /* in one answer, to be done in order */
#define LETTER_TOOK_MAX UINT32_MAX /* milliseconds of one action */

enum letter_op {
    LETTER_BEGIN = 1,  /* a chip is in the socket: take it in hand */
    LETTER_RESULT = 2, /* how the last actions went */
    LETTER_IMAGE = 3,  /* read a piece of what is to be written to flash */
    LETTER_BYE = 4     /* the socket is empty */
};

enum letter_channel {
    LETTER_CHANNEL_OPEN = 1,  /* debug port */
    LETTER_CHANNEL_SECURE = 2 /* frames to a chip that has a key of its vendor */
};

/* What can be asked of a station. In brackets the keys of the action's map; 1 is the kind, 2 the step. */
enum letter_kind {
    LETTER_WRITE = 1,   /* [3, 4, 5, 6] write an image to flash, unless it stands there */
    LETTER_START = 2,   /* reset, halt, clear the mailbox, run until the agent is ready */
    LETTER_ASK = 3,     /* [3, 4] one request to the chip's agent -> its answer */
    LETTER_COMPARE = 4, /* [3, 4, 5, 6] read an image back and compare */
    LETTER_FRAME = 5,   /* [3, 4] one frame to the chip's UART -> the frame that comes back */
    LETTER_LOCK = 6,    /* [3, 4] as ASK, but its answer may be lost: then the result is empty */
    LETTER_CLOSED = 7,  /* see the debug port closed */
    LETTER_TOKEN = 8,   /* [3] -> the device's token over the nonce, or empty without a data link */
    LETTER_DONE = 9     /* [3, 4, 5, 6] nothing more to do: the unit's number, its certificates, its application */
};

/* Why a station could not do what it was asked. */
enum letter_trouble {
    LETTER_FINE = 0,
    LETTER_TROUBLE_PORT = 1,    /* the debug port is closed or cannot be reached */
    LETTER_TROUBLE_FLASH = 2,   /* flash cannot be read or written */
    LETTER_TROUBLE_DIFFERS = 3, /* flash does not hold what was written */
    LETTER_TROUBLE_AGENT = 4,   /* the agent does not start */
    LETTER_TROUBLE_SILENT = 5,  /* no answer of the chip, or none that can be */
    LETTER_TROUBLE_OPEN = 6,    /* the debug port stays open */
    LETTER_TROUBLE_TOKEN = 7,   /* there is a data link, and no token comes */
    LETTER_TROUBLE_IMAGE = 8,   /* the image could not be fetched */
    LETTER_TROUBLE_CANNOT = 9,  /* this station cannot do such a thing */
    LETTER_TROUBLE_REFUSED = 10 /* the chip answered, and refuses: its answer is the result's data */
};

/* How one action went. */
struct letter_result {
    uint64_t code;     /* [1] enum letter_trouble */
    struct bytes data; /* [2] what came of it */
    struct bytes text; /* [3] text, at most LETTER_TEXT_MAX bytes */
    uint64_t took_ms;  /* [4] 0 to LETTER_TOOK_MAX, as the station says */
};

/* Only the fields of its op are set. Map keys are the numbers in brackets. */
struct letter_request {
    uint64_t op;
    uint64_t version;    /* BEGIN [1] */
    struct bytes socket; /* BEGIN [2]: text, 1 to LETTER_SOCKET_MAX bytes */
    uint64_t channel;    /* BEGIN [3]: enum letter_channel */
    struct bytes digest; /* IMAGE [1]: SHA-256, 32 */
    uint64_t offset;     /* IMAGE [2] */
    size_t count;        /* RESULT [1]: results, 1 to LETTER_ACTIONS_MAX, in the order of the actions */
    struct letter_result results[LETTER_ACTIONS_MAX];
};

/* Only the fields of its kind are set. DONE is the only action of its answer. */
struct letter_action {
    uint64_t kind;            /* [1] enum letter_kind */
    struct bytes step;        /* [2] text for people, at most LETTER_STEP_MAX bytes */
    uint64_t offset;          /* WRITE, COMPARE [3]: flash offset */
    uint64_t erase_len;       /* WRITE, COMPARE [4] */
    struct bytes digest;      /* WRITE, COMPARE [5]: SHA-256 of the image, 32 */
    uint64_t image_len;       /* WRITE, COMPARE [6]: 1 to LETTER_IMAGE_MAX */
    struct bytes message;     /* ASK, FRAME, LOCK [3] */
    uint64_t seconds;         /* ASK, FRAME, LOCK [4]: to wait for the answer, 1 to 3600 */
    struct bytes nonce;       /* TOKEN [3]: 32 */
    uint64_t number;          /* DONE [3]: unit number */
    struct bytes device_cert; /* DONE [4]: DER */
    struct bytes update_cert; /* DONE [5]: DER */
    uint64_t sequence;        /* DONE [6]: sequence number of the application */
};

struct letter_answer {
    uint64_t op;
    uint64_t refused;   /* 1: only what and hint are set */
    struct bytes what;  /* text */
    struct bytes hint;  /* text */
    uint64_t total;     /* IMAGE [1]: bytes of the whole image */
    struct bytes piece; /* IMAGE [2]: from the offset, 1 to LETTER_PIECE_MAX bytes */
    size_t count;       /* BEGIN, RESULT [1]: actions, 1 to LETTER_ACTIONS_MAX, to be done in order */
    struct letter_action actions[LETTER_ACTIONS_MAX];
};

/*
 * Strict: every field of the op or kind, no other. On error *out is all zero: MESSAGE (no such op or kind),
 * MISSING_FIELD, UNKNOWN_FIELD, BAD_ARGUMENT (a number out of range), TRUNCATED, TOO_LONG, and what cbor.h says.
 */
status_t letter_request_parse(struct bytes in, struct letter_request *out);
status_t letter_answer_parse(struct bytes in, struct letter_answer *out);
void letter_request_build(const struct letter_request *in, struct cbor_writer *out);
void letter_answer_build(const struct letter_answer *in, struct cbor_writer *out);
/* Writes the refusal with these texts; what does not fit is cut at a character. */
void letter_refusal_build(uint64_t op, struct bytes what, struct bytes hint, struct cbor_writer *out);
/* The longest beginning of `text` with at most `max` bytes that ends with a whole character (UTF-8). */
struct bytes letter_text_cut(struct bytes text, size_t max);

#endif
