/* SPDX-License-Identifier: Apache-2.0 */
/* unit: see unit.h. The walk along the table of stages. */
#include "host/appliance/unit.h"

#include <stdio.h>
#include <time.h>

#include "host/appliance/appliance_room.h"
#include "host/appliance/unit_stage.h"
#include "host/lib/text.h"

/* ---- the walk ---- */

void unit_end(struct unit *u)
{
    struct appliance *a = u->appliance;
    hand_drop(&a->hand, &u->chip);
    appliance_run_give(a, u->run);
    unit_secure_end(u);
    u->stage = UNIT_NONE;
    u->asked = 0;
    u->run = NULL;
}

static int stage_issue(struct unit *u, unsigned stage, struct letter_action *action, struct fault *fault)
{
    const struct stage *s = &unit_stages[stage];
    action->kind = s->kind;
    action->step = bytes_of(s->step, strlen(s->step));
    int result = s->issue(u, s->argument, action, fault);
    u->image_len = action->image_len;
    return result == 0 && u->secure.side != NULL ? unit_secure_wrap(u, action, fault) : result;
}

/* Whether the stage after this one may be asked for with it. Frames depend on the answers to those before. */
static int stage_goes_on(const struct unit *u, unsigned stage)
{
    return !unit_stages[stage].waits && u->secure.side == NULL && u->asked < LETTER_ACTIONS_MAX &&
           unit_room_fits(u->room);
}

/* Asks for this stage, and for as many after it as may be. */
static int stages_enter(struct unit *u, unsigned stage, struct letter_answer *answer, struct fault *fault)
{
    int result = 0;
    int more = 1;
    memset(answer->actions, 0, sizeof answer->actions);
    u->stage = stage;
    u->asked = 0;
    while (result == 0 && more) {
        u->asked++;
        result = stage_issue(u, stage, &answer->actions[u->asked - 1], fault);
        more = stage_goes_on(u, stage);
        stage = unit_stages[stage].next;
    }
    answer->count = u->asked;
    if (result != 0 || u->stage == UNIT_DONE) {
        unit_end(u);
    }
    return result;
}

/* A text from outside, for a fault or a record. */
static void text_take(struct bytes in, char *out, size_t out_len)
{
    char text[LETTER_TEXT_MAX + 1];
    size_t len = in.len < sizeof text ? in.len : sizeof text - 1;
    memcpy(text, in.data, len);
    text[len] = '\0';
    text_clean(text, out, out_len);
}

static int run_begin(struct unit *u, struct fault *fault)
{
    u->run = appliance_run_take(u->appliance);
    return u->run == NULL ? appliance_run_missing(u->appliance, fault) : run_clock_check(u->run, fault);
}

static int chip_begin(struct unit *u, const struct letter_request *request, struct letter_answer *answer,
                      struct fault *fault)
{
    struct appliance *a = u->appliance;
    struct unit_room *room = u->room;
    const char *station = u->station;
    unit_end(u);
    memset(u, 0, sizeof *u);
    u->appliance = a;
    u->room = room;
    u->station = station;
    if (request->version != LETTER_VERSION) {
        (void)fault_set(fault, "this station speaks version %llu of the letters; the appliance speaks %d",
                        (unsigned long long)request->version, LETTER_VERSION);
        return fault_hint(fault, "use the same release of windlass on both");
    }
    text_take(request->socket, u->socket, sizeof u->socket);
    if (run_begin(u, fault) != 0 || unit_secure_choose(u, request->channel, fault) != 0) {
        unit_end(u);
        return -1;
    }
    return stages_enter(u, u->secure.side != NULL ? UNIT_HAND : UNIT_BOOT, answer, fault);
}

/* The secure channel has no debug port to read flash back, and SBM needs no restart to see what was written. */
static unsigned stage_skip(const struct unit *u, unsigned stage)
{
    while (u->secure.side != NULL && (unit_stages[stage].kind == LETTER_COMPARE || stage == UNIT_START_AGAIN)) {
        stage = unit_stages[stage].next;
    }
    return stage;
}

/* The chip may be gone already, or answer no handshake any more because it is locked. */
static int chip_seems_locked(const struct unit *u, uint64_t code)
{
    return unit_stages[u->stage].closed != UNIT_NONE &&
           (code == LETTER_TROUBLE_PORT || (code == LETTER_TROUBLE_SILENT && u->secure.side != NULL));
}

/* What a check says: 0, -1, or that the chip is to be asked again. */
static unsigned stage_after(const struct unit *u, int checked)
{
    return checked == 0                   ? stage_skip(u, unit_stages[u->stage].next)
           : checked == UNIT_SECURE_AGAIN ? UNIT_REPEAT
                                          : UNIT_NONE;
}

/* What follows an action that was done. */
static unsigned result_take(struct unit *u, struct bytes data, struct fault *fault)
{
    const struct stage *s = &unit_stages[u->stage];
    if (u->secure.side != NULL) {
        int more = unit_secure_unwrap(u, s->kind, u->image_len, data, &data, fault);
        if (more != 0) {
            return more == 1 ? u->stage : stage_after(u, more);
        }
    }
    return stage_after(u, s->check == NULL ? 0 : s->check(u, data, fault));
}

/* The chip's own words say why; that it refuses is all that the station may add. */
static unsigned refusal_take(struct unit *u, struct bytes data, struct fault *fault)
{
    if (result_take(u, data, fault) != UNIT_NONE) {
        (void)fault_set(fault, "the station says that the chip refuses, and the chip does not say so");
    }
    return UNIT_NONE;
}

/* The stage that follows a result, or UNIT_NONE with the fault. */
static unsigned stage_next(struct unit *u, const struct letter_result *result, struct fault *fault)
{
    const struct stage *s = &unit_stages[u->stage];
    if (result->code == LETTER_FINE) {
        return result_take(u, result->data, fault);
    }
    if (result->code == LETTER_TROUBLE_REFUSED) {
        return refusal_take(u, result->data, fault);
    }
    text_take(result->text, u->trouble, sizeof u->trouble);
    if (chip_seems_locked(u, result->code)) {
        u->secure.side = NULL; /* from here on it is asked as a device */
        return s->closed;
    }
    if (result->code == LETTER_TROUBLE_SILENT && u->stage == UNIT_LOCK && u->secure.side != NULL) {
        return s->next; /* the answer may be lost */
    }
    if (u->stage == UNIT_CLAIM && u->run->vendor_count > 0) {
        (void)fault_set(fault, "the chip answers over its line neither as a new one nor as a finished device: %s",
                        u->trouble);
        (void)fault_hint(fault,
                         "check power and line; a chip that its silicon vendor gave no certificate, or another BL1 "
                         "than the one with the agent, does not answer either");
        return UNIT_NONE;
    }
    (void)fault_set(fault, "%s",
                    u->trouble[0] == '\0' ? "the station could not do it, and does not say why" : u->trouble);
    return UNIT_NONE;
}

/* A failure that cannot be recorded is still told to the station. */
static void failure_record(const struct unit *u, uint64_t code, const struct fault *fault)
{
    struct timespec now = { 0, 0 };
    const struct ledger_failure failure = { .uid = u->chip.taken ? u->chip.uid : NULL,
                                            .socket = u->socket,
                                            .step = unit_stages[u->stage].step,
                                            .code = code,
                                            .text = fault->what };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    failures_take(&u->appliance->failures, u->station, now.tv_sec / 60, &failure);
}

/* One result for each action up to the first that failed. Looked at before any of them counts. */
static int results_fit(const struct unit *u, const struct letter_request *request, struct fault *fault)
{
    size_t fine = 0;
    while (fine < request->count && request->results[fine].code == LETTER_FINE) {
        fine++;
    }
    if (request->count > u->asked || (fine == request->count && fine < u->asked)) {
        return fault_set(fault, "the station tells of %zu actions; it was asked for %u", request->count, u->asked);
    }
    return fine + 1 < request->count ? fault_set(fault, "the station tells of actions after one that failed") : 0;
}

/* The stage that follows the last result, or UNIT_NONE; the unit then stands at the stage that failed. */
static unsigned results_take(struct unit *u, const struct letter_request *request, uint64_t *code, struct fault *fault)
{
    unsigned next = UNIT_NONE;
    *code = request->results[0].code;
    if (results_fit(u, request, fault) != 0) {
        return UNIT_NONE;
    }
    for (size_t i = 0; i < request->count; i++) {
        u->stage = i == 0 ? u->stage : next;
        *code = request->results[i].code;
        next = stage_next(u, &request->results[i], fault);
        if (next == UNIT_NONE) {
            break;
        }
    }
    return next;
}

static int chip_next(struct unit *u, const struct letter_request *request, struct letter_answer *answer,
                     struct fault *fault)
{
    uint64_t code = 0;
    if (u->stage == UNIT_NONE) {
        return fault_set(fault, "appliance: a letter out of turn");
    }
    unsigned next = results_take(u, request, &code, fault);
    if (next == UNIT_REPEAT) {
        const char *step = unit_stages[u->stage].step;
        answer->actions[0] = (struct letter_action){ .step = bytes_of(step, strlen(step)) };
        answer->count = 1;
        next = UNIT_NONE;
        if (unit_secure_repeat(u, &answer->actions[0], fault) == 0) {
            return 0;
        }
    }
    u->secure.again = 0;
    if (next == UNIT_NONE) {
        failure_record(u, code, fault);
        unit_end(u);
        return -1;
    }
    return stages_enter(u, next, answer, fault);
}

int unit_begin(struct unit *u, const struct letter_request *request, struct letter_answer *answer,
               struct unit_room *room, struct fault *fault)
{
    u->room = room;
    int result = chip_begin(u, request, answer, fault);
    u->room = NULL;
    return result;
}

int unit_next(struct unit *u, const struct letter_request *request, struct letter_answer *answer,
              struct unit_room *room, struct fault *fault)
{
    u->room = room;
    int result = chip_next(u, request, answer, fault);
    u->room = NULL;
    return result;
}

/* The n-th stage that is asked for at present, or UNIT_NONE. */
static unsigned stage_asked(const struct unit *u, size_t n)
{
    unsigned stage = u->stage;
    for (size_t i = 0; i < n && i < u->asked; i++) {
        stage = unit_stages[stage].next;
    }
    return n < u->asked ? stage : UNIT_NONE;
}

const char *unit_step(const struct unit *u, size_t n)
{
    return unit_stages[stage_asked(u, n)].step;
}

static int head_is_asked(const struct unit *u)
{
    size_t n = 0;
    while (n < u->asked && stage_asked(u, n) != UNIT_PACKAGE_HEAD) {
        n++;
    }
    return n < u->asked;
}

struct bytes unit_image_find(const struct unit *u, struct bytes digest)
{
    for (size_t i = 0; u->run != NULL && i < RUN_IMAGES; i++) {
        const struct run_image *image = &u->run->images[i];
        if (bytes_equal(digest, bytes_of(image->digest, sizeof image->digest))) {
            return image->data;
        }
    }
    if (head_is_asked(u) && bytes_equal(digest, bytes_of(u->head_digest, sizeof u->head_digest))) {
        return bytes_of(u->head, sizeof u->head);
    }
    return bytes_of(NULL, 0);
}

/* A unit of a locked chip has neither channel: it is asked for its token. */
struct bytes unit_image_give(const struct unit *u, struct bytes digest)
{
    const int open = u->run != NULL && u->run->vendor_count == 0;
    return open ? unit_image_find(u, digest) : bytes_of(NULL, 0);
}
