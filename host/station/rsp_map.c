/* SPDX-License-Identifier: Apache-2.0 */
/* rsp_map: see rsp_map.h. The XML is walked tag by tag; text is looked at only inside <property name="blocksize">. */
#include "host/station/rsp_map.h"

#include "host/station/gdb_packet.h"

struct xml {
    const uint8_t *at;
    const uint8_t *end;
};

/* A tag without its brackets, and the text that follows it up to the next tag. */
struct xml_tag {
    struct bytes inside;
    struct bytes text;
};

/* 1 and the next tag; 0 at the end; -1 when a tag does not end. */
static int tag_next(struct xml *x, struct xml_tag *out)
{
    const uint8_t *open = memchr(x->at, '<', (size_t)(x->end - x->at));
    if (open == NULL) {
        return 0;
    }
    const uint8_t *close = memchr(open, '>', (size_t)(x->end - open));
    if (close == NULL) {
        return -1;
    }
    const uint8_t *next = memchr(close, '<', (size_t)(x->end - close));
    next = next != NULL ? next : x->end;
    out->inside = bytes_of(open + 1, (size_t)(close - open - 1));
    out->text = bytes_of(close + 1, (size_t)(next - close - 1));
    x->at = next;
    return 1;
}

static int is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* 1 when the tag has this name. */
static int tag_is(struct bytes inside, const char *name)
{
    size_t len = strlen(name);
    return inside.len >= len && memcmp(inside.data, name, len) == 0 &&
           (inside.len == len || is_space(inside.data[len]) || inside.data[len] == '/');
}

/* The value of `name="..."` or '...'; data == NULL when it is not there. */
static struct bytes attribute_find(struct bytes inside, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 1; i + len + 2 < inside.len; i++) {
        uint8_t quote = inside.data[i + len + 1];
        if (!is_space(inside.data[i - 1]) || memcmp(inside.data + i, name, len) != 0 || inside.data[i + len] != '=' ||
            (quote != '"' && quote != '\'')) {
            continue;
        }
        const uint8_t *value = inside.data + i + len + 2;
        const uint8_t *end = memchr(value, quote, inside.len - (i + len + 2));
        return end == NULL ? bytes_of(NULL, 0) : bytes_of(value, (size_t)(end - value));
    }
    return bytes_of(NULL, 0);
}

/* A number, decimal or with 0x, of at most 64 bits; spaces around it are allowed. */
static int number_read(struct bytes in, uint64_t *out)
{
    while (in.len > 0 && is_space(in.data[0])) {
        in = bytes_of(in.data + 1, in.len - 1);
    }
    while (in.len > 0 && is_space(in.data[in.len - 1])) {
        in.len--;
    }
    unsigned base = 10;
    if (in.len > 2 && in.data[0] == '0' && (in.data[1] == 'x' || in.data[1] == 'X')) {
        base = 16;
        in = bytes_of(in.data + 2, in.len - 2);
    }
    if (in.len == 0 || in.len > 16) {
        return -1;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < in.len; i++) {
        int digit = gdb_hex_digit(in.data[i]);
        if (digit < 0 || (unsigned)digit >= base) {
            return -1;
        }
        value = value * base + (unsigned)digit;
    }
    *out = value;
    return 0;
}

static int memory_take(struct rsp_map *out, struct bytes inside)
{
    struct bytes type = attribute_find(inside, "type");
    struct rsp_region region = { 0, 0, 0, 0 };
    if (out->count == RSP_MAP_REGIONS_MAX || type.data == NULL ||
        number_read(attribute_find(inside, "start"), &region.addr) != 0 ||
        number_read(attribute_find(inside, "length"), &region.len) != 0 || region.len > UINT64_MAX - region.addr) {
        return -1;
    }
    region.is_flash = bytes_equal(type, bytes_of("flash", 5));
    out->regions[out->count++] = region;
    return 0;
}

static int property_take(struct rsp_map *out, const struct xml_tag *tag)
{
    if (!bytes_equal(attribute_find(tag->inside, "name"), bytes_of("blocksize", 9))) {
        return 0;
    }
    return out->count == 0 ? -1 : number_read(tag->text, &out->regions[out->count - 1].sector_len);
}

int rsp_map_parse(struct bytes in, struct rsp_map *out, struct fault *fault)
{
    struct xml x = { in.data, in.data + in.len };
    struct xml_tag tag;
    int more = 0;
    int bad = 0;
    out->count = 0;
    while (!bad && in.len > 0 && (more = tag_next(&x, &tag)) == 1) {
        if (tag_is(tag.inside, "memory")) {
            bad = memory_take(out, tag.inside) != 0;
        } else if (tag_is(tag.inside, "property")) {
            bad = property_take(out, &tag) != 0;
        }
    }
    if (bad || more < 0) {
        out->count = 0;
        return fault_set(fault, "debug port: the server's memory map is not understood");
    }
    return 0;
}

int rsp_map_flash_check(const struct rsp_map *map, uint32_t addr, uint32_t len, uint32_t sector_len,
                        struct fault *fault)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct rsp_region *r = &map->regions[i];
        if (!r->is_flash || addr < r->addr || (uint64_t)addr + len > r->addr + r->len) {
            continue;
        }
        if (r->sector_len != 0 && sector_len % r->sector_len != 0) {
            return fault_set(fault, "debug port: flash sectors of %llu bytes; the layout needs %u",
                             (unsigned long long)r->sector_len, sector_len);
        }
        return 0;
    }
    (void)fault_set(fault, "debug port: the server describes no flash at 0x%08x that is 0x%x bytes long", addr, len);
    return fault_hint(fault, "check that the server is set up for this chip and that its flash driver is loaded");
}
