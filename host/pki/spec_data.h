/* SPDX-License-Identifier: Apache-2.0 */
/* spec_data: the key specs of specs/, built in. */
#ifndef HOST_PKI_SPEC_DATA_H
#define HOST_PKI_SPEC_DATA_H

#include <stddef.h>

extern const unsigned char spec_data_ceremony[];
extern const size_t spec_data_ceremony_len;
extern const unsigned char spec_data_development[];
extern const size_t spec_data_development_len;

#endif
