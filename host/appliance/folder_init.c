/* SPDX-License-Identifier: Apache-2.0 */
/* folder_init: makes an appliance's folder (folder.h). Each step can be repeated; the request comes last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "host/appliance/folder_room.h"
#include "host/lib/file.h"
#include "host/lib/hsm_uri.h"
#include "host/lib/p256.h"
#include "host/lib/text.h"

#define SETTINGS_MAX 4096
/* There while the keys are being made: then keys in the token are of a run that was cut. */
#define BEGUN "init.begun"

struct init {
    char dir[512];
    struct folder_settings settings;
    struct hsm *hsm;
    uint8_t quota_key[64];
    uint8_t public_keys[ENROLMENT_KEYS][64];
};

/* ---- settings ---- */

static const char *or_usual(const char *text, const char *usual)
{
    return text != NULL && text[0] != '\0' ? text : usual;
}

/* What stands between double quotes in YAML. */
static int is_quotable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == '"' || *at == '\\') {
            return 0;
        }
    }
    return 1;
}

static int settings_text(const struct folder_settings *wish, char out[SETTINGS_MAX], struct fault *fault)
{
    const char *values[] = { or_usual(wish->hsm.module, "softhsm2"),
                             or_usual(wish->hsm.uri, "pkcs11:token=windlass-appliance"),
                             or_usual(wish->hsm.pin_file, "hsm/appliance.pin"),
                             or_usual(wish->tpm, "none"),
                             or_usual(wish->listen, "0.0.0.0:7443"),
                             or_usual(wish->ledger, "ledger.db") };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (!is_quotable(values[i])) {
            return fault_set(fault, "'%.80s': no quotes, backslashes and control characters here", values[i]);
        }
    }
    int len =
        snprintf(out, SETTINGS_MAX,
                 "# Windlass appliance. Paths are relative to this folder.\n"
                 "\n"
                 "# Where its keys live: a PKCS#11 token. module: softhsm2 (a stand-in for a real HSM), or the path\n"
                 "# of a PKCS#11 library; token: RFC 7512; pin_file: mode 0600, PIN in the first line.\n"
                 "hsm: { module: \"%s\", token: \"%s\", pin_file: \"%s\" }\n"
                 "# The TPM 2.0 that holds the quota, as the TSS names it: \"device:/dev/tpmrm0\"; or none.\n"
                 "tpm: \"%s\"\n"
                 "# Where stations call.\n"
                 "listen: \"%s\"\n"
                 "# The ledger: a file, or \"postgresql://...\".\n"
                 "ledger: \"%s\"\n",
                 values[0], values[1], values[2], values[3], values[4], values[5]);
    return len > 0 && len < SETTINGS_MAX ? 0 : fault_set(fault, "the settings are too long");
}

/* Settings that are there already, from a run that was cut or made by hand, stay. */
static int settings_make(struct init *init, const struct folder_settings *wish, struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    char text[SETTINGS_MAX];
    if (folder_join(init->dir, "appliance.yaml", path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0 && (settings_text(wish, text, fault) != 0 ||
                                    file_write(path, bytes_of(text, strlen(text)), 0644, FILE_NEW_ONLY, fault) != 0)) {
        return -1;
    }
    return appliance_folder_settings(init->dir, &init->settings, fault);
}

/* ---- the OEM's certificates ---- */

/* Files one certificate; one that is there must be the same. */
static int oem_cert_file(const struct init *init, const char *label, const struct cert *cert, struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    struct cert old;
    if (folder_cert_path(init->dir, label, path, fault) != 0) {
        return -1;
    }
    if (access(path, F_OK) != 0) {
        return cert_write(path, cert, fault);
    }
    if (cert_read(path, &old, fault) != 0) {
        return -1;
    }
    if (!bytes_equal(bytes_of(old.der, old.len), bytes_of(cert->der, cert->len))) {
        (void)fault_set(fault, "%s: this folder was begun for another maker or with other certificates", path);
        return fault_hint(fault, "choose a new folder");
    }
    return 0;
}

static int oem_certs_check(const struct pem_file *pem, struct init *init, struct cert certs[ENROLMENT_MAKER_CERTS],
                           struct fault *fault)
{
    if (pem->count != ENROLMENT_MAKER_CERTS) {
        return fault_set(fault, "%zu blocks; there should be %d certificates", pem->count, ENROLMENT_MAKER_CERTS);
    }
    for (size_t i = 0; i < ENROLMENT_MAKER_CERTS; i++) {
        uint8_t key[64];
        if (strcmp(pem->blocks[i].label, PEM_STRING_X509) != 0) {
            return fault_set(fault, "block %zu is not a certificate", i + 1);
        }
        if (cert_parse(pem->blocks[i].data, &certs[i], fault) != 0 ||
            cert_check(&certs[i], NULL, &certs[0], i == 0 ? CERT_ROOT : CERT_SIGNING, key, fault) != 0) {
            return -1;
        }
        if (strcmp(enrolment_maker_labels[i], KEY_QUOTA) == 0) {
            memcpy(init->quota_key, key, sizeof init->quota_key);
        }
    }
    return 0;
}

static int oem_take(struct init *init, const char *path, struct fault *fault)
{
    struct pem_file pem;
    struct cert certs[ENROLMENT_MAKER_CERTS];
    struct fault inner = FAULT_NONE;
    if (pem_read(path, ENROLMENT_PEM_MAX, &pem, fault) != 0) {
        return fault_hint(fault, "give pki/public.pem of the maker's project");
    }
    int result = oem_certs_check(&pem, init, certs, &inner);
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", path, inner.what);
        (void)fault_hint(fault, "give pki/public.pem of the maker's project");
    }
    for (size_t i = 0; result == 0 && i < ENROLMENT_MAKER_CERTS; i++) {
        result = oem_cert_file(init, enrolment_maker_labels[i], &certs[i], fault);
    }
    pem_free(&pem);
    return result;
}

/* ---- token and keys ---- */

/* Only SoftHSM's tokens are made here: those of real HSMs are made by their own tools. */
static int token_make(const struct init *init, struct fault *fault)
{
    const struct project_hsm *hsm = &init->settings.hsm;
    struct hsm_uri uri;
    if (strstr(hsm->module, "softhsm") == NULL) {
        return 0;
    }
    if (project_softhsm_setup(init->dir, fault) != 0 || project_softhsm_follow(init->dir, fault) != 0 ||
        hsm_uri_parse(hsm->uri, &uri, fault) != 0) {
        return -1;
    }
    if (uri.token[0] == '\0' || hsm->pin_file[0] == '\0') {
        return fault_set(fault, "appliance.yaml: hsm: to make the token, it needs a token= label and a pin_file");
    }
    int exists = hsm_token_exists(hsm->module, hsm->uri, fault);
    if (exists < 0) {
        return -1;
    }
    return exists ? hsm_token_finish(hsm->module, hsm->uri, hsm->pin_file, fault)
                  : hsm_token_make(hsm->module, uri.token, hsm->pin_file, fault);
}

/* A key that a cut run left half: nobody has used it. */
static int key_is_whole(struct init *init, const char *label, uint8_t public_key[64])
{
    struct fault none = FAULT_NONE;
    return hsm_key_public(init->hsm, label, public_key, &none) == 0 &&
           hsm_key_check_sealed(init->hsm, label, &none) == 0;
}

static int key_make(struct init *init, const struct enrolment_key *key, int begun, uint8_t public_key[64],
                    struct fault *fault)
{
    const enum hsm_key_kind kind = key->kind == CERT_AGREEMENT ? HSM_KEY_AGREE : HSM_KEY_SIGN;
    int exists = hsm_key_exists(init->hsm, key->label, fault);
    if (exists < 0) {
        return -1;
    }
    if (exists && !begun) {
        (void)fault_set(fault, "the token has a key '%s' that this folder did not make", key->label);
        return fault_hint(fault, "is it another appliance's token? name a new one in appliance.yaml");
    }
    if (exists && key_is_whole(init, key->label, public_key)) {
        return 0;
    }
    if (begun && hsm_key_torn_drop(init->hsm, key->label, fault) != 0) {
        return -1;
    }
    return hsm_key_generate(init->hsm, key->label, kind, public_key, fault) != 0
               ? -1
               : hsm_key_check_sealed(init->hsm, key->label, fault);
}

static int keys_make(struct init *init, struct fault *fault)
{
    char begun_path[FOLDER_PATH_MAX];
    if (token_make(init, fault) != 0 || project_token_open(init->dir, &init->settings.hsm, &init->hsm, fault) != 0 ||
        folder_join(init->dir, BEGUN, begun_path, fault) != 0) {
        return -1;
    }
    const int begun = access(begun_path, F_OK) == 0;
    for (size_t i = 0; !begun && i < ENROLMENT_KEYS; i++) {
        int exists = hsm_key_exists(init->hsm, enrolment_keys[i].label, fault);
        if (exists < 0 || (exists && key_make(init, &enrolment_keys[i], 0, init->public_keys[i], fault) != 0)) {
            return -1;
        }
    }
    if (!begun && file_write(begun_path, bytes_of("", 0), 0600, FILE_NEW_ONLY, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < ENROLMENT_KEYS; i++) {
        if (key_make(init, &enrolment_keys[i], 1, init->public_keys[i], fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the request ---- */

/* The transport key agrees and cannot sign: it asks by itself. */
static int request_add(struct init *init, size_t index, struct pem_text *text, struct fault *fault)
{
    uint8_t der[CERT_REQUEST_MAX];
    size_t len = 0;
    const struct enrolment_key *key = &enrolment_keys[index];
    const int agrees = key->kind == CERT_AGREEMENT;
    int made = agrees ? cert_spki_make(init->public_keys[index], der, &len, fault)
                      : cert_request_make(init->hsm, key->label, der, &len, fault);
    if (made != 0 || pem_note(text, key->label, fault) != 0) {
        return -1;
    }
    return pem_add(text, agrees ? PEM_STRING_PUBLIC : PEM_STRING_X509_REQ, bytes_of(der, len), fault);
}

static int enrolment_add(struct init *init, const struct folder_tpm *tpm, struct pem_text *text, struct fault *fault)
{
    uint8_t blob[ENROLMENT_BLOB_MAX];
    size_t len = sizeof blob;
    char folder[FOLDER_PATH_MAX];
    const struct folder_tpm_place place = { &init->settings, folder, init->quota_key };
    if (init->settings.tpm[0] == '\0') {
        return 0;
    }
    if (tpm == NULL) {
        return fault_set(fault, "this windlassd was built without TPM");
    }
    if (folder_join(init->dir, "tpm", folder, fault) != 0 || file_folder_make(folder, 0700, fault) != 0 ||
        tpm->enrolment(&place, blob, &len, fault) != 0 || pem_note(text, "TPM", fault) != 0) {
        return -1;
    }
    return pem_add(text, ENROLMENT_PEM_TPM, bytes_of(blob, len), fault);
}

static int request_write(struct init *init, const struct folder_tpm *tpm, const char *path, struct fault *fault)
{
    struct pem_text text = { NULL, 0 };
    char begun[FOLDER_PATH_MAX];
    int result = pem_note(&text, "Windlass appliance: request for certificates", fault);
    for (size_t i = 0; result == 0 && i < ENROLMENT_KEYS; i++) {
        result = request_add(init, i, &text, fault);
    }
    if (result == 0) {
        result = enrolment_add(init, tpm, &text, fault);
    }
    if (result == 0) {
        result = file_write(path, bytes_of(text.data, text.len), 0644, FILE_NEW_ONLY, fault);
    }
    pem_text_free(&text);
    if (result == 0 && folder_join(init->dir, BEGUN, begun, fault) == 0) {
        (void)unlink(begun);
    }
    return result;
}

static int init_steps(struct init *init, const struct folder_order *order, struct fault *fault)
{
    static const struct folder_settings usual;
    char request[FOLDER_PATH_MAX];
    char pki[FOLDER_PATH_MAX];
    if (folder_dir(order->dir, init->dir, fault) != 0 || folder_join(init->dir, FOLDER_REQUEST, request, fault) != 0 ||
        folder_join(init->dir, "pki", pki, fault) != 0) {
        return -1;
    }
    if (access(request, F_OK) == 0) {
        (void)fault_set(fault, "%s: exists already: this appliance has its keys", request);
        return fault_hint(fault, "send it to the maker (windlass pki appliance), then: windlassd enrol");
    }
    if (file_folder_make(pki, 0755, fault) != 0 || oem_take(init, order->oem, fault) != 0 ||
        settings_make(init, order->wish != NULL ? order->wish : &usual, fault) != 0 || keys_make(init, fault) != 0) {
        return -1;
    }
    return request_write(init, order->tpm, request, fault);
}

int appliance_folder_init(const struct folder_order *order, struct fault *fault)
{
    struct init init = { .hsm = NULL };
    if (file_folder_make(order->dir, 0700, fault) != 0) {
        return fault_hint(fault, "make the folder above it first, or name another one");
    }
    int result = init_steps(&init, order, fault);
    hsm_close(init.hsm);
    return result;
}

int appliance_folder_request(const char *dir, char hex[65], struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    uint8_t digest[32];
    uint8_t *data = NULL;
    size_t len = 0;
    if (folder_join(dir, FOLDER_REQUEST, path, fault) != 0 ||
        file_read(path, ENROLMENT_PEM_MAX, &data, &len, fault) != 0) {
        return -1;
    }
    p256_sha256(bytes_of(data, len), digest);
    free(data);
    text_hex(digest, sizeof digest, hex);
    return 0;
}
