/* SPDX-License-Identifier: Apache-2.0 */
/* device: asking, echo, reset, confirm, update. See device.h. */
#include "host/device/device.h"

#include "base/cbor.h"
#include "wire/command.h"
#include "wire/suit.h"

enum { IMAGE_APP = 0, IMAGE_SBM = 1 };

#define ECHO_MAX 256
#define PIECE_MAX 1024    /* with the map around it still a packet; whole program granules */
#define VERDICT_MS 120000 /* the answer to the last piece comes after the package was checked */
#define STALLS_MAX 8      /* answers in a row that do not get on */

/* {?"rc": n, ?"off": n, ?"rsn": "status number: text"}; without "rc" it is no refusal. */
struct verdict {
    uint64_t rc;
    int has_off;
    uint64_t off;
    uint64_t status;
};

static int text_is(struct bytes text, const char *name)
{
    return bytes_equal(text, bytes_of(name, strlen(name)));
}

/* The number that a reason begins with; 0 when it begins with none, or with one that is no status. */
static uint64_t reason_status(struct bytes reason)
{
    uint64_t number = 0;
    size_t i = 0;
    while (i < reason.len && i < 3 && reason.data[i] >= '0' && reason.data[i] <= '9') {
        number = 10 * number + (uint64_t)(reason.data[i++] - '0');
    }
    return i < reason.len && reason.data[i] == ':' && number <= UINT8_MAX ? number : 0;
}

static status_t verdict_parse(struct bytes in, struct verdict *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    struct cbor_map map = cbor_read_map(&r);
    int64_t number = 0;
    struct bytes text;
    memset(out, 0, sizeof *out);
    while (cbor_map_next_any(&map, &number, &text)) {
        if (text_is(text, "rc")) {
            out->rc = cbor_read_uint(&r);
        } else if (text_is(text, "off")) {
            out->off = cbor_read_uint(&r);
            out->has_off = 1;
        } else if (text_is(text, "rsn")) {
            out->status = reason_status(cbor_read_tstr(&r));
        } else {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
        }
    }
    return cbor_reader_finish(&r);
}

/* The way out of a refusal. */
static const char *refusal_hint(status_t status)
{
    static const struct {
        status_t status;
        const char *hint;
    } hints[] = {
        { STATUS_SUIT_KEY_UNKNOWN,
          "master it with this product's production keys: its own --project, no --development" },
        { STATUS_SUIT_BLOCK_KEY, "make the key block in this product's own project, without --development" },
        { STATUS_SUIT_VENDOR, "master it in this device's own project: --project DIR" },
        { STATUS_SUIT_CLASS, "master it in this device's own project: --project DIR" },
        { STATUS_SUIT_ROLLBACK, "master it again with a higher --sequence" },
        { STATUS_SUIT_RECIPIENT,
          "make a key block for this device: windlass master block --to devices/UID/update.crt" },
        { STATUS_SUIT_DEPENDENCY,
          "join the package with its own key block: windlass master block, then master update" },
        { STATUS_SUIT_NO_BLOCK, "join the package with its own key block: windlass master block, then master update" },
        { STATUS_SUIT_KEY_RETIRED, "master it with the key that stays: --key" },
        { STATUS_RETIRE_IN_USE,
          "first update application and Secure Boot Manager with packages of the key that stays, and confirm them" },
        { STATUS_RETIRE_LAST, "without it the device could never be updated again" },
        { STATUS_BAD_STATE,
          "an update waits or is on trial: 'windlass device reset' installs it, 'windlass device confirm' accepts it" },
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (hints[i].status == status) {
            return hints[i].hint;
        }
    }
    return "nothing was changed; 'windlass master inspect FILE' shows what the file says";
}

static int verdict_fault(const struct verdict *v, const char *doing, struct fault *fault)
{
    if (v->status != 0) {
        (void)fault_set(fault, "%s: the device refuses: %s (%s)", doing, status_text((status_t)v->status),
                        status_name((status_t)v->status));
        return fault_hint(fault, "%s", refusal_hint((status_t)v->status));
    }
    return fault_set(fault, "%s: the device refuses (SMP error %llu)", doing, (unsigned long long)v->rc);
}

int device_ask(struct smp_link *link, const struct smp_question *question, const char *doing, struct bytes *answer,
               struct fault *fault)
{
    struct verdict v;
    if (smp_link_ask(link, question, answer, fault) != 0) {
        return -1;
    }
    if (verdict_parse(*answer, &v) == STATUS_OK && v.rc != 0) {
        return verdict_fault(&v, doing, fault);
    }
    return 0;
}

/* A request with an empty map whose answer is {"rc": 0}. */
static int order(struct smp_link *link, uint16_t group, uint8_t command, const char *doing, struct fault *fault)
{
    const uint8_t empty_map = 0xA0;
    const struct smp_question question = { SMP_WRITE, group, command, { &empty_map, 1 } };
    struct bytes answer;
    struct verdict v;
    if (device_ask(link, &question, doing, &answer, fault) != 0) {
        return -1;
    }
    status_t status = verdict_parse(answer, &v);
    return status == STATUS_OK ? 0 : fault_status(fault, "the device's answer", status);
}

int device_reset(struct smp_link *link, struct fault *fault)
{
    return order(link, SMP_GROUP_OS, 5, "reset", fault);
}

int device_recovery(struct smp_link *link, struct fault *fault)
{
    return order(link, SMP_GROUP_WINDLASS, 5, "recovery", fault);
}

int device_command(struct smp_link *link, struct bytes command, struct fault *fault)
{
    uint8_t out[COMMAND_MAX + 16];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    struct bytes answer;
    struct verdict v;
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "data");
    cbor_write_bstr(&w, command);
    if (w.status != STATUS_OK) {
        return fault_set(fault, "command: the file is longer than a command is (%d bytes)", COMMAND_MAX);
    }
    const struct smp_question question = { SMP_WRITE, SMP_GROUP_WINDLASS, 6, cbor_written(&w) };
    if (device_ask(link, &question, "command", &answer, fault) != 0) {
        return -1;
    }
    status_t status = verdict_parse(answer, &v);
    return status == STATUS_OK ? 0 : fault_status(fault, "the device's answer", status);
}

int device_confirm(struct smp_link *link, struct fault *fault)
{
    return order(link, SMP_GROUP_WINDLASS, 2, "confirm", fault) == 0
               ? 0
               : fault_hint(fault, "only an application on trial can be confirmed: 'windlass device status' tells");
}

int device_echo(struct smp_link *link, const char *text, struct fault *fault)
{
    uint8_t out[ECHO_MAX + 16];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    struct bytes answer;
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "d");
    cbor_write_tstr(&w, text);
    if (w.status != STATUS_OK || strlen(text) > ECHO_MAX) {
        return fault_set(fault, "echo: the text is longer than %d bytes", ECHO_MAX);
    }
    const struct smp_question question = { SMP_WRITE, SMP_GROUP_OS, 0, cbor_written(&w) };
    if (device_ask(link, &question, "echo", &answer, fault) != 0) {
        return -1;
    }
    out[2] = 'r'; /* the answer is the request with another key */
    return bytes_equal(answer, question.body) ? 0 : fault_set(fault, "echo: the device answers something else");
}

int device_peek(struct smp_link *link, uint32_t address, uint32_t *value, struct fault *fault)
{
    uint8_t out[16];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    struct bytes answer;
    cbor_write_map(&w, 1);
    cbor_write_tstr(&w, "addr");
    cbor_write_uint(&w, address);
    const struct smp_question question = { SMP_READ, SMP_GROUP_WINDLASS, 3, cbor_written(&w) };
    const unsigned usual_tries = link->tries;
    link->tries = 1;
    int asked = device_ask(link, &question, "peek", &answer, fault);
    link->tries = usual_tries;
    if (asked != 0) {
        return fault_hint(fault, "secure memory cannot be read by the application: see 'windlass device status'");
    }
    struct cbor_reader r = cbor_reader_of(answer);
    struct cbor_map map = cbor_read_map(&r);
    int64_t number = 0;
    struct bytes text;
    int more = cbor_map_next_any(&map, &number, &text);
    uint64_t word = cbor_read_uint(&r);
    status_t status = cbor_reader_finish(&r);
    if (!more || status != STATUS_OK || !text_is(text, "value") || word > UINT32_MAX) {
        return fault_status(fault, "peek: the device's answer", status == STATUS_OK ? STATUS_MESSAGE : status);
    }
    *value = (uint32_t)word;
    return 0;
}

/* Number of the image that an update is for: a package of the SBM is sent as it is, without a key block. */
static uint64_t image_of(struct bytes update)
{
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    return suit_envelope_parse(update, &envelope) == STATUS_OK &&
                   suit_manifest_parse(envelope.manifest, &manifest) == STATUS_OK &&
                   bytes_equal(manifest.components[0], bytes_of("sbm.a", 5))
               ? IMAGE_SBM
               : IMAGE_APP;
}

/* One piece from `off`; the answer tells where to go on. */
static int piece_send(struct smp_link *link, struct bytes update, size_t off, uint64_t *next, struct fault *fault)
{
    uint8_t out[SMP_BODY_MAX];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    size_t len = update.len - off < PIECE_MAX ? update.len - off : PIECE_MAX;
    struct bytes answer;
    struct verdict v;
    const uint64_t image = off == 0 ? image_of(update) : IMAGE_APP;
    cbor_write_map(&w, off != 0 ? 2 : image == IMAGE_APP ? 3 : 4);
    if (off == 0) {
        cbor_write_tstr(&w, "len");
        cbor_write_uint(&w, update.len);
    }
    cbor_write_tstr(&w, "off");
    cbor_write_uint(&w, off);
    cbor_write_tstr(&w, "data");
    cbor_write_bstr(&w, bytes_of(update.data + off, len));
    if (image != IMAGE_APP) {
        cbor_write_tstr(&w, "image");
        cbor_write_uint(&w, image);
    }
    if (w.status != STATUS_OK) {
        return fault_status(fault, "update", w.status);
    }
    const struct smp_question question = { SMP_WRITE, SMP_GROUP_IMAGE, 1, cbor_written(&w) };
    if (device_ask(link, &question, "update", &answer, fault) != 0) {
        return -1;
    }
    status_t status = verdict_parse(answer, &v);
    if (status != STATUS_OK || !v.has_off || v.off > update.len) {
        return fault_status(fault, "update: the device's answer", status == STATUS_OK ? STATUS_MESSAGE : status);
    }
    *next = v.off;
    return 0;
}

int device_update(struct smp_link *link, struct bytes update, const struct device_progress *progress,
                  struct fault *fault)
{
    size_t off = 0;
    unsigned stalls = 0;
    const unsigned usual_ms = link->timeout_ms;
    if (update.len == 0) {
        return fault_set(fault, "update: the file is empty");
    }
    while (off < update.len && stalls < STALLS_MAX) {
        uint64_t next = 0;
        link->timeout_ms = update.len - off <= PIECE_MAX ? VERDICT_MS : usual_ms;
        int sent = piece_send(link, update, off, &next, fault);
        link->timeout_ms = usual_ms;
        if (sent != 0) {
            return -1;
        }
        stalls = next > off ? 0 : stalls + 1;
        off = (size_t)next;
        if (progress != NULL && progress->tell != NULL) {
            progress->tell(progress->context, off, update.len);
        }
    }
    return off == update.len ? 0 : fault_set(fault, "update: the device does not get on at byte %zu", off);
}
