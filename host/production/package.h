/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package: checks a SUIT package of docs/spec.md section 7.1 or 7.2 before anything is done with it: who signed it,
 * for what, and that its payload is whole.
 */
#ifndef HOST_PRODUCTION_PACKAGE_H
#define HOST_PRODUCTION_PACKAGE_H

#include "host/lib/fault.h"
#include "wire/suit.h"

/* What a package must be. */
struct package_rules {
    int sbm;                    /* 1: an SBM with an image for each slot; 0: an application, encrypted */
    struct bytes firmware_keys; /* 64 each: one of them signed it */
    const uint8_t *vendor;      /* 16 */
    const uint8_t *class_id;    /* 16 */
};

/* Views into what was checked. */
struct package {
    struct suit_envelope envelope;
    uint64_t sequence;
    uint64_t image_size;
    struct bytes image_digests[2]; /* 32 each: of the image that runs; an SBM has one for each slot */
    uint64_t needs_version;        /* least sequence number of the other component, SBM or application; 0: any */
};

/* `in` is one whole package; `name` is its file for messages. */
int package_check(const char *name, struct bytes in, const struct package_rules *rules, struct package *out,
                  struct fault *fault);

#endif
