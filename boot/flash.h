/* SPDX-License-Identifier: Apache-2.0 */
/* flash: erasing a region and writing a stream of bytes in whole granules, whatever the board's geometry. */
#ifndef BOOT_FLASH_H
#define BOOT_FLASH_H

#include "boot/port.h"

#define FLASH_CHUNK_LEN 256u

/* A run of bytes being programmed, in chunks. */
struct flash_stream {
    uint32_t off; /* where the next chunk goes */
    uint32_t end; /* never written from here on */
    uint32_t fill;
    status_t status;
    uint8_t chunk[FLASH_CHUNK_LEN];
};

/* Bytes that one erase clears at `off`. */
uint32_t flash_sector_len(uint32_t off);
/* Erases all sectors of [off, off + len). Both must be aligned to sectors. cut: any sector of it is in any state. */
status_t flash_erase(uint32_t off, uint32_t len);
/* `off` must be aligned to the granule. */
void flash_stream_start(struct flash_stream *s, uint32_t off, uint32_t end);
/* Latches the first error. cut: what was given before is written up to any point. */
void flash_stream_add(struct flash_stream *s, struct bytes data);
/* Pads the last granule with the erased value and gives the latched status. */
status_t flash_stream_finish(struct flash_stream *s);
/* 1 when all bytes of the range are erased. */
int flash_is_erased(uint32_t off, uint32_t len);
/* `len` rounded up to whole granules. */
uint32_t flash_granules(uint32_t len);

#endif
