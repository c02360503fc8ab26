/* SPDX-License-Identifier: Apache-2.0 */
/*
 * install: from a package slot (key block, then package, still encrypted) into the primary slot. Everything is checked
 * before the first erase; nothing here decides that an image may run.
 */
#ifndef BOOT_INSTALL_H
#define BOOT_INSTALL_H

#include "boot/keyblock.h"
#include "boot/port.h"
#include "boot/verify.h"

struct install_trust {
    struct verify_trust verify;
    struct keyblock_trust block;
};

/* A package slot that passed every check. install_wipe it. */
struct install {
    struct keyblock block;
    struct package package;
};

/*
 * Checks the content of a package slot, in this order: key block signature, recipient, unwrapping; package signature,
 * component, vendor, class, sequence; that the two belong together; size; digest of the encrypted payload. *sequence is
 * the package's sequence number as soon as its signature was right, else 0. SUIT_NO_PACKAGE when the slot is empty.
 */
status_t install_check(struct bytes slot, const struct install_trust *trust, struct install *out, uint64_t *sequence);
/* Decrypts into the primary slot, sector by sector, and checks the image's digest there; `digest` is what was computed.
 * A sector that holds its part already is not erased. cut: the primary slot holds part of the image; the package is
 * untouched: run it again, and it goes on where it was. */
status_t install_run(const struct install *install, uint8_t digest[CRYPTO_SHA256_LEN]);
/* The image of a verified package as it lies in the primary slot. */
struct bytes install_image(const struct package *package);
/* The installed image begins with a vector table for its slot: an entry point that lies in the image and a stack that
 * lies in the application's RAM (docs/spec.md section 10). SUIT_ENTRY. */
status_t install_entry_check(const struct package *package);
/* The package (without key block) in a slot's content. SUIT_NO_PACKAGE. */
status_t install_package_find(struct bytes slot, struct bytes *package);
void install_wipe(struct install *install);

#endif
