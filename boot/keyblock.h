/* SPDX-License-Identifier: Apache-2.0 */
/* keyblock: opens a key block for this device (docs/spec.md section 7.3): signature, recipient, unwrapping. */
#ifndef BOOT_KEYBLOCK_H
#define BOOT_KEYBLOCK_H

#include "base/bytes.h"
#include "base/status.h"
#include "wire/policy.h"

#define KEYBLOCK_MAX 1024 /* bytes of an encoded key block */

struct keyblock_trust {
    const struct policy *policy;
    uint32_t mastering_retired;   /* bit i: mastering key i is not taken any more */
    const uint8_t *update_key;    /* 32: the device's private key */
    const uint8_t *update_public; /* 64: its public key */
};

struct keyblock {
    size_t encoded_len;          /* length of the block in the input */
    uint64_t sequence;           /* of the package it belongs to */
    struct bytes package_digest; /* 32: its manifest digest; a view into a copy, valid until the next block is opened */
    uint64_t package_size;
    uint8_t key[16]; /* the session key: wiped by keyblock_wipe */
    uint8_t iv[16];
};

/*
 * Opens the block at the start of `in`. The mastering key's signature is taken for any package, the provisioner key's
 * only up to policy.provisioned_sequence; neither for code. SUIT_NO_BLOCK, SUIT_BLOCK_KEY, SUIT_BLOCK_SIGNATURE,
 * SUIT_RECIPIENT, CRYPTO_UNWRAP, TOO_LONG or a syntax error; then *out is wiped. time: CT in the private key and the
 * session key.
 */
status_t keyblock_open(struct bytes in, const struct keyblock_trust *trust, struct keyblock *out);
void keyblock_wipe(struct keyblock *block);

#endif
