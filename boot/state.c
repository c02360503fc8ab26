/* SPDX-License-Identifier: Apache-2.0 */
/* state: see state.h. */
#include "boot/state.h"

#include "boot/counter.h"
#include "boot/statement.h"
#include "wire/layout.h"

#define STATE_VERSION 3
#define SLOTS 2
#define SLOT_NONE 0xFFu
#define FLAG_TRIAL 1u
#define FLAG_SBM_PENDING 2u

static uint8_t slot_byte(int slot)
{
    return slot == STATE_NONE ? SLOT_NONE : (uint8_t)slot;
}

void state_build(const struct boot_state *in, uint8_t out[STATE_LEN])
{
    const uint32_t words[] = { in->attempts, in->refused, (uint32_t)in->refused_sequence,
                               in->boots,    in->reason,  in->fault };
    out[0] = STATE_VERSION;
    out[1] = slot_byte(in->active);
    out[2] = slot_byte(in->pending);
    out[3] = (uint8_t)((in->trial ? FLAG_TRIAL : 0u) | (in->sbm_pending ? FLAG_SBM_PENDING : 0u));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        bytes_write_le32(out + 4 + 4 * i, words[i]);
    }
}

/* No active slot: nothing is on trial or pending. Pending is never the active one. */
static int slots_are_sound(const struct boot_state *state)
{
    if (state->active == STATE_NONE) {
        return !state->trial && state->pending == STATE_NONE;
    }
    return state->pending == STATE_NONE || state->pending != state->active;
}

status_t state_parse(struct bytes in, struct boot_state *out)
{
    memset(out, 0, sizeof *out);
    if (in.len != STATE_LEN || in.data[0] != STATE_VERSION) {
        return STATUS_UNSUPPORTED;
    }
    const uint8_t *p = in.data;
    if ((p[1] >= SLOTS && p[1] != SLOT_NONE) || (p[2] >= SLOTS && p[2] != SLOT_NONE) ||
        (p[3] & ~(FLAG_TRIAL | FLAG_SBM_PENDING)) != 0) {
        return STATUS_BOOT_STATE_DAMAGED;
    }
    out->active = p[1] == SLOT_NONE ? STATE_NONE : (int)p[1];
    out->pending = p[2] == SLOT_NONE ? STATE_NONE : (int)p[2];
    out->trial = (p[3] & FLAG_TRIAL) != 0;
    out->sbm_pending = (p[3] & FLAG_SBM_PENDING) != 0;
    out->attempts = bytes_read_le32(p + 4);
    out->refused = bytes_read_le32(p + 8);
    out->refused_sequence = bytes_read_le32(p + 12);
    out->boots = bytes_read_le32(p + 16);
    out->reason = bytes_read_le32(p + 20);
    out->fault = bytes_read_le32(p + 24);
    return slots_are_sound(out) && out->reason <= STATE_REASON_AFTER_FAULT ? STATUS_OK : STATUS_BOOT_STATE_DAMAGED;
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
    uint8_t record[STATE_LEN];
    state_build(&store->now, record);
    return journal_append(&store->journal, STATE_BOOT, bytes_of(record, sizeof record));
}

status_t state_envelope_save(struct state_store *store, const struct suit_envelope *envelope)
{
    static uint8_t copy[STATEMENT_MAX];
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
    return journal_read(&store->journal, STATE_INSTALLED, envelope);
}
