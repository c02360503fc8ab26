/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flash_image: brings a range of the chip's flash to given contents, and proves it by reading it back. The CPU must
 * be halted.
 */
#ifndef HOST_STATION_FLASH_IMAGE_H
#define HOST_STATION_FLASH_IMAGE_H

#include "host/station/rsp.h"

/* A range of flash; `off` is a flash offset on a sector, image.len a whole number of granules. */
struct flash_image {
    const char *name; /* for people */
    uint32_t off;
    uint32_t erase_len; /* whole sectors, at least image.len */
    struct bytes image;
};

/*
 * Erases and writes unless the flash holds the image already: what is locked and right needs no write.
 * cut: a range half written; the next run finds it different and writes it again.
 */
int flash_image_write(struct rsp *rsp, const struct flash_image *image, struct fault *fault);
/* Reads the range back and compares. */
int flash_image_check(struct rsp *rsp, const struct flash_image *image, struct fault *fault);

#endif
