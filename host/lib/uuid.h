/* SPDX-License-Identifier: Apache-2.0 */
/* uuid: name-based identifiers, UUID version 5 (RFC 9562 section 5.5). */
#ifndef HOST_LIB_UUID_H
#define HOST_LIB_UUID_H

#include <stdint.h>

#include "host/lib/fault.h"

/* The DNS namespace of RFC 9562 section 6.6. */
extern const uint8_t uuid_namespace_dns[16];
/* UUID of `name` (text without its NUL) in `space`. The SHA-1 in it identifies; it protects nothing. */
int uuid_make(const uint8_t space[16], const char *name, uint8_t out[16], struct fault *fault);

#endif
