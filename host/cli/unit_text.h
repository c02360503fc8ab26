/* SPDX-License-Identifier: Apache-2.0 */
/* unit_text: a unit of the ledger as text and as JSON, for the commands that show one. */
#ifndef HOST_CLI_UNIT_TEXT_H
#define HOST_CLI_UNIT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/ledger/ledger.h"

/* 0 when `text` is 32 hexadecimal digits. */
int unit_uid_read(const char *text, uint8_t uid[16]);
/* SHA-256 of a certificate's DER in hexadecimal: its fingerprint. */
void unit_fingerprint(const uint8_t *der, size_t len, char out[65]);
/* Lines for people, to stdout. */
void unit_text_print(const struct ledger_unit *unit);
/* One JSON object without newline. */
void unit_json_print(FILE *out, const struct ledger_unit *unit);
/* 1 for the name of a state. */
int unit_state_is_known(const char *state);
/* 1 when the unit is in this state (NULL: any) and package. */
int unit_is_meant(const struct ledger_unit *unit, const char *state, int has_package, uint64_t package);

#endif
