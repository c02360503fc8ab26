/* SPDX-License-Identifier: Apache-2.0 */
/* psa/storage_common.h: types and flags of the PSA Certified Secure Storage API 1.0.4, section 5.2. */
#ifndef PSA_STORAGE_COMMON_H
#define PSA_STORAGE_COMMON_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t psa_storage_uid_t;
typedef uint32_t psa_storage_create_flags_t;

#define PSA_STORAGE_FLAG_NONE 0u
#define PSA_STORAGE_FLAG_WRITE_ONCE (1u << 0)
/* The next two ask for less protection; every entry gets all of it. */
#define PSA_STORAGE_FLAG_NO_CONFIDENTIALITY (1u << 1)
#define PSA_STORAGE_FLAG_NO_REPLAY_PROTECTION (1u << 2)

struct psa_storage_info_t {
    size_t capacity; /* here the same as size */
    size_t size;
    psa_storage_create_flags_t flags;
};

#endif
