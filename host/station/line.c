/* SPDX-License-Identifier: Apache-2.0 */
/* line: see line.h. */
#include "host/station/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/tls_letter.h"
#include "wire/letter.h"

#define CONNECT_MS 10000
#define SEND_MS 20000
#define ANSWER_MS 120000 /* an appliance may wait for its TPM, and for others that wait for it */

struct line {
    struct tls *tls;
    char address[300];
};

struct line_socket {
    struct tls_conn *conn;
};

static int path_make(const char *dir, const char *name, char out[600], struct fault *fault)
{
    int len = snprintf(out, 600, "%s/%s", dir, name);
    return len > 0 && len < 600 ? 0 : fault_set(fault, "%s: the path is too long", dir);
}

int line_open(const char *address, const char *identity, struct line **out, struct fault *fault)
{
    char cert[600];
    char root[600];
    char key[600];
    *out = NULL;
    if (path_make(identity, LINE_CERT_FILE, cert, fault) != 0 ||
        path_make(identity, LINE_ROOT_FILE, root, fault) != 0 || path_make(identity, LINE_KEY_FILE, key, fault) != 0) {
        return -1;
    }
    struct line *line = calloc(1, sizeof *line);
    if (line == NULL || strlen(address) >= sizeof line->address) {
        free(line);
        return fault_set(fault, "the appliance's address is too long");
    }
    memcpy(line->address, address, strlen(address) + 1);
    const struct tls_config config = { .cert = cert, .root = root, .key = key };
    if (tls_client_open(&config, &line->tls, fault) != 0) {
        free(line);
        return fault_hint(fault, "an identity is made with 'windlass provision --make-identity DIR'; the maker answers "
                                 "its station.csr with station.crt and root.crt");
    }
    *out = line;
    return 0;
}

void line_close(struct line *line)
{
    if (line != NULL) {
        tls_close(line->tls);
        free(line);
    }
}

int line_socket_open(struct line *line, struct line_socket **out, struct fault *fault)
{
    struct line_socket *s = calloc(1, sizeof *s);
    *out = s;
    if (s == NULL) {
        return fault_set(fault, "no memory");
    }
    if (tls_letter_connect(line->tls, line->address, CONNECT_MS, &s->conn, fault) != 0) {
        free(s);
        *out = NULL;
        return -1;
    }
    return 0;
}

void line_socket_close(struct line_socket *s)
{
    if (s != NULL) {
        if (s->conn != NULL) {
            tls_conn_bye(s->conn);
        }
        tls_conn_close(s->conn);
        free(s);
    }
}

int line_carry(void *socket, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault)
{
    struct line_socket *s = socket;
    if (s->conn == NULL) {
        return fault_set(fault, "the connection to the appliance is broken");
    }
    if (tls_letter_send(s->conn, request, SEND_MS, fault) == 0 &&
        tls_letter_receive(s->conn, answer, LETTER_MAX, answer_len, ANSWER_MS, fault) == 0) {
        return 0;
    }
    tls_conn_close(s->conn);
    s->conn = NULL;
    return fault_hint(fault,
                      "look at the appliance and the way there, then run 'windlass provision' again: it resumes, "
                      "and no chip is counted twice");
}
