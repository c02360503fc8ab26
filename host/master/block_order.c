/* SPDX-License-Identifier: Apache-2.0 */
/* block_order: master_block and master_update: key blocks for recipients, and what is sent to a device. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/wipe.h"
#include "host/lib/block.h"
#include "host/master/block_order.h"
#include "host/master/master.h"

/* Reads a key block's file. The caller frees. */
static int block_file_read(const char *path, uint8_t **data, size_t *len, struct fault *fault)
{
    return file_read(path, BLOCK_MAX, data, len, fault);
}

/* The facts of a package file; its content is in `map`, which the caller closes. */
static int package_file_read(const char *path, struct file_map *map, struct block_package *facts, struct fault *fault)
{
    struct fault detail = FAULT_NONE;
    if (file_map_open(path, map, fault) != 0) {
        return -1;
    }
    if (block_package_read(map->bytes, facts, &detail) != 0) {
        (void)fault_set(fault, "%s: %s", path, detail.what);
        return fault_hint(fault, "a package is made by: windlass master package");
    }
    return 0;
}

static int key_block_open(const struct project *project, const struct roles *roles, const char *path, struct hsm *hsm,
                          const struct block_package *facts, struct session_key *key, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    uint8_t keys[64 * ROLES_KEYS];
    struct bytes mastering;
    struct fault detail = FAULT_NONE;
    if (block_file_read(path, &data, &len, fault) != 0) {
        return fault_hint(fault, "the OEM's key block stands beside the package, with the ending " MASTER_KEY_SUFFIX);
    }
    int result = roles_publics(project, roles, roles->mastering, keys, &mastering, fault);
    if (result == 0 && block_open(bytes_of(data, len), facts, mastering, hsm, roles->distribution, key, &detail) != 0) {
        result = fault_set(fault, "%s: %s", path, detail.what);
        (void)fault_hint(fault, "%s", "was it mastered with these keys? for development packages add --development");
    }
    free(data);
    return result;
}

/* The key that signs: of that label, certified, and in the token. */
struct signer {
    struct hsm *hsm;
    const char *label;
    uint8_t public_key[64];
};

/* Makes the block, and takes it apart again. */
static int recipient_block_make(const struct block_package *facts, const struct session_key *key,
                                const uint8_t recipient[64], const struct signer *signer, struct block *block,
                                struct fault *fault)
{
    struct block_facts again;
    if (block_make(facts, key, recipient, signer->hsm, signer->label, block, fault) != 0 ||
        block_read(bytes_of(block->data, block->len), &again, fault) != 0) {
        return -1;
    }
    return block_check(&again, facts, bytes_of(signer->public_key, 64), fault);
}

int block_order_make(const struct block_order *order, struct block *block, struct fault *fault)
{
    char key_path[PATH_MAX];
    struct file_map map = { { NULL, 0 } };
    struct block_package facts;
    struct session_key key = { { 0 }, { 0 } };
    struct signer signer = { order->hsm, order->label, { 0 } };
    int len = snprintf(key_path, sizeof key_path, "%s" MASTER_KEY_SUFFIX, order->package);
    if (len <= 0 || (size_t)len >= sizeof key_path) {
        return fault_set(fault, "%s: the path is too long", order->package);
    }
    int result = package_file_read(order->package, &map, &facts, fault);
    if (result == 0) {
        result = key_block_open(order->project, order->roles, key_path, order->hsm, &facts, &key, fault);
    }
    if (result == 0) {
        result =
            roles_key(order->project, order->roles, signer.label, CERT_SIGNING, order->hsm, signer.public_key, fault);
    }
    if (result == 0) {
        result = recipient_block_make(&facts, &key, order->recipient, &signer, block, fault);
    }
    wipe(&key, sizeof key);
    file_map_close(&map);
    return result;
}

int master_block(const struct project *project, const struct master_block_order *order, struct fault *fault)
{
    const struct roles *roles = roles_of(order->development);
    uint8_t recipient[64];
    struct block block;
    struct block_order make = { .project = project,
                                .roles = roles,
                                .package = order->package,
                                .label = roles_label(roles->mastering, order->key, fault),
                                .recipient = recipient };
    if (make.label == NULL || roles_recipient(project, roles, order->to, order->issuer, recipient, fault) != 0 ||
        project_hsm_open(project, roles->token, &make.hsm, fault) != 0) {
        return -1;
    }
    int result = block_order_make(&make, &block, fault);
    if (result == 0) {
        result = file_write(order->out, bytes_of(block.data, block.len), 0644, order->replace, fault);
    }
    hsm_close(make.hsm);
    return result;
}

static int update_write(const char *out, struct bytes block, struct bytes package, enum file_replace replace,
                        struct fault *fault)
{
    struct file_draft draft;
    int result = file_draft_begin(&draft, out, 0644, replace, fault);
    if (result == 0) {
        result = file_draft_write(&draft, block, fault);
    }
    if (result == 0) {
        result = file_draft_write(&draft, package, fault);
    }
    if (result == 0) {
        result = file_draft_commit(&draft, fault);
    }
    file_draft_abandon(&draft);
    return result;
}

int master_update(const char *package, const char *block, const char *out, enum file_replace replace,
                  struct fault *fault)
{
    struct file_map map = { { NULL, 0 } };
    struct block_package facts;
    struct block_facts block_facts;
    struct fault detail = FAULT_NONE;
    uint8_t *data = NULL;
    size_t len = 0;
    int result = package_file_read(package, &map, &facts, fault);
    if (result == 0) {
        result = block_file_read(block, &data, &len, fault);
    }
    if (result == 0 && (block_read(bytes_of(data, len), &block_facts, &detail) != 0 ||
                        block_check(&block_facts, &facts, bytes_of(NULL, 0), &detail) != 0)) {
        result = fault_set(fault, "%s: %s", block, detail.what);
        (void)fault_hint(fault, "make the block for this package: windlass master block --package %s --to CERT",
                         package);
    }
    if (result == 0) {
        result = update_write(out, bytes_of(data, len), map.bytes, replace, fault);
    }
    free(data);
    file_map_close(&map);
    return result;
}
