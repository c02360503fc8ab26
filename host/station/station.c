/* SPDX-License-Identifier: Apache-2.0 */
/* station: see station.h. The round of letters. */
#include "host/station/station.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/station/action.h"

struct round {
    const struct station_job *job;
    struct station_result *out;
    struct letterbox box;
    struct action_bench bench;
    struct letter_answer answer;
    char step[LETTER_STEP_MAX + 1]; /* under way; empty: none */
    struct fault own;               /* the last trouble of this station */
};

static void tell(const struct round *r, enum station_mark mark)
{
    const struct station_progress *p = &r->job->progress;
    if (p->tell != NULL && r->step[0] != '\0') {
        p->tell(p->context, r->step, mark);
    }
}

/* Several actions may belong to one step. */
static void step_follow(struct round *r, const struct letter_action *action)
{
    char step[LETTER_STEP_MAX + 1];
    (void)snprintf(step, sizeof step, "%.*s", (int)action->step.len, (const char *)action->step.data);
    if (strcmp(step, r->step) == 0) {
        return;
    }
    tell(r, STATION_DONE);
    memcpy(r->step, step, sizeof step);
    if (action->kind == LETTER_DONE) {
        r->step[0] = '\0';
    }
    tell(r, STATION_BEGUN);
}

static int begin(struct round *r, struct fault *fault)
{
    const struct letter_request request = { .op = LETTER_BEGIN,
                                            .version = LETTER_VERSION,
                                            .socket = bytes_of(r->job->socket, strlen(r->job->socket)),
                                            .channel = r->job->wire.open != NULL ? LETTER_CHANNEL_SECURE
                                                                                 : LETTER_CHANNEL_OPEN };
    return letterbox_ask(&r->box, &request, &r->answer, fault);
}

/* Does the action at hand and reports it; the answer is the next one. */
static int action_report(struct round *r, struct fault *fault)
{
    struct fault own = FAULT_NONE;
    struct letter_request request = { .op = LETTER_RESULT };
    request.code = action_do(&r->bench, &r->answer.action, &request.data, &own);
    if (request.code != LETTER_FINE) {
        request.data = bytes_of(NULL, 0);
        request.text = letter_text_cut(bytes_of(own.what, strlen(own.what)), LETTER_TEXT_MAX);
        r->own = own;
    }
    int result = letterbox_ask(&r->box, &request, &r->answer, fault);
    if (result != 0 && r->own.hint[0] != '\0') {
        memcpy(fault->hint, r->own.hint, sizeof fault->hint); /* the trouble was here: so is the mend */
    }
    return result;
}

static int done_take(struct round *r, struct fault *fault)
{
    const struct letter_action *a = &r->answer.action;
    struct station_result *out = r->out;
    if (a->device_cert.len > sizeof out->device_cert || a->update_cert.len > sizeof out->update_cert) {
        return fault_set(fault, "the appliance's certificates are too long");
    }
    out->number = a->number;
    out->package_sequence = a->sequence;
    memcpy(out->device_cert, a->device_cert.data, a->device_cert.len);
    out->device_cert_len = a->device_cert.len;
    memcpy(out->update_cert, a->update_cert.data, a->update_cert.len);
    out->update_cert_len = a->update_cert.len;
    return 0;
}

/* Far more than any chip needs: an appliance that never comes to an end is left. */
#define ACTIONS_MAX 10000

static int actions_run(struct round *r, struct fault *fault)
{
    int result = begin(r, fault);
    for (int i = 0; result == 0 && r->answer.action.kind != LETTER_DONE; i++) {
        step_follow(r, &r->answer.action);
        result = i < ACTIONS_MAX ? action_report(r, fault) : fault_set(fault, "the appliance does not come to an end");
    }
    if (result != 0) {
        return -1;
    }
    step_follow(r, &r->answer.action);
    return done_take(r, fault);
}

static void bye(struct round *r)
{
    const struct letter_request request = { .op = LETTER_BYE };
    struct fault ignored = FAULT_NONE;
    (void)letterbox_ask(&r->box, &request, &r->answer, &ignored);
}

int station_provision(const struct station_job *job, struct station_result *out, struct fault *fault)
{
    struct round *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return fault_set(fault, "no memory");
    }
    memset(out, 0, sizeof *out);
    r->job = job;
    r->out = out;
    r->box.carrier = job->carrier;
    action_bench_open(&r->bench, job, &r->box);
    int result = actions_run(r, fault);
    action_bench_close(&r->bench);
    bye(r);
    free(r);
    return result == 0 ? 0
                       : fault_hint(fault, "check the chip's power and cable, then run 'windlass provision' again: it "
                                           "resumes, and the chip is counted once");
}
