/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_client: see dashboard_client.h. */
#include "tests/unit/dashboard_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tests/unit/test.h"

int client_connect(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct timeval limit = { 20, 0 };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

int client_send(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return 0;
        }
        text += n;
        len -= (size_t)n;
    }
    return 1;
}

static void answer_end(struct answer *answer, size_t len)
{
    answer->text[len] = '\0';
    answer->status = strncmp(answer->text, "HTTP/1.1 ", 9) == 0 ? atoi(answer->text + 9) : 0;
}

void client_read(int fd, struct answer *answer)
{
    size_t len = 0;
    ssize_t n;
    do {
        n = recv(fd, answer->text + len, sizeof answer->text - 1 - len, 0);
        len += n > 0 ? (size_t)n : 0;
    } while ((n > 0 && len < sizeof answer->text - 1) || (n < 0 && errno == EINTR));
    answer_end(answer, len);
}

static char *request_text(const char *line, const char *headers, const char *body)
{
    char *text = NULL;
    int len = body == NULL
                  ? asprintf(&text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", line, headers)
                  : asprintf(&text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
                             line, headers, strlen(body), body);
    assert_true(len > 0);
    return text;
}

void client_ask(uint16_t port, const char *line, const char *headers, const char *body, struct answer *answer)
{
    char *text = request_text(line, headers, body);
    int fd = client_connect(port);
    (void)client_send(fd, text, strlen(text));
    client_read(fd, answer);
    (void)close(fd);
    free(text);
}

void client_ask_tls(uint16_t port, int version, const char *line, const char *headers, struct answer *answer)
{
    char *text = request_text(line, headers, NULL);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int fd = client_connect(port);
    size_t len = 0;
    int n;
    assert_non_null(context);
    assert_true(SSL_CTX_set_max_proto_version(context, version));
    SSL *ssl = SSL_new(context);
    assert_non_null(ssl);
    assert_true(SSL_set_fd(ssl, fd));
    if (SSL_connect(ssl) == 1 && SSL_write(ssl, text, (int)strlen(text)) > 0) {
        while ((n = SSL_read(ssl, answer->text + len, (int)(sizeof answer->text - 1 - len))) > 0) {
            len += (size_t)n;
        }
    }
    answer_end(answer, len);
    SSL_free(ssl);
    SSL_CTX_free(context);
    (void)close(fd);
    free(text);
}

const char *client_body(const struct answer *answer)
{
    const char *end = strstr(answer->text, "\r\n\r\n");
    return end == NULL ? "" : end + 4;
}

int client_has_header(const struct answer *answer, const char *line)
{
    const char *found = strstr(answer->text, line);
    return found != NULL && found < client_body(answer) && found[-1] == '\n' && found[strlen(line)] == '\r';
}
