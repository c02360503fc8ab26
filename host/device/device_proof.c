/* SPDX-License-Identifier: Apache-2.0 */
/* device_proof: the proof of identity (docs/spec.md section 9.2): asked for and checked. */
#include "host/device/device.h"

#include <stdio.h>
#include <sys/random.h>

#include "base/cbor.h"
#include "host/sign1/sign1.h"
#include "wire/cose.h"

#define NONCE_LEN 32
#define CLAIM_NONCE 10
#define CLAIM_UEID 256
#define CLAIM_LIFECYCLE 2395
#define UEID_LEN 17
#define UEID_RANDOM 0x01

/* Views into the answer. */
struct proof_parts {
    struct bytes device;
    struct bytes issuer;
    struct bytes token;
};

static void key_read(struct cbor_reader *r, const char *name)
{
    struct bytes key = cbor_read_tstr(r);
    if (!bytes_equal(key, bytes_of(name, strlen(name)))) {
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

/* {"certs": [device, issuer], "token": COSE_Sign1 in a byte string}. */
static status_t parts_parse(struct bytes in, struct proof_parts *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    if (cbor_read_map(&r).left != 2) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    key_read(&r, "certs");
    if (cbor_read_array(&r) != 2) {
        cbor_fail(&r, STATUS_MESSAGE);
    }
    out->device = cbor_read_bstr(&r);
    out->issuer = cbor_read_bstr(&r);
    key_read(&r, "token");
    out->token = cbor_read_bstr(&r);
    return cbor_reader_finish(&r);
}

struct claims {
    struct bytes nonce;
    struct bytes ueid;
    uint64_t lifecycle;
};

static status_t claims_parse(struct bytes in, struct claims *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    static const int64_t keys[] = { CLAIM_NONCE, CLAIM_UEID, CLAIM_LIFECYCLE };
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    size_t i = 0;
    memset(out, 0, sizeof *out);
    while (cbor_map_next(&map, &key)) {
        if (i == 3 || key != keys[i]) {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
        } else if (key == CLAIM_NONCE) {
            out->nonce = cbor_read_bstr(&r);
        } else if (key == CLAIM_UEID) {
            out->ueid = cbor_read_bstr_len(&r, UEID_LEN);
        } else {
            out->lifecycle = cbor_read_uint(&r);
        }
        i++;
    }
    status_t status = cbor_reader_finish(&r);
    return status == STATUS_OK && i != 3 ? STATUS_MISSING_FIELD : status;
}

static int serial_check(const struct cert *device, const uint8_t uid[16], struct fault *fault)
{
    char serial[128];
    char expected[33];
    if (cert_serial_number(device, serial, sizeof serial, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(expected + 2 * i, 3, "%02x", uid[i]);
    }
    return strcmp(serial, expected) == 0 ? 0 : fault_set(fault, "the token and the certificate name different devices");
}

static int token_check(struct bytes token, struct bytes nonce, struct device_proof *out, struct fault *fault)
{
    const struct sign1 signature = { token, { NULL, 0 }, { NULL, 0 } };
    struct bytes payload;
    struct claims claims;
    status_t status = sign1_check(&signature, out->identity_key, &payload);
    if (status == STATUS_OK) {
        status = claims_parse(payload, &claims);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's token", status);
    }
    if (!bytes_equal(claims.nonce, nonce)) {
        return fault_set(fault, "the device's token answers another nonce: it is a replay");
    }
    if (claims.ueid.data[0] != UEID_RANDOM) {
        return fault_set(fault, "the device's token: a UEID of unknown type %u", claims.ueid.data[0]);
    }
    memcpy(out->uid, claims.ueid.data + 1, sizeof out->uid);
    out->lifecycle = claims.lifecycle;
    return 0;
}

int device_proof_check(struct bytes answer, struct bytes nonce, const struct cert *root, struct device_proof *out,
                       struct fault *fault)
{
    struct proof_parts parts;
    memset(out, 0, sizeof *out);
    status_t status = parts_parse(answer, &parts);
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's proof", status);
    }
    if (cert_parse(parts.device, &out->device, fault) != 0 || cert_parse(parts.issuer, &out->issuer, fault) != 0 ||
        cert_check(&out->device, &out->issuer, root, CERT_DEVICE, out->identity_key, fault) != 0 ||
        token_check(parts.token, nonce, out, fault) != 0) {
        return -1;
    }
    return serial_check(&out->device, out->uid, fault);
}

int device_prove(struct smp_link *link, const struct cert *root, struct device_proof *out, struct fault *fault)
{
    uint8_t nonce[NONCE_LEN];
    uint8_t request[64];
    struct cbor_writer w = cbor_writer_of(request, sizeof request);
    struct bytes answer;
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
        return fault_errno(fault, "no random bytes");
    }
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "nonce");
    cbor_write_bstr(&w, bytes_of(nonce, sizeof nonce));
    const struct smp_question question = { SMP_READ, SMP_GROUP_WINDLASS, 1, cbor_written(&w) };
    if (device_ask(link, &question, "proof of identity", &answer, fault) != 0) {
        return -1;
    }
    return device_proof_check(answer, bytes_of(nonce, sizeof nonce), root, out, fault);
}
