/* SPDX-License-Identifier: Apache-2.0 */
/* appliance: certifies an appliance (enrol.h). The answer, which is carried back, is written last. */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/enrolment.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/lib/project.h"
#include "host/lib/text.h"
#include "host/pki/enrol_room.h"

#define COMMON_NAME_MAX 64

/* What a request asks for. */
struct request {
    uint8_t keys[ENROLMENT_KEYS][64];
    unsigned found; /* bit i: the key of enrolment_keys[i] */
    struct bytes tpm;
};

/* The place of a label among the keys, or -1. */
static int key_index(const char *label)
{
    for (int i = 0; i < ENROLMENT_KEYS; i++) {
        if (strcmp(enrolment_keys[i].label, label) == 0) {
            return i;
        }
    }
    return -1;
}

static int key_take(struct request *request, const char *label, const uint8_t key[64], struct fault *fault)
{
    int at = key_index(label);
    if (at < 0 || (request->found & 1u << at) != 0) {
        return fault_set(fault, "asks for a certificate for '%.40s'%s", label,
                         at < 0 ? ", which is no key of an appliance" : " twice");
    }
    request->found |= 1u << at;
    memcpy(request->keys[at], key, 64);
    return 0;
}

static int block_take(struct request *request, const struct pem_block *block, struct fault *fault)
{
    char label[65];
    uint8_t key[64];
    if (strcmp(block->label, PEM_STRING_X509_REQ) == 0) {
        if (cert_request_parse(block->data, label, key, fault) != 0) {
            return -1;
        }
        if (strcmp(label, KEY_TRANSPORT) == 0) {
            return fault_set(fault, "the transport key signed, and it must not be able to");
        }
        return key_take(request, label, key, fault);
    }
    if (strcmp(block->label, PEM_STRING_PUBLIC) == 0) {
        return cert_spki_parse(block->data, key, fault) != 0 ? -1 : key_take(request, KEY_TRANSPORT, key, fault);
    }
    if (strcmp(block->label, ENROLMENT_PEM_TPM) != 0 || request->tpm.data != NULL) {
        return fault_set(fault, "holds a block '%s' that does not belong there", block->label);
    }
    request->tpm = block->data;
    return 0;
}

static int request_take(const struct pem_file *pem, struct request *out, struct fault *fault)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < pem->count; i++) {
        if (block_take(out, &pem->blocks[i], fault) != 0) {
            return -1;
        }
    }
    for (int i = 0; i < ENROLMENT_KEYS; i++) {
        if ((out->found & 1u << i) == 0) {
            return fault_set(fault, "does not ask for a certificate for '%s'", enrolment_keys[i].label);
        }
    }
    return 0;
}

/* "<product> <label> <name>" */
static int common_name(const struct enrol *e, const char *label, const char *name, char out[COMMON_NAME_MAX + 1],
                       struct fault *fault)
{
    int len = snprintf(out, COMMON_NAME_MAX + 1, "%s %s %s", e->project->profile.product, label, name);
    if (len <= COMMON_NAME_MAX) {
        return 0;
    }
    (void)fault_set(fault, "'%s' is too long: '%s %s %s' would stand in a certificate, and may have %d characters",
                    name, e->project->profile.product, label, name, COMMON_NAME_MAX);
    return fault_hint(fault, "choose a shorter --name");
}

static int key_certify(struct enrol *e, const struct pki_appliance_order *order, const struct request *request,
                       size_t index, struct cert *out, struct fault *fault)
{
    char name[COMMON_NAME_MAX + 1];
    char path[ENROL_PATH_MAX];
    const struct enrolment_key *key = &enrolment_keys[index];
    const int server = key->kind == CERT_SERVER;
    struct cert_spec spec = { .kind = key->kind,
                              .organisation = e->project->profile.organisation,
                              .common_name = name,
                              .host = server ? order->hosts[0] : NULL,
                              .other_hosts = server ? order->hosts + 1 : NULL,
                              .years = order->years };
    memcpy(spec.public_key, request->keys[index], sizeof spec.public_key);
    if (common_name(e, key->label, order->name, name, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s/%s.crt", order->name, key->label) != 0) {
        return -1;
    }
    return enrol_cert(e, &spec, path, out, fault);
}

static int answer_cert_add(struct pem_text *text, const char *label, const struct cert *cert, struct fault *fault)
{
    return pem_note(text, label, fault) != 0 ? -1
                                             : pem_add(text, PEM_STRING_X509, bytes_of(cert->der, cert->len), fault);
}

static int channel_answer_add(struct enrol *e, const struct pki_appliance_order *order, const struct request *request,
                              struct pem_text *text, struct fault *fault)
{
    uint8_t credential[CREDENTIAL_MAX];
    size_t len = 0;
    return enrol_channel(e, order, request->keys[key_index(KEY_CHANNEL)], credential, &len, fault) != 0
               ? -1
               : pem_add(text, ENROLMENT_PEM_CHANNEL, bytes_of(credential, len), fault);
}

/* Before anything is certified: with or without TPM is not decided by oversight. */
static int tpm_wish_check(const struct pki_appliance_order *order, const struct request *request, struct fault *fault)
{
    if (request->tpm.data == NULL && order->tpm_ca != NULL) {
        (void)fault_set(fault, "--tpm-ca was given, and the request is of an appliance without TPM");
        return fault_hint(fault, "leave it out, if that is what you want: the quota then rests on the ledger alone");
    }
    if (request->tpm.data != NULL && order->tpm_ca == NULL) {
        (void)fault_set(fault, "the request is of an appliance with a TPM: --tpm-ca is missing");
        return fault_hint(fault, "give the CA certificates of the TPM's maker (PEM)");
    }
    return 0;
}

static int folders_make(const struct enrol *e, const char *name, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    if (enrol_path(e, path, fault, "pki/appliances") != 0 || file_folder_make(path, 0755, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s", name) != 0) {
        return -1;
    }
    return file_folder_make(path, 0755, fault);
}

static int appliance_certify(struct enrol *e, const struct pki_appliance_order *order, const struct request *request,
                             struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    struct pem_text text = { NULL, 0 };
    struct cert cert;
    if (folders_make(e, order->name, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s.pem", order->name) != 0) {
        return -1;
    }
    uint8_t credential[ENROLMENT_BLOB_MAX];
    size_t credential_len = 0;
    int result = request->tpm.data == NULL ? 0 : enrol_tpm(e, order, request->tpm, credential, &credential_len, fault);
    if (result == 0) {
        result = pem_note(&text, "Windlass: certificates for an appliance (windlassd enrol)", fault);
    }
    if (result == 0) {
        result = answer_cert_add(&text, KEY_ROOT, &e->root, fault);
    }
    for (size_t i = 0; result == 0 && i < ENROLMENT_KEYS; i++) {
        result = key_certify(e, order, request, i, &cert, fault);
        if (result == 0) {
            result = answer_cert_add(&text, enrolment_keys[i].label, &cert, fault);
        }
    }
    if (result == 0) {
        result = channel_answer_add(e, order, request, &text, fault);
    }
    if (result == 0 && credential_len > 0) {
        result = pem_add(&text, ENROLMENT_PEM_CREDENTIAL, bytes_of(credential, credential_len), fault);
    }
    if (result == 0) {
        result = file_write(path, bytes_of(text.data, text.len), 0644, FILE_REPLACE, fault);
    }
    pem_text_free(&text);
    return result;
}

/* Whoever altered the request on its way would have other keys certified: people compare this at both ends. */
static int fingerprint_tell(struct enrol *e, const char *path, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    uint8_t digest[32];
    char hex[65];
    if (file_read(path, ENROLMENT_PEM_MAX, &data, &len, fault) != 0) {
        return -1;
    }
    p256_sha256(bytes_of(data, len), digest);
    free(data);
    text_hex(digest, sizeof digest, hex);
    transcript_tell(&e->transcript, "request SHA-256 %s: compare it with what the appliance shows", hex);
    return 0;
}

int pki_appliance_issue(const struct project *project, const struct pki_appliance_order *order,
                        const struct pki_listener *listener, struct fault *fault)
{
    struct pem_file pem;
    struct request request;
    struct fault inner = FAULT_NONE;
    struct enrol e;
    if (enrol_name_check(order->name, fault) != 0) {
        return -1;
    }
    if (pem_read(order->request, ENROLMENT_PEM_MAX, &pem, fault) != 0) {
        return fault_hint(fault, "give the request.pem that 'windlassd init' wrote");
    }
    int result = request_take(&pem, &request, &inner);
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", order->request, inner.what);
        (void)fault_hint(fault, "give the request.pem that 'windlassd init' wrote");
    } else {
        result = tpm_wish_check(order, &request, fault);
        result = result != 0 ? -1 : enrol_begin(&e, project, "appliances", listener, fault);
        if (result == 0) {
            e.renew = order->renew;
            result = fingerprint_tell(&e, order->request, fault);
            result = enrol_end(&e, result != 0 ? -1 : appliance_certify(&e, order, &request, fault), fault);
        }
    }
    pem_free(&pem);
    return result;
}
