/* SPDX-License-Identifier: Apache-2.0 */
/* boot_maker_sbm: SBM packages and filled SBM slots for tests; see boot_maker.h. */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>

#include "tests/unit/boot_maker.h"

static uint32_t run_addr[2];

void maker_sbm_geometry(const struct sim *sim)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        run_addr[slot] = sim->map.sbm[slot].off + sim->map.sbm_image_off;
    }
}

/* The second word is an entry point in the image. */
uint8_t maker_sbm_byte(uint64_t sequence, unsigned slot, size_t at)
{
    if (at >= 4 && at < 8) {
        return (uint8_t)((run_addr[slot] + 9) >> 8 * (at - 4));
    }
    return (uint8_t)(at * 13u + sequence + 101u * slot);
}

static uint8_t *image_make(const struct maker_sbm_spec *spec, unsigned slot, uint8_t digest[32])
{
    uint8_t *image = malloc(spec->image_len);
    assert(image != NULL);
    for (size_t i = 0; i < spec->image_len; i++) {
        image[i] = maker_sbm_byte(spec->sequence, slot, i);
    }
    crypto_sha256(bytes_of(image, spec->image_len), digest);
    return image;
}

/* With its payloads, or (`severed`) without. */
static void envelope_make(const struct maker *maker, const struct maker_sbm_spec *spec, int severed,
                          struct cbor_writer *out)
{
    static uint8_t manifest[SUIT_MANIFEST_MAX];
    uint8_t digests[2][32];
    uint8_t manifest_digest[32];
    uint8_t *images[2] = { image_make(spec, 0, digests[0]), image_make(spec, 1, digests[1]) };
    const struct suit_package_spec package = { .sequence = spec->sequence,
                                               .vendor = bytes_of(maker->vendor, 16),
                                               .class_id = bytes_of(maker->class_id, 16),
                                               .component = "sbm",
                                               .image_digest = bytes_of(digests[0], 32),
                                               .image_size = spec->image_len,
                                               .second_digest = bytes_of(digests[1], 32),
                                               .second_size = spec->image_len,
                                               .needs_version = spec->needs_version };
    const struct suit_payload payloads[2] = { { bytes_of("#sbm.a", 6), bytes_of(images[0], spec->image_len) },
                                              { bytes_of("#sbm.b", 6), bytes_of(images[1], spec->image_len) } };
    const struct suit_payload none[2] = { { { NULL, 0 }, { NULL, 0 } } };
    struct cbor_writer m = cbor_writer_of(manifest, sizeof manifest);
    status_t status = suit_package_manifest_build(&package, &m);
    assert(status == STATUS_OK);
    (void)status;
    maker_envelope_write(cbor_written(&m), spec->signer, severed ? none : payloads, out, manifest_digest);
    assert(out->status == STATUS_OK);
    free(images[0]);
    free(images[1]);
}

size_t maker_sbm_package(const struct maker *maker, const struct maker_sbm_spec *spec, uint8_t *out, size_t capacity)
{
    struct cbor_writer w = cbor_writer_of(out, capacity);
    envelope_make(maker, spec, 0, &w);
    return w.len;
}

size_t maker_sbm(const struct maker *maker, const struct maker_key *signer, struct sim *sim, unsigned slot,
                 uint64_t sequence, size_t image_len)
{
    const struct maker_sbm_spec spec = { .signer = signer, .sequence = sequence, .image_len = image_len };
    uint8_t *at = sim->flash + sim->map.sbm[slot].off;
    size_t room = sim->map.sbm[slot].len - sim->map.sbm_image_off;
    memset(at, sim->map.erased, sim->map.sbm[slot].len);
    struct cbor_writer e = cbor_writer_of(at, sim->map.sbm_image_off);
    envelope_make(maker, &spec, 1, &e);
    for (size_t i = 0; i < image_len && i < room; i++) {
        at[sim->map.sbm_image_off + i] = maker_sbm_byte(sequence, slot, i);
    }
    return e.len;
}
