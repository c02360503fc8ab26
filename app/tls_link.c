/* SPDX-License-Identifier: Apache-2.0 */
/* tls_link: TLS records over the data link: the commands of docs/spec.md section 9.5. */
#include "app/tls.h"
#include "wire/smp_server.h"

#define COMMAND_OPEN 16u
#define COMMAND_STEP 17u
#define OUT_MAX 1024u
#define TEXT_MAX 512u

static void open_run(struct cbor_reader *r, struct cbor_writer *w)
{
    struct smp_map map = smp_map_open(r);
    struct bytes name = { NULL, 0 };
    struct bytes key;
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "name")) {
            name = cbor_read_tstr(r);
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (cbor_reader_finish(r) != STATUS_OK || name.len == 0 || name.len > TLS_NAME_MAX) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    smp_rc_build(w, tls_open(name) != NULL ? SMP_RC_OK : SMP_RC_UNKNOWN);
}

struct step {
    struct bytes in;
    uint32_t off;
    uint32_t ack;
    uint32_t got;
    int end;
};

static uint32_t place_read(struct cbor_reader *r)
{
    uint64_t value = cbor_read_uint(r);
    if (value > UINT32_MAX) {
        cbor_fail(r, STATUS_BAD_ARGUMENT);
    }
    return (uint32_t)value;
}

static int step_parse(struct cbor_reader *r, struct step *out)
{
    struct smp_map map = smp_map_open(r);
    struct bytes key;
    memset(out, 0, sizeof *out);
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "in")) {
            out->in = cbor_read_bstr(r);
        } else if (smp_key_is(key, "off")) {
            out->off = place_read(r);
        } else if (smp_key_is(key, "ack")) {
            out->ack = place_read(r);
        } else if (smp_key_is(key, "got")) {
            out->got = place_read(r);
        } else if (smp_key_is(key, "end")) {
            out->end = cbor_read_bool(r);
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    return cbor_reader_finish(r) == STATUS_OK;
}

/* Keys in the bytewise order of their encodings. */
static void answer_write(struct tls_session *session, const struct step *step, struct cbor_writer *w)
{
    cbor_write_map(w, 6);
    smp_pair_uint(w, "off", tls_stream_end(&session->in));
    smp_pair_bytes(w, "out", tls_stream_from(&session->out, step->ack, OUT_MAX));
    smp_pair_text(w, "why", session->why);
    smp_pair_uint(w, "code", (uint32_t)-session->code);
    smp_pair_bytes(w, "text", tls_stream_from(&session->text, step->got, TEXT_MAX));
    smp_pair_uint(w, "state", session->state);
}

static void step_run(struct cbor_reader *r, struct cbor_writer *w)
{
    struct step step;
    struct tls_session *session = tls_session();
    if (!step_parse(r, &step)) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    if (session->state == TLS_NONE) {
        smp_rc_build(w, SMP_RC_BAD_STATE);
        return;
    }
    (void)tls_stream_receive(&session->in, step.off, step.in); /* what does not fit is sent again: "off" tells */
    (void)tls_stream_from(&session->out, step.ack, 0);
    session->ended |= step.end;
    tls_step();
    answer_write(session, &step, w);
}

int tls_command(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer)
{
    if (head->group != SMP_GROUP_WINDLASS || (head->command != COMMAND_OPEN && head->command != COMMAND_STEP)) {
        return 0;
    }
    if (head->command == COMMAND_OPEN) {
        open_run(body, answer);
    } else {
        step_run(body, answer);
    }
    return 1;
}
