/* SPDX-License-Identifier: Apache-2.0 */
/* status_map: see windlass/status_map.h. Keys in the bytewise order of their encodings: by length first. */
#include "windlass/status_map.h"

static void pair_uint(struct cbor_writer *w, const char *key, uint64_t value)
{
    cbor_write_tstr(w, key);
    cbor_write_uint(w, value);
}

void status_map_write(const struct sbm_status *s, struct cbor_writer *w)
{
    cbor_write_map(w, 18);
    pair_uint(w, "app", s->app_sequence);
    pair_uint(w, "sbm", s->sbm_sequence);
    cbor_write_tstr(w, "uid");
    cbor_write_bstr(w, bytes_of(s->unique_id, sizeof s->unique_id));
    pair_uint(w, "halt", s->halt);
    pair_uint(w, "slot", s->sbm_slot);
    pair_uint(w, "boots", s->boots);
    pair_uint(w, "fault", s->fault);
    cbor_write_tstr(w, "trial");
    cbor_write_bool(w, s->trial != 0);
    cbor_write_tstr(w, "health");
    cbor_write_bstr(w, bytes_of(s->health, sizeof s->health));
    pair_uint(w, "reason", s->reason);
    pair_uint(w, "counter", s->counter);
    cbor_write_tstr(w, "pending");
    if (s->pending_sequence == 0) {
        cbor_write_null(w);
    } else {
        cbor_write_uint(w, s->pending_sequence);
    }
    pair_uint(w, "refused", s->refused);
    cbor_write_tstr(w, "recovery");
    cbor_write_bool(w, s->recovery != 0);
    pair_uint(w, "lifecycle", s->lifecycle);
    cbor_write_tstr(w, "sbm_trial");
    cbor_write_bool(w, s->sbm_trial != 0);
    pair_uint(w, "refused_seq", s->refused_sequence);
    pair_uint(w, "sbm_counter", s->sbm_counter);
}

void log_map_write(const struct sbm_log_entry *entry, struct cbor_writer *w)
{
    cbor_write_map(w, 5);
    pair_uint(w, "boot", entry->boot);
    pair_uint(w, "kind", entry->kind);
    pair_uint(w, "value", entry->value);
    pair_uint(w, "number", entry->number);
    pair_uint(w, "status", entry->status);
}

status_t log_map_index(struct cbor_reader *r, uint32_t *index)
{
    struct cbor_map map = cbor_read_map(r);
    struct bytes key;
    int64_t number;
    *index = 0;
    while (cbor_map_next_any(&map, &number, &key)) {
        uint64_t value = cbor_read_uint(r);
        if (!bytes_equal(key, bytes_of("index", 5)) || value > UINT32_MAX) {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
        *index = (uint32_t)value;
    }
    return cbor_reader_finish(r);
}

void image_map_take(const struct sbm_image *image, struct smp_image *out)
{
    memcpy(out->hash, image->digest, sizeof out->hash);
    out->sequence = image->sequence;
    out->bootable = (image->flags & SBM_IMAGE_BOOTABLE) != 0;
    out->pending = (image->flags & SBM_IMAGE_PENDING) != 0;
    out->confirmed = (image->flags & SBM_IMAGE_CONFIRMED) != 0;
    out->active = (image->flags & SBM_IMAGE_ACTIVE) != 0;
}

status_t update_status_map(psa_status_t result)
{
    switch (result) {
    case PSA_SUCCESS:
    case PSA_SUCCESS_REBOOT:
        return STATUS_OK;
    case PSA_ERROR_DOES_NOT_EXIST:
        return STATUS_NOT_FOUND;
    case PSA_ERROR_BAD_STATE:
        return STATUS_BAD_STATE;
    case PSA_ERROR_STORAGE_FAILURE:
        return STATUS_FLASH_IO;
    case PSA_ERROR_INSUFFICIENT_STORAGE:
        return STATUS_SUIT_SIZE;
    default:
        return STATUS_BAD_ARGUMENT;
    }
}
