/* SPDX-License-Identifier: Apache-2.0 */
/* roles: see roles.h. */
#include "host/master/roles.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct roles production = {
    PROJECT_OEM, KEY_ROOT, { KEY_FIRMWARE, KEY_FIRMWARE_NEXT }, { KEY_MASTERING, KEY_MASTERING_NEXT }, KEY_DISTRIBUTION
};
static const struct roles development = {
    PROJECT_DEVELOPMENT, KEY_DEV_ROOT, { KEY_DEV_FIRMWARE, NULL }, { KEY_DEV_MASTERING, NULL }, KEY_DEV_DISTRIBUTION
};

const struct roles *roles_of(int dev)
{
    return dev ? &development : &production;
}

/* Reads pki/<label>.crt. */
static int pki_read(const struct project *project, const char *label, struct cert *out, struct fault *fault)
{
    char relative[128];
    char path[PATH_MAX];
    (void)snprintf(relative, sizeof relative, "pki/%s.crt", label);
    if (project_path(project, relative, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (cert_read(path, out, fault) != 0) {
        return access(path, F_OK) == 0
                   ? -1
                   : fault_hint(fault, strncmp(label, "dev-", 4) == 0
                                           ? "development keys are made by: windlass init"
                                           : "production keys are made by: windlass pki create; for "
                                             "development add --development");
    }
    return 0;
}

int roles_public(const struct project *project, const struct roles *roles, const char *label, enum cert_kind kind,
                 uint8_t public_key[64], struct fault *fault)
{
    struct cert root;
    struct cert leaf;
    if (pki_read(project, label, &leaf, fault) != 0 || pki_read(project, roles->root, &root, fault) != 0) {
        return -1;
    }
    return cert_check(&leaf, NULL, &root, kind, public_key, fault);
}

int roles_publics(const struct project *project, const struct roles *roles, const char *const labels[ROLES_KEYS],
                  uint8_t keys[64 * ROLES_KEYS], struct bytes *out, struct fault *fault)
{
    *out = bytes_of(keys, 0);
    for (size_t i = 0; i < ROLES_KEYS && labels[i] != NULL; i++) {
        if (roles_public(project, roles, labels[i], CERT_SIGNING, keys + 64 * i, fault) != 0) {
            return -1;
        }
        out->len += 64;
    }
    return 0;
}

const char *roles_label(const char *const labels[ROLES_KEYS], const char *wanted, struct fault *fault)
{
    if (wanted == NULL) {
        return labels[0];
    }
    for (size_t i = 0; i < ROLES_KEYS && labels[i] != NULL; i++) {
        if (strcmp(labels[i], wanted) == 0) {
            return labels[i];
        }
    }
    (void)fault_set(fault, "'%s' is not a key for this", wanted);
    (void)(labels[1] != NULL ? fault_hint(fault, "it is signed with %s or %s", labels[0], labels[1])
                             : fault_hint(fault, "development has one key for it: %s", labels[0]));
    return NULL;
}

int roles_key(const struct project *project, const struct roles *roles, const char *label, enum cert_kind kind,
              struct hsm *hsm, uint8_t public_key[64], struct fault *fault)
{
    uint8_t held[64];
    if (roles_public(project, roles, label, kind, public_key, fault) != 0 ||
        hsm_key_public(hsm, label, held, fault) != 0) {
        return -1;
    }
    if (memcmp(held, public_key, sizeof held) != 0) {
        (void)fault_set(fault, "pki/%s.crt is not the certificate of the key '%s' in %s", label, label,
                        hsm_description(hsm));
        return fault_hint(fault, "is this the right token, and the right project? windlass pki show");
    }
    return 0;
}

/* A device's update certificate under one issuing certificate. */
static int device_check(const struct cert *leaf, const struct cert *root, const char *issuer_path,
                        uint8_t public_key[64], struct fault *fault)
{
    struct cert issuer;
    return cert_read(issuer_path, &issuer, fault) != 0
               ? -1
               : cert_check_past(leaf, &issuer, root, CERT_DEVICE_UPDATE, public_key, fault);
}

/* Tries the issuing certificates of all appliances. */
static int device_find(const struct project *project, const struct cert *leaf, const struct cert *root,
                       uint8_t public_key[64], struct fault *fault)
{
    char path[PATH_MAX];
    struct dirent *entry;
    int result = -1;
    DIR *dir = project_path(project, "pki/appliances", path, sizeof path, fault) == 0 ? opendir(path) : NULL;
    while (result != 0 && dir != NULL && (entry = readdir(dir)) != NULL) {
        char relative[NAME_MAX + 64];
        struct fault inner = FAULT_NONE;
        (void)snprintf(relative, sizeof relative, "pki/appliances/%s/" KEY_ISSUING ".crt", entry->d_name);
        result = entry->d_name[0] == '.' || project_path(project, relative, path, sizeof path, &inner) != 0 ||
                         access(path, F_OK) != 0
                     ? -1
                     : device_check(leaf, root, path, public_key, &inner);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    if (result == 0) {
        *fault = FAULT_NONE;
        return 0;
    }
    return fault_set(fault, "no appliance of this project issued that device's certificate");
}

int roles_recipient(const struct project *project, const struct roles *roles, const char *cert_path,
                    const char *issuer_path, uint8_t public_key[64], struct fault *fault)
{
    struct cert root;
    struct cert leaf;
    char serial[128];
    struct fault none = FAULT_NONE;
    if (pki_read(project, roles->root, &root, fault) != 0 || cert_read(cert_path, &leaf, fault) != 0) {
        return -1;
    }
    int device = cert_serial_number(&leaf, serial, sizeof serial, &none) == 0;
    int result = !device               ? cert_check(&leaf, NULL, &root, CERT_AGREEMENT, public_key, fault)
                 : issuer_path != NULL ? device_check(&leaf, &root, issuer_path, public_key, fault)
                                       : device_find(project, &leaf, &root, public_key, fault);
    if (result != 0) {
        return fault_hint(fault,
                          "a key block goes to a transport certificate of the appliance, or to the update "
                          "certificate of a device; %s is the root",
                          roles->root);
    }
    return 0;
}
