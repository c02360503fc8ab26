/* SPDX-License-Identifier: Apache-2.0 */
/* flash: see flash.h. */
#include "boot/flash.h"

uint32_t flash_sector_len(uint32_t off)
{
    const struct port_flash *flash = port_flash();
    return flash->external_off != 0 && off >= flash->external_off ? flash->external_sector_len : flash->sector_len;
}

status_t flash_erase(uint32_t off, uint32_t len)
{
    uint32_t sector_len = flash_sector_len(off);
    for (uint32_t at = off; at < off + len; at += sector_len) {
        status_t status = port_flash_erase(at);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

uint32_t flash_granules(uint32_t len)
{
    uint32_t granule_len = port_flash()->granule_len;
    return (len + granule_len - 1) / granule_len * granule_len;
}

int flash_is_erased(uint32_t off, uint32_t len)
{
    struct bytes view = port_flash_view(off, len);
    uint8_t erased = port_flash()->erased;
    size_t i = 0;
    while (view.len - i >= 4 && bytes_read_le32(view.data + i) == erased * 0x01010101u) {
        i += 4;
    }
    while (i < view.len && view.data[i] == erased) {
        i++;
    }
    return i == view.len;
}

void flash_stream_start(struct flash_stream *s, uint32_t off, uint32_t end)
{
    s->off = off;
    s->end = end;
    s->fill = 0;
    s->status = STATUS_OK;
}

static void chunk_program(struct flash_stream *s, const uint8_t *chunk, uint32_t len)
{
    if (s->status == STATUS_OK && len > s->end - s->off) {
        s->status = STATUS_NO_SPACE;
    }
    if (s->status == STATUS_OK) {
        s->status = port_flash_program(s->off, chunk, len);
        s->off += len;
        s->fill = 0;
    }
}

void flash_stream_add(struct flash_stream *s, struct bytes data)
{
    while (data.len > 0 && s->status == STATUS_OK) {
        uint32_t room = FLASH_CHUNK_LEN - s->fill;
        uint32_t part = data.len < room ? (uint32_t)data.len : room;
        if (part == FLASH_CHUNK_LEN) {
            chunk_program(s, data.data, FLASH_CHUNK_LEN);
        } else {
            memcpy(s->chunk + s->fill, data.data, part);
            s->fill += part;
            if (s->fill == FLASH_CHUNK_LEN) {
                chunk_program(s, s->chunk, FLASH_CHUNK_LEN);
            }
        }
        data = bytes_of(data.data + part, data.len - part);
    }
}

status_t flash_stream_finish(struct flash_stream *s)
{
    uint32_t len = flash_granules(s->fill);
    if (len > 0 && s->status == STATUS_OK) {
        memset(s->chunk + s->fill, port_flash()->erased, len - s->fill);
        chunk_program(s, s->chunk, len);
    }
    return s->status;
}
