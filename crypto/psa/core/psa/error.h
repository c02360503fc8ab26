/* SPDX-License-Identifier: Apache-2.0 */
/* psa/error.h for the PSA core alone: the status codes that it knows already. */
#include <psa/crypto_values.h>
