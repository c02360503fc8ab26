/* SPDX-License-Identifier: Apache-2.0 */
/* owner_control: what the lines of the control socket do. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "host/chip/endpoint.h"
#include "host/chip/owner_state.h"

/* As chip_client takes it. */
#define CONTROL_ANSWER_MAX 1024

/* Sends the object as one line, frees it and closes. A peer that does not read loses its answer. */
static void answer_send(int *fd, json_t *object)
{
    char line[CONTROL_ANSWER_MAX];
    size_t len = object == NULL ? 0 : json_dumpb(object, line, sizeof line - 1, JSON_COMPACT);
    if (len != 0 && len < sizeof line) {
        line[len] = '\n';
        (void)send(*fd, line, len + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    json_decref(object);
    endpoint_close(fd);
}

void owner_farewell(int *fd)
{
    if (*fd >= 0) {
        answer_send(fd, json_pack("{s:s}", "state", "off"));
    }
}

static const char *state_name(const struct owner *o)
{
    static const char *const names[] = { "running", "resetting", "crashed", "off" };
    return names[o->power];
}

static json_t *status_object(const struct owner *o)
{
    json_t *port = gdbport_is_open(&o->gdb) ? json_integer(o->gdb.port) : json_null();
    json_t *object =
        json_pack("{s:s, s:i, s:I, s:I, s:o, s:s, s:b}", "state", state_name(o), "pid", (int)getpid(), "resets",
                  (json_int_t)o->resets, "flash_ops", (json_int_t)o->array.operations, "gdb_port", port, "lifecycle",
                  array_lifecycle_name(&o->array), "halted", gdbport_is_halted(&o->gdb));
    if (object != NULL && o->power == OWNER_CRASHED) {
        (void)json_object_set_new(object, "reason", json_stringn_nocheck(o->reason, strlen(o->reason)));
    }
    return object;
}

static json_t *error_object(const char *text)
{
    return json_pack("{s:s}", "error", text);
}

/* What came behind the request is typed already. */
static void console_run(struct owner *o, int *fd, const struct control_request *request)
{
    if (console_watch(&o->console, *fd) == 0) {
        *fd = -1;
        console_type(&o->console, request->rest, request->rest_len);
    } else {
        answer_send(fd, error_object("there are too many consoles already"));
    }
}

/* The answer comes when the chip is off. Whoever asked first is told; a second one sees its connection close. */
static void farewell_keep(struct owner *o, int *fd)
{
    if (o->farewell_fd < 0) {
        o->farewell_fd = *fd;
        *fd = -1;
    }
}

static json_t *reset_run(struct owner *o, bool halt)
{
    if (halt && !gdbport_is_open(&o->gdb)) {
        return error_object("the debug port is locked: the CPU cannot be stopped");
    }
    owner_reset(o, halt);
    return status_object(o);
}

void owner_request_run(struct owner *o, int fd, const struct control_request *request)
{
    json_t *answer = NULL;
    switch (request->verb) {
    case CONTROL_STATUS:
        answer = status_object(o);
        break;
    case CONTROL_STOP:
        farewell_keep(o, &fd);
        owner_stop_begin(o);
        break;
    case CONTROL_CUT:
        farewell_keep(o, &fd);
        owner_cut(o, "power cut");
        break;
    case CONTROL_CUT_AT:
        o->array.cut = request->cut;
        answer = status_object(o);
        break;
    case CONTROL_RESET:
        answer = reset_run(o, false);
        break;
    case CONTROL_RESET_HALT:
        answer = reset_run(o, true);
        break;
    case CONTROL_CONSOLE:
        console_run(o, &fd, request);
        break;
    default:
        answer = error_object(request->complaint);
    }
    if (answer != NULL) {
        answer_send(&fd, answer);
    }
    endpoint_close(&fd);
}
