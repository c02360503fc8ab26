/* SPDX-License-Identifier: Apache-2.0 */
/* link: the data link's commands (docs/spec.md section 9), one SMP packet at a time. SBM decides; this only carries. */
#include <string.h>

#include "app/app.h"
#include "base/cbor.h"
#include "psa/update.h"
#include "wire/smp.h"
#include "windlass/sbm.h"

#define RC_OK 0
#define RC_UNKNOWN 1
#define RC_INVALID 3
#define RC_NOT_SUPPORTED 8
#define CERTIFICATE_MAX 900

enum os_command { OS_ECHO = 0, OS_RESET = 5 };
enum image_command { IMAGE_UPLOAD = 1 };
enum windlass_command { WINDLASS_STATUS = 0, WINDLASS_PROVE = 1, WINDLASS_CONFIRM = 2, WINDLASS_PEEK = 3 };

static struct smp_decoder decoder;
static uint8_t answer[SMP_PACKET_MAX];
static uint8_t frames[SMP_ENCODED_MAX];
static uint32_t upload_len;
static uint32_t upload_off;
static psa_status_t upload_verdict; /* once all has come */

static void pair_uint(struct cbor_writer *w, const char *key, uint64_t value)
{
    cbor_write_tstr(w, key);
    cbor_write_uint(w, value);
}

static void rc_write(struct cbor_writer *w, uint64_t rc)
{
    cbor_write_map(w, 1);
    pair_uint(w, "rc", rc);
}

static int key_is(struct bytes key, const char *text)
{
    return bytes_equal(key, bytes_of(text, strlen(text)));
}

/* Keys in the bytewise order of their encodings: by length first. */
static void status_write(struct cbor_writer *w)
{
    struct sbm_status s;
    if (sbm_status_read(&s, sizeof s) != PSA_SUCCESS) {
        rc_write(w, RC_UNKNOWN);
        return;
    }
    cbor_write_map(w, 12);
    pair_uint(w, "app", s.app_sequence);
    pair_uint(w, "sbm", s.sbm_sequence);
    cbor_write_tstr(w, "uid");
    cbor_write_bstr(w, bytes_of(s.unique_id, sizeof s.unique_id));
    pair_uint(w, "boots", s.boots);
    pair_uint(w, "fault", s.fault);
    cbor_write_tstr(w, "trial");
    cbor_write_bool(w, s.trial != 0);
    pair_uint(w, "reason", s.reason);
    pair_uint(w, "counter", s.counter);
    cbor_write_tstr(w, "pending");
    if (s.pending_sequence == 0) {
        cbor_write_null(w);
    } else {
        cbor_write_uint(w, s.pending_sequence);
    }
    pair_uint(w, "refused", s.refused);
    pair_uint(w, "lifecycle", s.lifecycle);
    pair_uint(w, "refused_seq", s.refused_sequence);
}

static void certificate_write(struct cbor_writer *w, uint32_t which)
{
    static uint8_t certificate[CERTIFICATE_MAX];
    size_t len = 0;
    if (sbm_certificate_read(which, certificate, sizeof certificate, &len) != PSA_SUCCESS) {
        len = 0;
    }
    cbor_write_bstr(w, bytes_of(certificate, len));
}

static void prove(struct cbor_reader *r, struct cbor_writer *w)
{
    static uint8_t token[256];
    struct cbor_map map = cbor_read_map(r);
    struct sbm_prove call = { .token = token, .token_capacity = sizeof token };
    struct bytes key;
    int64_t number;
    while (cbor_map_next_any(&map, &number, &key)) {
        if (key_is(key, "nonce")) {
            struct bytes nonce = cbor_read_bstr(r);
            call.nonce = nonce.data;
            call.nonce_len = nonce.len;
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (cbor_reader_finish(r) != STATUS_OK || sbm_identity_prove(&call) != PSA_SUCCESS) {
        rc_write(w, RC_INVALID);
        return;
    }
    cbor_write_map(w, 2);
    cbor_write_tstr(w, "certs");
    cbor_write_array(w, 2);
    certificate_write(w, SBM_CERTIFICATE_DEVICE);
    certificate_write(w, SBM_CERTIFICATE_ISSUER);
    cbor_write_tstr(w, "token");
    cbor_write_bstr(w, bytes_of(token, call.token_len));
}

/* Reads any address and gives what is there. For the demonstration: on secure memory it ends in SBM's fault handler. */
static void peek(struct cbor_reader *r, struct cbor_writer *w)
{
    struct cbor_map map = cbor_read_map(r);
    struct bytes key;
    int64_t number;
    uint32_t addr = 0;
    while (cbor_map_next_any(&map, &number, &key)) {
        addr = (uint32_t)cbor_read_uint(r);
    }
    if (cbor_reader_finish(r) != STATUS_OK) {
        rc_write(w, RC_INVALID);
        return;
    }
    cbor_write_map(w, 1);
    pair_uint(w, "value", *(volatile uint32_t *)(addr & ~3u));
}

struct upload {
    struct bytes data;
    uint64_t off;
    uint64_t len;
};

static int upload_parse(struct cbor_reader *r, struct upload *out)
{
    struct cbor_map map = cbor_read_map(r);
    struct bytes key;
    int64_t number;
    *out = (struct upload){ { NULL, 0 }, UINT64_MAX, UINT64_MAX };
    while (cbor_map_next_any(&map, &number, &key)) {
        if (key_is(key, "data")) {
            out->data = cbor_read_bstr(r);
        } else if (key_is(key, "off")) {
            out->off = cbor_read_uint(r);
        } else if (key_is(key, "len")) {
            out->len = cbor_read_uint(r);
        } else {
            (void)cbor_skip(r); /* other tools send more: image, sha, upgrade */
        }
    }
    return cbor_reader_finish(r) == STATUS_OK && out->off != UINT64_MAX;
}

/* Whatever the update was doing, makes it ready for a new package. */
static psa_status_t upload_begin(uint64_t len)
{
    (void)psa_fwu_cancel(0);
    (void)psa_fwu_clean(0);
    upload_off = 0;
    upload_len = (uint32_t)len;
    return psa_fwu_start(0, NULL, 0);
}

static psa_status_t upload_end(void)
{
    upload_verdict = psa_fwu_finish(0);
    if (upload_verdict == PSA_SUCCESS) {
        upload_verdict = psa_fwu_install();
    }
    return upload_verdict;
}

static psa_status_t upload_take(const struct upload *in)
{
    psa_status_t status = PSA_SUCCESS;
    if (in->off == 0) {
        status = in->len <= UINT32_MAX && in->len > 0 ? upload_begin(in->len) : PSA_ERROR_INVALID_ARGUMENT;
    }
    if (status != PSA_SUCCESS) {
        return status;
    }
    if (in->off != upload_off) { /* sent again because an answer was lost: the same answer, or where to go on */
        return upload_off == upload_len ? upload_verdict : PSA_SUCCESS;
    }
    if (in->data.len > upload_len - upload_off) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    status = psa_fwu_write(0, upload_off, in->data.data, in->data.len);
    if (status != PSA_SUCCESS) {
        return status;
    }
    upload_off += (uint32_t)in->data.len;
    return upload_off == upload_len ? upload_end() : PSA_SUCCESS;
}

/* The precise reason: SBM's own when it looked at a package, else what its answer means. */
static uint64_t refusal_status(psa_status_t status)
{
    psa_fwu_component_info_t info = { 0 };
    switch (status) {
    case PSA_ERROR_STORAGE_FAILURE:
        return STATUS_FLASH_IO;
    case PSA_ERROR_INSUFFICIENT_STORAGE:
        return STATUS_SUIT_SIZE;
    case PSA_ERROR_BAD_STATE:
        return STATUS_BAD_STATE;
    default:
        (void)psa_fwu_query(0, &info);
        return info.state == PSA_FWU_FAILED ? info.impl.refused : (uint64_t)STATUS_BAD_ARGUMENT;
    }
}

static void upload(struct cbor_reader *r, struct cbor_writer *w)
{
    struct upload in;
    if (!upload_parse(r, &in)) {
        rc_write(w, RC_INVALID);
        return;
    }
    psa_status_t status = upload_take(&in);
    cbor_write_map(w, 2);
    if (status == PSA_SUCCESS || status == PSA_SUCCESS_REBOOT) {
        pair_uint(w, "rc", RC_OK);
        pair_uint(w, "off", upload_off);
        return;
    }
    pair_uint(w, "rc", RC_UNKNOWN);
    pair_uint(w, "status", refusal_status(status));
}

static void echo(struct cbor_reader *r, struct cbor_writer *w)
{
    struct cbor_map map = cbor_read_map(r);
    struct bytes key;
    struct bytes text = bytes_of(NULL, 0);
    int64_t number;
    while (cbor_map_next_any(&map, &number, &key)) {
        text = cbor_read_tstr(r);
    }
    if (cbor_reader_finish(r) != STATUS_OK || text.len > SMP_PACKET_MAX / 2) {
        rc_write(w, RC_INVALID);
        return;
    }
    cbor_write_map(w, 1);
    cbor_write_tstr(w, "r");
    cbor_write_tstr_bytes(w, text);
}

static void command_run(const struct smp_head *head, struct cbor_reader *r, struct cbor_writer *w)
{
    switch ((unsigned)head->group << 8 | head->command) {
    case SMP_GROUP_OS << 8 | OS_ECHO:
        echo(r, w);
        break;
    case SMP_GROUP_OS << 8 | OS_RESET:
        rc_write(w, RC_OK);
        break;
    case SMP_GROUP_IMAGE << 8 | IMAGE_UPLOAD:
        upload(r, w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_STATUS:
        status_write(w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_PROVE:
        prove(r, w);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_CONFIRM:
        rc_write(w, psa_fwu_accept() == PSA_SUCCESS ? RC_OK : RC_UNKNOWN);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_PEEK:
        peek(r, w);
        break;
    default:
        rc_write(w, RC_NOT_SUPPORTED);
        break;
    }
}

static void packet_serve(struct bytes packet)
{
    struct smp_head head;
    struct bytes body;
    size_t len;
    if (smp_packet_parse(packet, &head, &body) != STATUS_OK || (head.op & 1u) != 0) {
        return;
    }
    struct cbor_reader r = cbor_reader_of(body);
    struct cbor_writer w = cbor_writer_of(answer + SMP_HEAD_LEN, sizeof answer - SMP_HEAD_LEN);
    command_run(&head, &r, &w);
    if (w.status != STATUS_OK) {
        w = cbor_writer_of(answer + SMP_HEAD_LEN, sizeof answer - SMP_HEAD_LEN);
        rc_write(&w, RC_UNKNOWN);
    }
    head.op = (uint8_t)(head.op + 1u);
    head.length = (uint16_t)w.len;
    smp_head_build(&head, answer);
    if (smp_encode(bytes_of(answer, SMP_HEAD_LEN + w.len), frames, sizeof frames, &len) == STATUS_OK) {
        app_uart_send(APP_UART_LINK, frames, len);
    }
    if (head.group == SMP_GROUP_OS && head.command == OS_RESET) {
        (void)psa_fwu_request_reboot();
    }
}

_Noreturn void app_link_serve(void)
{
    struct bytes packet;
    app_uart_open(APP_UART_LINK);
    for (;;) {
        if (smp_decode(&decoder, app_uart_receive(APP_UART_LINK), &packet) == STATUS_OK) {
            packet_serve(packet);
        }
    }
}
