/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windlass/storage_call.h: the doors behind PSA Internal Trusted Storage (docs/spec.md section 4.5). Applications call
 * the functions of psa/internal_trusted_storage.h; app/its.c makes these calls of two of them, because a secure call
 * takes no more than four words. Not to be called from interrupt handlers.
 */
#ifndef WINDLASS_STORAGE_CALL_H
#define WINDLASS_STORAGE_CALL_H

#include "psa/internal_trusted_storage.h"

/* Arguments of psa_its_set and psa_its_get, with the names they have there. */
struct sbm_its_set {
    psa_storage_uid_t uid;
    const void *p_data;
    size_t data_length;
    psa_storage_create_flags_t create_flags;
};
struct sbm_its_get {
    psa_storage_uid_t uid;
    size_t data_offset;
    void *p_data;
    size_t data_size;
    size_t data_length; /* set on success */
};
psa_status_t sbm_its_set(const struct sbm_its_set *call);
psa_status_t sbm_its_get(struct sbm_its_get *call);

/* Empties a storage that was damaged or rolled back (DATA_CORRUPT): every entry is gone, also the persistent keys of
 * PSA Crypto. BAD_STATE when the storage is sound; STORAGE_FAILURE. cut: repeat it. */
psa_status_t sbm_storage_reset(void);

#endif
