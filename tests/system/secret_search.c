/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_search [--plant] SECRETS PLACES [PUBLIC...]: looks for each file of the folder SECRETS in each folder of
 * PLACES: any 8 bytes of a secret, forwards and backwards; of one longer than 256 bytes any 16 at a multiple of 16 that
 * are no text and in no PUBLIC file. Places are read as they are, as hexadecimal, base64 and GDB's escapes. Exit 1:
 * found; 2: could not search.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/system/secret_forms.h"

#define SECRETS_MAX 64u
#define PLACES_MAX 32u
#define PARTS_MAX (1u << 16)
#define SHORT_MAX 256u
#define DISTINCT_LEAST 6u /* byte values in a part: less is a pattern that is anywhere */

struct secret {
    char name[64];
    struct text data;
    unsigned parts; /* that are looked for */
    unsigned common;
    unsigned found[PLACES_MAX];
};

struct part {
    uint64_t first; /* 8 bytes as they lie; 0: none */
    uint64_t second;
    struct secret *secret;
    uint8_t is_long; /* `second` must follow */
    uint8_t is_public;
};

static struct secret secrets[SECRETS_MAX];
static size_t secrets_count;
static char places[PLACES_MAX][64];
static size_t places_count;
static struct part parts[PARTS_MAX];
static uint8_t filter[1u << 16];

static _Noreturn void fail(const char *what, const char *which)
{
    (void)fprintf(stderr, "secret_search: error: %s: %s\n", which, what);
    exit(2);
}

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint32_t hash_of(uint64_t word)
{
    return (uint32_t)((word * 0x9E3779B97F4A7C15u) >> 48);
}

/* ---- what is looked for ---- */

static unsigned distinct(const uint8_t *at, size_t len)
{
    uint8_t seen[256] = { 0 };
    unsigned count = 0;
    for (size_t i = 0; i < len; i++) {
        count += seen[at[i]]++ == 0;
    }
    return count;
}

/* Texts, which an application may print itself. */
static int is_text(const uint8_t *at, size_t len)
{
    size_t i = 0;
    while (i < len && ((at[i] >= 0x20 && at[i] < 0x7F) || at[i] == 0 || at[i] == '\n' || at[i] == '\r')) {
        i++;
    }
    return i == len;
}

static void part_add(struct secret *secret, const uint8_t *at, int is_long)
{
    const uint64_t first = word_at(at);
    uint32_t i = hash_of(first);
    if (distinct(at, is_long ? 16 : 8) < DISTINCT_LEAST || first == 0 || (is_long && is_text(at, 16))) {
        return;
    }
    for (unsigned tries = 0; parts[i].first != 0; tries++, i = (i + 1) % PARTS_MAX) {
        if (tries == PARTS_MAX / 2) {
            fail("too many parts", secret->name);
        }
    }
    parts[i] = (struct part){ first, is_long ? word_at(at + 8) : 0, secret, (uint8_t)is_long, 0 };
    filter[hash_of(first)] = 1;
    secret->parts++;
}

static void secret_add(const char *name, struct text data)
{
    struct secret *s = &secrets[secrets_count];
    if (secrets_count == SECRETS_MAX || data.len < 8) {
        fail("too many, or too short", name);
    }
    secrets_count++;
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    s->data = data;
    for (size_t at = 0; data.len > SHORT_MAX && at + 16 <= data.len; at += 16) {
        part_add(s, data.data + at, 1);
    }
    const struct text back = text_backwards(data);
    for (size_t at = 0; data.len <= SHORT_MAX && at + 8 <= data.len; at++) {
        part_add(s, data.data + at, 0);
        part_add(s, back.data + at, 0);
    }
    free(back.data);
}

/* ---- the search ---- */

typedef void (*found_call)(struct part *part, void *context);

static void text_search(struct text in, found_call call, void *context)
{
    for (size_t at = 0; at + 16 <= in.len + 8; at++) {
        if (at + 8 > in.len || !filter[hash_of(word_at(in.data + at))]) {
            continue;
        }
        const uint64_t first = word_at(in.data + at);
        for (uint32_t i = hash_of(first); parts[i].first != 0; i = (i + 1) % PARTS_MAX) {
            if (parts[i].first == first &&
                (!parts[i].is_long || (at + 16 <= in.len && word_at(in.data + at + 8) == parts[i].second))) {
                call(&parts[i], context);
            }
        }
    }
}

static void public_mark(struct part *part, void *context)
{
    (void)context;
    part->secret->common += part->is_long && !part->is_public;
    part->is_public = part->is_long;
}

static void place_mark(struct part *part, void *context)
{
    if (!part->is_public) {
        part->secret->found[*(const size_t *)context]++;
    }
}

static void all_forms_search(struct text in, size_t place)
{
    text_search(in, place_mark, &place);
    for (unsigned form = 0; form < TEXT_FORMS; form++) {
        const struct text decoded = text_decoded(in, form);
        text_search(decoded, place_mark, &place);
        free(decoded.data);
    }
}

/* ---- folders ---- */

typedef void (*file_call)(const char *name, struct text data, void *context);

/* Calls for each file in and below a folder; the data is the callee's. */
static void folder_walk(const char *folder, file_call call, void *context)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        fail("cannot be read", folder);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        struct stat about;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || lstat(path, &about) != 0) {
            continue;
        }
        if (S_ISDIR(about.st_mode)) {
            folder_walk(path, call, context);
        } else if (S_ISREG(about.st_mode)) {
            struct text data;
            if (text_read(path, &data) != 0) {
                fail("cannot be read", path);
            }
            call(entry->d_name, data, context);
        }
    }
    (void)closedir(dir);
}

static void secret_file(const char *name, struct text data, void *context)
{
    (void)context;
    secret_add(name, data);
}

static void place_file(const char *name, struct text data, void *context)
{
    (void)name;
    all_forms_search(data, *(const size_t *)context);
    free(data.data);
}

static void places_list(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.' && places_count < PLACES_MAX) {
            (void)snprintf(places[places_count++], sizeof places[0], "%.63s", entry->d_name);
        }
    }
    if (dir == NULL || places_count == 0) {
        fail("has no places", folder);
    }
    (void)closedir(dir);
}

/* ---- planting: each secret, in each form, in the midst of what a place really has ---- */

#define AROUND 65536u

struct plant {
    size_t place;
    int done; /* one file is enough */
    unsigned planted;
    unsigned missed;
};

static void plant_one(struct plant *plant, struct text host, struct secret *secret, size_t form)
{
    static unsigned turn;
    size_t at = host.len == 0 ? 0 : (2654435761u * ++turn) % host.len;
    /* The middle of a long one; all of a short one. */
    size_t from = secret->data.len > SHORT_MAX ? secret->data.len / 2 / 16 * 16 : 0;
    size_t len = secret->data.len > SHORT_MAX ? 64 : secret->data.len;
    const struct text planted = text_planted(host, at, (struct text){ secret->data.data + from, len }, (unsigned)form);
    const unsigned before = secret->found[plant->place];
    all_forms_search(planted, plant->place);
    plant->planted++;
    if (secret->found[plant->place] == before) {
        plant->missed++;
        (void)fprintf(stderr, "missed: %s in %s, form %zu\n", secret->name, places[plant->place], form);
    }
    free(planted.data);
}

/* Long ones are not looked for backwards. */
static void plant_forms(struct plant *plant, struct text host, struct secret *secret)
{
    for (size_t form = 0; form < TEXT_PLANTS; form++) {
        if (secret->data.len <= SHORT_MAX || form != TEXT_BACKWARDS) {
            plant_one(plant, host, secret, form);
        }
    }
}

/* In the first file of a place. */
static void plant_file(const char *name, struct text data, void *context)
{
    struct plant *plant = context;
    const struct text host = { data.data, data.len < AROUND ? data.len : AROUND };
    (void)name;
    for (size_t i = 0; !plant->done && i < secrets_count; i++) {
        plant_forms(plant, host, &secrets[i]);
    }
    plant->done = 1;
    free(data.data);
}

static int places_plant(const char *folder)
{
    unsigned planted = 0;
    unsigned missed = 0;
    for (size_t i = 0; i < places_count; i++) {
        char path[4096];
        struct plant plant = { .place = i };
        (void)snprintf(path, sizeof path, "%s/%s", folder, places[i]);
        folder_walk(path, plant_file, &plant);
        planted += plant.planted;
        missed += plant.missed;
        if (plant.planted == 0) {
            fail("is empty", places[i]);
        }
    }
    (void)printf("%u secrets planted, %u found\n", planted, planted - missed);
    return missed == 0 ? 0 : 1;
}

/* ---- the report ---- */

static int places_search(const char *folder)
{
    int found = 0;
    for (size_t i = 0; i < places_count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, places[i]);
        folder_walk(path, place_file, &i);
    }
    for (size_t i = 0; i < secrets_count; i++) {
        const struct secret *s = &secrets[i];
        (void)printf("%s: %u parts of %u are looked for\n", s->name, s->parts - s->common, s->parts);
        for (size_t place = 0; place < places_count; place++) {
            if (s->found[place] > 0) {
                (void)printf("found: %s in %s (%u times)\n", s->name, places[place], s->found[place]);
                found = 1;
            }
        }
        if (s->parts - s->common < s->parts * 3 / 4 || s->parts == 0) {
            fail("too much of it is public for a search", s->name);
        }
    }
    return found;
}

int main(int argc, char **argv)
{
    const int plant = argc > 1 && strcmp(argv[1], "--plant") == 0;
    if (argc < 3 + plant) {
        (void)fprintf(stderr, "usage: secret_search [--plant] SECRETS PLACES [PUBLIC...]\n");
        return 2;
    }
    folder_walk(argv[1 + plant], secret_file, NULL);
    places_list(argv[2 + plant]);
    for (int i = 3 + plant; i < argc; i++) {
        struct text data;
        if (text_read(argv[i], &data) != 0) {
            fail("cannot be read", argv[i]);
        }
        text_search(data, public_mark, NULL);
        free(data.data);
    }
    return plant ? places_plant(argv[2 + plant]) : places_search(argv[2 + plant]);
}
