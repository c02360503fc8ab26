/* SPDX-License-Identifier: Apache-2.0 */
/* psa/internal_trusted_storage.h for the PSA core alone: the standard names stand for its own store (crypto/psa/its.h),
 * because the application's doors have them too. */
#ifndef CRYPTO_PSA_CORE_STORAGE_H
#define CRYPTO_PSA_CORE_STORAGE_H

#include "crypto/psa/its.h"

#define psa_storage_info_t crypto_psa_its_info
#define psa_its_set crypto_psa_its_set
#define psa_its_get crypto_psa_its_get
#define psa_its_get_info crypto_psa_its_get_info
#define psa_its_remove crypto_psa_its_remove

typedef uint64_t psa_storage_uid_t;

#endif
