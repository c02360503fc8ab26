/* SPDX-License-Identifier: Apache-2.0 */
/* provisioned: see provisioned.h. */
#include "sbm/provisioned.h"

#include "boot/counter.h"

#include "base/wipe.h"

static uint8_t item[STORE_DATA_MAX];

static status_t key_load(struct store *store, uint8_t type, uint8_t out[PROVISIONED_KEY_LEN])
{
    size_t len;
    status_t status = store_read(store, type, out, PROVISIONED_KEY_LEN, &len);
    return status == STATUS_OK && len == PROVISIONED_KEY_LEN ? STATUS_OK : STATUS_BOOT_NOT_PROVISIONED;
}

static status_t policy_load(struct provisioned *out)
{
    size_t len;
    status_t status = store_read(&out->store, STORE_POLICY, out->policy_encoded, sizeof out->policy_encoded, &len);
    return status == STATUS_OK ? policy_parse(bytes_of(out->policy_encoded, len), &out->policy) : status;
}

static status_t certificates_check(struct provisioned *out)
{
    status_t status = STATUS_OK;
    size_t len;
    for (uint8_t type = STORE_DEVICE_CERT; type <= STORE_ROOT_CERT && status == STATUS_OK; type++) {
        status = store_read(&out->store, type, NULL, 0, &len);
    }
    return status;
}

status_t provisioned_keys_load(struct provisioned *out)
{
    status_t status = key_load(&out->store, STORE_IDENTITY_KEY, out->identity);
    return status == STATUS_OK ? key_load(&out->store, STORE_UPDATE_KEY, out->update) : status;
}

status_t provisioned_load(struct provisioned *out)
{
    memset(out, 0, sizeof *out);
    status_t status = store_open(&out->store, STORE_ITEMS);
    if (status != STATUS_OK) {
        return status == STATUS_CRYPTO_TAG ? STATUS_BOOT_NOT_PROVISIONED : status;
    }
    if (provisioned_keys_load(out) != STATUS_OK || policy_load(out) != STATUS_OK ||
        certificates_check(out) != STATUS_OK) {
        return STATUS_BOOT_NOT_PROVISIONED;
    }
    return STATUS_OK;
}

static status_t key_make(struct provisioned *out, uint8_t type, uint8_t key[PROVISIONED_KEY_LEN])
{
    if (key_load(&out->store, type, key) == STATUS_OK) {
        return STATUS_OK;
    }
    status_t status = crypto_p256_generate(key, key + 32);
    if (status == STATUS_OK) {
        status = store_write(&out->store, type, bytes_of(key, PROVISIONED_KEY_LEN));
    }
    return status;
}

status_t provisioned_make_keys(struct provisioned *out)
{
    status_t status = key_make(out, STORE_IDENTITY_KEY, out->identity);
    return status == STATUS_OK ? key_make(out, STORE_UPDATE_KEY, out->update) : status;
}

struct install_trust provisioned_trust(const struct provisioned *p, uint64_t least_sequence)
{
    return (
        struct install_trust){ .verify = { .keys = { p->policy.firmware_keys, port_keys_retired(PORT_KEYS_FIRMWARE) },
                                           .vendor = p->policy.vendor,
                                           .class_id = p->policy.class_id,
                                           .target = VERIFY_APP,
                                           .least_sequence = least_sequence,
                                           .other_version = counter_read(COUNTER_SBM) },
                               .block = { .policy = &p->policy,
                                          .mastering_retired = port_keys_retired(PORT_KEYS_MASTERING),
                                          .update_key = p->update,
                                          .update_public = p->update + 32 } };
}

status_t provisioned_certificate(struct provisioned *p, uint8_t type, uint8_t *out, size_t capacity, size_t *len)
{
    return type >= STORE_DEVICE_CERT && type <= STORE_ROOT_CERT ? store_read(&p->store, type, out, capacity, len)
                                                                : STATUS_NOT_FOUND;
}

status_t provisioned_item_store(struct provisioned *p, uint8_t type, struct bytes data)
{
    size_t len;
    if (store_read(&p->store, type, item, sizeof item, &len) == STATUS_OK && bytes_equal(bytes_of(item, len), data)) {
        return STATUS_OK;
    }
    return store_write(&p->store, type, data);
}

status_t provisioned_items_digest(struct provisioned *p, uint8_t digest[32])
{
    struct crypto_sha256 hash;
    size_t len;
    crypto_sha256_start(&hash);
    for (uint8_t type = STORE_POLICY; type <= STORE_GRANT; type++) {
        if (store_read(&p->store, type, item, sizeof item, &len) != STATUS_OK) {
            return STATUS_BOOT_NOT_PROVISIONED;
        }
        crypto_sha256_add(&hash, bytes_of(item, len));
    }
    crypto_sha256_finish(&hash, digest);
    return STATUS_OK;
}

void provisioned_wipe(struct provisioned *p)
{
    wipe(p->identity, sizeof p->identity);
    wipe(p->update, sizeof p->update);
    store_wipe(&p->store);
}
