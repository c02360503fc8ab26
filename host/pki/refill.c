/* SPDX-License-Identifier: Apache-2.0 */
/* refill: see refill.h. */
#include "host/pki/refill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/enrolment.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/pki/enrol_room.h"
#include "host/pki/tpm_check.h"

#define ORDER_MAX 1024
#define LIMIT_TEXT_MAX 32

/* What the maker keeps of an appliance with a TPM. */
struct kept {
    uint8_t quota_key[64];
    uint8_t transport_digest[32];
    struct cert grant;
    uint8_t *block;
    size_t block_len;
    struct tpm_enrolment enrolment;
    uint32_t limit;
};

int pki_appliance_has_tpm(const struct project *project, const char *name)
{
    const struct enrol e = { .project = project };
    struct fault unsaid = FAULT_NONE;
    char path[ENROL_PATH_MAX];
    return enrol_name_check(name, &unsaid) == 0 &&
           enrol_path(&e, path, &unsaid, "pki/appliances/%s/tpm.cbor", name) == 0 && access(path, F_OK) == 0;
}

/* ---- what is kept ---- */

static int cert_get(const struct enrol *e, const char *path, enum cert_kind kind, struct cert *out, uint8_t key[64],
                    struct fault *fault)
{
    return cert_read(path, out, fault) != 0 ? -1 : cert_check(out, NULL, &e->root, kind, key, fault);
}

static int keys_read(const struct enrol *e, const char *name, struct kept *out, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    struct cert cert;
    uint8_t key[64];
    uint8_t point[65] = { 0x04 };
    if (enrol_path(e, path, fault, "pki/" KEY_QUOTA ".crt") != 0 ||
        cert_get(e, path, CERT_SIGNING, &cert, out->quota_key, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s/" KEY_TRANSPORT ".crt", name) != 0 ||
        cert_get(e, path, CERT_AGREEMENT, &cert, point + 1, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s/" KEY_GRANT ".crt", name) != 0 ||
        cert_get(e, path, CERT_SIGNING, &out->grant, key, fault) != 0) {
        return -1;
    }
    p256_sha256(bytes_of(point, sizeof point), out->transport_digest);
    return 0;
}

int enrol_limit_read(const char *path, uint32_t *out, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    char *end = NULL;
    *out = 0;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return 0;
    }
    if (file_read(path, LIMIT_TEXT_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    errno = 0;
    unsigned long long value = strtoull((const char *)text, &end, 10);
    int sound = len >= 2 && text[0] >= '0' && text[0] <= '9' && errno == 0 && value <= UINT32_MAX &&
                end == (const char *)text + len - 1 && *end == '\n';
    free(text);
    if (!sound) {
        (void)fault_set(fault, "%s: not a number and a newline", path);
        return fault_hint(fault, "it holds how many units this appliance was ever given: take it from your backup");
    }
    *out = (uint32_t)value;
    return 0;
}

static int kept_read(const struct enrol *e, const char *name, struct kept *out, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    if (keys_read(e, name, out, fault) != 0 || enrol_path(e, path, fault, "pki/appliances/%s/limit.txt", name) != 0 ||
        enrol_limit_read(path, &out->limit, fault) != 0 ||
        enrol_path(e, path, fault, "pki/appliances/%s/tpm.cbor", name) != 0) {
        return -1;
    }
    if (file_read(path, ENROLMENT_BLOB_MAX, &out->block, &out->block_len, fault) != 0) {
        return fault_hint(fault, "was this appliance enrolled with a TPM?");
    }
    return tpm_enrolment_read(bytes_of(out->block, out->block_len), out->quota_key, &out->enrolment, fault);
}

/* ---- the answer ---- */

static int sign(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault)
{
    return hsm_sign(context, KEY_QUOTA, digest, signature, fault);
}

static int limit_write(struct enrol *e, const struct pki_refill_order *order, const struct tpm_order *facts,
                       uint32_t limit, struct fault *fault)
{
    char path[ENROL_PATH_MAX];
    char text[LIMIT_TEXT_MAX];
    int len = snprintf(text, sizeof text, "%u\n", limit);
    if (enrol_path(e, path, fault, "pki/appliances/%s/limit.txt", order->appliance) != 0 ||
        transcript_line(&e->transcript, fault,
                        "appliance %s: its TPM states %u of %u units counted; it gets %u more, to %u", order->appliance,
                        facts->count, facts->limit, order->units, limit) != 0) {
        return -1;
    }
    return file_write(path, bytes_of(text, (size_t)len), 0644, FILE_REPLACE, fault);
}

static int order_read(const char *path, const struct kept *kept, struct tpm_order *out, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read(path, ORDER_MAX, &text, &len, fault) != 0) {
        return fault_hint(fault, "give the file that 'windlassd order' wrote");
    }
    int result = tpm_order_check(bytes_of(text, len), &kept->enrolment, kept->transport_digest,
                                 bytes_of(kept->grant.der, kept->grant.len), out, fault);
    free(text);
    return result;
}

int pki_order_read(const struct project *project, const char *appliance, const char *path, struct tpm_order *out,
                   struct fault *fault)
{
    struct enrol e = { .project = project };
    struct kept kept = { 0 };
    char root[ENROL_PATH_MAX];
    int result = -1;
    if (enrol_name_check(appliance, fault) == 0 && enrol_path(&e, root, fault, "pki/" KEY_ROOT ".crt") == 0 &&
        cert_read(root, &e.root, fault) == 0 && kept_read(&e, appliance, &kept, fault) == 0) {
        result = order_read(path, &kept, out, fault);
    }
    free(kept.block);
    return result;
}

static int answer(struct enrol *e, const struct pki_refill_order *order, const struct kept *kept,
                  struct tpm_refill *out, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    struct tpm_order facts;
    const struct tpm_grant grant = { kept->limit, order->units, kept->quota_key, { sign, e->hsm } };
    if (file_read(order->path, ORDER_MAX, &text, &len, fault) != 0) {
        return fault_hint(fault, "give the file that 'windlassd order' wrote");
    }
    int result = tpm_order_check(bytes_of(text, len), &kept->enrolment, kept->transport_digest,
                                 bytes_of(kept->grant.der, kept->grant.len), &facts, fault);
    free(text);
    if (result == 0) {
        result = tpm_refill_build(&facts, &grant, out, fault);
    }
    return result == 0 ? limit_write(e, order, &facts, out->limit, fault) : -1;
}

int pki_refill_make(const struct project *project, const struct pki_refill_order *order, uint8_t *out, size_t *out_len,
                    struct fault *fault)
{
    struct enrol e;
    struct kept kept = { .block = NULL };
    struct tpm_refill refill;
    if (enrol_name_check(order->appliance, fault) != 0 || enrol_begin(&e, project, "appliances", NULL, fault) != 0) {
        return -1;
    }
    int result = kept_read(&e, order->appliance, &kept, fault);
    if (result == 0) {
        result = answer(&e, order, &kept, &refill, fault);
    }
    free(kept.block);
    result = enrol_end(&e, result, fault);
    if (result == 0) {
        memcpy(out, refill.bytes, refill.len);
        *out_len = refill.len;
    }
    return result;
}
