/* SPDX-License-Identifier: Apache-2.0 */
/* folder: opening an enrolled appliance folder (folder.h). Nothing in it is believed before it was checked. */
#include "host/appliance/folder_room.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/cert_crl.h"
#include "host/lib/file.h"
#include "host/lib/yaml_file.h"

#define SETTINGS "appliance.yaml"

int folder_join(const char *dir, const char *relative, char out[FOLDER_PATH_MAX], struct fault *fault)
{
    int len = snprintf(out, FOLDER_PATH_MAX, "%s/%s", dir, relative);
    return len > 0 && len < FOLDER_PATH_MAX ? 0 : fault_set(fault, "%s/%s: the path is too long", dir, relative);
}

int folder_cert_path(const char *dir, const char *label, char out[FOLDER_PATH_MAX], struct fault *fault)
{
    char relative[64];
    (void)snprintf(relative, sizeof relative, "pki/%s.crt", label);
    return folder_join(dir, relative, out, fault);
}

int folder_dir(const char *dir, char out[512], struct fault *fault)
{
    char *real = realpath(dir, NULL);
    if (real == NULL) {
        (void)fault_errno(fault, "%s: cannot open this folder", dir);
        return fault_hint(fault, "an appliance's folder is made by: windlassd init");
    }
    int len = snprintf(out, 512, "%s", strcmp(real, "/") == 0 ? "" : real);
    free(real);
    return len < 512 ? 0 : fault_set(fault, "%s: the path is too long", dir);
}

int appliance_folder_path(const struct appliance_folder *folder, const char *relative, char *out, size_t out_len,
                          struct fault *fault)
{
    int len = snprintf(out, out_len, "%s/%s", folder->dir, relative);
    return len > 0 && (size_t)len < out_len ? 0
                                            : fault_set(fault, "%s/%s: the path is too long", folder->dir, relative);
}

/* ---- settings ---- */

static int settings_read(const struct yaml_map *root, const char *dir, struct folder_settings *out, struct fault *fault)
{
    static const char *const known[] = { "hsm", "tpm", "listen", "ledger", NULL };
    if (yaml_map_check(root, known, fault) != 0 || project_token_parse(root, "hsm", dir, &out->hsm, fault) != 0 ||
        yaml_map_text(root, "tpm", out->tpm, sizeof out->tpm, fault) != 0 ||
        yaml_map_text(root, "listen", out->listen, sizeof out->listen, fault) != 0 ||
        yaml_map_text(root, "ledger", out->ledger, sizeof out->ledger, fault) != 0) {
        return -1;
    }
    const char *colon = strrchr(out->listen, ':');
    if (colon == NULL || colon == out->listen || colon[1] == '\0' ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return yaml_map_refuse(root, "listen", "is not ADDRESS:PORT", "such as \"0.0.0.0:7443\" or \"[::]:7443\"",
                               fault);
    }
    if (strcmp(out->tpm, "none") == 0) {
        out->tpm[0] = '\0';
    }
    return 0;
}

int appliance_folder_settings(const char *dir, struct folder_settings *out, struct fault *fault)
{
    char real[512];
    char path[FOLDER_PATH_MAX];
    uint8_t *text = NULL;
    size_t len = 0;
    struct yaml_file file;
    struct yaml_map root;
    memset(out, 0, sizeof *out);
    if (folder_dir(dir, real, fault) != 0 || folder_join(real, SETTINGS, path, fault) != 0) {
        return -1;
    }
    if (file_read(path, YAML_FILE_MAX, &text, &len, fault) != 0) {
        return fault_hint(fault, "an appliance's folder is made by: windlassd init");
    }
    int result = yaml_file_load(path, bytes_of(text, len), &file, &root, fault);
    if (result == 0) {
        result = settings_read(&root, real, out, fault);
        yaml_file_free(&file);
    }
    free(text);
    return result;
}

/* ---- certificates ---- */

int folder_cert_read(const char *dir, const char *label, const struct cert *root, enum cert_kind kind, struct cert *out,
                     uint8_t public_key[64], struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    struct fault inner = FAULT_NONE;
    if (folder_cert_path(dir, label, path, fault) != 0 || cert_read(path, out, fault) != 0) {
        return fault_hint(fault, "was the maker's answer brought here? windlassd enrol");
    }
    if (cert_check(out, NULL, root != NULL ? root : out, kind, public_key, &inner) != 0) {
        (void)fault_set(fault, "%s: %s", path, inner.what);
        return fault_hint(fault, "%s", inner.hint);
    }
    return 0;
}

int folder_key_held(struct hsm *hsm, const char *label, const uint8_t certified[64], struct fault *fault)
{
    uint8_t held[64];
    if (hsm_key_public(hsm, label, held, fault) != 0 || hsm_key_check_sealed(hsm, label, fault) != 0) {
        return fault_hint(fault, "is this the appliance's token? appliance.yaml names it");
    }
    if (memcmp(held, certified, sizeof held) != 0) {
        (void)fault_set(fault, "the token's key '%s' is not the certified one", label);
        return fault_hint(fault, "is this the appliance's token? appliance.yaml names it");
    }
    return 0;
}

/* A certificate of this appliance: to the root, for the key in the token, not revoked. */
static int own_cert(struct appliance_folder *folder, struct hsm *hsm, const struct cert_crl *crl,
                    const struct enrolment_key *key, struct cert *out, uint8_t public_key[64], struct fault *fault)
{
    if (folder_cert_read(folder->dir, key->label, &folder->trust.root, key->kind, out, public_key, fault) != 0 ||
        (hsm != NULL && folder_key_held(hsm, key->label, public_key, fault) != 0)) {
        return -1;
    }
    int revoked = cert_crl_has(crl, out, fault);
    if (revoked == 1) {
        (void)fault_set(fault, "this appliance's certificate '%s' was revoked", key->label);
        return fault_hint(fault, "ask the maker; a new one is made by: windlass pki appliance");
    }
    return revoked;
}

/* The mastering keys that still count. */
static int mastering_open(struct appliance_folder *folder, const struct cert_crl *crl, struct fault *fault)
{
    static const char *const labels[] = { KEY_MASTERING, KEY_MASTERING_NEXT };
    struct production_trust *trust = &folder->trust;
    for (size_t i = 0; i < 2; i++) {
        struct cert cert;
        uint8_t key[64];
        if (folder_cert_read(folder->dir, labels[i], &trust->root, CERT_SIGNING, &cert, key, fault) != 0) {
            return -1;
        }
        int revoked = cert_crl_has(crl, &cert, fault);
        if (revoked < 0) {
            return -1;
        }
        if (revoked == 0) {
            memcpy(trust->mastering_keys + trust->mastering_len, key, sizeof key);
            trust->mastering_len += sizeof key;
        }
    }
    return 0;
}

static int grant_open(struct appliance_folder *folder, const struct cert_crl *crl, struct fault *fault)
{
    static const struct enrolment_key grant = { KEY_GRANT, CERT_SIGNING };
    folder->trust.tpm = folder->settings.tpm[0] != '\0';
    if (!folder->trust.tpm) {
        memcpy(folder->trust.grant_key, folder->provisioner_key, sizeof folder->trust.grant_key);
        return 0;
    }
    /* The TPM holds the key: whoever opens it compares. */
    return own_cert(folder, NULL, crl, &grant, &folder->grant, folder->trust.grant_key, fault);
}

static int certs_open(struct appliance_folder *folder, struct hsm *hsm, const struct cert_crl *crl, struct fault *fault)
{
    struct cert cert;
    uint8_t issuing_key[64];
    struct production_trust *trust = &folder->trust;
    const struct enrolment_key *key = enrolment_keys;
    if (own_cert(folder, hsm, crl, &key[0], &trust->issuing, issuing_key, fault) != 0 ||
        own_cert(folder, hsm, crl, &key[1], &folder->transport, trust->transport_key, fault) != 0 ||
        own_cert(folder, hsm, crl, &key[2], &folder->provisioner, folder->provisioner_key, fault) != 0 ||
        own_cert(folder, hsm, crl, &key[3], &folder->records, folder->records_key, fault) != 0 ||
        own_cert(folder, hsm, crl, &key[4], &folder->appliance, folder->appliance_key, fault) != 0 ||
        own_cert(folder, hsm, crl, &key[5], &cert, folder->channel_key, fault) != 0 ||
        folder_channel_read(folder, fault) != 0) {
        return -1;
    }
    return folder_cert_read(folder->dir, KEY_QUOTA, &trust->root, CERT_SIGNING, &cert, trust->quota_key, fault) != 0
               ? -1
               : mastering_open(folder, crl, fault);
}

static int folder_open(struct appliance_folder *folder, struct hsm *hsm, struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    struct cert_crl crl = { NULL, 0 };
    uint8_t root_key[64];
    if (folder_cert_read(folder->dir, KEY_ROOT, NULL, CERT_ROOT, &folder->trust.root, root_key, fault) != 0 ||
        folder_join(folder->dir, FOLDER_CRL, path, fault) != 0 ||
        cert_crl_read(path, &folder->trust.root, &crl, fault) != 0) {
        return -1;
    }
    int result = certs_open(folder, hsm, &crl, fault);
    if (result == 0) {
        result = grant_open(folder, &crl, fault);
    }
    cert_crl_free(&crl);
    return result;
}

int appliance_folder_open(const char *dir, struct appliance_folder *out, struct hsm **hsm, struct fault *fault)
{
    *hsm = NULL;
    memset(out, 0, sizeof *out);
    if (folder_dir(dir, out->dir, fault) != 0 || appliance_folder_settings(out->dir, &out->settings, fault) != 0 ||
        project_token_open(out->dir, &out->settings.hsm, hsm, fault) != 0) {
        return -1;
    }
    if (folder_open(out, *hsm, fault) != 0) {
        hsm_close(*hsm);
        *hsm = NULL;
        return -1;
    }
    return 0;
}
