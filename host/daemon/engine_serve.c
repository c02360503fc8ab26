/* SPDX-License-Identifier: Apache-2.0 */
/* engine_serve: the letters of a station, carried to the appliance, and the log of what came of them (engine.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/daemon/engine_room.h"
#include "host/dashboard/advice.h"
#include "host/daemon/log.h"
#include "host/lib/text.h"
#include "wire/letter.h"

/* One connection, which is one socket. */
struct carried {
    struct appliance_socket *socket;
    char name[LETTER_SOCKET_MAX + 1]; /* of the chip in hand, as far as known: it is gone once a letter is refused */
    char uid[33];
    size_t place; /* in the tally */
};

static int serve_open(void *engine, const char *station, void **state)
{
    struct engine *e = engine;
    struct fault fault = FAULT_NONE;
    struct carried *c = calloc(1, sizeof *c);
    if (c == NULL || appliance_socket_open(e->appliance, station, &c->socket, &fault) != 0) {
        free(c);
        return -1;
    }
    c->place = tally_enter(e->tally, station);
    *state = c;
    return 0;
}

static void serve_close(void *engine, void *state)
{
    struct engine *e = engine;
    struct carried *c = state;
    tally_leave(e->tally, c->place);
    appliance_socket_close(c->socket);
    free(c);
}

static void carried_note(struct carried *c)
{
    static const uint8_t nobody[PROVISION_UID_LEN];
    const struct unit *unit = &c->socket->unit;
    if (unit->socket[0] != '\0') {
        (void)snprintf(c->name, sizeof c->name, "%s", unit->socket);
    }
    if (memcmp(unit->uid, nobody, sizeof nobody) != 0) {
        text_hex(unit->uid, sizeof unit->uid, c->uid);
    }
}

static void bytes_text(struct bytes in, char *out, size_t out_len)
{
    (void)snprintf(out, out_len, "%.*s", (int)in.len, in.len == 0 ? "" : (const char *)in.data);
}

/* What is no routine: somebody must look at it at once (docs/factory.md section 4.2). */
static int is_alarm(const char *what)
{
    static const char *const words[] = { "quarantin", "and the ledger holds a grant", "says that it runs another",
                                         "keys are UNIQUE" };
    size_t i = 0;
    while (i < sizeof words / sizeof words[0] && strstr(what, words[i]) == NULL) {
        i++;
    }
    return i < sizeof words / sizeof words[0];
}

/* Log and tally of what was answered. */
static void answer_say(struct engine *e, const struct carried *c, const char *station, struct bytes encoded)
{
    struct letter_answer answer;
    char what[LETTER_WHAT_MAX + 1];
    char hint[LETTER_HINT_MAX + 1];
    if (letter_answer_parse(encoded, &answer) != STATUS_OK) {
        return;
    }
    if (answer.refused) {
        bytes_text(answer.what, what, sizeof what);
        bytes_text(answer.hint, hint, sizeof hint);
        int alarm = is_alarm(what);
        if (hint[0] == '\0') {
            (void)snprintf(hint, sizeof hint, "%s", advice_find(what));
        }
        log_say_station(alarm ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "letter_refused", station, "socket", c->name,
                        "uid", c->uid, "what", what, "hint", hint, NULL);
        if (alarm) {
            atomic_store(&e->recount, 1);
        }
        tally_fail(e->tally, c->place, what, hint, alarm);
    } else if (answer.count > 0 && answer.actions[0].kind == LETTER_DONE) {
        tally_done(e->tally, c->place);
        (void)snprintf(what, sizeof what, "%llu", (unsigned long long)answer.actions[0].number);
        log_say_station(LOG_LEVEL_INFO, "unit_done", station, "socket", c->name, "uid", c->uid, "unit", what, NULL);
    } else if (answer.count > 0) {
        bytes_text(answer.actions[0].step, what, sizeof what);
        tally_step(e->tally, c->place, what, c->uid);
    }
}

/* The steps that one letter tells of; the appliance saw only when the last of them ended. */
static void steps_tally(struct engine *e, const struct carried *c, const struct letter_request *in)
{
    const struct unit *unit = &c->socket->unit;
    uint64_t took_ms = 0;
    for (size_t i = 0; i + 1 < in->count && unit_step(unit, i + 1) != NULL; i++) {
        took_ms += in->results[i].took_ms;
        if (unit_step(unit, i + 1) != unit_step(unit, i)) {
            tally_step_after(e->tally, c->place, unit_step(unit, i + 1), c->uid, took_ms);
            took_ms = 0;
        }
    }
}

static int serve_carry(void *engine, void *state, const char *station, struct bytes request, uint8_t *answer,
                       size_t *len)
{
    struct engine *e = engine;
    struct carried *c = state;
    struct letter_request in;
    struct fault fault = FAULT_NONE;
    if (letter_request_parse(request, &in) == STATUS_OK && in.op == LETTER_BEGIN) {
        c->uid[0] = '\0';
        bytes_text(in.socket, c->name, sizeof c->name);
        tally_begin(e->tally, c->place, c->name);
    }
    carried_note(c);
    if (in.op == LETTER_RESULT) {
        steps_tally(e, c, &in);
    }
    if (appliance_carry(c->socket, request, answer, len, &fault) != 0) {
        log_say_station(LOG_LEVEL_ERROR, "letter_failed", station, "socket", c->name, "what", fault.what, NULL);
        return -1;
    }
    if (in.op != LETTER_IMAGE) {
        carried_note(c);
        answer_say(e, c, station, bytes_of(answer, *len));
    }
    return 0;
}

static size_t serve_refuse(void *engine, const char *what, const char *hint, uint8_t *answer)
{
    struct cbor_writer w = cbor_writer_of(answer, SERVER_REFUSAL_MAX);
    (void)engine;
    letter_refusal_build(LETTER_BEGIN, bytes_of(what, strlen(what)), bytes_of(hint, strlen(hint)), &w);
    return w.status == STATUS_OK ? w.len : 0;
}

void engine_failures(struct engine *engine, uint64_t *recorded, uint64_t *left_out)
{
    appliance_failures_count(engine->appliance, recorded, left_out);
}

struct server_engine engine_serve(struct engine *engine)
{
    return (struct server_engine){ engine, serve_open, serve_carry, serve_close, serve_refuse };
}
