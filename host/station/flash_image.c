/* SPDX-License-Identifier: Apache-2.0 */
/* flash_image: see flash_image.h. */
#include "host/station/flash_image.h"

#include "wire/flashctl.h"
#include "wire/layout.h"

#define READ_PIECE 4096u

/* The offset of the first difference; image.len when there is none; -1 on a fault. */
static int64_t difference_find(struct rsp *rsp, const struct flash_image *f, struct fault *fault)
{
    uint8_t piece[READ_PIECE];
    for (size_t at = 0; at < f->image.len; at += sizeof piece) {
        size_t len = f->image.len - at < sizeof piece ? f->image.len - at : sizeof piece;
        if (rsp_memory_read(rsp, LAYOUT_FLASH_SECURE_ADDR + f->off + (uint32_t)at, piece, len, fault) != 0) {
            return -1;
        }
        for (size_t i = 0; i < len; i++) {
            if (piece[i] != f->image.data[at + i]) {
                return (int64_t)(at + i);
            }
        }
    }
    return (int64_t)f->image.len;
}

/* Length without the erased rest, in whole granules. */
static size_t used_len(struct bytes image)
{
    size_t len = image.len;
    while (len > 0 && image.data[len - 1] == 0xFF) {
        len--;
    }
    return (len + FLASHCTL_GRANULE_LEN - 1) / FLASHCTL_GRANULE_LEN * FLASHCTL_GRANULE_LEN;
}

int flash_image_write(struct rsp *rsp, const struct flash_image *f, struct fault *fault)
{
    struct fault inner = FAULT_NONE;
    int64_t different = difference_find(rsp, f, &inner);
    if (different == (int64_t)f->image.len) {
        return 0;
    }
    uint32_t addr = LAYOUT_FLASH_SECURE_ADDR + f->off;
    size_t len = used_len(f->image);
    if (different >= 0 && rsp_flash_erase(rsp, addr, f->erase_len, &inner) == 0 &&
        rsp_flash_write(rsp, addr, bytes_of(f->image.data, len), &inner) == 0 && rsp_flash_done(rsp, &inner) == 0) {
        return 0;
    }
    return fault_set(fault, "%s: %s", f->name, inner.what);
}

int flash_image_check(struct rsp *rsp, const struct flash_image *f, struct fault *fault)
{
    int64_t different = difference_find(rsp, f, fault);
    if (different < 0 || different == (int64_t)f->image.len) {
        return different < 0 ? -1 : 0;
    }
    (void)fault_set(fault, "%s: the flash does not hold what was written (first difference at flash offset 0x%llx)",
                    f->name, (unsigned long long)f->off + (unsigned long long)different);
    return fault_hint(fault, "try once more; a chip that fails twice has bad flash");
}
