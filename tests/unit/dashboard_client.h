/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_client: HTTP of the dashboard's tests: one connection, bytes as they are, and what came back. */
#ifndef TESTS_UNIT_DASHBOARD_CLIENT_H
#define TESTS_UNIT_DASHBOARD_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct answer {
    int status; /* 0: the connection ended without an answer */
    char text[400000];
};

/* Connects to 127.0.0.1; a socket whose reads end after 20 seconds. */
int client_connect(uint16_t port);
/* Sends all; 0 when the other side is gone. */
int client_send(int fd, const char *text, size_t len);
/* Reads until the other side closes. */
void client_read(int fd, struct answer *answer);
/* "METHOD PATH", headers (each ended by \r\n) and a body on a connection of its own. */
void client_ask(uint16_t port, const char *line, const char *headers, const char *body, struct answer *answer);
/* The same over TLS 1.3, with any certificate taken. `version`: of TLS, 0x0303 or 0x0304. */
void client_ask_tls(uint16_t port, int version, const char *line, const char *headers, struct answer *answer);
/* 1 when the answer's head has this line (case counts). */
int client_has_header(const struct answer *answer, const char *line);
/* After the head. */
const char *client_body(const struct answer *answer);

#endif
