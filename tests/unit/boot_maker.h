/* SPDX-License-Identifier: Apache-2.0 */
/* boot_maker: makes keys, packages, key blocks and provisioned machines for tests of the boot rooms, without an HSM. */
#ifndef TESTS_UNIT_BOOT_MAKER_H
#define TESTS_UNIT_BOOT_MAKER_H

#include "crypto/crypto.h"
#include "ports/sim/sim.h"
#include "wire/policy.h"
#include "wire/suit.h"

struct maker_key {
    uint8_t secret[32];
    uint8_t open[64];
};

struct maker {
    struct maker_key firmware;
    struct maker_key firmware_next; /* trusted like the one before it */
    struct maker_key mastering;
    struct maker_key mastering_next;
    struct maker_key provisioner;
    struct maker_key grant;
    struct maker_key identity;
    struct maker_key update;
    uint8_t vendor[16];
    uint8_t class_id[16];
    enum policy_damage on_damage;
    enum policy_boot boot;
    enum policy_halt on_halt;
    uint32_t watchdog_seconds;
    uint32_t outputs_mask;
    uint32_t outputs_level;
    enum policy_debug debug;
};

/* Fresh keys. */
void maker_start(struct maker *maker);

/* What goes into a package; every field can be made wrong on purpose. */
struct maker_package {
    uint64_t sequence;
    size_t image_len;
    const struct maker_key *signer; /* of the package */
    const struct maker_key *block_signer;
    const struct maker_key *recipient; /* of the key block */
    const uint8_t *vendor;
    const uint8_t *class_id;
    uint64_t needs_version; /* of the SBM; 0: none */
};
/* A right one for this maker. */
struct maker_package maker_package_right(const struct maker *maker, uint64_t sequence, size_t image_len);
/* Writes key block and package; gives the length. `block_len` tells where the package begins. */
size_t maker_package_write(const struct maker_package *package, uint8_t *out, size_t capacity, size_t *block_len);
/* Byte `at` of the image of the package with that sequence number. */
uint8_t maker_image_byte(uint64_t sequence, size_t at, size_t image_len, uint32_t run_addr);

/* The primary slot of this machine is where images of packages made from now on run. */
void maker_geometry(const struct sim *sim);
/* The same for SBM images; maker_geometry does it, too. */
void maker_sbm_geometry(const struct sim *sim);
/* The policy that provisioning gives for packages up to `sequence`, with both keys of each kind. Gives its length. */
size_t maker_policy_write(const struct maker *maker, uint64_t sequence, uint8_t out[POLICY_MAX]);
/* Writes both anchor pages; BL1 takes no SBM below `least_sequence`. */
void maker_anchor(const struct maker *maker, struct sim *sim, uint64_t least_sequence);
/* Signs and writes an envelope around `manifest`, with up to two payloads (key.data == NULL ends the list); `digest` is
 * the manifest's digest. */
void maker_envelope_write(struct bytes manifest, const struct maker_key *signer, const struct suit_payload payloads[2],
                          struct cbor_writer *out, uint8_t digest[32]);

/* Byte `at` of the SBM image for `slot` of the package with that sequence number. */
uint8_t maker_sbm_byte(uint64_t sequence, unsigned slot, size_t at);
/* An SBM package with both images, of `image_len` bytes each. `needs_version`: of the application; 0: none. */
struct maker_sbm_spec {
    const struct maker_key *signer;
    uint64_t sequence;
    size_t image_len;
    uint64_t needs_version;
};
size_t maker_sbm_package(const struct maker *maker, const struct maker_sbm_spec *spec, uint8_t *out, size_t capacity);
/* Writes an SBM with its severed envelope into a slot, signed by `signer`. Whatever does not fit the slot is left out.
 * Gives the envelope's length. */
size_t maker_sbm(const struct maker *maker, const struct maker_key *signer, struct sim *sim, unsigned slot,
                 uint64_t sequence, size_t image_len);

/* Provisions the machine: store, state and `first` installed in package slot 0. */
void maker_provision(const struct maker *maker, struct sim *sim, const uint8_t *first, size_t first_len);

#endif
