/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statement: the signed part of a package or key block, copied into RAM before anything of it is looked at. What was
 * verified is then what is used, even if the slot is in a memory that somebody else can change at any moment.
 */
#ifndef BOOT_STATEMENT_H
#define BOOT_STATEMENT_H

#include "boot/verify.h"

/* The longest envelope without payload. */
#define STATEMENT_MAX 1024

/* As verify_package, over the copy: *out has views into a buffer of this room, valid until the next call, but for the
 * payloads, which are views into `in`. SUIT_SIZE when the envelope without payload is longer than STATEMENT_MAX. */
status_t statement_verify(struct bytes in, const struct verify_trust *trust, struct package *out);

#endif
