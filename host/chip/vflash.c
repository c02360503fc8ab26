/* SPDX-License-Identifier: Apache-2.0 */
/* vflash: see vflash.h. */
#include "host/chip/vflash.h"

#include <string.h>

#include "host/chip/rsp.h"
#include "wire/layout.h"

const char vflash_memory_map[] = "<?xml version=\"1.0\"?>"
                                 "<!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
                                 "\"http://sourceware.org/gdb/gdb-memory-map.dtd\">"
                                 "<memory-map>"
                                 "<memory type=\"flash\" start=\"0x00000000\" length=\"0x400000\"><property "
                                 "name=\"blocksize\">0x1000</property></memory>"
                                 "<memory type=\"flash\" start=\"0x10000000\" length=\"0x400000\"><property "
                                 "name=\"blocksize\">0x1000</property></memory>"
                                 "<memory type=\"ram\" start=\"0x20000000\" length=\"0xe0000000\"/>"
                                 "</memory-map>";

static const char done[] = "OK";
static const char refused[] = "E01";
static const char not_flash[] = "E.memtype";

void vflash_init(struct vflash *v, struct array *array)
{
    memset(v, 0, sizeof *v);
    v->array = array;
}

void vflash_abandon(struct vflash *v)
{
    v->pending = false;
}

enum vflash_place vflash_place_of(uint64_t address, uint64_t len, uint32_t *off)
{
    static const uint64_t aliases[] = { LAYOUT_FLASH_NONSECURE_ADDR, LAYOUT_FLASH_SECURE_ADDR };
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        uint64_t from = aliases[i];
        uint64_t to = from + FLASHCTL_FLASH_LEN;
        if (address >= from && address < to) {
            *off = (uint32_t)(address - from);
            return len <= to - address ? VFLASH_INSIDE : VFLASH_PARTLY;
        }
        if (address < from && len > from - address) {
            return VFLASH_PARTLY;
        }
    }
    return VFLASH_OUTSIDE;
}

static void changed_note(struct vflash *v, uint32_t off, uint32_t len)
{
    if (v->changed_to == v->changed_from) {
        v->changed_from = off;
        v->changed_to = off + len;
    }
    v->changed_from = off < v->changed_from ? off : v->changed_from;
    v->changed_to = off + len > v->changed_to ? off + len : v->changed_to;
}

bool vflash_changed_take(struct vflash *v, uint32_t *off, uint32_t *len)
{
    *off = v->changed_from;
    *len = v->changed_to - v->changed_from;
    v->changed_from = v->changed_to = 0;
    return *len != 0;
}

static const char *sectors_erase(struct vflash *v, uint32_t off, uint64_t len)
{
    for (uint64_t at = 0; at < len; at += FLASHCTL_SECTOR_LEN) {
        if (array_sector_erase(v->array, off + (uint32_t)at) != FLASHCTL_DONE) {
            return refused;
        }
        changed_note(v, off + (uint32_t)at, FLASHCTL_SECTOR_LEN);
    }
    return done;
}

const char *vflash_erase(struct vflash *v, struct bytes in)
{
    const uint8_t *at = in.data;
    const uint8_t *end = in.data + in.len;
    uint64_t address;
    uint64_t len;
    uint32_t off = 0;
    if (!rsp_number_read(&at, end, UINT32_MAX, &address) || !rsp_character_read(&at, end, ',') ||
        !rsp_number_read(&at, end, UINT32_MAX, &len) || at != end) {
        return refused;
    }
    if (vflash_place_of(address, len, &off) != VFLASH_INSIDE) {
        return not_flash;
    }
    if (off % FLASHCTL_SECTOR_LEN != 0 || len % FLASHCTL_SECTOR_LEN != 0) {
        return refused;
    }
    return sectors_erase(v, off, len);
}

/* Programs the touched granules of the collected sector, each run of neighbours at once. */
static const char *sector_program(struct vflash *v)
{
    const size_t count = sizeof v->touched;
    size_t first = 0;
    if (!v->pending) {
        return done;
    }
    v->pending = false;
    while (first < count) {
        size_t next = first;
        while (next < count && v->touched[next]) {
            next++;
        }
        uint32_t at = (uint32_t)(first * FLASHCTL_GRANULE_LEN);
        size_t len = (next - first) * FLASHCTL_GRANULE_LEN;
        if (len != 0) {
            if (array_granules_program(v->array, v->sector_off + at, v->data + at, len) != FLASHCTL_DONE) {
                return refused;
            }
            changed_note(v, v->sector_off + at, (uint32_t)len);
        }
        first = next + 1;
    }
    return done;
}

static const char *sector_begin(struct vflash *v, uint32_t sector_off)
{
    if (v->pending && v->sector_off == sector_off) {
        return done;
    }
    const char *answer = sector_program(v);
    v->pending = true;
    v->sector_off = sector_off;
    memset(v->data, 0xFF, sizeof v->data);
    memset(v->touched, 0, sizeof v->touched);
    return answer;
}

static const char *data_collect(struct vflash *v, uint32_t off, struct bytes data)
{
    const char *answer = done;
    for (size_t i = 0; i < data.len && answer == done; i++) {
        uint32_t at = (off + (uint32_t)i) % FLASHCTL_SECTOR_LEN;
        if (i == 0 || at == 0) {
            answer = sector_begin(v, off + (uint32_t)i - at);
        }
        v->data[at] = data.data[i];
        v->touched[at / FLASHCTL_GRANULE_LEN] = 1;
    }
    if (answer != done) {
        v->pending = false;
    }
    return answer;
}

const char *vflash_write(struct vflash *v, struct bytes in)
{
    const uint8_t *at = in.data;
    const uint8_t *end = in.data + in.len;
    uint64_t address;
    uint32_t off = 0;
    if (!rsp_number_read(&at, end, UINT32_MAX, &address) || !rsp_character_read(&at, end, ':')) {
        return refused;
    }
    size_t len = (size_t)(end - at);
    if (vflash_place_of(address, len, &off) != VFLASH_INSIDE) {
        return not_flash;
    }
    return data_collect(v, off, bytes_of(at, len));
}

const char *vflash_done(struct vflash *v)
{
    return sector_program(v);
}
