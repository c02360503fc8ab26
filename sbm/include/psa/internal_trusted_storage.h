/* SPDX-License-Identifier: Apache-2.0 */
/* psa/internal_trusted_storage.h: PSA Internal Trusted Storage 1.0 (PSA Certified Secure Storage API 1.0.4, section
 * 5.3). Entries survive resets and updates; nobody else sees or changes them. At most 2048 bytes each. Not to be
 * called from interrupt handlers: refused there with NOT_PERMITTED. */
#ifndef PSA_INTERNAL_TRUSTED_STORAGE_H
#define PSA_INTERNAL_TRUSTED_STORAGE_H

#include "psa/error.h"
#include "psa/storage_common.h"

#define PSA_ITS_API_VERSION_MAJOR 1
#define PSA_ITS_API_VERSION_MINOR 0

/* INVALID_ARGUMENT: uid 0, or memory that the caller may not read; NOT_SUPPORTED: another flag; NOT_PERMITTED: the
 * entry is write-once; INSUFFICIENT_STORAGE; STORAGE_FAILURE; DATA_CORRUPT: the storage was damaged or rolled back, see
 * sbm_storage_reset. cut: the old or the new entry. */
psa_status_t psa_its_set(psa_storage_uid_t uid, size_t data_length, const void *p_data,
                         psa_storage_create_flags_t create_flags);
/* Copies min(data_size, size - data_offset) bytes; the rest of p_data stays as it is. INVALID_ARGUMENT: uid 0, an
 * offset past the end, or memory that the caller may not write; DOES_NOT_EXIST; DATA_CORRUPT; STORAGE_FAILURE. */
psa_status_t psa_its_get(psa_storage_uid_t uid, size_t data_offset, size_t data_size, void *p_data,
                         size_t *p_data_length);
psa_status_t psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *p_info);
/* INVALID_ARGUMENT: uid 0; DOES_NOT_EXIST; NOT_PERMITTED: write-once; as above otherwise. cut: as before or removed. */
psa_status_t psa_its_remove(psa_storage_uid_t uid);

#endif
