/* SPDX-License-Identifier: Apache-2.0 */
/* rootkey: see rootkey.h. */
#include "boot/rootkey.h"

#include "base/hard.h"
#include "base/wipe.h"
#include "boot/port.h"
#include "crypto/crypto.h"

static status_t derive_once(struct bytes info, uint8_t *out, size_t len)
{
    uint8_t root[32];
    uint32_t any = 0;
    status_t status = port_root_key(root);
    for (size_t i = 0; i < sizeof root; i++) {
        any |= root[i];
    }
    if (status == STATUS_OK && any == 0) {
        status = STATUS_CRYPTO_KEY;
    }
    if (status == STATUS_OK) {
        status = crypto_hkdf(bytes_of(root, sizeof root), info, out, len);
    }
    wipe(root, sizeof root);
    return status;
}

status_t rootkey_derive(struct bytes info, uint8_t *out, size_t len)
{
    uint8_t again[ROOTKEY_LEN_MAX];
    if (len > sizeof again) {
        return STATUS_BAD_ARGUMENT;
    }
    /* What a skipped step leaves differs, too. */
    memset(out, 0x00, len);
    memset(again, 0xFF, sizeof again);
    status_t status = derive_once(info, out, len);
    if (status == STATUS_OK) {
        status = derive_once(info, again, len);
    }
    if (status == STATUS_OK && hard_compare(out, again, len) != HARD_SAME) {
        status = STATUS_BOOT_DECISION;
    }
    wipe(again, sizeof again);
    if (status != STATUS_OK) {
        wipe(out, len);
    }
    return status;
}
