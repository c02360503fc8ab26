/* SPDX-License-Identifier: Apache-2.0 */
/* counter: see counter.h. A record states its number twice, once inverted, and a check over the rest. */
#include "boot/counter.h"

#include "boot/flash.h"
#include "boot/port.h"

#define MAGIC 0x4E43u /* "CN" */
#define ZERO_LEN (COUNTER_RECORD_LEN - 12u)

/* Magic, kind, inverted kind, value, inverted value, then zeros: no flipped bit makes another sound record. */
static void record_build(enum counter_kind kind, uint32_t value, uint8_t out[COUNTER_RECORD_LEN])
{
    memset(out, 0, COUNTER_RECORD_LEN);
    bytes_write_le16(out, MAGIC);
    out[2] = (uint8_t)kind;
    out[3] = (uint8_t)~kind;
    bytes_write_le32(out + 4, value);
    bytes_write_le32(out + 8, ~value);
}

static const uint8_t *record_at(unsigned page, uint32_t off)
{
    return port_flash_view(port_flash()->counter[page].off + off, COUNTER_RECORD_LEN).data;
}

/* The value of a sound record of `kind`, else 0. */
static uint32_t record_value(const uint8_t *record, enum counter_kind kind)
{
    uint8_t sound[COUNTER_RECORD_LEN];
    uint32_t value = bytes_read_le32(record + 4);
    if (record[2] != (uint8_t)kind) {
        return 0;
    }
    record_build(kind, value, sound);
    return memcmp(record, sound, sizeof sound) == 0 ? value : 0;
}

static uint32_t page_len(void)
{
    return port_flash()->counter[0].len / COUNTER_RECORD_LEN * COUNTER_RECORD_LEN;
}

static uint32_t page_read(unsigned page, enum counter_kind kind)
{
    uint32_t value = 0;
    for (uint32_t off = 0; off < page_len(); off += COUNTER_RECORD_LEN) {
        uint32_t here = record_value(record_at(page, off), kind);
        value = here > value ? here : value;
    }
    return value;
}

uint32_t counter_read(enum counter_kind kind)
{
    uint32_t first = page_read(0, kind);
    uint32_t second = page_read(1, kind);
    return first > second ? first : second;
}

/* Where the erased rest of a page begins. */
static uint32_t page_used(unsigned page)
{
    uint32_t used = page_len();
    while (used > 0 &&
           flash_is_erased(port_flash()->counter[page].off + used - COUNTER_RECORD_LEN, COUNTER_RECORD_LEN)) {
        used -= COUNTER_RECORD_LEN;
    }
    return used;
}

static status_t page_append(unsigned page, enum counter_kind kind, uint32_t value)
{
    uint8_t record[COUNTER_RECORD_LEN];
    uint32_t used = page_used(page);
    if (page_read(page, kind) >= value) {
        return STATUS_OK;
    }
    if (used == page_len()) {
        return STATUS_NO_SPACE;
    }
    record_build(kind, value, record);
    return port_flash_program(port_flash()->counter[page].off + used, record, sizeof record);
}

/* One page that knows the value is enough to read it, so that a page which takes nothing any more stops no device. */
status_t counter_append(enum counter_kind kind, uint32_t value)
{
    status_t first = page_append(0, kind, value);
    status_t second = page_append(1, kind, value);
    return second == STATUS_OK ? second : first;
}

/* 1 when `page` knows at least what the other one knows. */
static int page_covers(unsigned page)
{
    int covers = 1;
    for (unsigned kind = 1; kind < COUNTER_KINDS; kind++) {
        covers &= page_read(page, (enum counter_kind)kind) >= page_read(1 - page, (enum counter_kind)kind);
    }
    return covers;
}

/* Everything that the other page knows. */
static status_t page_complete(unsigned page)
{
    status_t status = STATUS_OK;
    for (unsigned kind = 1; kind < COUNTER_KINDS && status == STATUS_OK; kind++) {
        status = page_append(page, (enum counter_kind)kind, page_read(1 - page, (enum counter_kind)kind));
    }
    return status;
}

/* Complete and with room, if that can be had: a page is erased only while the other one covers it. */
static status_t page_heal(unsigned page, uint32_t records)
{
    status_t status = page_complete(page);
    if (status == STATUS_OK && page_len() - page_used(page) >= records * COUNTER_RECORD_LEN) {
        return STATUS_OK;
    }
    if (!page_covers(1 - page)) {
        return STATUS_NO_SPACE;
    }
    status = port_flash_erase(port_flash()->counter[page].off);
    return status == STATUS_OK ? page_complete(page) : status;
}

/* The usual case, looked at first because it is cheap: equal pages lack nothing. */
static int pages_are_equal(void)
{
    return memcmp(record_at(0, 0), record_at(1, 0), page_len()) == 0;
}

int counter_is_whole(void)
{
    return pages_are_equal() || (page_covers(0) && page_covers(1));
}

status_t counter_heal(uint32_t records)
{
    if (pages_are_equal() && page_len() - page_used(0) >= records * COUNTER_RECORD_LEN) {
        return STATUS_OK;
    }
    (void)page_heal(0, records); /* may have to wait until the other one is complete */
    status_t status = page_heal(1, records);
    return status == STATUS_OK ? page_heal(0, records) : status;
}

status_t counter_advance(enum counter_kind kind, uint32_t value)
{
    if (page_read(0, kind) >= value && page_read(1, kind) >= value) {
        return STATUS_OK;
    }
    (void)counter_heal(1); /* one page with room is enough */
    return counter_append(kind, value);
}
