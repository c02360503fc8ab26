/* SPDX-License-Identifier: Apache-2.0 */
/* device_attest: the attestation token with its certificates (docs/spec.md section 9): asked for and checked. */
#include "host/device/device.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/cbor.h"
#include "host/lib/text.h"

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

/* The subject serialNumber of a device: its unique ID in lower-case hexadecimal. */
static int uid_read(const char *serial, uint8_t uid[16], struct fault *fault)
{
    char again[33];
    for (size_t i = 0; i < 16 && serial[2 * i] != '\0' && serial[2 * i + 1] != '\0'; i++) {
        const char pair[3] = { serial[2 * i], serial[2 * i + 1], '\0' };
        uid[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    text_hex(uid, 16, again);
    return strcmp(again, serial) == 0 ? 0 : fault_set(fault, "the device's certificate names no unique ID");
}

int device_attest_check(struct bytes answer, struct bytes nonce, const struct cert *root,
                        struct device_attestation *out, struct fault *fault)
{
    struct proof_parts parts;
    char serial[128];
    memset(out, 0, sizeof *out);
    status_t status = parts_parse(answer, &parts);
    if (status == STATUS_OK && parts.token.len > sizeof out->token) {
        status = STATUS_TOO_LONG;
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's attestation", status);
    }
    memcpy(out->token, parts.token.data, parts.token.len);
    out->token_len = parts.token.len;
    if (cert_parse(parts.device, &out->device, fault) != 0 || cert_parse(parts.issuer, &out->issuer, fault) != 0 ||
        cert_check_past(&out->device, &out->issuer, root, CERT_DEVICE, out->identity_key, fault) != 0 ||
        token_check(bytes_of(out->token, parts.token.len), out->identity_key, nonce, &out->claims, fault) != 0 ||
        cert_serial_number(&out->device, serial, sizeof serial, fault) != 0) {
        return -1;
    }
    return uid_read(serial, out->uid, fault);
}

/* Asks for a token over `nonce`; the answer looks into link->answer. */
static int attest_ask(struct smp_link *link, struct bytes nonce, struct bytes *answer, struct fault *fault)
{
    uint8_t request[96];
    struct cbor_writer w = cbor_writer_of(request, sizeof request);
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "nonce");
    cbor_write_bstr(&w, nonce);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "attestation", w.status);
    }
    const struct smp_question question = { SMP_READ, SMP_GROUP_WINDLASS, 1, cbor_written(&w) };
    return device_ask(link, &question, "attestation", answer, fault);
}

int device_token_read(struct smp_link *link, struct bytes nonce, uint8_t *token, size_t *len, struct fault *fault)
{
    struct proof_parts parts;
    struct bytes answer;
    if (attest_ask(link, nonce, &answer, fault) != 0) {
        return -1;
    }
    status_t status = parts_parse(answer, &parts);
    if (status != STATUS_OK || parts.token.len > TOKEN_MAX) {
        return fault_status(fault, "the device's attestation", status == STATUS_OK ? STATUS_TOO_LONG : status);
    }
    memcpy(token, parts.token.data, parts.token.len);
    *len = parts.token.len;
    return 0;
}

int device_attest(struct smp_link *link, const struct cert *root, struct device_attestation *out, struct fault *fault)
{
    uint8_t nonce[TOKEN_NONCE_LEN];
    struct bytes answer;
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
        return fault_errno(fault, "no random bytes");
    }
    if (attest_ask(link, bytes_of(nonce, sizeof nonce), &answer, fault) != 0) {
        return -1;
    }
    return device_attest_check(answer, bytes_of(nonce, sizeof nonce), root, out, fault);
}
