/* SPDX-License-Identifier: Apache-2.0 */
/* image_flat: pieces with addresses, put into one flat image; gaps are 0xFF; overlaps and what lies outside the slot
 * are refused. */
#ifndef HOST_MASTER_IMAGE_FLAT_H
#define HOST_MASTER_IMAGE_FLAT_H

#include "host/master/image.h"

struct image_flat {
    const struct image_rules *rules;
    uint8_t *data;  /* rules->max_len bytes */
    uint8_t *taken; /* one bit for each byte of data */
    uint64_t len;   /* up to the last byte that was put */
};

/* image_flat_free it, also after an error. */
int image_flat_begin(struct image_flat *flat, const struct image_rules *rules, struct fault *fault);
/* `where` names the place in the input for messages: "a.hex:12", "a.elf: segment 1". */
int image_flat_put(struct image_flat *flat, uint64_t addr, struct bytes piece, const char *where, struct fault *fault);
void image_flat_free(struct image_flat *flat);

/* Each reads a whole file's content. `name` is the file's for messages. */
int image_elf_read(const char *name, struct bytes file, struct image_flat *flat, struct fault *fault);
int image_hex_read(const char *name, struct bytes file, struct image_flat *flat, struct fault *fault);

#endif
