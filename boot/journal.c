/* SPDX-License-Identifier: Apache-2.0 */
/* journal: see journal.h. A record is found by its head alone; only what is about to be used is hashed. */
#include "boot/journal.h"

#include "base/wipe.h"
#include "boot/flash.h"
#include "crypto/crypto.h"

struct record {
    uint32_t off; /* flash offset of the head */
    uint8_t type;
    uint32_t sequence;
    struct bytes payload;
};

static uint32_t record_len(uint32_t payload_len)
{
    return flash_granules(JOURNAL_HEAD_LEN + payload_len + JOURNAL_TAG_LEN);
}

/* A check over the head, so that no single flipped bit leads the walk astray. */
static uint16_t head_check(uint8_t type, uint16_t len, uint32_t sequence)
{
    return (uint16_t)(0xFFFFu ^ type ^ len ^ (sequence & 0xFFFFu) ^ sequence >> 16);
}

/* 1 when a sound head stands at `off`; the payload's tag is not looked at. */
static int head_read(const struct port_region *mirror, uint32_t off, struct record *out)
{
    uint32_t left = mirror->off + mirror->len - off;
    if (left < JOURNAL_HEAD_LEN + JOURNAL_TAG_LEN) {
        return 0;
    }
    const uint8_t *head = port_flash_view(off, JOURNAL_HEAD_LEN).data;
    uint16_t len = bytes_read_le16(head + 4);
    out->off = off;
    out->type = head[2];
    out->sequence = bytes_read_le32(head + 8);
    if (bytes_read_le16(head) != JOURNAL_MAGIC || head[3] != JOURNAL_VERSION || len > JOURNAL_PAYLOAD_MAX ||
        bytes_read_le16(head + 6) != head_check(out->type, len, out->sequence) || record_len(len) > left ||
        out->type == 0 || out->type > JOURNAL_TYPE_MAX) {
        return 0;
    }
    out->payload = port_flash_view(off + JOURNAL_HEAD_LEN, len);
    return 1;
}

static int tag_matches(const struct record *record)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    uint32_t covered = JOURNAL_HEAD_LEN + (uint32_t)record->payload.len;
    crypto_sha256(port_flash_view(record->off, covered), digest);
    return memcmp(digest, port_flash_view(record->off + covered, JOURNAL_TAG_LEN).data, JOURNAL_TAG_LEN) == 0;
}

/* Walks the heads of a mirror: `*off` is where to look, and moves on. 0 at the end. */
static int head_next(const struct journal *journal, unsigned which, uint32_t *off, struct record *out)
{
    const struct port_region *mirror = &journal->mirror[which];
    uint32_t end = mirror->off + journal->used[which];
    while (*off < end) {
        if (head_read(mirror, *off, out)) {
            *off += record_len((uint32_t)out->payload.len);
            return 1;
        }
        *off += port_flash()->granule_len;
    }
    return 0;
}

/* The sound record of `type` with the highest sequence in one mirror. */
static int newest_find(const struct journal *journal, unsigned which, uint8_t type, struct record *out)
{
    uint64_t below = (uint64_t)UINT32_MAX + 1;
    for (;;) {
        struct record record;
        struct record best = { 0 };
        int found = 0;
        uint32_t off = journal->mirror[which].off;
        while (head_next(journal, which, &off, &record)) {
            if (record.type == type && record.sequence < below && (!found || record.sequence >= best.sequence)) {
                best = record;
                found = 1;
            }
        }
        if (!found || tag_matches(&best)) {
            *out = best;
            return found;
        }
        below = best.sequence; /* damaged: the one before it */
    }
}

/* Up to the last byte that is not erased. A record may end in bytes that look erased: the walk over the heads adds
 * those. */
static uint32_t used_len(const struct port_region *mirror)
{
    uint32_t granule_len = port_flash()->granule_len;
    uint32_t used = mirror->len;
    while (used > 0 && flash_is_erased(mirror->off + used - granule_len, granule_len)) {
        used -= granule_len;
    }
    return used;
}

void journal_open(struct journal *journal, const struct port_region mirror[2])
{
    journal->sequence = 0;
    for (unsigned which = 0; which < 2; which++) {
        struct record record;
        uint32_t off = mirror[which].off;
        journal->mirror[which] = mirror[which];
        journal->used[which] = used_len(&mirror[which]);
        while (head_next(journal, which, &off, &record)) {
            if (record.sequence > journal->sequence) {
                journal->sequence = record.sequence;
            }
            if (off - mirror[which].off > journal->used[which]) {
                journal->used[which] = off - mirror[which].off;
            }
        }
    }
}

/* The newest over both mirrors. Gives the mirror, or -1. */
static int newest_anywhere(const struct journal *journal, uint8_t type, struct record *out)
{
    struct record other;
    int found = newest_find(journal, 0, type, out) ? 0 : -1;
    if (newest_find(journal, 1, type, &other) && (found < 0 || other.sequence > out->sequence)) {
        *out = other;
        found = 1;
    }
    return found;
}

status_t journal_read(const struct journal *journal, uint8_t type, struct bytes *payload)
{
    struct record record;
    if (newest_anywhere(journal, type, &record) < 0) {
        *payload = bytes_of(NULL, 0);
        return STATUS_NOT_FOUND;
    }
    *payload = record.payload;
    return STATUS_OK;
}

static status_t record_write(struct journal *journal, unsigned which, uint8_t type, uint32_t sequence,
                             struct bytes payload)
{
    const struct port_region *mirror = &journal->mirror[which];
    uint8_t head[JOURNAL_HEAD_LEN];
    uint8_t digest[CRYPTO_SHA256_LEN];
    struct crypto_sha256 hash;
    struct flash_stream stream;
    bytes_write_le16(head, JOURNAL_MAGIC);
    head[2] = type;
    head[3] = JOURNAL_VERSION;
    bytes_write_le16(head + 4, (uint16_t)payload.len);
    bytes_write_le16(head + 6, head_check(type, (uint16_t)payload.len, sequence));
    bytes_write_le32(head + 8, sequence);
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, bytes_of(head, sizeof head));
    crypto_sha256_add(&hash, payload);
    crypto_sha256_finish(&hash, digest);
    flash_stream_start(&stream, mirror->off + journal->used[which], mirror->off + mirror->len);
    journal->used[which] += record_len((uint32_t)payload.len);
    flash_stream_add(&stream, bytes_of(head, sizeof head));
    flash_stream_add(&stream, payload);
    flash_stream_add(&stream, bytes_of(digest, JOURNAL_TAG_LEN));
    status_t status = flash_stream_finish(&stream);
    wipe(&stream, sizeof stream); /* the payload may be a key */
    return status;
}

static int record_fits(const struct journal *journal, unsigned which, const struct record *record)
{
    return record_len((uint32_t)record->payload.len) <= journal->mirror[which].len - journal->used[which];
}

/* Finds a record that is newest in the other mirror and that `which` lacks. 0 when `which` has everything. */
static int mirror_lacks(const struct journal *journal, unsigned which, struct record *out)
{
    for (unsigned type = 1; type <= JOURNAL_TYPE_MAX; type++) {
        struct record mine;
        if (newest_find(journal, 1 - which, (uint8_t)type, out) &&
            !(newest_find(journal, which, (uint8_t)type, &mine) && mine.sequence >= out->sequence)) {
            return 1;
        }
    }
    return 0;
}

/* Fills the emptied mirror with the newest record of each type, as the other mirror or `skip` has them. */
static status_t mirror_refill(struct journal *journal, unsigned which, uint8_t skip)
{
    for (unsigned type = 1; type <= JOURNAL_TYPE_MAX; type++) {
        struct record record;
        if (type == skip || !newest_find(journal, 1 - which, (uint8_t)type, &record)) {
            continue;
        }
        if (!record_fits(journal, which, &record)) {
            return STATUS_NO_SPACE;
        }
        status_t status = record_write(journal, which, record.type, record.sequence, record.payload);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Bytes that a mirror takes after compaction, with `type` replaced by a payload of `len` bytes. */
static uint32_t compact_len(const struct journal *journal, uint8_t type, uint32_t len)
{
    uint32_t total = record_len(len);
    for (unsigned other = 1; other <= JOURNAL_TYPE_MAX; other++) {
        struct record record;
        if (other != type && newest_anywhere(journal, (uint8_t)other, &record) >= 0) {
            total += record_len((uint32_t)record.payload.len);
        }
    }
    return total;
}

static status_t mirror_rewrite(struct journal *journal, unsigned which, uint8_t skip)
{
    status_t status = flash_erase(journal->mirror[which].off, journal->mirror[which].len);
    if (status != STATUS_OK) {
        return status;
    }
    journal->used[which] = 0;
    return mirror_refill(journal, which, skip);
}

/* Gives mirror `which` everything that only the other one has. Erases it only when nothing is lost by that. */
static status_t mirror_complete(struct journal *journal, unsigned which)
{
    struct record record;
    while (mirror_lacks(journal, which, &record)) {
        struct record unique;
        if (!record_fits(journal, which, &record)) {
            return mirror_lacks(journal, 1 - which, &unique) ? STATUS_NO_SPACE : mirror_rewrite(journal, which, 0);
        }
        status_t status = record_write(journal, which, record.type, record.sequence, record.payload);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Empties a mirror of what is old, before `type` is written to it. The other mirror is made complete first: while this
 * one is erased, it alone holds everything. */
static status_t mirror_compact(struct journal *journal, unsigned which, uint8_t type)
{
    status_t status = mirror_complete(journal, 1 - which);
    return status == STATUS_OK ? mirror_rewrite(journal, which, type) : status;
}

status_t journal_append(struct journal *journal, uint8_t type, struct bytes payload)
{
    if (payload.len > JOURNAL_PAYLOAD_MAX || type == 0 || type > JOURNAL_TYPE_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    if (journal->sequence == UINT32_MAX) {
        return STATUS_NO_SPACE; /* 0 would be older than everything */
    }
    uint32_t len = record_len((uint32_t)payload.len);
    uint32_t sequence = journal->sequence + 1;
    for (unsigned which = 0; which < 2; which++) {
        status_t status = STATUS_OK;
        if (len > journal->mirror[which].len - journal->used[which]) {
            if (which == 0 && compact_len(journal, type, (uint32_t)payload.len) > journal->mirror[0].len) {
                return STATUS_NO_SPACE;
            }
            status = mirror_compact(journal, which, type);
        }
        if (status == STATUS_OK) {
            status = record_write(journal, which, type, sequence, payload);
        }
        if (status != STATUS_OK) {
            return status;
        }
        journal->sequence = sequence;
    }
    return STATUS_OK;
}

int journal_heal(struct journal *journal, uint8_t type)
{
    struct record mine;
    struct record other;
    for (unsigned which = 0; which < 2; which++) {
        int has = newest_find(journal, which, type, &mine);
        if (!newest_find(journal, 1 - which, type, &other) || (has && mine.sequence >= other.sequence)) {
            continue;
        }
        status_t status = STATUS_OK;
        if (!record_fits(journal, which, &other)) {
            status = mirror_compact(journal, which, type);
        }
        if (status == STATUS_OK) {
            status = record_write(journal, which, type, other.sequence, other.payload);
        }
        return status == STATUS_OK;
    }
    return 0;
}
