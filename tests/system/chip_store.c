/* SPDX-License-Identifier: Apache-2.0 */
/* chip_store: see chip_store.h. */
#include "tests/system/chip_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/layout.h"

#define FUSE_ROOT_KEY_OFF 96

struct sim chip_store;

void chip_store_fail(const char *what, const char *which)
{
    fprintf(stderr, "error: %s: %s\n", which, what);
    exit(1);
}

uint8_t *chip_store_file(const char *folder, const char *name, size_t *len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0) {
        chip_store_fail("cannot be read", path);
    }
    long end = ftell(f);
    rewind(f);
    *len = end > 0 ? (size_t)end : 0;
    uint8_t *all = malloc(*len + 1);
    if (all == NULL || fread(all, 1, *len, f) != *len) {
        chip_store_fail("cannot be read", path);
    }
    all[*len] = 0;
    fclose(f);
    return all;
}

void chip_store_open(const char *chip)
{
    size_t len;
    sim_make(&chip_store, 4096, 8, 0xFF);
    uint8_t *flash = chip_store_file(chip, "flash.bin", &len);
    if (len < SIM_FLASH_LEN) {
        chip_store_fail("is too short", "flash.bin");
    }
    memcpy(chip_store.flash, flash, SIM_FLASH_LEN);
    chip_store.flash_len = SIM_FLASH_LEN;
    uint8_t *fuses = chip_store_file(chip, "fuses.bin", &len);
    if (len < FUSE_ROOT_KEY_OFF + sizeof chip_store.root_key) {
        chip_store_fail("is too short", "fuses.bin");
    }
    memcpy(chip_store.root_key, fuses + FUSE_ROOT_KEY_OFF, sizeof chip_store.root_key);
    free(flash);
    free(fuses);
    for (uint32_t i = 0; i < 2; i++) {
        chip_store.map.store[i] = (struct port_region){ LAYOUT_STORE0_OFF + i * LAYOUT_STORE_LEN, LAYOUT_STORE_LEN };
        chip_store.map.vault[i] = (struct port_region){ LAYOUT_VAULT0_OFF + i * LAYOUT_VAULT_LEN, LAYOUT_VAULT_LEN };
        chip_store.map.counter[i] =
            (struct port_region){ LAYOUT_COUNTER0_OFF + i * LAYOUT_COUNTER_LEN, LAYOUT_COUNTER_LEN };
    }
}
