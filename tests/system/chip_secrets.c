/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip_secrets CHIP FOLDER: opens the stores of a virtual chip that is off with the code of SBM, and writes each of its
 * secrets into a file of FOLDER; "application" is what runs, in plain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbm/provisioned.h"
#include "tests/system/chip_store.h"
#include "wire/layout.h"

static struct provisioned provisioned;
static struct install package;
static uint8_t *flash;
static const char *folder;

static void secret_write(const char *name, const uint8_t *data, size_t len)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
        chip_store_fail("cannot be written", path);
    }
}

/* The key under which the application came is in the package that is kept for repairs. */
static void application_write(void)
{
    uint64_t sequence = 0;
    const struct install_trust trust = provisioned_trust(&provisioned, 0);
    if (install_check(bytes_of(flash + LAYOUT_PACKAGE0_OFF, LAYOUT_PACKAGE_LEN), &trust, &package, &sequence) !=
        STATUS_OK) {
        chip_store_fail("does not open", "package");
    }
    secret_write("content-key", package.block.key, sizeof package.block.key);
    secret_write("application", flash + LAYOUT_PRIMARY_OFF, (size_t)package.package.image.size);
}

static void secrets_write(void)
{
    struct store vault;
    if (provisioned_load(&provisioned) != STATUS_OK || store_open(&vault, STORE_VAULT) != STATUS_OK) {
        chip_store_fail("does not open", "store");
    }
    secret_write("root-key", chip_store.root_key, sizeof chip_store.root_key);
    secret_write("identity-key", provisioned.identity, 32);
    secret_write("update-key", provisioned.update, 32);
    secret_write("store-key", provisioned.store.key, sizeof provisioned.store.key);
    secret_write("vault-key", vault.key, sizeof vault.key);
    application_write();
}

int main(int argc, char **argv)
{
    size_t len;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: chip_secrets CHIP FOLDER\n");
        return 2;
    }
    folder = argv[2];
    chip_store_open(argv[1]);
    flash = chip_store_file(argv[1], "flash.bin", &len);
    if (len < LAYOUT_PACKAGE0_OFF + LAYOUT_PACKAGE_LEN || sim_run(&chip_store, secrets_write) != SIM_RETURNED) {
        chip_store_fail("does not open", "chip");
    }
    free(flash);
    return 0;
}
