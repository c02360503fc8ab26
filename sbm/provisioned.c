/* SPDX-License-Identifier: Apache-2.0 */
/* provisioned: see provisioned.h. */
#include "sbm/provisioned.h"

#include "base/wipe.h"

static status_t key_load(const struct journal *store, uint8_t type, uint8_t out[PROVISIONED_KEY_LEN])
{
    struct bytes key;
    status_t status = journal_read(store, type, &key);
    if (status != STATUS_OK || key.len != PROVISIONED_KEY_LEN) {
        return STATUS_BOOT_NOT_PROVISIONED;
    }
    memcpy(out, key.data, PROVISIONED_KEY_LEN);
    return STATUS_OK;
}

static status_t certificates_load(struct provisioned *out)
{
    struct bytes *to[] = { &out->device_cert, &out->issuer_cert, &out->root_cert };
    for (uint8_t i = 0; i < 3; i++) {
        if (journal_read(&out->store, (uint8_t)(STORE_DEVICE_CERT + i), to[i]) != STATUS_OK) {
            return STATUS_BOOT_NOT_PROVISIONED;
        }
    }
    return STATUS_OK;
}

status_t provisioned_load(struct provisioned *out)
{
    struct bytes policy;
    memset(out, 0, sizeof *out);
    journal_open(&out->store, port_flash()->store);
    for (uint8_t type = STORE_IDENTITY_KEY; type <= STORE_ROOT_CERT; type++) {
        (void)journal_heal(&out->store, type);
    }
    if (key_load(&out->store, STORE_IDENTITY_KEY, out->identity) != STATUS_OK ||
        key_load(&out->store, STORE_UPDATE_KEY, out->update) != STATUS_OK ||
        journal_read(&out->store, STORE_POLICY, &policy) != STATUS_OK ||
        policy_parse(policy, &out->policy) != STATUS_OK || certificates_load(out) != STATUS_OK) {
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
        status = journal_append(&out->store, type, bytes_of(key, PROVISIONED_KEY_LEN));
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
                                           .component = "app",
                                           .least_sequence = least_sequence },
                               .block = { .policy = &p->policy,
                                          .mastering_retired = port_keys_retired(PORT_KEYS_MASTERING),
                                          .update_key = p->update,
                                          .update_public = p->update + 32 } };
}

void provisioned_wipe(struct provisioned *p)
{
    wipe(p->identity, sizeof p->identity);
    wipe(p->update, sizeof p->update);
}
