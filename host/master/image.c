/* SPDX-License-Identifier: Apache-2.0 */
/* image: see image.h. */
#include "host/master/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/lib/file.h"
#include "host/master/image_flat.h"
#include "wire/layout.h"

#define FILE_MAX ((size_t)256 << 20) /* of an ELF or HEX file: debug information counts */
#define APP_RAM_ADDR 0x28200000u
#define APP_RAM_LEN 0x200000u
#define SBM_RAM_ADDR 0x38000000u
#define SBM_RAM_LEN 0x20000u

#define APP_ADDR (LAYOUT_FLASH_NONSECURE_ADDR + LAYOUT_PRIMARY_OFF)
#define SBM_ADDR(slot_off) (LAYOUT_FLASH_SECURE_ADDR + (slot_off) + LAYOUT_SBM_IMAGE_OFF)
#define SBM_LEN (LAYOUT_SBM_LEN - LAYOUT_SBM_IMAGE_OFF)

void image_rules_of(enum image_slot slot, struct image_rules *out)
{
    static const struct image_rules rules[] = {
        { "app", APP_ADDR, LAYOUT_PRIMARY_LEN, APP_RAM_ADDR, APP_RAM_ADDR + APP_RAM_LEN, APP_ADDR, 1 },
        { "sbm.a", SBM_ADDR(LAYOUT_SBM_A_OFF), SBM_LEN, SBM_RAM_ADDR, SBM_RAM_ADDR + SBM_RAM_LEN,
          SBM_ADDR(LAYOUT_SBM_A_OFF), 1 },
        { "sbm.b", SBM_ADDR(LAYOUT_SBM_B_OFF), SBM_LEN, SBM_RAM_ADDR, SBM_RAM_ADDR + SBM_RAM_LEN,
          SBM_ADDR(LAYOUT_SBM_B_OFF), 1 },
    };
    *out = rules[slot];
}

int image_read(const struct image *image, uint64_t off, uint8_t *out, size_t len, struct fault *fault)
{
    if (image->data != NULL) {
        memcpy(out, image->data + off, len);
        return 0;
    }
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(image->fd, out + done, len - done, (off_t)(off + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fault_errno(fault, "%s: cannot read", image->path);
        }
        if (got == 0) {
            return fault_set(fault, "%s: became shorter while it was read", image->path);
        }
        done += (size_t)got;
    }
    return 0;
}

static int has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path);
    size_t k = strlen(suffix);
    return n >= k && strcmp(path + n - k, suffix) == 0;
}

/* Tells the format by the first bytes, then by the name. */
static int format_find(const char *path, int fd, enum image_format *format, struct fault *fault)
{
    uint8_t magic[4] = { 0 };
    ssize_t got = pread(fd, magic, sizeof magic, 0);
    if (got == (ssize_t)sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0) {
        *format = IMAGE_ELF;
    } else if (has_suffix(path, ".elf") || has_suffix(path, ".axf")) {
        *format = IMAGE_ELF;
    } else if (has_suffix(path, ".hex") || has_suffix(path, ".ihex")) {
        *format = IMAGE_HEX;
    } else if (has_suffix(path, ".bin") || has_suffix(path, ".raw")) {
        *format = IMAGE_BIN;
    } else {
        (void)fault_set(fault, "%s: cannot tell the format of this image", path);
        return fault_hint(fault, "say it: --format elf, hex or bin");
    }
    return 0;
}

static int bin_open(int fd, const char *path, const struct image_rules *rules, struct image *out, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return fault_errno(fault, "%s: cannot read", path);
    }
    if (rules->slot_check && rules->bin_base != rules->base) {
        (void)fault_set(fault, "%s: made for 0x%08" PRIX32 ", but '%s' runs at 0x%08" PRIX32, path, rules->bin_base,
                        rules->component, rules->base);
        return fault_hint(fault, "link the image for 0x%08" PRIX32, rules->base);
    }
    if (info.st_size <= 0) {
        return fault_set(fault, "%s: empty", path);
    }
    if ((uint64_t)info.st_size > rules->max_len) {
        (void)fault_set(fault, "%s: %jd bytes, but the slot of '%s' takes %" PRIu64, path, (intmax_t)info.st_size,
                        rules->component, rules->max_len);
        return fault_hint(fault, "make the image smaller; docs/spec.md section 3 has the memory map");
    }
    out->len = (uint64_t)info.st_size;
    return 0;
}

static int laid_out_open(const char *path, enum image_format format, const struct image_rules *rules, struct image *out,
                         struct fault *fault)
{
    struct image_flat flat;
    uint8_t *file = NULL;
    size_t len = 0;
    if (file_read(path, FILE_MAX, &file, &len, fault) != 0) {
        return -1;
    }
    int result = image_flat_begin(&flat, rules, fault);
    if (result == 0) {
        result = (format == IMAGE_ELF ? image_elf_read : image_hex_read)(path, bytes_of(file, len), &flat, fault);
    }
    if (result == 0) {
        out->data = flat.data;
        out->len = flat.len;
        flat.data = NULL;
    }
    image_flat_free(&flat);
    free(file);
    return result;
}

/* docs/spec.md section 10: stack pointer in the component's RAM, entry inside the image, Thumb bit set. */
static int vectors_check(const struct image *image, const struct image_rules *rules, struct fault *fault)
{
    uint8_t table[8];
    if (image->len < sizeof table) {
        return fault_set(fault, "%s: %" PRIu64 " bytes are too few for a vector table", image->path, image->len);
    }
    if (image_read(image, 0, table, sizeof table, fault) != 0) {
        return -1;
    }
    uint32_t stack = bytes_read_le32(table);
    uint32_t entry = bytes_read_le32(table + 4);
    if (stack <= rules->ram_first || stack > rules->ram_last || stack % 8 != 0) {
        (void)fault_set(fault,
                        "%s: no sound vector table at 0x%08" PRIX32 ": the initial stack pointer 0x%08" PRIX32
                        " is not an aligned address in 0x%08" PRIX32 " to 0x%08" PRIX32,
                        image->path, rules->base, stack, rules->ram_first, rules->ram_last);
        return fault_hint(fault, "put the vector table first, and link for 0x%08" PRIX32, rules->base);
    }
    if ((entry & 1u) == 0 || entry - 1 < rules->base || entry - 1 - rules->base >= image->len) {
        (void)fault_set(fault,
                        "%s: the reset vector 0x%08" PRIX32 " is not a Thumb address in the image (0x%08" PRIX32
                        ", %" PRIu64 " bytes)",
                        image->path, entry, rules->base, image->len);
        return fault_hint(fault, "link the image for 0x%08" PRIX32, rules->base);
    }
    return 0;
}

static int content_open(enum image_format format, const struct image_rules *rules, struct image *out,
                        struct fault *fault)
{
    if (format == IMAGE_AUTO && format_find(out->path, out->fd, &format, fault) != 0) {
        return -1;
    }
    if (format == IMAGE_BIN ? bin_open(out->fd, out->path, rules, out, fault) != 0
                            : laid_out_open(out->path, format, rules, out, fault) != 0) {
        return -1;
    }
    return rules->slot_check ? vectors_check(out, rules, fault) : 0;
}

int image_open(const char *path, enum image_format format, const struct image_rules *rules, struct image *out,
               struct fault *fault)
{
    struct stat info;
    *out = (struct image){ .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), .path = path };
    if (out->fd < 0 || fstat(out->fd, &info) != 0) {
        return fault_errno(fault, "%s: cannot read", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return fault_set(fault, "%s: not a regular file", path);
    }
    return content_open(format, rules, out, fault);
}

void image_close(struct image *image)
{
    if (image->fd >= 0) {
        (void)close(image->fd);
    }
    if (image->data != NULL) {
        wipe(image->data, (size_t)image->len);
        free(image->data);
    }
    *image = (struct image){ .fd = -1 };
}
