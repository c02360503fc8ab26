/* SPDX-License-Identifier: Apache-2.0 */
/* folder_enrol: files the OEM's answer to a request (folder.h), after everything in it was checked. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>

#include "host/appliance/folder_room.h"
#include "host/lib/file.h"

#define ANSWER_CERTS (1 + ENROLMENT_KEYS) /* the root, then one for each key */

struct enrol {
    char dir[512];
    struct folder_settings settings;
    struct cert root; /* of init */
    uint8_t quota_key[64];
    struct cert certs[ENROLMENT_KEYS];
    struct cert grant; /* len 0: no TPM */
    uint8_t channel[CREDENTIAL_MAX];
    size_t channel_len;
};

static int answer_certs_check(struct enrol *e, const struct pem_file *pem, struct hsm *hsm, struct fault *fault)
{
    for (size_t i = 0; i < ANSWER_CERTS; i++) {
        if (i >= pem->count || strcmp(pem->blocks[i].label, PEM_STRING_X509) != 0) {
            return fault_set(fault, "%d certificates should stand first", ANSWER_CERTS);
        }
    }
    if (!bytes_equal(pem->blocks[0].data, bytes_of(e->root.der, e->root.len))) {
        (void)fault_set(fault, "it is of another maker: its root is not the one that this appliance was made for");
        return fault_hint(fault, "is it the answer to this appliance's request.pem?");
    }
    for (size_t i = 0; i < ENROLMENT_KEYS; i++) {
        uint8_t key[64];
        if (cert_parse(pem->blocks[1 + i].data, &e->certs[i], fault) != 0 ||
            cert_check(&e->certs[i], NULL, &e->root, enrolment_keys[i].kind, key, fault) != 0) {
            return -1;
        }
        if (folder_key_held(hsm, enrolment_keys[i].label, key, fault) != 0) {
            return fault_hint(fault, "is it the answer to this appliance's request.pem?");
        }
    }
    return 0;
}

/* What chips will be shown; one that has ended is of an old answer. */
static int answer_channel_check(struct enrol *e, const struct pem_file *pem, struct fault *fault)
{
    uint8_t keys[2 * 64];
    uint8_t own[64];
    struct cert cert;
    struct edhoc_claims claims;
    const struct pem_block *block = pem_find(pem, ENROLMENT_PEM_CHANNEL);
    if (block == NULL || block->data.len > sizeof e->channel) {
        return fault_set(fault, "there is no credential for chips in it");
    }
    if (folder_cert_read(e->dir, KEY_MASTERING, &e->root, CERT_SIGNING, &cert, keys, fault) != 0 ||
        folder_cert_read(e->dir, KEY_MASTERING_NEXT, &e->root, CERT_SIGNING, &cert, keys + 64, fault) != 0 ||
        cert_public_key(&e->certs[ENROLMENT_KEYS - 1], own, fault) != 0 ||
        folder_channel_check(block->data, bytes_of(keys, sizeof keys), own, &claims, fault) != 0) {
        return -1;
    }
    if (claims.expires < (uint64_t)time(NULL)) {
        (void)fault_set(fault, "the credential for chips in it has ended");
        return fault_hint(fault, "ask the maker for a new answer: windlass pki appliance, with the same request");
    }
    memcpy(e->channel, block->data.data, block->data.len);
    e->channel_len = block->data.len;
    return 0;
}

static int answer_grant_check(struct enrol *e, const struct pem_file *pem, const struct folder_tpm *tpm,
                              struct fault *fault)
{
    char folder[FOLDER_PATH_MAX];
    uint8_t key[64];
    const int wanted = e->settings.tpm[0] != '\0';
    const struct folder_tpm_place place = { &e->settings, folder, e->quota_key };
    const struct pem_block *credential = pem_find(pem, ENROLMENT_PEM_CREDENTIAL);
    if (pem->count != ANSWER_CERTS + 1u + (wanted ? 1u : 0u) || (wanted && credential == NULL)) {
        return fault_set(fault, wanted ? "there is no credential for the TPM in it"
                                       : "there is more in it than belongs there, and this appliance has no TPM");
    }
    if (!wanted) {
        return 0;
    }
    if (tpm == NULL) {
        return fault_set(fault, "this windlassd was built without TPM");
    }
    if (folder_join(e->dir, "tpm", folder, fault) != 0 ||
        tpm->credential(&place, credential->data, &e->grant, fault) != 0) {
        return -1;
    }
    return cert_check(&e->grant, NULL, &e->root, CERT_SIGNING, key, fault);
}

/* Replaces a certificate's file. cut: the old or the new one, and both are this key's. */
static int cert_file(const struct enrol *e, const char *label, const struct cert *cert, struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    struct pem_text text = { NULL, 0 };
    int result = folder_cert_path(e->dir, label, path, fault);
    if (result == 0) {
        result = pem_add(&text, PEM_STRING_X509, bytes_of(cert->der, cert->len), fault);
    }
    if (result == 0) {
        result = file_write(path, bytes_of(text.data, text.len), 0644, FILE_REPLACE, fault);
    }
    pem_text_free(&text);
    return result;
}

static int answer_file(const struct enrol *e, struct fault *fault)
{
    char path[FOLDER_PATH_MAX];
    for (size_t i = 0; i < ENROLMENT_KEYS; i++) {
        if (cert_file(e, enrolment_keys[i].label, &e->certs[i], fault) != 0) {
            return -1;
        }
    }
    if (e->grant.len != 0 && cert_file(e, KEY_GRANT, &e->grant, fault) != 0) {
        return -1;
    }
    return folder_join(e->dir, FOLDER_CHANNEL, path, fault) != 0
               ? -1
               : file_write(path, bytes_of(e->channel, e->channel_len), 0644, FILE_REPLACE, fault);
}

static int answer_take(struct enrol *e, const char *path, struct hsm *hsm, const struct folder_tpm *tpm,
                       struct fault *fault)
{
    struct pem_file pem;
    struct fault inner = FAULT_NONE;
    if (pem_read(path, ENROLMENT_PEM_MAX, &pem, fault) != 0) {
        return fault_hint(fault, "give the file that 'windlass pki appliance' wrote");
    }
    int result = answer_certs_check(e, &pem, hsm, &inner);
    if (result == 0) {
        result = answer_channel_check(e, &pem, &inner);
    }
    if (result == 0) {
        result = answer_grant_check(e, &pem, tpm, &inner);
    }
    pem_free(&pem);
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", path, inner.what);
        return fault_hint(fault, "%s",
                          inner.hint[0] != '\0' ? inner.hint : "give the file that 'windlass pki appliance' wrote");
    }
    return answer_file(e, fault);
}

int appliance_folder_enrol(const char *dir, const char *bundle, const struct folder_tpm *tpm, struct fault *fault)
{
    struct enrol e = { .dir = "" };
    struct cert quota;
    struct hsm *hsm = NULL;
    uint8_t root_key[64];
    if (folder_dir(dir, e.dir, fault) != 0 || appliance_folder_settings(e.dir, &e.settings, fault) != 0 ||
        folder_cert_read(e.dir, KEY_ROOT, NULL, CERT_ROOT, &e.root, root_key, fault) != 0 ||
        folder_cert_read(e.dir, KEY_QUOTA, &e.root, CERT_SIGNING, &quota, e.quota_key, fault) != 0 ||
        project_token_open(e.dir, &e.settings.hsm, &hsm, fault) != 0) {
        return -1;
    }
    int result = answer_take(&e, bundle, hsm, tpm, fault);
    hsm_close(hsm);
    return result;
}
