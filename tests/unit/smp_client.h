/* SPDX-License-Identifier: Apache-2.0 */
/* smp_client: requests of an SMP client as bytes of a line, and the answers that come back. For tests. */
#ifndef TESTS_UNIT_SMP_CLIENT_H
#define TESTS_UNIT_SMP_CLIENT_H

#include "wire/smp.h"
#include "wire/smp_map.h"

#define CLIENT_LINE_MAX (256u * 1024u)
#define CLIENT_PIECE_MAX 1500u

/* What is to be sent; empty at first and after client_clear. */
void client_clear(void);
struct bytes client_line(void);
void client_add_raw(struct bytes bytes);
/* The first byte of the requests that follow: SMP_WRITE, after client_clear. */
void client_op_set(uint8_t op);
void client_add(uint16_t group, uint8_t command, struct bytes body);
/* {"len": total when off is 0, "off": off, "data": piece of `all`}. */
void client_add_piece(struct bytes all, size_t off, size_t len);
/* All of it, in pieces. */
void client_add_upload(struct bytes all, size_t piece_len);

/* The bodies of all answers in `line`, in order; views into memory that the next call overwrites. Gives their number.
 */
unsigned client_answers(struct bytes line, struct bytes *bodies, unsigned max);
/* The number behind a text key of an answer; UINT64_MAX when it is not there or no number. */
uint64_t client_number(struct bytes body, const char *key);
/* The status number that the reason ("rsn") of a refusal begins with; 0 when it has none. */
status_t client_reason(struct bytes body);

#endif
