/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_file: small YAML files that people edit, read strictly. One document of mappings, sequences and scalars; no
 * anchors, aliases, tags, duplicate or unknown keys. Every error names file and line, and how to mend it.
 */
#ifndef HOST_LIB_YAML_FILE_H
#define HOST_LIB_YAML_FILE_H

#include <stddef.h>
#include <yaml.h>

#include "base/bytes.h"
#include "host/lib/fault.h"

#define YAML_FILE_MAX 65536 /* bytes */
#define YAML_DEPTH_MAX 6

struct yaml_file {
    const char *name; /* for messages */
    yaml_document_t document;
};

/* A mapping in the file. `where` names it in messages, such as "boot"; empty for the outermost. */
struct yaml_map {
    struct yaml_file *file;
    yaml_node_t *node;
    char where[64];
};

/* Parses `text`; the outermost value must be a mapping. `name` must outlive the file. After success: yaml_file_free. */
int yaml_file_load(const char *name, struct bytes text, struct yaml_file *out, struct yaml_map *root,
                   struct fault *fault);
void yaml_file_free(struct yaml_file *file);

/* Checks that every key is one of `known` (ended by NULL) and stands once. */
int yaml_map_check(const struct yaml_map *map, const char *const *known, struct fault *fault);
/* 1 when the key is there. */
int yaml_map_has(const struct yaml_map *map, const char *key);
/* Each takes a required value. Text: 1 to out_len - 1 bytes without control characters. */
int yaml_map_text(const struct yaml_map *map, const char *key, char *out, size_t out_len, struct fault *fault);
int yaml_map_uint(const struct yaml_map *map, const char *key, unsigned min, unsigned max, unsigned *out,
                  struct fault *fault);
/* One of `choices` (ended by NULL); *out is its index. */
int yaml_map_choice(const struct yaml_map *map, const char *key, const char *const *choices, unsigned *out,
                    struct fault *fault);
int yaml_map_map(const struct yaml_map *map, const char *key, struct yaml_map *out, struct fault *fault);
/* Number of items of a sequence of mappings; then each of them. */
int yaml_map_list(const struct yaml_map *map, const char *key, size_t max, size_t *count, struct fault *fault);
int yaml_map_list_item(const struct yaml_map *map, const char *key, size_t index, struct yaml_map *out,
                       struct fault *fault);
/* "<file>:<line of key>: <key>: <why>" with a hint; for checks that only the caller can make. Returns -1. */
int yaml_map_refuse(const struct yaml_map *map, const char *key, const char *why, const char *hint,
                    struct fault *fault);

#endif
