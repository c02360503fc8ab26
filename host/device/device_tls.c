/* SPDX-License-Identifier: Apache-2.0 */
/* device_tls: the two commands. See device_tls.h; device_tls_carry has its own file. */
#include "host/device/device_tls.h"

#include "base/cbor.h"

#define COMMAND_OPEN 16
#define COMMAND_STEP 17

int device_tls_open(struct smp_link *link, const char *name, struct fault *fault)
{
    uint8_t request[320];
    struct cbor_writer w = cbor_writer_of(request, sizeof request);
    struct bytes answer;
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "name");
    cbor_write_tstr(&w, name);
    if (w.status != STATUS_OK) {
        return fault_set(fault, "tls: the server's name is too long");
    }
    const struct smp_question question = { SMP_WRITE, SMP_GROUP_WINDLASS, COMMAND_OPEN, cbor_written(&w) };
    return device_ask(link, &question, "tls", &answer, fault) == 0
               ? 0
               : fault_hint(fault, "the application must be one with TLS, such as app-tls.elf");
}

/* Keys in the bytewise order of their encodings. */
static void request_build(const struct device_tls_step *step, struct cbor_writer *w)
{
    cbor_write_map(w, 5);
    cbor_write_tstr(w, "in");
    cbor_write_bstr(w, step->in);
    cbor_write_tstr(w, "ack");
    cbor_write_uint(w, step->ack);
    cbor_write_tstr(w, "end");
    cbor_write_bool(w, step->end);
    cbor_write_tstr(w, "got");
    cbor_write_uint(w, step->got);
    cbor_write_tstr(w, "off");
    cbor_write_uint(w, step->off);
}

static void key_read(struct cbor_reader *r, const char *name)
{
    struct bytes key = cbor_read_tstr(r);
    if (!bytes_equal(key, bytes_of(name, strlen(name)))) {
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

status_t device_tls_answer_parse(struct bytes in, struct device_tls_answer *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (cbor_read_map(&r).left != 6) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    key_read(&r, "off");
    uint64_t off = cbor_read_uint(&r);
    key_read(&r, "out");
    out->out = cbor_read_bstr(&r);
    key_read(&r, "why");
    out->why = cbor_read_tstr(&r);
    key_read(&r, "code");
    out->code = cbor_read_uint(&r);
    key_read(&r, "text");
    out->text = cbor_read_bstr(&r);
    key_read(&r, "state");
    out->state = cbor_read_uint(&r);
    status_t status = cbor_reader_finish(&r);
    out->off = (uint32_t)off;
    if (status == STATUS_OK &&
        (off > UINT32_MAX || out->state < DEVICE_TLS_HANDSHAKE || out->state > DEVICE_TLS_FAILED)) {
        status = STATUS_BAD_ARGUMENT;
    }
    return status;
}

int device_tls_step(struct smp_link *link, const struct device_tls_step *step, struct device_tls_answer *out,
                    struct fault *fault)
{
    uint8_t request[DEVICE_TLS_PIECE_MAX + 64];
    struct cbor_writer w = cbor_writer_of(request, sizeof request);
    struct bytes answer;
    request_build(step, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "tls", w.status);
    }
    const struct smp_question question = { SMP_WRITE, SMP_GROUP_WINDLASS, COMMAND_STEP, cbor_written(&w) };
    if (device_ask(link, &question, "tls", &answer, fault) != 0) {
        return -1;
    }
    status_t status = device_tls_answer_parse(answer, out);
    return status == STATUS_OK ? 0 : fault_status(fault, "the device's TLS answer", status);
}
