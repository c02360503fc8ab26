/* SPDX-License-Identifier: Apache-2.0 */
/* image_hex: Intel HEX (Intel's specification of 1988): record types 00 to 05, each checked; errors name the line. */
#include <inttypes.h>
#include <stdio.h>

#include "host/master/image_flat.h"

#define RECORD_MAX 255u

struct hex_reader {
    const char *name;
    struct bytes rest;
    size_t line;
    uint32_t upper; /* what types 02 and 04 set */
    int ended;      /* type 01 was seen */
    struct fault *fault;
};

struct hex_record {
    uint8_t data[RECORD_MAX];
    uint8_t len;
    uint8_t type;
    uint16_t addr;
};

static int hex_refuse(const struct hex_reader *h, const char *why)
{
    (void)fault_set(h->fault, "%s:%zu: %s", h->name, h->line, why);
    return fault_hint(h->fault, "the file is damaged or not Intel HEX: make it again (objcopy -O ihex)");
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes the next line, without its end (LF or CR LF). */
static struct bytes line_take(struct hex_reader *h)
{
    const uint8_t *end = (const uint8_t *)memchr(h->rest.data, '\n', h->rest.len);
    size_t len = end == NULL ? h->rest.len : (size_t)(end - h->rest.data);
    struct bytes line = bytes_of(h->rest.data, len);
    size_t used = end == NULL ? len : len + 1;
    h->rest = bytes_of(h->rest.data + used, h->rest.len - used);
    h->line++;
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* Decodes ":LLAAAATT<data>CC" and checks length and checksum. */
static int record_read(const struct hex_reader *h, struct bytes line, struct hex_record *out)
{
    uint8_t raw[RECORD_MAX + 5];
    if (line.len == 0 || line.data[0] != ':') {
        return hex_refuse(h, "a record begins with ':'");
    }
    size_t count = (line.len - 1) / 2;
    if (line.len % 2 != 1 || count < 5 || count > sizeof raw) {
        return hex_refuse(h, "a record with too few or too many digits");
    }
    uint8_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int high = digit_value(line.data[1 + 2 * i]);
        int low = digit_value(line.data[2 + 2 * i]);
        if (high < 0 || low < 0) {
            return hex_refuse(h, "a character that is no hexadecimal digit");
        }
        raw[i] = (uint8_t)(high << 4 | low);
        sum = (uint8_t)(sum + raw[i]);
    }
    if (count != raw[0] + 5u) {
        return hex_refuse(h, "the length of the record is not what it says");
    }
    if (sum != 0) {
        return hex_refuse(h, "the checksum is wrong");
    }
    out->len = raw[0];
    out->addr = bytes_read_be16(raw + 1);
    out->type = raw[3];
    memcpy(out->data, raw + 4, out->len);
    return 0;
}

static int data_put(const struct hex_reader *h, const struct hex_record *record, struct image_flat *flat)
{
    char where[320];
    (void)snprintf(where, sizeof where, "%.280s:%zu", h->name, h->line);
    if (record->len == 0) {
        return hex_refuse(h, "a data record without data");
    }
    if ((uint32_t)record->addr + record->len > 0x10000u) {
        return hex_refuse(h, "a data record that crosses a 64 KiB boundary");
    }
    return image_flat_put(flat, (uint64_t)h->upper + record->addr, bytes_of(record->data, record->len), where,
                          h->fault);
}

static int record_apply(struct hex_reader *h, const struct hex_record *record, struct image_flat *flat)
{
    static const uint8_t lengths[] = { 0, 0, 2, 4, 2, 4 };
    if (record->type > 5) {
        return hex_refuse(h, "a record type that is not known (00 to 05)");
    }
    if (record->type == 0) {
        return data_put(h, record, flat);
    }
    if (record->len != lengths[record->type] || record->addr != 0) {
        return hex_refuse(h, "a control record with a wrong length or address");
    }
    if (record->type == 1) {
        h->ended = 1;
    } else if (record->type == 2) {
        h->upper = (uint32_t)bytes_read_be16(record->data) << 4;
    } else if (record->type == 4) {
        h->upper = (uint32_t)bytes_read_be16(record->data) << 16;
    }
    return 0; /* 03 and 05 are start addresses for loaders: the vector table says where this image starts */
}

int image_hex_read(const char *name, struct bytes file, struct image_flat *flat, struct fault *fault)
{
    struct hex_reader h = { .name = name, .rest = file, .fault = fault };
    while (h.rest.len > 0 && !h.ended) {
        struct hex_record record;
        if (record_read(&h, line_take(&h), &record) != 0 || record_apply(&h, &record, flat) != 0) {
            return -1;
        }
    }
    if (!h.ended) {
        return hex_refuse(&h, "the end record (:00000001FF) is missing: the file was cut off");
    }
    if (h.rest.len > 0) {
        h.line++;
        return hex_refuse(&h, "there is something after the end record");
    }
    return flat->len > 0 ? 0 : hex_refuse(&h, "there is no data in the file");
}
