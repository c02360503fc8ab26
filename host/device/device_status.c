/* SPDX-License-Identifier: Apache-2.0 */
/* device_status: the status map (docs/spec.md section 9.1). */
#include "host/device/device.h"

#include "base/cbor.h"

#define NOT_THERE "\xA1\x62rc\x05" /* {"rc": 5} */

/* Reads the next key, which must be `name`: all are required, in this order. */
static void key_read(struct cbor_reader *r, const char *name)
{
    struct bytes key = cbor_read_tstr(r);
    if (!bytes_equal(key, bytes_of(name, strlen(name)))) {
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

static uint64_t uint_read(struct cbor_reader *r, const char *name)
{
    key_read(r, name);
    return cbor_read_uint(r);
}

status_t device_status_parse(struct bytes in, struct device_status *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (cbor_read_map(&r).left != 18) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    out->app = uint_read(&r, "app");
    out->sbm = uint_read(&r, "sbm");
    key_read(&r, "uid");
    struct bytes uid = cbor_read_bstr_len(&r, sizeof out->uid);
    out->halt = uint_read(&r, "halt");
    out->slot = uint_read(&r, "slot");
    out->boots = uint_read(&r, "boots");
    out->fault = uint_read(&r, "fault");
    key_read(&r, "trial");
    out->trial = cbor_read_bool(&r);
    key_read(&r, "health");
    struct bytes health = cbor_read_bstr_len(&r, sizeof out->health);
    out->reason = uint_read(&r, "reason");
    out->counter = uint_read(&r, "counter");
    key_read(&r, "pending");
    out->has_pending = cbor_peek(&r) != CBOR_SIMPLE;
    if (out->has_pending) {
        out->pending = cbor_read_uint(&r);
    } else {
        cbor_read_null(&r);
    }
    out->refused = uint_read(&r, "refused");
    key_read(&r, "recovery");
    out->recovery = cbor_read_bool(&r);
    out->lifecycle = uint_read(&r, "lifecycle");
    key_read(&r, "sbm_trial");
    out->sbm_trial = cbor_read_bool(&r);
    out->refused_sequence = uint_read(&r, "refused_seq");
    out->sbm_counter = uint_read(&r, "sbm_counter");
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
        return status;
    }
    memcpy(out->uid, uid.data, sizeof out->uid);
    memcpy(out->health, health.data, sizeof out->health);
    return STATUS_OK;
}

int device_status_read(struct smp_link *link, struct device_status *out, struct fault *fault)
{
    const uint8_t empty_map = 0xA0;
    const struct smp_question question = { SMP_READ, SMP_GROUP_WINDLASS, 0, { &empty_map, 1 } };
    struct bytes answer;
    if (device_ask(link, &question, "status", &answer, fault) != 0) {
        return -1;
    }
    status_t status = device_status_parse(answer, out);
    return status == STATUS_OK ? 0 : fault_status(fault, "the device's status", status);
}

status_t device_log_parse(struct bytes in, struct device_log_entry *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (cbor_read_map(&r).left != 5) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    out->boot = uint_read(&r, "boot");
    out->kind = uint_read(&r, "kind");
    out->value = uint_read(&r, "value");
    out->number = uint_read(&r, "number");
    out->status = uint_read(&r, "status");
    return cbor_reader_finish(&r);
}

int device_log_read(struct smp_link *link, uint32_t index, struct device_log_entry *out, struct fault *fault)
{
    uint8_t request[16];
    struct cbor_writer w = cbor_writer_of(request, sizeof request);
    struct bytes answer;
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "index");
    cbor_write_uint(&w, index);
    const struct smp_question question = { SMP_READ, SMP_GROUP_WINDLASS, 4, cbor_written(&w) };
    if (smp_link_ask(link, &question, &answer, fault) != 0) {
        return -1;
    }
    if (bytes_equal(answer, bytes_of(NOT_THERE, sizeof NOT_THERE - 1))) {
        return 0;
    }
    status_t status = device_log_parse(answer, out);
    return status == STATUS_OK ? 1 : fault_status(fault, "the device's event log", status);
}
