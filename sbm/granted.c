/* SPDX-License-Identifier: Apache-2.0 */
/* granted: see granted.h. */
#include "sbm/granted.h"

#include "sbm/device.h"
#include "sbm/signed.h"

static uint8_t stored[GRANT_ITEM_MAX];

/* The page that BL1 takes: the first whose SHA-256 is right. */
static status_t anchor_read(struct anchor *out)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct port_region *region = &port_flash()->anchor[i];
        struct bytes page = port_flash_view(region->off, region->len);
        uint8_t digest[CRYPTO_SHA256_LEN];
        size_t map_len;
        if (anchor_parse(page, out, &map_len) != STATUS_OK || page.len - map_len < sizeof digest) {
            continue;
        }
        crypto_sha256(bytes_of(page.data, map_len), digest);
        if (memcmp(digest, page.data + map_len, sizeof digest) == 0) {
            return STATUS_OK;
        }
    }
    return STATUS_BOOT_NO_ANCHOR;
}

/* Signed by a mastering key that is not retired, and made for this product. */
static status_t ticket_check(struct bytes encoded, const struct anchor *anchor, struct ticket *out)
{
    const struct verify_keys mastering = { anchor->mastering_keys, port_keys_retired(PORT_KEYS_MASTERING) };
    const uint8_t *key;
    struct cose_sign1 sign1;
    status_t status = cose_sign1_parse(encoded, &sign1);
    if (status == STATUS_OK) {
        status = verify_key_find(&mastering, sign1.kid, &key);
    }
    if (status == STATUS_OK) {
        status = signed_check(&sign1, bytes_of(TICKET_AAD, sizeof TICKET_AAD - 1), key);
    }
    if (status == STATUS_SUIT_KEY_UNKNOWN || status == STATUS_CRYPTO_SIGNATURE) {
        return STATUS_GRANT_TICKET;
    }
    if (status == STATUS_OK) {
        status = ticket_parse(sign1.payload, out);
    }
    if (status == STATUS_OK && !bytes_equal(out->vendor, anchor->vendor)) {
        status = STATUS_SUIT_VENDOR;
    }
    return status == STATUS_OK && !bytes_equal(out->class_id, anchor->class_id) ? STATUS_SUIT_CLASS : status;
}

/* The payload of what `key` signed. Only a mastering key is named by a kid. */
static status_t payload_open(struct bytes encoded, struct bytes aad, const uint8_t *key, struct bytes *payload)
{
    struct cose_sign1 sign1;
    status_t status = cose_sign1_parse(encoded, &sign1);
    if (status == STATUS_OK && sign1.kid.data != NULL) {
        status = STATUS_UNKNOWN_FIELD;
    }
    if (status == STATUS_OK) {
        status = signed_check(&sign1, aad, key);
    }
    *payload = sign1.payload;
    return status == STATUS_CRYPTO_SIGNATURE ? STATUS_GRANT_SIGNATURE : status;
}

static status_t block_check(struct bytes encoded, const struct ticket *ticket, struct grant_block *out)
{
    struct bytes payload;
    status_t status =
        payload_open(encoded, bytes_of(GRANT_BLOCK_AAD, sizeof GRANT_BLOCK_AAD - 1), ticket->grant_key.data, &payload);
    if (status == STATUS_OK) {
        status = grant_block_parse(payload, out);
    }
    if (status == STATUS_OK && (ticket->block == 1 || out->package != ticket->package || out->count > ticket->block)) {
        status = STATUS_GRANT_UNIT;
    }
    return status;
}

/* Down from the ticket; a grant without a block is signed by the grant key itself. */
static status_t grant_open(const struct grant_item *item, const struct ticket *ticket, struct grant *out)
{
    struct grant_block block = { .first = 0, .count = UINT64_MAX, .delegate_key = ticket->grant_key };
    struct bytes payload;
    status_t status = item->block.data != NULL ? block_check(item->block, ticket, &block) : STATUS_OK;
    if (status == STATUS_OK) {
        status =
            payload_open(item->grant, bytes_of(GRANT_AAD, sizeof GRANT_AAD - 1), block.delegate_key.data, &payload);
    }
    if (status == STATUS_OK) {
        status = grant_parse(payload, out);
    }
    if (status == STATUS_OK &&
        (out->package != ticket->package || out->unit < block.first || out->unit - block.first >= block.count)) {
        status = STATUS_GRANT_UNIT;
    }
    return status;
}

status_t granted_check(const struct provisioned *p, struct bytes item)
{
    struct anchor anchor;
    struct grant_item parts;
    struct ticket ticket;
    struct grant grant;
    status_t status = grant_item_parse(item, &parts);
    if (status == STATUS_OK) {
        status = anchor_read(&anchor);
    }
    if (status == STATUS_OK) {
        status = ticket_check(parts.ticket, &anchor, &ticket);
    }
    if (status == STATUS_OK) {
        status = grant_open(&parts, &ticket, &grant);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return bytes_equal(grant.uid, bytes_of(device.unique_id, sizeof device.unique_id)) &&
                   bytes_equal(grant.identity_key, bytes_of(p->identity + 32, 64)) &&
                   bytes_equal(grant.update_key, bytes_of(p->update + 32, 64))
               ? STATUS_OK
               : STATUS_GRANT_CHIP;
}

status_t granted_expect(struct provisioned *p)
{
    size_t len;
    status_t status = store_read(&p->store, STORE_GRANT, NULL, 0, &len);
    return status == STATUS_NOT_FOUND ? STATUS_GRANT_MISSING : status;
}

status_t granted_stored_check(struct provisioned *p)
{
    size_t len;
    status_t status = store_read(&p->store, STORE_GRANT, stored, sizeof stored, &len);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_GRANT_MISSING;
    }
    return status == STATUS_OK ? granted_check(p, bytes_of(stored, len)) : status;
}

status_t granted_anchor_compare(const struct policy *policy)
{
    struct anchor anchor;
    status_t status = anchor_read(&anchor);
    if (status != STATUS_OK) {
        return status;
    }
    return bytes_equal(anchor.firmware_keys, policy->firmware_keys) &&
                   bytes_equal(anchor.mastering_keys, policy->mastering_keys) &&
                   bytes_equal(anchor.vendor, policy->vendor) && bytes_equal(anchor.class_id, policy->class_id) &&
                   bytes_equal(anchor.sbm_class, policy->sbm_class)
               ? STATUS_OK
               : STATUS_ANCHOR_MISMATCH;
}
