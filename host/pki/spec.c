/* SPDX-License-Identifier: Apache-2.0 */
/* spec: reading key specs (pki.h). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/file.h"
#include "host/lib/yaml_file.h"
#include "host/pki/pki.h"
#include "host/pki/spec_data.h"

struct bytes pki_spec_ceremony(void)
{
    return bytes_of(spec_data_ceremony, spec_data_ceremony_len);
}

struct bytes pki_spec_development(void)
{
    return bytes_of(spec_data_development, spec_data_development_len);
}

/* What the other rooms expect of the keys they use. */
static const struct {
    const char *label;
    enum project_token token;
    enum cert_kind kind;
} roles[] = {
    { KEY_ROOT, PROJECT_OEM, CERT_ROOT },
    { KEY_FIRMWARE, PROJECT_OEM, CERT_SIGNING },
    { KEY_FIRMWARE_NEXT, PROJECT_OEM, CERT_SIGNING },
    { KEY_MASTERING, PROJECT_OEM, CERT_SIGNING },
    { KEY_MASTERING_NEXT, PROJECT_OEM, CERT_SIGNING },
    { KEY_DISTRIBUTION, PROJECT_OEM, CERT_AGREEMENT },
    { KEY_QUOTA, PROJECT_OEM, CERT_SIGNING },
    { KEY_DEV_ROOT, PROJECT_DEVELOPMENT, CERT_ROOT },
    { KEY_DEV_FIRMWARE, PROJECT_DEVELOPMENT, CERT_SIGNING },
    { KEY_DEV_MASTERING, PROJECT_DEVELOPMENT, CERT_SIGNING },
    { KEY_DEV_DISTRIBUTION, PROJECT_DEVELOPMENT, CERT_AGREEMENT },
};

static const struct pki_key *spec_key(const struct pki_spec *spec, const char *label)
{
    for (size_t i = 0; i < spec->count; i++) {
        if (strcmp(spec->keys[i].label, label) == 0) {
            return &spec->keys[i];
        }
    }
    return NULL;
}

static int key_label(const struct yaml_map *map, const struct pki_spec *spec, struct pki_key *key, struct fault *fault)
{
    if (yaml_map_text(map, "label", key->label, sizeof key->label, fault) != 0) {
        return -1;
    }
    if (key->label[strspn(key->label, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' || key->label[0] == '-') {
        return yaml_map_refuse(map, "label", "is not a label", "lower-case letters, digits and '-'", fault);
    }
    return spec_key(spec, key->label) == NULL
               ? 0
               : yaml_map_refuse(map, "label", "stands twice", "give each key a label of its own", fault);
}

/* The first key is the root; every other names an issuer that stands above and is a CA. */
static int key_issuer(const struct yaml_map *map, const struct pki_spec *spec, struct pki_key *key, struct fault *fault)
{
    if ((key->kind == CERT_ROOT) != (spec->count == 0)) {
        return yaml_map_refuse(map, "certificate", "the first key, and no other, is the root", NULL, fault);
    }
    if (key->kind == CERT_ROOT) {
        return yaml_map_has(map, "issuer")
                   ? yaml_map_refuse(map, "issuer", "the root has no issuer but itself", "remove this key", fault)
                   : 0;
    }
    if (yaml_map_text(map, "issuer", key->issuer, sizeof key->issuer, fault) != 0) {
        return -1;
    }
    const struct pki_key *issuer = spec_key(spec, key->issuer);
    if (issuer == NULL || issuer->kind != CERT_ROOT) {
        return yaml_map_refuse(map, "issuer", "is not the root of this spec",
                               "name the label of the first key; device certificates are not in a spec", fault);
    }
    return 0;
}

static int key_role(const struct yaml_map *map, const struct pki_key *key, struct fault *fault)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(roles[i].label, key->label) != 0) {
            continue;
        }
        if (roles[i].token != key->token) {
            return yaml_map_refuse(map, "token", "is another than this key is used from", NULL, fault);
        }
        return roles[i].kind == key->kind
                   ? 0
                   : yaml_map_refuse(map, "certificate", "is of another kind than this key is used for", NULL, fault);
    }
    return 0;
}

static int key_token(const struct yaml_map *map, struct pki_key *key, struct fault *fault)
{
    static const char *const tokens[] = { "oem", "development", NULL }; /* in the order of enum project_token */
    char name[16];
    struct fault unsaid = FAULT_NONE;
    unsigned token = 0;
    if (yaml_map_text(map, "token", name, sizeof name, &unsaid) == 0 && strcmp(name, "appliance") == 0) {
        return yaml_map_refuse(map, "token", "an appliance makes its keys itself",
                               "remove this key; an appliance is made by: windlassd init, or windlass pki desk", fault);
    }
    if (yaml_map_choice(map, "token", tokens, &token, fault) != 0) {
        return -1;
    }
    key->token = (enum project_token)token;
    return 0;
}

static int spec_key_parse(const struct yaml_map *map, struct pki_spec *spec, struct fault *fault)
{
    static const char *const known[] = { "label", "token", "certificate", "issuer", "name", NULL };
    static const char *const kinds[] = { "root", "signing", "agreement", NULL };
    static const enum cert_kind meant[] = { CERT_ROOT, CERT_SIGNING, CERT_AGREEMENT };
    struct pki_key key = { 0 };
    unsigned kind = 0;
    if (yaml_map_check(map, known, fault) != 0 || key_label(map, spec, &key, fault) != 0 ||
        key_token(map, &key, fault) != 0 || yaml_map_choice(map, "certificate", kinds, &kind, fault) != 0 ||
        yaml_map_text(map, "name", key.name, sizeof key.name, fault) != 0) {
        return -1;
    }
    key.kind = meant[kind];
    if (key_issuer(map, spec, &key, fault) != 0 || key_role(map, &key, fault) != 0) {
        return -1;
    }
    spec->keys[spec->count++] = key;
    return 0;
}

static int spec_read(const struct yaml_map *root, struct pki_spec *out, struct fault *fault)
{
    static const char *const known[] = { "keys", NULL };
    size_t count = 0;
    if (yaml_map_check(root, known, fault) != 0 || yaml_map_list(root, "keys", PKI_KEYS_MAX, &count, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        struct yaml_map item;
        if (yaml_map_list_item(root, "keys", i, &item, fault) != 0 || spec_key_parse(&item, out, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

int pki_spec_parse(const char *name, struct bytes text, struct pki_spec *out, struct fault *fault)
{
    struct yaml_file file;
    struct yaml_map root;
    memset(out, 0, sizeof *out);
    if (yaml_file_load(name, text, &file, &root, fault) != 0) {
        return -1;
    }
    int result = spec_read(&root, out, fault);
    yaml_file_free(&file);
    return result;
}

int pki_spec_check_complete(const char *name, const struct pki_spec *spec, struct fault *fault)
{
    for (size_t i = 0; i < spec->count; i++) {
        if (spec->keys[i].token == PROJECT_DEVELOPMENT) {
            (void)fault_set(fault, "%s: the key '%s' is in the development token", name, spec->keys[i].label);
            return fault_hint(fault, "production keys belong into the oem token");
        }
    }
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (roles[i].token == PROJECT_OEM && spec_key(spec, roles[i].label) == NULL) {
            (void)fault_set(fault, "%s: the key '%s' is missing, and other commands need it", name, roles[i].label);
            return fault_hint(fault, "begin with a copy of specs/ceremony.yaml");
        }
    }
    return 0;
}

int pki_spec_of_project(const struct project *project, struct pki_spec *out, struct fault *fault)
{
    char path[640];
    uint8_t *text;
    size_t len;
    if (project_path(project, "pki/ceremony.yaml", path, sizeof path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return pki_spec_parse("built-in ceremony.yaml", pki_spec_ceremony(), out, fault);
    }
    if (file_read(path, YAML_FILE_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    int result = pki_spec_parse(path, bytes_of(text, len), out, fault);
    free(text);
    return result;
}
