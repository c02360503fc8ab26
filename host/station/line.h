/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line: the way to an appliance: mutual TLS with the station's identity, one connection for each socket. An identity is
 * a folder: station.key (0600), station.csr for the maker, and what the maker gave for it: station.crt, root.crt.
 */
#ifndef HOST_STATION_LINE_H
#define HOST_STATION_LINE_H

#include "host/lib/letter_carrier.h"

struct line; /* to one appliance, for all sockets; thread-safe */
struct line_socket;

#define LINE_KEY_FILE "station.key"
#define LINE_REQUEST_FILE "station.csr"
#define LINE_CERT_FILE "station.crt"
#define LINE_ROOT_FILE "root.crt"

/* Makes the folder with a new key, and a request for a certificate for it. A key that is there is kept and refused. */
int line_identity_make(const char *dir, struct fault *fault);

/* `address` is "HOST:PORT"; the appliance's certificate must have that host's name. Does not connect yet. */
int line_open(const char *address, const char *identity, struct line **out, struct fault *fault);
/* All its sockets are closed before. NULL is allowed. */
void line_close(struct line *line);
/* Connects. */
int line_socket_open(struct line *line, struct line_socket **out, struct fault *fault);
/* NULL is allowed. */
void line_socket_close(struct line_socket *socket);
/* For letter_carrier.carry; `socket` is a struct line_socket. A connection that broke stays broken. */
int line_carry(void *socket, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault);

#endif
