/* SPDX-License-Identifier: Apache-2.0 */
/* state: see state.h. */
#include "boot/state.h"

#include "boot/counter.h"
#include "wire/layout.h"

#define STATE_VERSION 2
#define STATE_MAX 128
#define STATE_FIELDS 11
#define SLOTS 2

static void slot_build(struct cbor_writer *out, int slot)
{
    if (slot == STATE_NONE) {
        cbor_write_null(out);
    } else {
        cbor_write_uint(out, (uint64_t)slot);
    }
}

void state_build(const struct boot_state *in, struct cbor_writer *out)
{
    cbor_write_map(out, STATE_FIELDS);
    cbor_write_uint(out, 1);
    cbor_write_uint(out, STATE_VERSION);
    cbor_write_uint(out, 2);
    slot_build(out, in->active);
    cbor_write_uint(out, 3);
    slot_build(out, in->pending);
    cbor_write_uint(out, 4);
    cbor_write_bool(out, in->trial);
    cbor_write_uint(out, 5);
    cbor_write_uint(out, in->attempts);
    cbor_write_uint(out, 6);
    cbor_write_bool(out, in->sbm_pending);
    const uint64_t numbers[] = { in->refused, in->refused_sequence, in->boots, in->reason, in->fault };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        cbor_write_uint(out, 7 + i);
        cbor_write_uint(out, numbers[i]);
    }
}

static int slot_parse(struct cbor_reader *r)
{
    if (cbor_peek(r) == CBOR_SIMPLE) {
        cbor_read_null(r);
        return STATE_NONE;
    }
    uint64_t slot = cbor_read_uint(r);
    if (slot >= SLOTS) {
        cbor_fail(r, STATUS_BOOT_STATE_DAMAGED);
    }
    return (int)(slot % SLOTS);
}

static uint32_t word_parse(struct cbor_reader *r)
{
    uint64_t v = cbor_read_uint(r);
    if (v > UINT32_MAX) {
        cbor_fail(r, STATUS_BOOT_STATE_DAMAGED);
    }
    return (uint32_t)v;
}

static void field_parse(struct cbor_reader *r, int64_t key, struct boot_state *out)
{
    switch (key) {
    case 1:
        if (cbor_read_uint(r) != STATE_VERSION) {
            cbor_fail(r, STATUS_UNSUPPORTED);
        }
        break;
    case 2:
        out->active = slot_parse(r);
        break;
    case 3:
        out->pending = slot_parse(r);
        break;
    case 4:
        out->trial = cbor_read_bool(r);
        break;
    case 5:
        out->attempts = word_parse(r);
        break;
    case 6:
        out->sbm_pending = cbor_read_bool(r);
        break;
    case 7:
        out->refused = word_parse(r);
        break;
    case 8:
        out->refused_sequence = cbor_read_uint(r);
        break;
    case 9:
        out->boots = word_parse(r);
        break;
    case 10:
        out->reason = word_parse(r);
        break;
    case 11:
        out->fault = word_parse(r);
        break;
    default:
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
        break;
    }
}

status_t state_parse(struct bytes in, struct boot_state *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    struct cbor_map map = cbor_read_map(&r);
    int64_t key;
    unsigned fields = 0;
    memset(out, 0, sizeof *out);
    while (cbor_map_next(&map, &key)) {
        field_parse(&r, key, out);
        fields++;
    }
    status_t status = cbor_reader_finish(&r);
    if (status == STATUS_OK && fields != STATE_FIELDS) {
        status = STATUS_MISSING_FIELD;
    }
    int without = out->active == STATE_NONE && (out->trial || out->pending != STATE_NONE);
    if (status == STATUS_OK && (without || (out->pending != STATE_NONE && out->pending == out->active))) {
        status = STATUS_BOOT_STATE_DAMAGED;
    }
    return status;
}

status_t state_open(struct state_store *store)
{
    struct bytes payload;
    journal_open(&store->journal, port_flash()->state);
    store->healed = journal_heal(&store->journal, STATE_BOOT);
    store->healed |= journal_heal(&store->journal, STATE_INSTALLED);
    if (journal_read(&store->journal, STATE_BOOT, &payload) == STATUS_OK &&
        state_parse(payload, &store->now) == STATUS_OK) {
        store->now.counter = counter_read(COUNTER_APP);
        return STATUS_OK;
    }
    store->now = (struct boot_state){ .active = STATE_NONE, .pending = STATE_NONE };
    store->now.counter = counter_read(COUNTER_APP);
    return store->journal.used[0] == 0 && store->journal.used[1] == 0 ? STATUS_OK : STATUS_BOOT_STATE_DAMAGED;
}

status_t state_save(struct state_store *store)
{
    uint8_t record[STATE_MAX];
    struct cbor_writer w = cbor_writer_of(record, sizeof record);
    state_build(&store->now, &w);
    return w.status == STATUS_OK ? journal_append(&store->journal, STATE_BOOT, cbor_written(&w)) : w.status;
}

status_t state_envelope_save(struct state_store *store, const struct suit_envelope *envelope)
{
    static uint8_t copy[STATE_ENVELOPE_MAX];
    struct cbor_writer w = cbor_writer_of(copy, sizeof copy);
    struct bytes stored;
    suit_envelope_sever(envelope, &w);
    if (w.status != STATUS_OK || (journal_read(&store->journal, STATE_INSTALLED, &stored) == STATUS_OK &&
                                  bytes_equal(stored, cbor_written(&w)))) {
        return STATUS_OK;
    }
    return journal_append(&store->journal, STATE_INSTALLED, cbor_written(&w));
}

status_t state_envelope_read(const struct state_store *store, struct bytes *envelope)
{
    static uint8_t copy[STATE_ENVELOPE_MAX];
    struct bytes stored;
    status_t status = journal_read(&store->journal, STATE_INSTALLED, &stored);
    if (status != STATUS_OK || stored.len > sizeof copy) {
        *envelope = bytes_of(NULL, 0);
        return STATUS_NOT_FOUND;
    }
    memcpy(copy, stored.data, stored.len); /* the journal may be compacted while the copy is in use */
    *envelope = bytes_of(copy, stored.len);
    return STATUS_OK;
}
