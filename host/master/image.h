/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image: a firmware image from ELF, Intel HEX or raw binary, as one flat run of bytes for the place from which it runs.
 * ELF and HEX are laid out in memory; a raw binary stays in its file and is read in pieces.
 */
#ifndef HOST_MASTER_IMAGE_H
#define HOST_MASTER_IMAGE_H

#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"

enum image_format { IMAGE_AUTO, IMAGE_ELF, IMAGE_HEX, IMAGE_BIN };

/* What an image must be, for one component. */
struct image_rules {
    const char *component; /* for people: "app", "sbm.a" or "sbm.b" */
    uint32_t base;         /* address of its first byte: the vector table */
    uint64_t max_len;      /* bytes */
    uint32_t ram_first;    /* the initial stack pointer lies in ram_first..ram_last */
    uint32_t ram_last;
    uint32_t bin_base; /* address for which a raw binary was made */
    int slot_check;    /* 0: only sizes are checked, for measuring */
};

struct image {
    uint64_t len;
    uint8_t *data; /* NULL: the bytes are in `fd` */
    int fd;
    const char *path;
};

enum image_slot { IMAGE_APP, IMAGE_SBM_A, IMAGE_SBM_B };

/* The rules of docs/spec.md sections 3 and 10. */
void image_rules_of(enum image_slot slot, struct image_rules *out);
/* Reads, lays out and checks an image. IMAGE_AUTO tells by content and name. image_close it, also after an error. */
int image_open(const char *path, enum image_format format, const struct image_rules *rules, struct image *out,
               struct fault *fault);
void image_close(struct image *image);
/* Reads exactly `len` bytes at `off`. */
int image_read(const struct image *image, uint64_t off, uint8_t *out, size_t len, struct fault *fault);

#endif
