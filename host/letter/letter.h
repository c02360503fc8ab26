/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter: the messages between a station and the appliance, in deterministic CBOR. All that the two rooms know of each
 * other. Request [op, map], answer [op, 0, map], or [op, 1, {1: what, 2: hint}] when it is refused. No private key and
 * no plaintext application ever stands in one. Whoever carries them needs no trust: each side checks what it reads.
 */
#ifndef HOST_LETTER_LETTER_H
#define HOST_LETTER_LETTER_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"
#include "host/lib/fault.h"

#define LETTER_MAX 24576u       /* an encoded letter */
#define LETTER_PIECE_MAX 16384u /* bytes of an image in one letter */
#define LETTER_TEXT_MAX (sizeof((struct fault *)0)->what)

enum letter_op {
    LETTER_IMAGE = 1,      /* read a piece of what is to be written to flash */
    LETTER_BEGIN = 2,      /* a chip said HELLO: take it in hand */
    LETTER_POSSESSION = 3, /* its keys and their proof: reserve it, then certificates, policy, key block */
    LETTER_RECEIPT = 4,    /* what the chip says that it holds */
    LETTER_CLOSE = 5       /* the chip was seen locked and says so itself: the record is done */
};

enum letter_image {
    LETTER_IMAGE_BOOT = 1,    /* flash 0 to 0x8000: BL1 and both anchor pages */
    LETTER_IMAGE_SBM_A = 2,   /* SBM slot A, 0x30000 bytes */
    LETTER_IMAGE_PACKAGE = 3, /* the encrypted application package; it follows the key block in its slot */
    LETTER_IMAGE_SBM_B = 4,   /* SBM slot B, as slot A */
    LETTER_IMAGE_SBM_PACKAGE =
        5 /* the SBM's package, filled up with 0xFF to 0x60000 bytes: the source of its spare copies */
};

/* Only the fields of its op are set. Map keys are the numbers in brackets. */
struct letter_request {
    uint64_t op;
    uint64_t image;            /* IMAGE [1]: enum letter_image */
    uint64_t offset;           /* IMAGE [2] */
    struct bytes uid;          /* BEGIN [1]: 16 */
    uint64_t lifecycle;        /* BEGIN [2] */
    uint64_t sbm_sequence;     /* BEGIN [3] */
    struct bytes possession;   /* POSSESSION [1]: COSE_Sign1 from the chip */
    struct bytes items_digest; /* RECEIPT [1]: 32 */
    struct bytes boot_digest;  /* RECEIPT [2]: 32 */
    struct bytes sbm_digest;   /* RECEIPT [3]: 32 */
    uint64_t app_sequence;     /* RECEIPT [4] */
    struct bytes token;        /* CLOSE [1]: the device's token over the receipt's nonce, or empty */
};

struct letter_answer {
    uint64_t op;
    uint64_t refused;          /* 1: only what and hint are set */
    struct bytes what;         /* text */
    struct bytes hint;         /* text */
    uint64_t total;            /* IMAGE [1]: bytes of the whole image */
    struct bytes piece;        /* IMAGE [2]: from the offset, at least one byte */
    struct bytes challenge;    /* BEGIN [1]: 32 */
    uint64_t number;           /* POSSESSION [1]: unit number */
    struct bytes policy;       /* POSSESSION [2] */
    struct bytes device_cert;  /* POSSESSION [3]: DER */
    struct bytes issuer_cert;  /* POSSESSION [4] */
    struct bytes root_cert;    /* POSSESSION [5] */
    struct bytes update_cert;  /* POSSESSION [6] */
    struct bytes block;        /* POSSESSION [7]: key block for this device */
    uint64_t package_sequence; /* POSSESSION [8] */
    struct bytes nonce;        /* RECEIPT [1]: 32, for the proof that the device is secured */
};

/* Strict: every field of the op, no other. On error *out is all zero. */
status_t letter_request_parse(struct bytes in, struct letter_request *out);
status_t letter_answer_parse(struct bytes in, struct letter_answer *out);
void letter_request_build(const struct letter_request *in, struct cbor_writer *out);
void letter_answer_build(const struct letter_answer *in, struct cbor_writer *out);
/* Writes the refusal that says `fault`. */
void letter_refusal_build(uint64_t op, const struct fault *fault, struct cbor_writer *out);

/*
 * Carries a request to the appliance and brings its answer; `capacity` is LETTER_MAX. 0, or -1 with the fault when
 * the way there failed.
 */
struct letter_carrier {
    void *context;
    int (*carry)(void *context, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault);
};

#endif
