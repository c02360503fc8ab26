/* SPDX-License-Identifier: Apache-2.0 */
/* smp_image: requests and answers of SMP's image group (docs/spec.md section 9): upload and image state. Syntax only.
 */
#ifndef WIRE_SMP_IMAGE_H
#define WIRE_SMP_IMAGE_H

#include "wire/smp_map.h"

#define SMP_HASH_LEN 32

struct smp_upload {
    uint64_t image; /* 0 when not said */
    uint64_t off;
    uint64_t len;     /* of the whole upload, 1 to 4294967295; 0 when not said, which is so only when off is not 0 */
    struct bytes sha; /* of the whole upload: SMP_HASH_LEN bytes, or empty */
    struct bytes data;
};
/* The whole of `r` is one request. Text keys that are not known here are skipped. MISSING_FIELD, BAD_ARGUMENT,
 * DUPLICATE, or what the reader says. */
status_t smp_upload_parse(struct cbor_reader *r, struct smp_upload *out);

struct smp_state_request {
    struct bytes hash; /* SMP_HASH_LEN bytes, or empty */
    int confirm;
};
status_t smp_state_parse(struct cbor_reader *r, struct smp_state_request *out);

struct smp_image {
    uint8_t hash[SMP_HASH_LEN];
    uint32_t sequence;
    int bootable;
    int pending; /* installed at the next reset */
    int confirmed;
    int active; /* runs */
};
/* One element of the list "images". */
void smp_image_build(const struct smp_image *image, unsigned slot, struct cbor_writer *w);

#endif
