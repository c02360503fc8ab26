/* SPDX-License-Identifier: Apache-2.0 */
/* packages: see packages.h. */
#include "host/pki/packages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/pki/enrol_room.h"

#define LINE_MAX_LEN 112
#define FILE_MAX_LEN ((size_t)1 << 20)

static int list_path(const struct project *project, const char *appliance, char path[ENROL_PATH_MAX],
                     struct fault *fault)
{
    const struct enrol e = { .project = project };
    return enrol_name_check(appliance, fault) != 0
               ? -1
               : enrol_path(&e, path, fault, "pki/appliances/%s/packages.txt", appliance);
}

/* The whole list, with a NUL behind it; empty when there is none. The caller frees. */
static int list_read(const char *path, char **text, size_t *len, struct fault *fault)
{
    uint8_t *data = NULL;
    *len = 0;
    if (access(path, F_OK) != 0) {
        *text = (char *)calloc(1, 1);
        return *text != NULL ? 0 : fault_set(fault, "no memory");
    }
    int result = file_read(path, FILE_MAX_LEN, &data, len, fault);
    *text = (char *)data;
    return result;
}

/* Takes one line; its length, or -1 when it is none. */
static int line_take(const char *at, struct pki_package *package, uint8_t digest[32])
{
    char hex[65];
    int used = 0;
    if (sscanf(at, "%" SCNu64 " %" SCNu64 " %64[0-9a-f]%n", &package->number, &package->quota, hex, &used) != 3 ||
        at[used] != '\n' || strlen(hex) != 64) {
        return -1;
    }
    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;
        (void)sscanf(hex + 2 * i, "%2x", &byte);
        digest[i] = (uint8_t)byte;
    }
    return used + 1;
}

static int list_walk(const char *path, const char *text, pki_packages_each each, void *context, struct fault *fault)
{
    for (const char *at = text; *at != '\0';) {
        struct pki_package package = { 0 };
        uint8_t digest[32];
        int len = line_take(at, &package, digest);
        if (len < 0) {
            (void)fault_set(fault, "%s: a line is not '<number> <quota> <SHA-256>'", path);
            return fault_hint(fault, "restore the file from a backup");
        }
        int given = each(context, &package, digest);
        if (given != 0) {
            return given;
        }
        at += len;
    }
    return 0;
}

static int highest_keep(void *context, const struct pki_package *package, const uint8_t digest[32])
{
    uint64_t *highest = context;
    (void)digest;
    *highest = package->number > *highest ? package->number : *highest;
    return 0;
}

/* The highest number of the list; fault when a line is not one. */
static int list_highest(const char *path, const char *text, uint64_t *highest, struct fault *fault)
{
    *highest = 0;
    return list_walk(path, text, highest_keep, highest, fault);
}

int pki_packages_walk(const struct project *project, const char *appliance, pki_packages_each each, void *context,
                      struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    char *text = NULL;
    size_t len = 0;
    int result = list_path(project, appliance, path, fault) != 0 || list_read(path, &text, &len, fault) != 0
                     ? -1
                     : list_walk(path, text, each, context, fault);
    free(text);
    return result;
}

static int list_load(const struct project *project, const struct pki_package *package, char path[ENROL_PATH_MAX],
                     char **text, size_t *len, struct fault *fault)
{
    uint64_t highest = 0;
    *text = NULL;
    if (list_path(project, package->appliance, path, fault) != 0 || list_read(path, text, len, fault) != 0 ||
        list_highest(path, *text, &highest, fault) != 0) {
        return -1;
    }
    if (package->number <= highest) {
        (void)fault_set(fault, "'%s' was given package %" PRIu64 " already", package->appliance, highest);
        return fault_hint(fault, "give a higher --number: %" PRIu64, highest + 1);
    }
    return 0;
}

int pki_packages_check(const struct project *project, const struct pki_package *package, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    char *text = NULL;
    size_t len = 0;
    int result = list_load(project, package, path, &text, &len, fault);
    free(text);
    return result;
}

static int list_append(const char *path, const struct pki_package *package, const char digest[65], char **text,
                       size_t len, struct fault *fault)
{
    char *grown = (char *)realloc(*text, len + LINE_MAX_LEN);
    if (grown == NULL) {
        return fault_set(fault, "no memory");
    }
    *text = grown;
    int more =
        snprintf(grown + len, LINE_MAX_LEN, "%" PRIu64 " %" PRIu64 " %s\n", package->number, package->quota, digest);
    return file_write(path, bytes_of(grown, len + (size_t)more), 0644, FILE_REPLACE, fault);
}

int pki_packages_note(const struct project *project, const struct pki_package *package, const uint8_t digest[32],
                      struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    char hex[65];
    char *text = NULL;
    size_t len = 0;
    struct transcript transcript;
    text_hex(digest, 32, hex);
    if (transcript_open(&transcript, project, "appliances", NULL, fault) != 0) {
        return -1;
    }
    int result = list_load(project, package, path, &text, &len, fault);
    if (result == 0) {
        result = transcript_line(&transcript, fault,
                                 "production package %" PRIu64 " for '%s': %" PRIu64 " units, SHA-256 %s",
                                 package->number, package->appliance, package->quota, hex);
    }
    if (result == 0) {
        result = list_append(path, package, hex, &text, len, fault);
    }
    if (result == 0) {
        result = transcript_finish(&transcript, fault);
    }
    transcript_close(&transcript);
    free(text);
    return result;
}
