/* SPDX-License-Identifier: Apache-2.0 */
/* granting_block: see granting_block.h. */
#include "host/appliance/granting_block.h"

#include <stdlib.h>
#include <string.h>

#include "host/lib/file.h"

#define FILE_MAX (GRANTING_BLOCKS_KEPT * (GRANT_SIGNED_MAX + 32u) + 64u)

void granting_blocks_init(struct granting_blocks *b)
{
    memset(b, 0, sizeof *b);
    (void)pthread_mutex_init(&b->lock, NULL);
}

void granting_blocks_close(struct granting_blocks *b)
{
    (void)pthread_mutex_destroy(&b->lock);
}

/* ---- the file: [package, base, units, [[first, count, COSE_Sign1]...]]; with the lock held ---- */

static size_t kept_count(const struct granting_blocks *b)
{
    size_t count = 0;
    for (size_t i = 0; i < GRANTING_BLOCKS_KEPT; i++) {
        count += b->kept[i].first != 0;
    }
    return count;
}

/* A file that cannot be written costs units of the quota after a restart, and no more. */
static void file_keep(const struct granting_blocks *b)
{
    struct fault ignored = FAULT_NONE;
    uint8_t *text = b->path[0] == '\0' ? NULL : malloc(FILE_MAX);
    if (text == NULL) {
        return;
    }
    struct cbor_writer w = cbor_writer_of(text, FILE_MAX);
    cbor_write_array(&w, 4);
    cbor_write_uint(&w, b->package);
    cbor_write_uint(&w, b->base);
    cbor_write_uint(&w, b->units);
    cbor_write_array(&w, kept_count(b));
    for (size_t i = 0; i < GRANTING_BLOCKS_KEPT; i++) {
        const struct granting_block *block = &b->kept[(b->next + i) % GRANTING_BLOCKS_KEPT];
        if (block->first != 0) {
            cbor_write_array(&w, 3);
            cbor_write_uint(&w, block->first);
            cbor_write_uint(&w, block->count);
            cbor_write_bstr(&w, bytes_of(block->sign1, block->sign1_len));
        }
    }
    if (w.status == STATUS_OK) {
        (void)file_write(b->path, cbor_written(&w), 0600, FILE_REPLACE, &ignored);
    }
    free(text);
}

static void block_keep(struct granting_blocks *b, const struct granting_block *block)
{
    b->kept[b->next] = *block;
    b->next = (b->next + 1) % GRANTING_BLOCKS_KEPT;
}

static void block_read(struct granting_blocks *b, struct cbor_reader *r)
{
    struct granting_block block = { 0 };
    if (cbor_read_array(r) != 3) {
        cbor_fail(r, STATUS_MESSAGE);
    }
    block.first = cbor_read_uint(r);
    block.count = cbor_read_uint(r);
    struct bytes sign1 = cbor_read_bstr(r);
    if (r->status == STATUS_OK && sign1.len <= sizeof block.sign1 && block.first != 0 &&
        (b->is_recorded == NULL || b->is_recorded(b->context, block.count))) {
        memcpy(block.sign1, sign1.data, sign1.len);
        block.sign1_len = sign1.len;
        block_keep(b, &block);
    }
}

/* What it says is as good as what it signs: a wrong block is refused by the chip. */
static void file_take(struct granting_blocks *b)
{
    struct fault ignored = FAULT_NONE;
    uint8_t *text = NULL;
    size_t len = 0;
    if (b->path[0] == '\0' || file_read(b->path, FILE_MAX, &text, &len, &ignored) != 0) {
        return;
    }
    struct cbor_reader r = cbor_reader_of(bytes_of(text, len));
    int same = cbor_read_array(&r) == 4 && cbor_read_uint(&r) == b->package;
    uint64_t base = cbor_read_uint(&r);
    same = cbor_read_uint(&r) == b->units && same && r.status == STATUS_OK && base != 0;
    b->base = same ? base : b->base; /* a unit that was moved here may have a lower number */
    uint64_t count = same ? cbor_read_array(&r) : 0;
    for (uint64_t i = 0; i < count && i < GRANTING_BLOCKS_KEPT && r.status == STATUS_OK; i++) {
        block_read(b, &r);
    }
    free(text);
}

/* ---- */

void granting_blocks_begin(struct granting_blocks *b, uint64_t package, uint64_t base, uint64_t units)
{
    (void)pthread_mutex_lock(&b->lock);
    if (b->package != package) {
        b->package = package;
        b->base = base;
        b->units = units;
        b->next = 0;
        memset(b->kept, 0, sizeof b->kept);
        file_take(b);
    }
    (void)pthread_mutex_unlock(&b->lock);
}

/* With the lock held. */
static const struct granting_block *block_find(const struct granting_blocks *b, uint64_t unit)
{
    for (size_t i = 0; i < GRANTING_BLOCKS_KEPT; i++) {
        const struct granting_block *block = &b->kept[i];
        if (block->first != 0 && unit >= block->first && unit - block->first < b->units) {
            return block;
        }
    }
    return NULL;
}

int granting_blocks_take(struct granting_blocks *b, uint64_t package, uint64_t unit,
                         const struct granting_block_signer *signer, struct granting_block *out, struct fault *fault)
{
    int result = 0;
    (void)pthread_mutex_lock(&b->lock);
    const struct granting_block *block = block_find(b, unit);
    if (b->package != package) {
        result = fault_set(fault, "unit %llu is not of the package that is loaded now", (unsigned long long)unit);
    } else if (block != NULL) {
        *out = *block;
    } else {
        /* One that was moved here from an earlier package has a lower number: a block of its own begins with it. */
        *out = (struct granting_block){ .first = unit < b->base ? unit : unit - (unit - b->base) % b->units };
        result = signer->sign(signer->context, package, b->units, out, fault);
        if (result == 0) {
            block_keep(b, out);
            file_keep(b);
        }
    }
    (void)pthread_mutex_unlock(&b->lock);
    return result;
}
