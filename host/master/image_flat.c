/* SPDX-License-Identifier: Apache-2.0 */
/* image_flat: see image_flat.h. */
#include "host/master/image_flat.h"

#include <inttypes.h>
#include <stdlib.h>

int image_flat_begin(struct image_flat *flat, const struct image_rules *rules, struct fault *fault)
{
    *flat = (struct image_flat){ rules, NULL, NULL, 0 };
    flat->data = (uint8_t *)malloc((size_t)rules->max_len);
    flat->taken = (uint8_t *)calloc(1, (size_t)rules->max_len / 8 + 1);
    if (flat->data == NULL || flat->taken == NULL) {
        return fault_set(fault, "no memory for an image of %" PRIu64 " bytes", rules->max_len);
    }
    memset(flat->data, 0xFF, (size_t)rules->max_len);
    return 0;
}

void image_flat_free(struct image_flat *flat)
{
    free(flat->data);
    free(flat->taken);
    flat->data = NULL;
    flat->taken = NULL;
}

static int range_check(const struct image_flat *flat, uint64_t addr, uint64_t len, const char *where,
                       struct fault *fault)
{
    const struct image_rules *rules = flat->rules;
    uint64_t end = (uint64_t)rules->base + rules->max_len;
    if (addr >= rules->base && addr <= end && len <= end - addr) {
        return 0;
    }
    (void)fault_set(fault,
                    "%s: %" PRIu64 " bytes at 0x%08" PRIX64 " lie outside the slot of '%s' (0x%08" PRIX32
                    " to 0x%08" PRIX64 ")",
                    where, len, addr, rules->component, rules->base, end - 1);
    return fault_hint(fault, "link the image for 0x%08" PRIX32 "; only what is loaded into flash belongs in the file",
                      rules->base);
}

int image_flat_put(struct image_flat *flat, uint64_t addr, struct bytes piece, const char *where, struct fault *fault)
{
    if (piece.len == 0) {
        return 0;
    }
    if (range_check(flat, addr, piece.len, where, fault) != 0) {
        return -1;
    }
    size_t off = (size_t)(addr - flat->rules->base);
    for (size_t i = off; i < off + piece.len; i++) {
        if ((flat->taken[i / 8] >> (i % 8) & 1u) != 0) {
            (void)fault_set(fault, "%s: 0x%08" PRIX64 " is filled twice", where, (uint64_t)flat->rules->base + i);
            return fault_hint(fault, "two parts of the image overlap: look at the linker script");
        }
        flat->taken[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    memcpy(flat->data + off, piece.data, piece.len);
    flat->len = off + piece.len > flat->len ? off + piece.len : flat->len;
    return 0;
}
