/* SPDX-License-Identifier: Apache-2.0 */
/* control: see control.h. */
#include "host/chip/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/chip/chip_dir.h"
#include "host/chip/endpoint.h"

#define PATIENCE_MS 5000

static struct control_request bad(const char *complaint)
{
    return (struct control_request){ .verb = CONTROL_BAD, .complaint = complaint };
}

/* Digits only, at most `max`; false otherwise. */
static bool number_parse(const char *text, uint64_t max, uint64_t *value)
{
    char *end = NULL;
    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    *value = v;
    return errno == 0 && *end == '\0' && v <= max;
}

static bool mode_parse(const char *text, enum array_cut_mode *mode)
{
    static const char *const names[] = { "before", "torn", "after" };
    for (size_t i = 0; text != NULL && i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum array_cut_mode)i;
            return true;
        }
    }
    return false;
}

static struct control_request cut_at_parse(char **words, size_t count)
{
    struct control_request r = { .verb = CONTROL_CUT_AT, .cut = { .bytes = ARRAY_CUT_HALF } };
    uint64_t bytes = 0;
    if (count < 3 || !number_parse(words[1], UINT32_MAX, &r.cut.left) || r.cut.left == 0) {
        return bad("cut-at: N must be a number from 1: cut-at N before|torn|after [BYTES]");
    }
    if (!mode_parse(words[2], &r.cut.mode)) {
        return bad("cut-at: the mode must be before, torn or after");
    }
    if (count == 4) {
        if (r.cut.mode != ARRAY_CUT_TORN || !number_parse(words[3], FLASHCTL_SECTOR_LEN, &bytes)) {
            return bad("cut-at: BYTES goes with torn, and is at most 4096");
        }
        r.cut.bytes = (size_t)bytes;
    }
    return r;
}

struct control_request control_line_parse(const char *line)
{
    static const struct {
        const char *name;
        enum control_verb verb;
    } verbs[] = {
        { "status", CONTROL_STATUS },
        { "stop", CONTROL_STOP },
        { "cut", CONTROL_CUT },
        { "reset", CONTROL_RESET },
        { "bus-reset halt", CONTROL_RESET_HALT },
        { "console", CONTROL_CONSOLE },
    };
    char copy[CONTROL_LINE_MAX];
    char *words[5] = { NULL };
    char *save = NULL;
    size_t count = 0;
    if (strlen(line) >= sizeof copy) {
        return bad("the line is too long");
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(line, verbs[i].name) == 0) {
            return (struct control_request){ .verb = verbs[i].verb };
        }
    }
    memcpy(copy, line, strlen(line) + 1);
    for (char *word = strtok_r(copy, " ", &save); word != NULL && count < 5; word = strtok_r(NULL, " ", &save)) {
        words[count++] = word;
    }
    if (count >= 1 && count <= 4 && strcmp(words[0], "cut-at") == 0) {
        return cut_at_parse(words, count);
    }
    return bad("not a command: status, stop, cut, cut-at N MODE [BYTES], reset, bus-reset halt, console");
}

int control_open(struct control *c, int dir_fd)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        c->clients[i].fd = -1;
    }
    c->listen_fd = endpoint_unix_listen(dir_fd, CHIP_CONTROL_SOCKET);
    return c->listen_fd >= 0 ? 0 : -1;
}

void control_close(struct control *c)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        endpoint_close(&c->clients[i].fd);
    }
    endpoint_close(&c->listen_fd);
}

static bool has_room(const struct control *c)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        if (c->clients[i].fd < 0) {
            return true;
        }
    }
    return false;
}

void control_poll_add(const struct control *c, struct pollset *p)
{
    pollset_add(p, has_room(c) ? c->listen_fd : -1, POLLIN);
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        if (c->clients[i].fd >= 0) {
            pollset_add(p, c->clients[i].fd, POLLIN);
            pollset_deadline(p, c->clients[i].deadline);
        }
    }
}

static void client_accept(struct control *c)
{
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        struct control_client *client = &c->clients[i];
        if (client->fd < 0) {
            client->fd = endpoint_accept(c->listen_fd);
            client->len = 0;
            client->deadline = clock_ms() + PATIENCE_MS;
            return;
        }
    }
}

/* 1: the line is complete; 0: not yet; -1: this will be none. */
static int client_read(struct control_client *client)
{
    ssize_t n = recv(client->fd, client->line + client->len, sizeof client->line - client->len, MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    client->len += (size_t)n;
    char *end = memchr(client->line, '\n', client->len);
    if (end != NULL) {
        *end = '\0';
        return 1;
    }
    return n == 0 || client->len == sizeof client->line ? -1 : 0;
}

int control_next(struct control *c, const struct pollset *p, struct control_request *request)
{
    if (pollset_events(p, c->listen_fd) != 0) {
        client_accept(c);
    }
    for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
        struct control_client *client = &c->clients[i];
        int got = client->fd < 0 ? 0 : client_read(client);
        if (got == 1) {
            int fd = client->fd;
            client->fd = -1;
            *request = control_line_parse(client->line);
            request->rest = client->line + strlen(client->line) + 1;
            request->rest_len = client->len - (size_t)(request->rest - client->line);
            return fd;
        }
        if (got < 0 || (client->fd >= 0 && clock_ms() >= client->deadline)) {
            endpoint_close(&client->fd);
        }
    }
    return -1;
}
