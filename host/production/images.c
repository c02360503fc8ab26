/* SPDX-License-Identifier: Apache-2.0 */
/* images: see images.h. */
#include "host/production/images.h"

#include "host/lib/anchor_page.h"

#define LEAST_SBM_SEQUENCE 1

/*
 * A vector table whose entry lies inside the image, in Thumb state: so that an ELF file or another image is not
 * taken.
 */
static int is_bl1(struct bytes bl1)
{
    if (bl1.len < 16 || bl1.len > LAYOUT_BL1_LEN) {
        return 0;
    }
    uint32_t entry = bytes_read_le32(bl1.data + 4);
    return (entry & 1) != 0 && entry > LAYOUT_FLASH_SECURE_ADDR && entry - LAYOUT_FLASH_SECURE_ADDR < bl1.len;
}

static int anchor_fill(const struct profile *profile, const struct images_keys *keys, uint8_t page[LAYOUT_ANCHOR_LEN],
                       struct fault *fault)
{
    const struct anchor anchor = { keys->firmware,
                                   bytes_of(profile->vendor_uuid, 16),
                                   bytes_of(profile->sbm_class_uuid, 16),
                                   LEAST_SBM_SEQUENCE,
                                   profile->outputs_mask,
                                   profile->outputs_level,
                                   keys->mastering,
                                   bytes_of(profile->class_uuid, 16) };
    status_t status = anchor_page_build(&anchor, page);
    return status == STATUS_OK ? 0 : fault_status(fault, "anchor page", status);
}

int images_boot_build(const char *name, struct bytes bl1, const struct profile *profile, const struct images_keys *keys,
                      uint8_t out[LAYOUT_BOOT_LEN], struct fault *fault)
{
    if (!is_bl1(bl1)) {
        (void)fault_set(fault, "%s: not a BL1 image: a raw binary of at most %u bytes for address 0x%08x", name,
                        LAYOUT_BL1_LEN, LAYOUT_FLASH_SECURE_ADDR);
        return fault_hint(fault, "give bl1.bin, not the ELF file");
    }
    memset(out, 0xFF, LAYOUT_BOOT_LEN);
    memcpy(out + LAYOUT_BL1_OFF, bl1.data, bl1.len);
    if (anchor_fill(profile, keys, out + LAYOUT_ANCHOR0_OFF, fault) != 0) {
        return -1;
    }
    memcpy(out + LAYOUT_ANCHOR1_OFF, out + LAYOUT_ANCHOR0_OFF, LAYOUT_ANCHOR_LEN);
    return 0;
}

int images_sbm_build(const char *name, const struct package *sbm, unsigned slot, uint8_t out[LAYOUT_SBM_LEN],
                     struct fault *fault)
{
    struct bytes image = sbm->envelope.payloads[slot].data;
    if (image.len > LAYOUT_SBM_LEN - LAYOUT_SBM_IMAGE_OFF) {
        return fault_set(fault, "%s: its image (%zu bytes) does not fit the SBM slot (%u bytes)", name, image.len,
                         LAYOUT_SBM_LEN - LAYOUT_SBM_IMAGE_OFF);
    }
    memset(out, 0xFF, LAYOUT_SBM_LEN);
    struct cbor_writer w = cbor_writer_of(out, LAYOUT_SBM_IMAGE_OFF);
    suit_envelope_sever(&sbm->envelope, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, name, w.status);
    }
    memcpy(out + LAYOUT_SBM_IMAGE_OFF, image.data, image.len);
    return 0;
}
