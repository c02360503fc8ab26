/* SPDX-License-Identifier: Apache-2.0 */
/* install: see install.h. */
#include "boot/install.h"

#include "base/wipe.h"
#include "boot/flash.h"
#include "boot/manifest_run.h"
#include "boot/statement.h"

status_t install_package_find(struct bytes slot, struct bytes *package)
{
    struct suit_envelope block;
    *package = bytes_of(NULL, 0);
    if (slot.len == 0 || slot.data[0] == port_flash()->erased) {
        return STATUS_SUIT_NO_PACKAGE;
    }
    status_t status = suit_envelope_parse(slot, &block);
    if (status != STATUS_OK) {
        return status;
    }
    *package = bytes_of(slot.data + block.encoded.len, slot.len - block.encoded.len);
    return package->len == 0 || package->data[0] == port_flash()->erased ? STATUS_TRUNCATED : STATUS_OK;
}

static status_t belongs_check(const struct install *install)
{
    const struct keyblock *block = &install->block;
    const struct suit_envelope *envelope = &install->package.envelope;
    if (!bytes_equal(block->package_digest, envelope->digest) || block->package_size != install->package.encoded_len ||
        block->sequence != install->package.manifest.sequence) {
        return STATUS_SUIT_DEPENDENCY;
    }
    return STATUS_OK;
}

static status_t sizes_check(const struct package *package)
{
    if (package->image.size == 0 || package->image.size != package->payload.size ||
        package->image.size > port_flash()->primary.len) {
        return STATUS_SUIT_SIZE;
    }
    return STATUS_OK;
}

/* Parsing a package that lies across the end of the slot says TRUNCATED; so does one that ends in erased flash. */
static status_t slot_check(struct bytes slot, const struct install_trust *trust, struct install *out,
                           uint64_t *sequence)
{
    struct bytes package;
    status_t status = install_package_find(slot, &package);
    if (status == STATUS_OK) {
        status = keyblock_open(slot, &trust->block, &out->block);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = statement_verify(package, &trust->verify, &out->package);
    *sequence = out->package.manifest.sequence;
    if (status == STATUS_OK) {
        status = belongs_check(out);
    }
    if (status == STATUS_OK) {
        status = sizes_check(&out->package);
    }
    if (status == STATUS_OK) {
        status = verify_payload(&out->package);
    }
    return status;
}

status_t install_check(struct bytes slot, const struct install_trust *trust, struct install *out, uint64_t *sequence)
{
    memset(out, 0, sizeof *out);
    *sequence = 0;
    status_t status = slot_check(slot, trust, out, sequence);
    if (status != STATUS_OK) {
        install_wipe(out);
    }
    return status;
}

struct bytes install_image(const struct package *package)
{
    return port_flash_view(port_flash()->primary.off, (uint32_t)package->image.size);
}

/* The cipher, set to byte `at` (a multiple of 16) of the payload: the IV plus the number of blocks before it. */
static void cipher_start(const struct install *install, uint32_t at, struct crypto_ctr *ctr)
{
    uint8_t counter[16];
    uint32_t carry = at / 16;
    memcpy(counter, install->block.iv, sizeof counter);
    for (unsigned i = sizeof counter; i-- > 0;) {
        carry += counter[i];
        counter[i] = (uint8_t)carry;
        carry >>= 8;
    }
    crypto_ctr_start(ctr, install->block.key, counter);
}

/* Decrypts `len` bytes of the payload from `at` on and gives them to `stream` or, without one, compares them with what
 * the primary slot holds there. 1 when all of it was taken, or is there. */
static int part_decrypt(const struct install *install, uint32_t at, uint32_t len, struct flash_stream *stream)
{
    struct crypto_ctr ctr;
    uint8_t plain[FLASH_CHUNK_LEN];
    const uint8_t *cipher = install->package.envelope.payload.data;
    int sound = 1;
    cipher_start(install, at, &ctr);
    for (uint32_t end = at + len; at < end && sound; at += sizeof plain) {
        uint32_t part = end - at < sizeof plain ? end - at : (uint32_t)sizeof plain;
        crypto_ctr_apply(&ctr, cipher + at, plain, part);
        if (stream != NULL) {
            flash_stream_add(stream, bytes_of(plain, part));
            sound = stream->status == STATUS_OK;
        } else {
            sound = memcmp(plain, port_flash_view(port_flash()->primary.off + at, part).data, part) == 0;
        }
    }
    crypto_ctr_wipe(&ctr);
    wipe(plain, sizeof plain);
    return sound;
}

static status_t sector_write(const struct install *install, uint32_t at, uint32_t len)
{
    static struct flash_stream stream;
    uint32_t off = port_flash()->primary.off + at;
    status_t status = port_flash_erase(off);
    if (status == STATUS_OK) {
        flash_stream_start(&stream, off, off + port_flash()->sector_len);
        (void)part_decrypt(install, at, len, &stream);
        status = flash_stream_finish(&stream);
        wipe(&stream, sizeof stream);
    }
    return status;
}

/* suit-directive-copy with encryption-info: payload -> primary slot, sector by sector. What is there already stays: an
 * installation that was cut goes on where it was, and a damaged image loses only its damaged sectors. */
static status_t image_decrypt(const struct install *install)
{
    uint32_t sector_len = port_flash()->sector_len;
    uint32_t total = (uint32_t)install->package.envelope.payload.len;
    status_t status = STATUS_OK;
    for (uint32_t at = 0; at < total && status == STATUS_OK; at += sector_len) {
        uint32_t len = total - at < sector_len ? total - at : sector_len;
        if (!part_decrypt(install, at, len, NULL)) {
            status = sector_write(install, at, len);
        }
    }
    return status;
}

/* One step of the manifest's install sequence; `*done` counts the steps that went well. */
static status_t step_run(const struct install *install, struct manifest_run *run, int64_t code, unsigned *done)
{
    const struct suit_parameters *p = manifest_run_parameters(run);
    if (code == SUIT_DIR_FETCH && run->current == 1 && *done == 0) {
        *done = 1;
        return bytes_equal(p->uri, install->package.envelope.payload_key) ? STATUS_OK : STATUS_NOT_FOUND;
    }
    if (code == SUIT_COND_IMAGE_MATCH && run->current == 1 && *done == 1) {
        *done = 2; /* install_check compared the payload's digest before the first erase */
        return STATUS_OK;
    }
    if (code == SUIT_DIR_COPY && run->current == 0 && *done == 2) {
        *done = 3;
        return (p->present & SUIT_HAS(SUIT_PARAM_SOURCE)) && p->source == 1 ? image_decrypt(install)
                                                                            : STATUS_SUIT_COMPONENT;
    }
    if (code == SUIT_COND_IMAGE_MATCH && run->current == 0 && *done == 3) {
        *done = 4; /* the caller compares what is in flash now */
        return STATUS_OK;
    }
    return STATUS_SUIT_COMMAND;
}

status_t install_run(const struct install *install, uint8_t digest[CRYPTO_SHA256_LEN])
{
    struct manifest_run run;
    int64_t code = 0;
    unsigned done = 0;
    status_t status = STATUS_OK;
    manifest_run_start(&run, &install->package.manifest);
    run.parameters[0] = install->package.image;
    run.parameters[1] = install->package.payload;
    manifest_run_sequence(&run, install->package.manifest.install);
    while (manifest_run_next(&run, &code, &status)) {
        status = step_run(install, &run, code, &done);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    return done == 4 ? verify_image(&install->package, install_image(&install->package), digest) : STATUS_MISSING_FIELD;
}

status_t install_entry_check(const struct package *package)
{
    struct bytes image = install_image(package);
    uint32_t first;
    uint32_t last;
    uint32_t run_addr = port_primary_run_addr();
    if (image.len < 8) {
        return STATUS_SUIT_ENTRY;
    }
    uint32_t stack = bytes_read_le32(image.data);
    uint32_t entry = bytes_read_le32(image.data + 4);
    port_application_ram(&first, &last);
    int sound =
        stack >= first && stack <= last && stack % 8 == 0 && (entry & 1u) == 1 && entry - 1 - run_addr < image.len;
    return sound ? STATUS_OK : STATUS_SUIT_ENTRY;
}

void install_wipe(struct install *install)
{
    wipe(install, sizeof *install);
}
