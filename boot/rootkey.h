/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootkey: keys derived from the chip's root key (docs/spec.md section 2.3): that of the seal, those of the stores.
 * Whoever can write flash would be content with any key that he knows, so one wrong step must not make one.
 */
#ifndef BOOT_ROOTKEY_H
#define BOOT_ROOTKEY_H

#include "base/bytes.h"
#include "base/status.h"

#define ROOTKEY_LEN_MAX 64u

/* HKDF-SHA256 without salt over the root key; `len` is a multiple of 4, at most ROOTKEY_LEN_MAX. HARD: derived twice,
 * from two readings of the fuses. CRYPTO_KEY: the chip has no root key; BOOT_DECISION: the two do not agree; FLASH_IO.
 * On an error `out` is wiped. time: CT in the key. */
status_t rootkey_derive(struct bytes info, uint8_t *out, size_t len);

#endif
