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
    struct letter_request request;
    struct letter_answer answer;
    char step[LETTER_STEP_MAX + 1]; /* under way; empty: none */
    struct fault own;               /* the last trouble of this station */
    uint8_t data[LETTER_MAX];       /* what came of the actions at hand */
    size_t data_len;
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

/* What an action brought is kept until all are done. */
static enum letter_trouble data_keep(struct round *r, struct bytes *data, struct fault *fault)
{
    uint8_t *at = r->data + r->data_len;
    if (data->len > sizeof r->data - r->data_len) {
        (void)fault_set(fault, "the chip's answers are too long");
        return LETTER_TROUBLE_SILENT;
    }
    if (data->len > 0) {
        memcpy(at, data->data, data->len);
    }
    r->data_len += data->len;
    *data = bytes_of(at, data->len);
    return LETTER_FINE;
}

static void action_run(struct round *r, const struct letter_action *action, struct letter_result *result)
{
    struct fault own = FAULT_NONE;
    const int64_t begun_ms = rsp_clock_ms();
    step_follow(r, action);
    result->code = action_do(&r->bench, action, &result->data, &own);
    const int64_t took_ms = rsp_clock_ms() - begun_ms;
    result->took_ms = took_ms < 0 ? 0 : (uint64_t)took_ms;
    enum letter_trouble kept = data_keep(r, &result->data, &own);
    result->code = kept == LETTER_FINE ? result->code : kept;
    if (result->code == LETTER_FINE) {
        return;
    }
    if (result->code != LETTER_TROUBLE_REFUSED) {
        result->data = bytes_of(NULL, 0);
    }
    result->text = letter_text_cut(bytes_of(own.what, strlen(own.what)), LETTER_TEXT_MAX);
    r->own = own;
    result->text.data = (const uint8_t *)r->own.what;
}

/* Does the actions at hand up to the first that fails, and reports them; the answer names the next ones. */
static int actions_report(struct round *r, struct fault *fault)
{
    struct letter_request *request = &r->request;
    memset(request, 0, sizeof *request);
    request->op = LETTER_RESULT;
    r->data_len = 0;
    do {
        action_run(r, &r->answer.actions[request->count], &request->results[request->count]);
        request->count++;
    } while (request->count < r->answer.count && request->results[request->count - 1].code == LETTER_FINE);
    int result = letterbox_ask(&r->box, request, &r->answer, fault);
    if (result != 0 && r->own.hint[0] != '\0') {
        memcpy(fault->hint, r->own.hint, sizeof fault->hint); /* the trouble was here: so is the mend */
    }
    return result;
}

static int done_take(struct round *r, struct fault *fault)
{
    const struct letter_action *a = &r->answer.actions[0];
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
#define ROUNDS_MAX 10000

static int rounds_run(struct round *r, struct fault *fault)
{
    int result = begin(r, fault);
    for (int i = 0; result == 0 && r->answer.actions[0].kind != LETTER_DONE; i++) {
        result = i < ROUNDS_MAX ? actions_report(r, fault) : fault_set(fault, "the appliance does not come to an end");
    }
    if (result != 0) {
        return -1;
    }
    step_follow(r, &r->answer.actions[0]);
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
    int result = rounds_run(r, fault);
    action_bench_close(&r->bench);
    bye(r);
    free(r);
    return result == 0 ? 0
                       : fault_hint(fault, "check the chip's power and cable, then run 'windlass provision' again: it "
                                           "resumes, and the chip is counted once");
}
