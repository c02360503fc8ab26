/* SPDX-License-Identifier: Apache-2.0 */
/* device_status: the status map (docs/spec.md section 9.1). */
#include "host/device/device.h"

#include "base/cbor.h"

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
    if (cbor_read_map(&r).left != 12) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    out->app = uint_read(&r, "app");
    out->sbm = uint_read(&r, "sbm");
    key_read(&r, "uid");
    struct bytes uid = cbor_read_bstr_len(&r, sizeof out->uid);
    out->boots = uint_read(&r, "boots");
    out->fault = uint_read(&r, "fault");
    key_read(&r, "trial");
    out->trial = cbor_read_bool(&r);
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
    out->lifecycle = uint_read(&r, "lifecycle");
    out->refused_sequence = uint_read(&r, "refused_seq");
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
        return status;
    }
    memcpy(out->uid, uid.data, sizeof out->uid);
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

const char *device_lifecycle_text(uint64_t lifecycle)
{
    static const char *const texts[] = { "open", "provisioning", "secured", "decommissioned" };
    return lifecycle < sizeof texts / sizeof texts[0] ? texts[lifecycle] : "unknown";
}

const char *device_reason_text(uint64_t reason)
{
    static const char *const texts[] = { "unknown",
                                         "normal",
                                         "a new application was installed",
                                         "went back to the application before",
                                         "reinstalled after damage",
                                         "a fault",
                                         "restarted after a fault" };
    return reason < sizeof texts / sizeof texts[0] ? texts[reason] : "unknown";
}
