/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip_leaks CHIP CONSOLE CONTROL MARKER: opens the stores of a stopped virtual chip with the code of SBM and searches
 * the console and the memory that its application printed there ("[ram] " lines) for every secret of the chip, in any
 * part of 8 bytes, forwards, backwards and as text. CONTROL (hex) must be found; MARKER (hex) must be a stored key.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbm/provisioned.h"
#include "sbm/store_its.h"
#include "tests/system/chip_store.h"

#define PART_LEN 8u
#define SECRETS_MAX 64u
#define KEY_FILE_HEADER_LEN 36u /* of the PSA core: format, lifetime, type, bits, policy, length */
#define VALUE_HEADER_LEN 16u
#define LINE_LEN 32u

struct secret {
    const char *name;
    uint8_t bytes[256];
    size_t len;
};

static struct secret secrets[SECRETS_MAX];
static size_t secrets_count;
static struct provisioned provisioned;

static void secret_add(const char *name, const uint8_t *bytes, size_t len)
{
    struct secret *s = &secrets[secrets_count];
    if (len < PART_LEN || len > sizeof s->bytes || secrets_count == SECRETS_MAX) {
        chip_store_fail("a secret of this length is not looked for", name);
    }
    s->name = name;
    s->len = len;
    memcpy(s->bytes, bytes, len);
    secrets_count++;
}

static size_t hex_read(const char *text, uint8_t *out, size_t capacity)
{
    size_t len = 0;
    unsigned byte;
    while (len < capacity && isxdigit((unsigned char)text[0]) && sscanf(text, "%2x", &byte) == 1) {
        out[len++] = (uint8_t)byte;
        text += 2;
    }
    return len;
}

/* Adds the keys that PSA Crypto stored for the application; 1 when `marker` is one of them. */
static int vault_add(const uint8_t marker[32])
{
    static struct store store;
    static uint8_t value[STORE_DATA_MAX];
    int found = 0;
    size_t len;
    if (store_open(&store, STORE_VAULT) != STATUS_OK) {
        chip_store_fail("does not open", "vault");
    }
    secret_add("key of the vault", store.key, sizeof store.key);
    for (uint8_t type = 1; type <= JOURNAL_TYPE_MAX; type++) {
        if (store_read(&store, type, value, sizeof value, &len) == STATUS_OK && len > VALUE_HEADER_LEN &&
            bytes_read_le32(value) == STORE_ITS_CRYPTO && len >= VALUE_HEADER_LEN + KEY_FILE_HEADER_LEN + PART_LEN) {
            const uint8_t *key = value + VALUE_HEADER_LEN + KEY_FILE_HEADER_LEN;
            size_t key_len = len - VALUE_HEADER_LEN - KEY_FILE_HEADER_LEN;
            secret_add("stored key", key, key_len);
            found |= key_len == 32 && memcmp(key, marker, 32) == 0;
        }
    }
    return found;
}

static uint8_t wanted[32];
static int marker_is_stored;

static void secrets_collect(void)
{
    if (provisioned_load(&provisioned) != STATUS_OK) {
        chip_store_fail("does not open", "store");
    }
    secret_add("root key", chip_store.root_key, sizeof chip_store.root_key);
    secret_add("identity key", provisioned.identity, 32);
    secret_add("update key", provisioned.update, 32);
    secret_add("key of the store", provisioned.store.key, sizeof provisioned.store.key);
    marker_is_stored = vault_add(wanted);
}

/* 1 when [in, in + len) holds [part, part + part_len). */
static int holds(const uint8_t *in, size_t len, const void *part, size_t part_len)
{
    return memmem(in, len, part, part_len) != NULL;
}

/* 1 when some part of the secret is there, in any of its forms. */
static int is_found(const struct secret *s, const uint8_t *in, size_t len)
{
    for (size_t at = 0; at + PART_LEN <= s->len; at++) {
        uint8_t reversed[PART_LEN];
        char lower[2 * PART_LEN + 1];
        char upper[2 * PART_LEN + 1];
        for (size_t i = 0; i < PART_LEN; i++) {
            reversed[PART_LEN - 1 - i] = s->bytes[at + i];
            snprintf(lower + 2 * i, 3, "%02x", s->bytes[at + i]);
            snprintf(upper + 2 * i, 3, "%02X", s->bytes[at + i]);
        }
        if (holds(in, len, s->bytes + at, PART_LEN) || holds(in, len, reversed, PART_LEN) ||
            holds(in, len, lower, 2 * PART_LEN) || holds(in, len, upper, 2 * PART_LEN)) {
            return 1;
        }
    }
    return 0;
}

/* The memory that the console's lines show, one after the other. */
static uint8_t *memory_of(const char *console, size_t *len)
{
    uint8_t *memory = malloc(strlen(console) / 2 + LINE_LEN);
    *len = 0;
    if (memory == NULL) {
        chip_store_fail("out of memory", "console");
    }
    for (const char *line = strstr(console, "[ram] "); line != NULL; line = strstr(line + 1, "[ram] ")) {
        *len += hex_read(line + 6, memory + *len, LINE_LEN);
    }
    return memory;
}

int main(int argc, char **argv)
{
    struct secret control = { .name = "control" };
    size_t console_len;
    size_t memory_len;
    int leaks = 0;
    if (argc != 5 || hex_read(argv[4], wanted, sizeof wanted) != sizeof wanted) {
        fprintf(stderr, "usage: chip_leaks CHIP CONSOLE CONTROL MARKER\n");
        return 2;
    }
    control.len = hex_read(argv[3], control.bytes, sizeof control.bytes);
    chip_store_open(argv[1]);
    if (sim_run(&chip_store, secrets_collect) != SIM_RETURNED || !marker_is_stored) {
        chip_store_fail("is not among the chip's keys", "marker");
    }
    char *console = (char *)chip_store_file("", argv[2], &console_len);
    uint8_t *memory = memory_of(console, &memory_len);
    if (!is_found(&control, memory, memory_len)) {
        chip_store_fail("is not found", "control");
    }
    for (size_t i = 0; i < secrets_count; i++) {
        if (is_found(&secrets[i], memory, memory_len) || is_found(&secrets[i], (uint8_t *)console, console_len)) {
            fprintf(stderr, "chip_leaks: found: %s\n", secrets[i].name);
            leaks++;
        }
    }
    free(console);
    free(memory);
    printf("%zu secrets, %zu bytes of memory and %zu of console: %d found\n", secrets_count, memory_len, console_len,
           leaks);
    return leaks == 0 ? 0 : 1;
}
