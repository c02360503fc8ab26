/* SPDX-License-Identifier: Apache-2.0 */
/* unit: see unit.h. The table of stages, what each asks for, and the walk along it. */
#include "host/appliance/unit.h"

#include <stdio.h>
#include <time.h>

#include "host/appliance/appliance_room.h"
#include "host/lib/text.h"

#define ASK_SECONDS 60u
#define INSTALL_SECONDS 240u

enum unit_stage {
    UNIT_NONE,
    UNIT_BOOT,
    UNIT_SBM_A,
    UNIT_SBM_B,
    UNIT_SBM_PACKAGE,
    UNIT_START,
    UNIT_HELLO,
    UNIT_KEYS,
    UNIT_GRANT,
    UNIT_POLICY,
    UNIT_DEVICE_CERT,
    UNIT_ISSUER_CERT,
    UNIT_ROOT_CERT,
    UNIT_PACKAGE_TAIL,
    UNIT_PACKAGE_HEAD,
    UNIT_START_AGAIN,
    UNIT_HELLO_AGAIN,
    UNIT_INSTALL,
    UNIT_SEE_BOOT,
    UNIT_SEE_SBM_A,
    UNIT_SEE_SBM_B,
    UNIT_SEE_SBM_PACKAGE,
    UNIT_CHECK,
    UNIT_LOCK,
    UNIT_CLOSED,
    UNIT_TOKEN,
    UNIT_CLOSED_STILL,
    UNIT_DONE,
    UNIT_CLAIM,
    UNIT_HAND, /* secure channel: the handshake, and BL1 */
    UNIT_HAND_AGAIN,
    UNIT_HELLO_FIRST,
    UNIT_STAGES,
    UNIT_REPEAT = UNIT_STAGES /* no stage: the last action once more */
};

struct stage {
    const char *step; /* for people */
    uint8_t kind;     /* enum letter_kind */
    uint8_t argument; /* for `issue`: enum run_image_id, enum store_type or enum provision_op */
    uint8_t next;
    uint8_t closed; /* the next one when the debug port turns out to be closed; UNIT_NONE: that is a fault */
    int (*issue)(struct unit *unit, uint8_t argument, struct letter_action *action, struct fault *fault);
    int (*check)(struct unit *unit, struct bytes data, struct fault *fault); /* NULL: it was done, no more to see */
};

/* ---- what is asked for ---- */

static int image_issue(struct unit *u, uint8_t id, struct letter_action *action, struct fault *fault)
{
    const struct run_image *image = &u->run->images[id];
    (void)fault;
    action->offset = image->off;
    action->erase_len = image->erase_len;
    action->digest = bytes_of(image->digest, sizeof image->digest);
    action->image_len = image->data.len;
    return 0;
}

static int head_issue(struct unit *u, uint8_t argument, struct letter_action *action, struct fault *fault)
{
    (void)argument;
    (void)fault;
    action->offset = LAYOUT_PACKAGE0_OFF;
    action->erase_len = sizeof u->head;
    action->digest = bytes_of(u->head_digest, sizeof u->head_digest);
    action->image_len = sizeof u->head;
    return 0;
}

static int nothing_issue(struct unit *u, uint8_t argument, struct letter_action *action, struct fault *fault)
{
    (void)u;
    (void)argument;
    (void)action;
    (void)fault;
    return 0;
}

static int request_issue(struct unit *u, const struct provision_request *request, struct letter_action *action,
                         struct fault *fault)
{
    struct cbor_writer w = cbor_writer_of(u->message, sizeof u->message);
    provision_request_build(request, &w);
    action->message = cbor_written(&w);
    action->seconds = request->op == PROVISION_INSTALL ? INSTALL_SECONDS : ASK_SECONDS;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "request to the chip", w.status);
}

static int ask_issue(struct unit *u, uint8_t op, struct letter_action *action, struct fault *fault)
{
    struct provision_request request = { .op = op };
    request.version = PROVISION_VERSION;
    request.lock_sectors = LAYOUT_BOOT_SECTORS;
    request.challenge = bytes_of(u->challenge, sizeof u->challenge);
    return request_issue(u, &request, action, fault);
}

/* A fresh challenge for each chip that comes. */
static int keys_issue(struct unit *u, uint8_t op, struct letter_action *action, struct fault *fault)
{
    return hsm_random(u->appliance->hsm, u->challenge, sizeof u->challenge, fault) != 0
               ? -1
               : ask_issue(u, op, action, fault);
}

static int store_issue(struct unit *u, uint8_t item, struct letter_action *action, struct fault *fault)
{
    const struct provision_request request = { .op = PROVISION_STORE, .item = item, .data = unit_item(u, item) };
    return request_issue(u, &request, action, fault);
}

static int token_issue(struct unit *u, uint8_t argument, struct letter_action *action, struct fault *fault)
{
    (void)argument;
    action->nonce = bytes_of(u->nonce, sizeof u->nonce);
    return hsm_random(u->appliance->hsm, u->nonce, sizeof u->nonce, fault);
}

static int hand_issue(struct unit *u, uint8_t begins, struct letter_action *action, struct fault *fault)
{
    return begins ? unit_secure_begin(u, action, fault) : unit_secure_next(u, action, fault);
}

static int done_issue(struct unit *u, uint8_t argument, struct letter_action *action, struct fault *fault)
{
    const struct ledger_unit *record = &u->record;
    (void)argument;
    (void)fault;
    action->number = record->number;
    action->device_cert = bytes_of(record->device_cert.der, record->device_cert.len);
    action->update_cert = bytes_of(record->update_cert.der, record->update_cert.len);
    action->sequence = record->package_sequence;
    return 0;
}

static const char step_boot[] = "write boot flash and Secure Boot Manager";
static const char step_keys[] = "make keys on the chip, prove them, certify";
static const char step_store[] = "store grant, policy and certificates";
static const char step_package[] = "write the application package";
static const char step_install[] = "install the application";
static const char step_check[] = "check what the chip holds";
static const char step_lock[] = "lock boot flash and debug port";
static const char step_see[] = "see it locked, close the record";
static const char step_hand[] = "know each other, agree keys";
static const char step_claim[] = "ask the locked chip who it is";

/* clang-format off */
static const struct stage stages[UNIT_STAGES] = {
    [UNIT_BOOT] = { step_boot, LETTER_WRITE, RUN_BOOT, UNIT_SBM_A, UNIT_CLAIM, image_issue, NULL },
    [UNIT_SBM_A] = { step_boot, LETTER_WRITE, RUN_SBM_A, UNIT_SBM_B, 0, image_issue, NULL },
    [UNIT_SBM_B] = { step_boot, LETTER_WRITE, RUN_SBM_B, UNIT_SBM_PACKAGE, 0, image_issue, NULL },
    [UNIT_SBM_PACKAGE] = { step_boot, LETTER_WRITE, RUN_SBM_PACKAGE, UNIT_START, 0, image_issue, NULL },
    [UNIT_START] = { step_keys, LETTER_START, 0, UNIT_HELLO, 0, nothing_issue, NULL },
    [UNIT_HELLO] = { step_keys, LETTER_ASK, PROVISION_HELLO, UNIT_KEYS, 0, ask_issue, unit_hello_check },
    [UNIT_KEYS] = { step_keys, LETTER_ASK, PROVISION_MAKE_KEYS, UNIT_GRANT, 0, keys_issue, unit_keys_check },
    [UNIT_GRANT] = { step_store, LETTER_ASK, STORE_GRANT, UNIT_POLICY, 0, store_issue, unit_store_check },
    [UNIT_POLICY] = { step_store, LETTER_ASK, STORE_POLICY, UNIT_DEVICE_CERT, 0, store_issue, unit_store_check },
    [UNIT_DEVICE_CERT] = { step_store, LETTER_ASK, STORE_DEVICE_CERT, UNIT_ISSUER_CERT, 0, store_issue,
                           unit_store_check },
    [UNIT_ISSUER_CERT] = { step_store, LETTER_ASK, STORE_ISSUER_CERT, UNIT_ROOT_CERT, 0, store_issue,
                           unit_store_check },
    [UNIT_ROOT_CERT] = { step_store, LETTER_ASK, STORE_ROOT_CERT, UNIT_PACKAGE_TAIL, 0, store_issue, unit_store_check },
    [UNIT_PACKAGE_TAIL] = { step_package, LETTER_WRITE, RUN_PACKAGE_TAIL, UNIT_PACKAGE_HEAD, 0, image_issue, NULL },
    [UNIT_PACKAGE_HEAD] = { step_package, LETTER_WRITE, 0, UNIT_START_AGAIN, 0, head_issue, NULL },
    [UNIT_START_AGAIN] = { step_package, LETTER_START, 0, UNIT_HELLO_AGAIN, 0, nothing_issue, NULL },
    [UNIT_HELLO_AGAIN] = { step_package, LETTER_ASK, PROVISION_HELLO, UNIT_INSTALL, 0, ask_issue,
                           unit_hello_again_check },
    [UNIT_INSTALL] = { step_install, LETTER_ASK, PROVISION_INSTALL, UNIT_SEE_BOOT, 0, ask_issue, unit_install_check },
    [UNIT_SEE_BOOT] = { step_check, LETTER_COMPARE, RUN_BOOT, UNIT_SEE_SBM_A, 0, image_issue, NULL },
    [UNIT_SEE_SBM_A] = { step_check, LETTER_COMPARE, RUN_SBM_A, UNIT_SEE_SBM_B, 0, image_issue, NULL },
    [UNIT_SEE_SBM_B] = { step_check, LETTER_COMPARE, RUN_SBM_B, UNIT_SEE_SBM_PACKAGE, 0, image_issue, NULL },
    [UNIT_SEE_SBM_PACKAGE] = { step_check, LETTER_COMPARE, RUN_SBM_PACKAGE, UNIT_CHECK, 0, image_issue, NULL },
    [UNIT_CHECK] = { step_check, LETTER_ASK, PROVISION_CHECK, UNIT_LOCK, 0, ask_issue, unit_receipt_check },
    [UNIT_LOCK] = { step_lock, LETTER_LOCK, PROVISION_LOCK, UNIT_CLOSED, 0, ask_issue, unit_lock_check },
    [UNIT_CLOSED] = { step_see, LETTER_CLOSED, 0, UNIT_TOKEN, 0, nothing_issue, NULL },
    [UNIT_TOKEN] = { step_see, LETTER_TOKEN, 0, UNIT_CLOSED_STILL, 0, token_issue, unit_token_check },
    [UNIT_CLOSED_STILL] = { step_see, LETTER_CLOSED, 0, UNIT_DONE, 0, nothing_issue, unit_closed_check },
    [UNIT_DONE] = { "done", LETTER_DONE, 0, UNIT_NONE, 0, done_issue, NULL },
    [UNIT_HAND] = { step_hand, LETTER_FRAME, 1, UNIT_HAND_AGAIN, UNIT_CLAIM, hand_issue, unit_secure_hand_check },
    [UNIT_HAND_AGAIN] = { step_hand, LETTER_FRAME, 0, UNIT_HELLO_FIRST, 0, hand_issue, unit_secure_open_check },
    [UNIT_HELLO_FIRST] = { step_hand, LETTER_ASK, PROVISION_HELLO, UNIT_SBM_A, 0, ask_issue, unit_hello_first_check },
    [UNIT_CLAIM] = { step_claim, LETTER_TOKEN, 0, UNIT_DONE, 0, token_issue, unit_claim_check },
};
/* clang-format on */

/* ---- the walk ---- */

void unit_end(struct unit *u)
{
    struct appliance *a = u->appliance;
    hand_drop(&a->hand, &u->chip);
    appliance_run_give(a, u->run);
    unit_secure_end(u);
    u->stage = UNIT_NONE;
    u->run = NULL;
}

static int stage_enter(struct unit *u, unsigned stage, struct letter_action *action, struct fault *fault)
{
    const struct stage *s = &stages[stage];
    u->stage = stage;
    memset(action, 0, sizeof *action);
    action->kind = s->kind;
    action->step = bytes_of(s->step, strlen(s->step));
    int result = s->issue(u, s->argument, action, fault);
    u->image_len = action->image_len;
    if (result == 0 && u->secure.side != NULL) {
        result = unit_secure_wrap(u, action, fault);
    }
    if (result != 0 || stage == UNIT_DONE) {
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

int unit_begin(struct unit *u, const struct letter_request *request, struct letter_action *action, struct fault *fault)
{
    struct appliance *a = u->appliance;
    const char *station = u->station;
    unit_end(u);
    memset(u, 0, sizeof *u);
    u->appliance = a;
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
    return stage_enter(u, u->secure.side != NULL ? UNIT_HAND : UNIT_BOOT, action, fault);
}

/* The secure channel has no debug port to read flash back, and SBM needs no restart to see what was written. */
static unsigned stage_skip(const struct unit *u, unsigned stage)
{
    while (u->secure.side != NULL && (stages[stage].kind == LETTER_COMPARE || stage == UNIT_START_AGAIN)) {
        stage = stages[stage].next;
    }
    return stage;
}

/* The chip may be gone already, or answer no handshake any more because it is locked. */
static int chip_seems_locked(const struct unit *u, uint64_t code)
{
    return stages[u->stage].closed != UNIT_NONE &&
           (code == LETTER_TROUBLE_PORT || (code == LETTER_TROUBLE_SILENT && u->secure.side != NULL));
}

/* What a check says: 0, -1, or that the chip is to be asked again. */
static unsigned stage_after(const struct unit *u, int checked)
{
    return checked == 0 ? stage_skip(u, stages[u->stage].next) : checked == UNIT_SECURE_AGAIN ? UNIT_REPEAT : UNIT_NONE;
}

/* What follows an action that was done. */
static unsigned result_take(struct unit *u, struct bytes data, struct fault *fault)
{
    const struct stage *s = &stages[u->stage];
    if (u->secure.side != NULL) {
        int more = unit_secure_unwrap(u, s->kind, u->image_len, data, &data, fault);
        if (more != 0) {
            return more == 1 ? u->stage : stage_after(u, more);
        }
    }
    return stage_after(u, s->check == NULL ? 0 : s->check(u, data, fault));
}

/* The stage that follows a result, or UNIT_NONE with the fault. */
static unsigned stage_next(struct unit *u, const struct letter_request *request, struct fault *fault)
{
    const struct stage *s = &stages[u->stage];
    if (request->code == LETTER_FINE) {
        return result_take(u, request->data, fault);
    }
    text_take(request->text, u->trouble, sizeof u->trouble);
    if (chip_seems_locked(u, request->code)) {
        u->secure.side = NULL; /* from here on it is asked as a device */
        return s->closed;
    }
    if (request->code == LETTER_TROUBLE_SILENT && u->stage == UNIT_LOCK && u->secure.side != NULL) {
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
                                            .step = stages[u->stage].step,
                                            .code = code,
                                            .text = fault->what };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    failures_take(&u->appliance->failures, u->station, now.tv_sec / 60, &failure);
}

int unit_next(struct unit *u, const struct letter_request *request, struct letter_action *action, struct fault *fault)
{
    if (u->stage == UNIT_NONE) {
        return fault_set(fault, "appliance: a letter out of turn");
    }
    unsigned next = stage_next(u, request, fault);
    if (next == UNIT_REPEAT) {
        *action = (struct letter_action){ .step = bytes_of(stages[u->stage].step, strlen(stages[u->stage].step)) };
        next = UNIT_NONE;
        if (unit_secure_repeat(u, action, fault) == 0) {
            return 0;
        }
    }
    u->secure.again = 0;
    if (next == UNIT_NONE) {
        failure_record(u, request->code, fault);
        unit_end(u);
        return -1;
    }
    return stage_enter(u, next, action, fault);
}

struct bytes unit_image_find(const struct unit *u, struct bytes digest)
{
    for (size_t i = 0; u->run != NULL && i < RUN_IMAGES; i++) {
        const struct run_image *image = &u->run->images[i];
        if (bytes_equal(digest, bytes_of(image->digest, sizeof image->digest))) {
            return image->data;
        }
    }
    if (u->stage == UNIT_PACKAGE_HEAD && bytes_equal(digest, bytes_of(u->head_digest, sizeof u->head_digest))) {
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
