/* SPDX-License-Identifier: Apache-2.0 */
/* log: see log.h. */
#include "sbm/log.h"

#include "boot/flash.h"
#include "sbm/device.h"

#define MAGIC 0x4C57u
#define VERSION 1u
#define AT_KIND 2u
#define AT_VERSION 3u
#define AT_SEQUENCE 4u
#define AT_BOOT 8u
#define AT_STATUS 12u
#define AT_VALUE 16u
#define AT_CHECK 28u

static struct {
    uint32_t sequence; /* of the newest record, 0: none */
    uint32_t newest;   /* its offset in the region */
    uint32_t written;  /* in this boot */
} ring;

/* Each step is a bijection of the sum: an error inside one word is always seen. */
static uint32_t check_of(const uint8_t *record)
{
    uint32_t sum = 0x57696E64u;
    for (uint32_t i = 0; i < AT_CHECK; i += 4) {
        sum = (sum ^ bytes_read_le32(record + i)) * 0x9E3779B1u;
        sum ^= sum >> 15;
    }
    return sum;
}

static uint32_t region_len(void)
{
    return port_flash()->log.len;
}

/* 1 when a sound record lies at `off` of the region. */
static int record_read(uint32_t off, struct log_entry *out)
{
    const uint8_t *p = port_flash_view(port_flash()->log.off + off, LOG_RECORD_LEN).data;
    if (bytes_read_le16(p) != MAGIC || p[AT_VERSION] != VERSION || check_of(p) != bytes_read_le32(p + AT_CHECK)) {
        return 0;
    }
    *out = (struct log_entry){ .sequence = bytes_read_le32(p + AT_SEQUENCE),
                               .kind = p[AT_KIND],
                               .boot = bytes_read_le32(p + AT_BOOT),
                               .status = bytes_read_le32(p + AT_STATUS),
                               .value = bytes_read_le32(p + AT_VALUE) | (uint64_t)bytes_read_le32(p + AT_VALUE + 4)
                                                                            << 32 };
    return 1;
}

void log_open(void)
{
    struct log_entry entry;
    memset(&ring, 0, sizeof ring);
    for (uint32_t off = 0; off < region_len(); off += LOG_RECORD_LEN) {
        if (record_read(off, &entry) && entry.sequence > ring.sequence) {
            ring.sequence = entry.sequence;
            ring.newest = off;
        }
    }
}

/* The next erased place after the newest record: in its sector, else at the start of the next one, which is erased. */
static status_t place_find(uint32_t *off)
{
    uint32_t sector_len = port_flash()->sector_len;
    uint32_t sector = ring.newest / sector_len * sector_len;
    uint32_t at = ring.sequence == 0 ? 0 : ring.newest + LOG_RECORD_LEN;
    for (; at < sector + sector_len; at += LOG_RECORD_LEN) {
        if (flash_is_erased(port_flash()->log.off + at, LOG_RECORD_LEN)) {
            *off = at;
            return STATUS_OK;
        }
    }
    *off = ring.sequence == 0 ? 0 : (sector + sector_len) % region_len();
    uint32_t at_sector = port_flash()->log.off + *off;
    return flash_is_erased(at_sector, sector_len) ? STATUS_OK : port_flash_erase(at_sector);
}

static int is_rationed(enum log_kind kind)
{
    return kind != LOG_HALT && kind != LOG_FAULT && kind != LOG_RECOVERY;
}

status_t log_append(enum log_kind kind, status_t status, uint64_t value)
{
    uint8_t record[LOG_RECORD_LEN] = { 0 };
    uint32_t off = 0;
    if (is_rationed(kind) && ring.written >= LOG_BOOT_MAX) {
        return STATUS_NO_SPACE;
    }
    status_t result = place_find(&off);
    if (result != STATUS_OK) {
        return result;
    }
    bytes_write_le16(record, MAGIC);
    record[AT_KIND] = (uint8_t)kind;
    record[AT_VERSION] = VERSION;
    bytes_write_le32(record + AT_SEQUENCE, ring.sequence + 1);
    bytes_write_le32(record + AT_BOOT, device.state.now.boots);
    bytes_write_le32(record + AT_STATUS, status == STATUS_OK ? 0 : status);
    bytes_write_le32(record + AT_VALUE, (uint32_t)value);
    bytes_write_le32(record + AT_VALUE + 4, (uint32_t)(value >> 32));
    bytes_write_le32(record + AT_CHECK, check_of(record));
    result = port_flash_program(port_flash()->log.off + off, record, sizeof record);
    if (result == STATUS_OK) {
        ring.sequence++;
        ring.newest = off;
        ring.written++;
    }
    return result;
}

/* A walk from the newest record to the oldest. */
struct walk {
    uint32_t off;
    uint32_t left; /* places not looked at yet */
    uint32_t before;
};

static struct walk walk_start(void)
{
    uint32_t places = ring.sequence == 0 ? 0 : region_len() / LOG_RECORD_LEN;
    return (struct walk){ ring.newest, places, ring.sequence + 1 };
}

static int walk_next(struct walk *walk, struct log_entry *out)
{
    while (walk->left > 0) {
        int sound = record_read(walk->off, out);
        walk->left--;
        walk->off = (walk->off == 0 ? region_len() : walk->off) - LOG_RECORD_LEN;
        if (sound && out->sequence < walk->before) {
            walk->before = out->sequence;
            return 1;
        }
    }
    return 0;
}

status_t log_read(uint32_t index, struct log_entry *out)
{
    struct walk walk = walk_start();
    while (walk_next(&walk, out)) {
        if (index-- == 0) {
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

uint32_t log_count(void)
{
    struct walk walk = walk_start();
    struct log_entry entry;
    uint32_t count = 0;
    while (walk_next(&walk, &entry)) {
        count++;
    }
    return count;
}

uint32_t log_halts(void)
{
    struct walk walk = walk_start();
    struct log_entry entry;
    uint32_t boot = device.state.now.boots;
    uint32_t halts = 0;
    uint32_t bad = 0;
    while (walk_next(&walk, &entry)) {
        if (entry.kind != LOG_HALT && entry.kind != LOG_FAULT) {
            continue;
        }
        /* A boot without record between this one and the last ended well. 0: a halt before the number was known. */
        if (boot != 0 && entry.boot != 0 && boot - entry.boot > 1) {
            break;
        }
        boot = entry.boot != 0 ? entry.boot : boot;
        halts += entry.kind == LOG_HALT ? 1 : 0;
        bad++;
    }
    return bad < LOG_BAD_BOOTS ? halts : LOG_HALTS_MANY;
}

int log_recovery_wanted(void)
{
    struct walk walk = walk_start();
    struct log_entry entry;
    while (walk_next(&walk, &entry)) {
        if (entry.kind == LOG_HALT && entry.value != POLICY_HALT_RECOVERY) {
            return 0;
        }
        if (entry.kind == LOG_HALT || entry.kind == LOG_RECOVERY_REQUESTED || entry.kind == LOG_RECOVERY) {
            return entry.kind != LOG_RECOVERY;
        }
    }
    return 0;
}

uint32_t log_last_halt(void)
{
    struct walk walk = walk_start();
    struct log_entry entry;
    while (walk_next(&walk, &entry)) {
        if (entry.kind == LOG_HALT) {
            return entry.status;
        }
    }
    return 0;
}
