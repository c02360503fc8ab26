/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_map: taking values out of a mapping, with errors for people (yaml_file.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/text.h"
#include "host/lib/yaml_file.h"

#define KEY_MAX 32

static size_t map_line(const yaml_node_t *node)
{
    return (size_t)node->start_mark.line + 1;
}

static const char *node_text(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static yaml_node_t *map_node(const struct yaml_map *map, yaml_node_item_t item)
{
    return yaml_document_get_node(&map->file->document, item);
}

static int node_is(const yaml_node_t *node, const char *text)
{
    return node != NULL && node->type == YAML_SCALAR_NODE && node->data.scalar.length == strlen(text) &&
           memcmp(node->data.scalar.value, text, strlen(text)) == 0;
}

/* The pair with that key, or NULL. */
static const yaml_node_pair_t *map_pair(const struct yaml_map *map, const char *key)
{
    for (const yaml_node_pair_t *p = map->node->data.mapping.pairs.start; p < map->node->data.mapping.pairs.top; p++) {
        if (node_is(map_node(map, p->key), key)) {
            return p;
        }
    }
    return NULL;
}

/* "boot.policy", or "product" in the outermost mapping. */
static void map_full_key(const struct yaml_map *map, const char *key, char out[128])
{
    (void)snprintf(out, 128, "%s%s%.60s", map->where, map->where[0] != '\0' ? "." : "", key);
}

/* ---- unknown and duplicate keys ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance; texts of KEY_MAX characters or more count as far. */
static size_t key_distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1];
    size_t b_len = strlen(b);
    if (strlen(a) >= KEY_MAX || b_len >= KEY_MAX) {
        return KEY_MAX;
    }
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = least(least(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

static int map_unknown(const struct yaml_map *map, const yaml_node_t *key, const char *const *known,
                       struct fault *fault)
{
    const char *nearest = NULL;
    size_t distance = 4;
    char all[256] = "";
    for (size_t i = 0; known[i] != NULL; i++) {
        size_t used = strlen(all);
        size_t far = key_distance(node_text(key), known[i]);
        (void)snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", known[i]);
        if (far < distance) {
            distance = far;
            nearest = known[i];
        }
    }
    (void)fault_set(fault, "%s:%zu: unknown key '%.60s'%s%s", map->file->name, map_line(key), node_text(key),
                    map->where[0] != '\0' ? " in " : "", map->where);
    return nearest != NULL ? fault_hint(fault, "did you mean '%s'?", nearest)
                           : fault_hint(fault, "known here: %s", all);
}

static int map_key_check(const struct yaml_map *map, const yaml_node_t *key, const char *const *known,
                         struct fault *fault)
{
    if (key == NULL || key->type != YAML_SCALAR_NODE || strlen(node_text(key)) != key->data.scalar.length) {
        (void)fault_set(fault, "%s:%zu: a key must be a plain word", map->file->name,
                        map_line(key != NULL ? key : map->node));
        return fault_hint(fault, "write 'key: value' lines");
    }
    for (size_t i = 0; known[i] != NULL; i++) {
        if (node_is(key, known[i])) {
            return 0;
        }
    }
    return map_unknown(map, key, known, fault);
}

int yaml_map_check(const struct yaml_map *map, const char *const *known, struct fault *fault)
{
    for (const yaml_node_pair_t *p = map->node->data.mapping.pairs.start; p < map->node->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = map_node(map, p->key);
        if (map_key_check(map, key, known, fault) != 0) {
            return -1;
        }
        const yaml_node_pair_t *first = map_pair(map, node_text(key));
        if (first != p) {
            (void)fault_set(fault, "%s:%zu: the key '%.60s' stands twice", map->file->name, map_line(key),
                            node_text(key));
            return fault_hint(fault, "remove one of them; the first is in line %zu",
                              map_line(map_node(map, first->key)));
        }
    }
    return 0;
}

int yaml_map_has(const struct yaml_map *map, const char *key)
{
    return map_pair(map, key) != NULL;
}

/* ---- values ---- */

int yaml_map_refuse(const struct yaml_map *map, const char *key, const char *why, const char *hint, struct fault *fault)
{
    char full[128];
    const yaml_node_pair_t *pair = map_pair(map, key);
    map_full_key(map, key, full);
    (void)fault_set(fault, "%s:%zu: %s: %s", map->file->name,
                    map_line(pair == NULL ? map->node : map_node(map, pair->key)), full, why);
    return hint == NULL ? -1 : fault_hint(fault, "%s", hint);
}

/* The value of a required key, of this type. */
static yaml_node_t *map_value(const struct yaml_map *map, const char *key, yaml_node_type_t type, struct fault *fault)
{
    char full[128];
    const yaml_node_pair_t *pair = map_pair(map, key);
    if (pair == NULL) {
        map_full_key(map, key, full);
        (void)fault_set(fault, "%s:%zu: the key '%s' is missing", map->file->name, map_line(map->node), full);
        (void)fault_hint(fault, "add a line '%.60s: ...'%s%s; 'windlass init' writes an example", key,
                         map->where[0] != '\0' ? " to " : "", map->where);
        return NULL;
    }
    yaml_node_t *value = map_node(map, pair->value);
    if (value == NULL || value->type != type) {
        const char *wanted = type == YAML_SCALAR_NODE    ? "must be a single value"
                             : type == YAML_MAPPING_NODE ? "must be a group of 'key: value'"
                                                         : "must be a list";
        (void)yaml_map_refuse(map, key, wanted, "check the indentation below it", fault);
        return NULL;
    }
    return value;
}

/* Plain scalars that YAML readers take for something else than text. */
static int text_is_ambiguous(const yaml_node_t *node)
{
    static const char *const words[] = { "~", "null", "true", "false", "yes", "no", "on", "off" };
    const char *text = node_text(node);
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return 0;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return 1;
        }
    }
    return text[strspn(text, "+-.0123456789eE_")] == '\0';
}

static const char *text_wrong(const yaml_node_t *node, size_t out_len)
{
    size_t len = node->data.scalar.length;
    if (len == 0) {
        return "is empty";
    }
    if (text_is_ambiguous(node)) {
        return "must be text, not a number, truth value or null";
    }
    for (size_t at = 0, n; at < len; at += n) {
        n = text_char_len(node_text(node) + at, len - at);
        if (n == 0) {
            return "has a line break or another control character";
        }
    }
    return len >= out_len ? "is too long" : NULL;
}

int yaml_map_text(const struct yaml_map *map, const char *key, char *out, size_t out_len, struct fault *fault)
{
    char hint[64];
    const yaml_node_t *node = map_value(map, key, YAML_SCALAR_NODE, fault);
    if (node == NULL) {
        return -1;
    }
    const char *wrong = text_wrong(node, out_len);
    if (wrong != NULL) {
        (void)snprintf(hint, sizeof hint, "give text of 1 to %zu bytes; quotes help", out_len - 1);
        return yaml_map_refuse(map, key, wrong, hint, fault);
    }
    memcpy(out, node_text(node), node->data.scalar.length);
    out[node->data.scalar.length] = '\0';
    return 0;
}

int yaml_map_uint(const struct yaml_map *map, const char *key, unsigned min, unsigned max, unsigned *out,
                  struct fault *fault)
{
    char hint[64];
    const yaml_node_t *node = map_value(map, key, YAML_SCALAR_NODE, fault);
    if (node == NULL) {
        return -1;
    }
    const char *text = node_text(node);
    size_t len = node->data.scalar.length;
    int number = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && len >= 1 && strspn(text, "0123456789") == len &&
                 (text[0] != '0' || len == 1);
    unsigned long value = number && len <= 9 ? strtoul(text, NULL, 10) : (unsigned long)max + 1;
    if (!number || value < min || value > max) {
        (void)snprintf(hint, sizeof hint, "give a number from %u to %u", min, max);
        return yaml_map_refuse(map, key, number ? "is out of range" : "must be a whole number", hint, fault);
    }
    *out = (unsigned)value;
    return 0;
}

int yaml_map_choice(const struct yaml_map *map, const char *key, const char *const *choices, unsigned *out,
                    struct fault *fault)
{
    char hint[200] = "one of: ";
    const yaml_node_t *node = map_value(map, key, YAML_SCALAR_NODE, fault);
    if (node == NULL) {
        return -1;
    }
    for (unsigned i = 0; choices[i] != NULL; i++) {
        size_t used = strlen(hint);
        if (node_is(node, choices[i])) {
            *out = i;
            return 0;
        }
        (void)snprintf(hint + used, sizeof hint - used, "%s%s", i == 0 ? "" : ", ", choices[i]);
    }
    return yaml_map_refuse(map, key, "has no such choice", hint, fault);
}

int yaml_map_map(const struct yaml_map *map, const char *key, struct yaml_map *out, struct fault *fault)
{
    char full[128];
    yaml_node_t *node = map_value(map, key, YAML_MAPPING_NODE, fault);
    if (node == NULL) {
        return -1;
    }
    map_full_key(map, key, full);
    *out = (struct yaml_map){ map->file, node, "" };
    (void)snprintf(out->where, sizeof out->where, "%.63s", full);
    return 0;
}

int yaml_map_list(const struct yaml_map *map, const char *key, size_t max, size_t *count, struct fault *fault)
{
    char hint[64];
    const yaml_node_t *node = map_value(map, key, YAML_SEQUENCE_NODE, fault);
    if (node == NULL) {
        return -1;
    }
    *count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (*count < 1 || *count > max) {
        (void)snprintf(hint, sizeof hint, "give 1 to %zu items", max);
        return yaml_map_refuse(map, key, "has too few or too many items", hint, fault);
    }
    return 0;
}

int yaml_map_list_item(const struct yaml_map *map, const char *key, size_t index, struct yaml_map *out,
                       struct fault *fault)
{
    const yaml_node_t *list = map_value(map, key, YAML_SEQUENCE_NODE, fault);
    if (list == NULL) {
        return -1;
    }
    yaml_node_t *node = map_node(map, list->data.sequence.items.start[index]);
    if (node == NULL || node->type != YAML_MAPPING_NODE) {
        return yaml_map_refuse(map, key, "must be a list of 'key: value' groups", NULL, fault);
    }
    *out = (struct yaml_map){ map->file, node, "" };
    (void)snprintf(out->where, sizeof out->where, "%.40s[%zu]", key, index);
    return 0;
}
