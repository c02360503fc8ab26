/* SPDX-License-Identifier: Apache-2.0 */
/* journal: see journal.h. A record is found by its head alone; only what is about to be used is hashed. */
#include "boot/journal.h"

#include "base/wipe.h"
#include "boot/flash.h"
#include "crypto/crypto.h"

uint32_t journal_record_len(uint32_t payload_len)
{
    return flash_granules(JOURNAL_HEAD_LEN + payload_len + JOURNAL_TAG_LEN);
}

/* A check over the head, so that no single flipped bit leads the walk astray. */
static uint16_t head_check(uint8_t type, uint16_t len, uint32_t sequence)
{
    return (uint16_t)(0xFFFFu ^ type ^ len ^ (sequence & 0xFFFFu) ^ sequence >> 16);
}

/* 1 when a sound head stands at `off`; the payload's tag is not looked at. */
static int head_read(const struct port_region *mirror, uint32_t off, struct journal_record *out)
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
        bytes_read_le16(head + 6) != head_check(out->type, len, out->sequence) || journal_record_len(len) > left ||
        out->type == 0 || out->type > JOURNAL_TYPE_MAX) {
        return 0;
    }
    out->payload = port_flash_view(off + JOURNAL_HEAD_LEN, len);
    return 1;
}

int journal_record_sound(const struct journal_record *record)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    uint32_t covered = JOURNAL_HEAD_LEN + (uint32_t)record->payload.len;
    crypto_sha256(port_flash_view(record->off, covered), digest);
    return memcmp(digest, port_flash_view(record->off + covered, JOURNAL_TAG_LEN).data, JOURNAL_TAG_LEN) == 0;
}

static struct bytes record_view(const struct journal_record *record)
{
    return port_flash_view(record->off, JOURNAL_HEAD_LEN + (uint32_t)record->payload.len + JOURNAL_TAG_LEN);
}

int journal_record_same(const struct journal_record *a, const struct journal_record *b)
{
    return bytes_equal(record_view(a), record_view(b));
}

/* Walks the heads of a mirror: `*off` is where to look, and moves on. 0 at the end. */
static int head_next(const struct journal *journal, unsigned which, uint32_t *off, struct journal_record *out)
{
    const struct port_region *mirror = &journal->mirror[which];
    uint32_t end = mirror->off + journal->used[which];
    while (*off < end) {
        if (head_read(mirror, *off, out)) {
            *off += journal_record_len((uint32_t)out->payload.len);
            return 1;
        }
        *off += port_flash()->granule_len;
    }
    return 0;
}

int journal_find(const struct journal *journal, unsigned which, uint8_t type, uint32_t below,
                 struct journal_record *out)
{
    struct journal_record record;
    int found = 0;
    uint32_t off = journal->newest[which][type - 1];
    if (below == 0 && (off == 0 || head_read(&journal->mirror[which], off, out))) {
        return off != 0;
    }
    off = journal->mirror[which].off;
    while (head_next(journal, which, &off, &record)) {
        if (record.type == type && (below == 0 || record.sequence < below) &&
            (!found || record.sequence >= out->sequence)) {
            *out = record;
            found = 1;
        }
    }
    return found;
}

/* The sound record of `type` with the highest sequence in one mirror. */
static int newest_find(const struct journal *journal, unsigned which, uint8_t type, struct journal_record *out)
{
    uint32_t below = 0;
    while (journal_find(journal, which, type, below, out)) {
        if (journal_record_sound(out)) {
            return 1;
        }
        below = out->sequence; /* damaged: the one before it */
        if (below == 0) {
            break;
        }
    }
    return 0;
}

/* Bytes up to the last one that is not erased, in granules. A record may end in bytes that look erased: the walk over
 * the heads adds those. */
static uint32_t used_len(const struct port_region *mirror)
{
    const uint8_t *at = port_flash_view(mirror->off, mirror->len).data;
    uint32_t erased = port_flash()->erased * 0x01010101u;
    uint32_t used = mirror->len;
    while (used > 0 && bytes_read_le32(at + used - 4) == erased) {
        used -= 4;
    }
    while (used > 0 && at[used - 1] == (uint8_t)erased) {
        used--;
    }
    return flash_granules(used);
}

/* Takes note of a record of mirror `which`; the walk comes to the later ones of equal sequence last. */
static void record_note(struct journal *journal, unsigned which, const struct journal_record *record)
{
    uint32_t *newest = &journal->newest[which][record->type - 1];
    struct journal_record known;
    if (*newest == 0 || !head_read(&journal->mirror[which], *newest, &known) || record->sequence >= known.sequence) {
        *newest = record->off;
    }
    if (record->sequence > journal->sequence) {
        journal->sequence = record->sequence;
    }
}

void journal_open(struct journal *journal, const struct port_region mirror[2])
{
    memset(journal, 0, sizeof *journal);
    for (unsigned which = 0; which < 2; which++) {
        struct journal_record record;
        uint32_t off = mirror[which].off;
        journal->mirror[which] = mirror[which];
        journal->used[which] = used_len(&mirror[which]);
        while (head_next(journal, which, &off, &record)) {
            record_note(journal, which, &record);
            if (off - mirror[which].off > journal->used[which]) {
                journal->used[which] = off - mirror[which].off;
            }
        }
    }
}

/* 1 when both mirrors have the same newest record of `type`, byte for byte. */
static int mirrors_agree(const struct journal *journal, uint8_t type, struct journal_record *out)
{
    struct journal_record other;
    return journal_find(journal, 0, type, 0, out) && journal_find(journal, 1, type, 0, &other) &&
           journal_record_same(out, &other);
}

/* The newest over both mirrors. Gives the mirror, or -1. */
static int newest_anywhere(const struct journal *journal, uint8_t type, struct journal_record *out)
{
    struct journal_record other;
    if (mirrors_agree(journal, type, out) && journal_record_sound(out)) {
        return 0;
    }
    int found = newest_find(journal, 0, type, out) ? 0 : -1;
    if (newest_find(journal, 1, type, &other) && (found < 0 || other.sequence > out->sequence)) {
        *out = other;
        found = 1;
    }
    return found;
}

status_t journal_read(const struct journal *journal, uint8_t type, struct bytes *payload)
{
    struct journal_record record;
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
    const struct journal_record record = { mirror->off + journal->used[which], sequence, type, payload };
    flash_stream_start(&stream, record.off, mirror->off + mirror->len);
    journal->used[which] += journal_record_len((uint32_t)payload.len);
    flash_stream_add(&stream, bytes_of(head, sizeof head));
    flash_stream_add(&stream, payload);
    flash_stream_add(&stream, bytes_of(digest, JOURNAL_TAG_LEN));
    status_t status = flash_stream_finish(&stream);
    wipe(&stream, sizeof stream); /* the payload may be a key */
    if (status == STATUS_OK) {
        record_note(journal, which, &record);
    }
    return status;
}

static int record_fits(const struct journal *journal, unsigned which, const struct journal_record *record)
{
    return journal_record_len((uint32_t)record->payload.len) <= journal->mirror[which].len - journal->used[which];
}

/* Finds a record that is newest in the other mirror and that `which` lacks. 0 when `which` has everything. */
static int mirror_lacks(const struct journal *journal, unsigned which, struct journal_record *out)
{
    for (unsigned type = 1; type <= JOURNAL_TYPE_MAX; type++) {
        struct journal_record mine;
        if (!mirrors_agree(journal, (uint8_t)type, &mine) && newest_find(journal, 1 - which, (uint8_t)type, out) &&
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
        struct journal_record record;
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
    uint32_t total = journal_record_len(len);
    for (unsigned other = 1; other <= JOURNAL_TYPE_MAX; other++) {
        struct journal_record record;
        if (other != type && newest_anywhere(journal, (uint8_t)other, &record) >= 0) {
            total += journal_record_len((uint32_t)record.payload.len);
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
    memset(journal->newest[which], 0, sizeof journal->newest[which]);
    return mirror_refill(journal, which, skip);
}

/* Gives mirror `which` everything that only the other one has. Erases it only when nothing is lost by that. */
static status_t mirror_complete(struct journal *journal, unsigned which)
{
    struct journal_record record;
    while (mirror_lacks(journal, which, &record)) {
        struct journal_record unique;
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
    uint32_t len = journal_record_len((uint32_t)payload.len);
    uint32_t sequence = journal->sequence + 1;
    status_t failed = STATUS_OK;
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
        if (status == STATUS_OK) {
            journal->sequence = sequence;
        } else if (status != STATUS_FLASH_IO) {
            return status;
        } else {
            failed = status; /* a worn sector: the other mirror still takes it */
        }
    }
    return journal->sequence == sequence ? STATUS_OK : failed;
}

status_t journal_copy(struct journal *journal, unsigned which, const struct journal_record *record)
{
    status_t status = STATUS_OK;
    if (!record_fits(journal, which, record)) {
        status = mirror_compact(journal, which, record->type);
    }
    return status == STATUS_OK ? record_write(journal, which, record->type, record->sequence, record->payload) : status;
}

int journal_heal(struct journal *journal, uint8_t type)
{
    struct journal_record mine;
    struct journal_record other;
    if (mirrors_agree(journal, type, &mine)) {
        return 0;
    }
    for (unsigned which = 0; which < 2; which++) {
        int has = newest_find(journal, which, type, &mine);
        if (newest_find(journal, 1 - which, type, &other) && (!has || mine.sequence < other.sequence)) {
            return journal_copy(journal, which, &other) == STATUS_OK;
        }
    }
    return 0;
}
