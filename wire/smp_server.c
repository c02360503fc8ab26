/* SPDX-License-Identifier: Apache-2.0 */
/* smp_server: see smp_server.h. */
#include "wire/smp_server.h"

#define ECHO_MAX 1024
#define REASON_MAX 128u

enum os_command { OS_ECHO = 0, OS_RESET = 5, OS_PARAMETERS = 6 };
enum image_command { IMAGE_STATE = 0, IMAGE_UPLOAD = 1, IMAGE_ERASE = 5 };
enum { SLOT_PENDING = 1 };

void smp_server_open(struct smp_server *server, const struct smp_calls *calls)
{
    memset(server, 0, sizeof *server);
    server->calls = calls;
}

void smp_rc_build(struct cbor_writer *w, enum smp_rc rc)
{
    cbor_write_map(w, 1);
    smp_pair_uint(w, "rc", (uint64_t)rc);
}

static enum smp_rc rc_of(status_t status)
{
    switch (status) {
    case STATUS_OK:
        return SMP_RC_OK;
    case STATUS_BAD_STATE:
        return SMP_RC_BAD_STATE;
    case STATUS_NOT_FOUND:
        return SMP_RC_NOT_FOUND;
    case STATUS_SUIT_SIZE:
        return SMP_RC_TOO_LONG;
    default:
        return SMP_RC_UNKNOWN;
    }
}

static void reason_write(struct cbor_writer *w, status_t status)
{
    char text[REASON_MAX];
    const char *why = status_text(status);
    size_t len = strlen(why);
    size_t at = smp_number_write(status, text);
    text[at++] = ':';
    text[at++] = ' ';
    len = len < sizeof text - at ? len : sizeof text - at;
    memcpy(text + at, why, len);
    cbor_write_tstr(w, "rsn");
    cbor_write_tstr_bytes(w, bytes_of(text, at + len));
}

void smp_status_build(struct cbor_writer *w, status_t status)
{
    if (status == STATUS_OK) {
        smp_rc_build(w, SMP_RC_OK);
        return;
    }
    cbor_write_map(w, 2);
    smp_pair_uint(w, "rc", (uint64_t)rc_of(status));
    reason_write(w, status);
}

static void success_write(const struct smp_server *s, struct cbor_writer *w)
{
    if (s->version == SMP_FIRST) {
        smp_rc_build(w, SMP_RC_OK);
    } else {
        cbor_write_map(w, 0);
    }
}

/* Clients of the first version wait for the "off" of the last piece, whatever "rc" is; those of the second take a
 * refusal that has one for no answer at all. */
static void upload_refuse(const struct smp_server *s, struct cbor_writer *w, status_t status)
{
    int ended = s->version == SMP_FIRST && s->len != 0 && s->off == s->len;
    cbor_write_map(w, ended ? 3 : 2);
    smp_pair_uint(w, "rc", (uint64_t)rc_of(status));
    if (ended) {
        smp_pair_uint(w, "off", s->off);
    }
    reason_write(w, status);
}

static void echo_run(struct cbor_reader *r, struct cbor_writer *w)
{
    struct smp_map map = smp_map_open(r);
    struct bytes key;
    struct bytes text = bytes_of(NULL, 0);
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "d")) {
            text = cbor_read_tstr(r);
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (cbor_reader_finish(r) != STATUS_OK || text.len > ECHO_MAX) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    cbor_write_map(w, 1);
    cbor_write_tstr(w, "r");
    cbor_write_tstr_bytes(w, text);
}

static void parameters_write(struct cbor_writer *w)
{
    cbor_write_map(w, 2);
    smp_pair_uint(w, "buf_size", SMP_PACKET_MAX);
    smp_pair_uint(w, "buf_count", 1);
}

static void images_write(const struct smp_server *s, struct cbor_writer *w)
{
    struct smp_image images[2];
    int there[2];
    memset(images, 0, sizeof images);
    for (unsigned slot = 0; slot < 2; slot++) {
        there[slot] = s->calls->image_read(slot, &images[slot]);
    }
    cbor_write_map(w, 2);
    cbor_write_tstr(w, "images");
    cbor_write_array(w, (uint64_t)(there[0] + there[1]));
    for (unsigned slot = 0; slot < 2; slot++) {
        if (there[slot]) {
            smp_image_build(&images[slot], slot, w);
        }
    }
    smp_pair_uint(w, "splitStatus", 0);
}

static int hash_is_of(const struct smp_server *s, struct bytes hash, unsigned slot)
{
    struct smp_image image;
    return s->calls->image_read(slot, &image) && bytes_equal(hash, bytes_of(image.hash, sizeof image.hash));
}

/* What is pending is so since its upload: to ask for it is right, and does nothing more. */
static status_t state_change(const struct smp_server *s, const struct smp_state_request *in)
{
    int running = in->hash.len == 0 || hash_is_of(s, in->hash, 0);
    if (in->confirm) {
        return running ? s->calls->confirm() : STATUS_BAD_STATE;
    }
    return in->hash.len != 0 && (running || hash_is_of(s, in->hash, 1)) ? STATUS_OK : STATUS_NOT_FOUND;
}

static void state_run(const struct smp_server *s, int writes, struct cbor_reader *r, struct cbor_writer *w)
{
    struct smp_state_request in;
    if (writes && smp_state_parse(r, &in) != STATUS_OK) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    status_t status = writes ? state_change(s, &in) : STATUS_OK;
    if (status != STATUS_OK) {
        smp_status_build(w, status);
        return;
    }
    images_write(s, w);
}

/* 1 when this first piece belongs to the upload that is there already: its sender starts again after a break. */
static int upload_is_known(const struct smp_server *s, const struct smp_upload *in)
{
    return s->has_sha && in->sha.len != 0 && memcmp(s->sha, in->sha.data, sizeof s->sha) == 0 && s->len == in->len &&
           s->image == in->image && (s->off < s->len || s->verdict == STATUS_OK);
}

static status_t upload_begin(struct smp_server *s, const struct smp_upload *in)
{
    s->len = 0;
    s->off = 0;
    if (in->image > UINT32_MAX) {
        return STATUS_NOT_FOUND;
    }
    status_t status = s->calls->upload_start((uint32_t)in->image, (uint32_t)in->len);
    if (status != STATUS_OK) {
        return status;
    }
    s->image = (uint32_t)in->image;
    s->len = (uint32_t)in->len;
    s->has_sha = in->sha.len == sizeof s->sha;
    if (s->has_sha) {
        memcpy(s->sha, in->sha.data, sizeof s->sha);
    }
    return STATUS_OK;
}

/* A failed write ends the upload: only a new first piece goes on. */
static status_t piece_write(struct smp_server *s, struct bytes data)
{
    status_t status = data.len > s->len - s->off ? STATUS_BAD_STATE : STATUS_OK;
    while (status == STATUS_OK && data.len > 0) {
        size_t part = data.len < SMP_PIECE_MAX ? data.len : SMP_PIECE_MAX;
        status = s->calls->upload_write(s->off, bytes_of(data.data, part));
        if (status == STATUS_OK) {
            s->off += (uint32_t)part;
            data = bytes_of(data.data + part, data.len - part);
        } else {
            s->len = 0;
            s->off = 0;
        }
    }
    if (status == STATUS_OK && s->off == s->len) {
        s->verdict = s->calls->upload_finish();
        return s->verdict;
    }
    return status;
}

static status_t upload_take(struct smp_server *s, const struct smp_upload *in)
{
    if (in->off == 0 && !upload_is_known(s, in)) {
        status_t status = upload_begin(s, in);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (s->len == 0) {
        return STATUS_BAD_STATE;
    }
    if (s->off == s->len) {
        return s->verdict; /* sent again because the answer was lost */
    }
    return in->off == s->off ? piece_write(s, in->data) : STATUS_OK;
}

static void upload_run(struct smp_server *s, struct cbor_reader *r, struct cbor_writer *w)
{
    struct smp_upload in;
    if (smp_upload_parse(r, &in) != STATUS_OK) {
        smp_rc_build(w, SMP_RC_INVALID);
        return;
    }
    status_t status = upload_take(s, &in);
    if (status != STATUS_OK) {
        upload_refuse(s, w, status);
        return;
    }
    cbor_write_map(w, s->version == SMP_FIRST ? 2 : 1);
    if (s->version == SMP_FIRST) {
        smp_pair_uint(w, "rc", SMP_RC_OK);
    }
    smp_pair_uint(w, "off", s->off);
}

/* {?"slot": n}, or nothing. Gives the slot, which is 1 when it is not said; 0 for what cannot be read. */
static uint64_t slot_parse(struct cbor_reader *r)
{
    struct bytes key;
    uint64_t slot = SLOT_PENDING;
    if (r->at == r->end) {
        return slot;
    }
    struct smp_map map = smp_map_open(r);
    while (smp_map_next(&map, &key)) {
        if (smp_key_is(key, "slot")) {
            slot = cbor_read_uint(r);
        } else {
            (void)cbor_skip(r);
        }
    }
    return cbor_reader_finish(r) == STATUS_OK ? slot : 0;
}

static void erase_run(struct smp_server *s, struct cbor_reader *r, struct cbor_writer *w)
{
    if (slot_parse(r) != SLOT_PENDING) {
        smp_rc_build(w, SMP_RC_INVALID); /* what is installed is never erased */
        return;
    }
    s->len = 0;
    s->off = 0;
    status_t status = s->calls->upload_erase();
    if (status == STATUS_OK) {
        success_write(s, w);
    } else {
        smp_status_build(w, status);
    }
}

/* A read changes nothing. Echo and image state are there for both. */
static int op_is_taken(const struct smp_head *head)
{
    switch ((unsigned)head->group << 8 | head->command) {
    case SMP_GROUP_OS << 8 | OS_RESET:
    case SMP_GROUP_IMAGE << 8 | IMAGE_UPLOAD:
    case SMP_GROUP_IMAGE << 8 | IMAGE_ERASE:
        return head->op == SMP_WRITE;
    case SMP_GROUP_OS << 8 | OS_PARAMETERS:
        return head->op == SMP_READ;
    default:
        return 1;
    }
}

static void command_run(struct smp_server *s, const struct smp_head *head, struct cbor_reader *r, struct cbor_writer *w)
{
    if (!op_is_taken(head)) {
        smp_rc_build(w, SMP_RC_NOT_SUPPORTED);
        return;
    }
    switch ((unsigned)head->group << 8 | head->command) {
    case SMP_GROUP_OS << 8 | OS_ECHO:
        echo_run(r, w);
        break;
    case SMP_GROUP_OS << 8 | OS_RESET:
        success_write(s, w);
        break;
    case SMP_GROUP_OS << 8 | OS_PARAMETERS:
        parameters_write(w);
        break;
    case SMP_GROUP_IMAGE << 8 | IMAGE_STATE:
        state_run(s, head->op == SMP_WRITE, r, w);
        break;
    case SMP_GROUP_IMAGE << 8 | IMAGE_UPLOAD:
        upload_run(s, r, w);
        break;
    case SMP_GROUP_IMAGE << 8 | IMAGE_ERASE:
        erase_run(s, r, w);
        break;
    default:
        s->calls->other(head, r, w);
        break;
    }
}

int smp_is_reset(const struct smp_head *head)
{
    return head->group == SMP_GROUP_OS && head->command == OS_RESET && head->op == SMP_WRITE;
}

struct bytes smp_server_take(struct smp_server *server, uint8_t byte, struct smp_head *head)
{
    struct bytes packet;
    struct bytes body;
    size_t len = 0;
    if (smp_decode(&server->decoder, byte, &packet) != STATUS_OK ||
        smp_packet_parse(packet, head, &body) != STATUS_OK || (head->op & 1u) != 0) {
        return bytes_of(NULL, 0);
    }
    struct cbor_reader r = cbor_reader_of(body);
    struct cbor_writer w = cbor_writer_of(server->answer + SMP_HEAD_LEN, sizeof server->answer - SMP_HEAD_LEN);
    server->version = (packet.data[0] >> 3 & 3u) == SMP_FIRST ? SMP_FIRST : SMP_SECOND;
    command_run(server, head, &r, &w);
    if (w.status != STATUS_OK) {
        w = cbor_writer_of(server->answer + SMP_HEAD_LEN, sizeof server->answer - SMP_HEAD_LEN);
        smp_rc_build(&w, SMP_RC_UNKNOWN);
    }
    struct smp_head out = *head;
    out.op = (uint8_t)((head->op + 1u) | (unsigned)server->version << 3);
    out.flags = 0;
    out.length = (uint16_t)w.len;
    smp_head_build(&out, server->answer);
    (void)smp_encode(bytes_of(server->answer, SMP_HEAD_LEN + w.len), server->frames, sizeof server->frames, &len);
    return bytes_of(server->frames, len);
}
