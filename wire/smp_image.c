/* SPDX-License-Identifier: Apache-2.0 */
/* smp_image: see smp_image.h. */
#include "wire/smp_image.h"

enum { SEEN_DATA = 1, SEEN_OFF = 2, SEEN_LEN = 4, SEEN_IMAGE = 8, SEEN_SHA = 16, SEEN_HASH = 32, SEEN_CONFIRM = 64 };

/* Notes that a field was there; a second time is an error. */
static void note(struct cbor_reader *r, unsigned *seen, unsigned field)
{
    if ((*seen & field) != 0) {
        cbor_fail(r, STATUS_DUPLICATE);
    }
    *seen |= field;
}

/* A hash, or nothing: some clients send an empty string, or null, for "not known". */
static struct bytes hash_read(struct cbor_reader *r)
{
    if (cbor_peek(r) == CBOR_SIMPLE) {
        cbor_read_null(r);
        return bytes_of(NULL, 0);
    }
    struct bytes hash = cbor_read_bstr(r);
    if (hash.len != 0 && hash.len != SMP_HASH_LEN) {
        cbor_fail(r, STATUS_BAD_ARGUMENT);
    }
    return hash;
}

status_t smp_upload_parse(struct cbor_reader *r, struct smp_upload *out)
{
    struct smp_map map = smp_map_open(r);
    struct bytes key;
    unsigned seen = 0;
    memset(out, 0, sizeof *out);
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "data")) {
            note(r, &seen, SEEN_DATA);
            out->data = cbor_read_bstr(r);
        } else if (smp_key_is(key, "off")) {
            note(r, &seen, SEEN_OFF);
            out->off = cbor_read_uint(r);
        } else if (smp_key_is(key, "len")) {
            note(r, &seen, SEEN_LEN);
            out->len = cbor_read_uint(r);
        } else if (smp_key_is(key, "image")) {
            note(r, &seen, SEEN_IMAGE);
            out->image = cbor_read_uint(r);
        } else if (smp_key_is(key, "sha")) {
            note(r, &seen, SEEN_SHA);
            out->sha = hash_read(r);
        } else {
            (void)cbor_skip(r);
        }
    }
    status_t status = cbor_reader_finish(r);
    if (status == STATUS_OK && ((seen & SEEN_OFF) == 0 || (out->off == 0 && (seen & SEEN_LEN) == 0))) {
        return STATUS_MISSING_FIELD;
    }
    if (status == STATUS_OK && (out->len > UINT32_MAX || out->off > UINT32_MAX || (out->off == 0 && out->len == 0))) {
        return STATUS_BAD_ARGUMENT;
    }
    return status;
}

status_t smp_state_parse(struct cbor_reader *r, struct smp_state_request *out)
{
    struct smp_map map = smp_map_open(r);
    struct bytes key;
    unsigned seen = 0;
    memset(out, 0, sizeof *out);
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "hash")) {
            note(r, &seen, SEEN_HASH);
            out->hash = hash_read(r);
        } else if (smp_key_is(key, "confirm")) {
            note(r, &seen, SEEN_CONFIRM);
            out->confirm = cbor_read_bool(r);
        } else {
            (void)cbor_skip(r);
        }
    }
    return cbor_reader_finish(r);
}

/* "0.0.0." and the sequence number: major, minor, revision and build, as clients expect a version. */
static void version_write(struct cbor_writer *w, uint32_t sequence)
{
    char text[6 + SMP_NUMBER_MAX + 1] = "0.0.0.";
    text[6 + smp_number_write(sequence, text + 6)] = '\0';
    smp_pair_text(w, "version", text);
}

void smp_image_build(const struct smp_image *image, unsigned slot, struct cbor_writer *w)
{
    cbor_write_map(w, 9);
    smp_pair_bytes(w, "hash", bytes_of(image->hash, sizeof image->hash));
    smp_pair_uint(w, "slot", slot);
    smp_pair_uint(w, "image", 0);
    smp_pair_bool(w, "active", image->active);
    smp_pair_bool(w, "pending", image->pending);
    version_write(w, image->sequence);
    smp_pair_bool(w, "bootable", image->bootable);
    smp_pair_bool(w, "confirmed", image->confirmed);
    smp_pair_bool(w, "permanent", 0);
}
