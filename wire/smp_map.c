/* SPDX-License-Identifier: Apache-2.0 */
/* smp_map: see smp_map.h. */
#include "wire/smp_map.h"

#define MAP_ENDLESS 0xBFu
#define BREAK 0xFFu

static int byte_take(struct cbor_reader *r, uint8_t byte)
{
    if (r->status != STATUS_OK || r->at == r->end || *r->at != byte) {
        return 0;
    }
    r->at++;
    return 1;
}

struct smp_map smp_map_open(struct cbor_reader *r)
{
    struct smp_map map = { r, 0, byte_take(r, MAP_ENDLESS) };
    if (!map.endless) {
        map.left = cbor_read_map(r).left;
    }
    return map;
}

int smp_map_next(struct smp_map *map, struct bytes *key)
{
    if (map->endless ? byte_take(map->reader, BREAK) : map->left == 0) {
        map->endless = 0;
        map->left = 0;
        return 0;
    }
    map->left -= map->endless ? 0 : 1;
    *key = cbor_read_tstr(map->reader);
    return map->reader->status == STATUS_OK;
}

int smp_key_is(struct bytes key, const char *text)
{
    return bytes_equal(key, bytes_of(text, strlen(text)));
}

size_t smp_number_write(uint32_t value, char out[SMP_NUMBER_MAX])
{
    char digits[SMP_NUMBER_MAX];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[count - 1 - i];
    }
    return count;
}

void smp_pair_uint(struct cbor_writer *w, const char *key, uint64_t value)
{
    cbor_write_tstr(w, key);
    cbor_write_uint(w, value);
}

void smp_pair_bool(struct cbor_writer *w, const char *key, int value)
{
    cbor_write_tstr(w, key);
    cbor_write_bool(w, value);
}

void smp_pair_text(struct cbor_writer *w, const char *key, const char *text)
{
    cbor_write_tstr(w, key);
    cbor_write_tstr(w, text);
}

void smp_pair_bytes(struct cbor_writer *w, const char *key, struct bytes value)
{
    cbor_write_tstr(w, key);
    cbor_write_bstr(w, value);
}
