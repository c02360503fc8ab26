/* SPDX-License-Identifier: Apache-2.0 */
/* unit_stage: see unit_stage.h. */
#include "host/appliance/unit_stage.h"

#include "host/appliance/appliance_room.h"

#define ASK_SECONDS 60u
#define INSTALL_SECONDS 240u

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

_Static_assert(UNIT_ROOM_LEN + LETTER_ACTIONS_MAX * (LETTER_STEP_MAX + 128) + 64 <= LETTER_MAX, "a letter holds it");

struct cbor_writer unit_room_writer(struct unit_room *room)
{
    return cbor_writer_of(room->data + room->len, sizeof room->data - room->len);
}

int unit_room_fits(const struct unit_room *room)
{
    return sizeof room->data - room->len >= MAILBOX_MESSAGE_MAX;
}

static int request_issue(struct unit *u, const struct provision_request *request, struct letter_action *action,
                         struct fault *fault)
{
    struct cbor_writer w = unit_room_writer(u->room);
    provision_request_build(request, &w);
    action->message = cbor_written(&w);
    u->room->len += w.len;
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
const struct stage unit_stages[UNIT_STAGES] = {
    [UNIT_BOOT] = { step_boot, LETTER_WRITE, RUN_BOOT, UNIT_SBM_A, UNIT_CLAIM, 0, image_issue, NULL },
    [UNIT_SBM_A] = { step_boot, LETTER_WRITE, RUN_SBM_A, UNIT_SBM_B, 0, 0, image_issue, NULL },
    [UNIT_SBM_B] = { step_boot, LETTER_WRITE, RUN_SBM_B, UNIT_SBM_PACKAGE, 0, 0, image_issue, NULL },
    [UNIT_SBM_PACKAGE] = { step_boot, LETTER_WRITE, RUN_SBM_PACKAGE, UNIT_START, 0, 0, image_issue, NULL },
    [UNIT_START] = { step_keys, LETTER_START, 0, UNIT_HELLO, 0, 0, nothing_issue, NULL },
    [UNIT_HELLO] = { step_keys, LETTER_ASK, PROVISION_HELLO, UNIT_KEYS, 0, 0, ask_issue, unit_hello_check },
    [UNIT_KEYS] = { step_keys, LETTER_ASK, PROVISION_MAKE_KEYS, UNIT_GRANT, 0, 1, keys_issue, unit_keys_check },
    [UNIT_GRANT] = { step_store, LETTER_ASK, STORE_GRANT, UNIT_POLICY, 0, 0, store_issue, unit_store_check },
    [UNIT_POLICY] = { step_store, LETTER_ASK, STORE_POLICY, UNIT_DEVICE_CERT, 0, 0, store_issue, unit_store_check },
    [UNIT_DEVICE_CERT] = { step_store, LETTER_ASK, STORE_DEVICE_CERT, UNIT_ISSUER_CERT, 0, 0, store_issue,
                           unit_store_check },
    [UNIT_ISSUER_CERT] = { step_store, LETTER_ASK, STORE_ISSUER_CERT, UNIT_ROOT_CERT, 0, 0, store_issue,
                           unit_store_check },
    [UNIT_ROOT_CERT] = { step_store, LETTER_ASK, STORE_ROOT_CERT, UNIT_PACKAGE_TAIL, 0, 0, store_issue, unit_store_check },
    [UNIT_PACKAGE_TAIL] = { step_package, LETTER_WRITE, RUN_PACKAGE_TAIL, UNIT_PACKAGE_HEAD, 0, 0, image_issue, NULL },
    [UNIT_PACKAGE_HEAD] = { step_package, LETTER_WRITE, 0, UNIT_START_AGAIN, 0, 0, head_issue, NULL },
    [UNIT_START_AGAIN] = { step_package, LETTER_START, 0, UNIT_HELLO_AGAIN, 0, 0, nothing_issue, NULL },
    [UNIT_HELLO_AGAIN] = { step_package, LETTER_ASK, PROVISION_HELLO, UNIT_INSTALL, 0, 0, ask_issue,
                           unit_hello_again_check },
    [UNIT_INSTALL] = { step_install, LETTER_ASK, PROVISION_INSTALL, UNIT_SEE_BOOT, 0, 0, ask_issue, unit_install_check },
    [UNIT_SEE_BOOT] = { step_check, LETTER_COMPARE, RUN_BOOT, UNIT_SEE_SBM_A, 0, 0, image_issue, NULL },
    [UNIT_SEE_SBM_A] = { step_check, LETTER_COMPARE, RUN_SBM_A, UNIT_SEE_SBM_B, 0, 0, image_issue, NULL },
    [UNIT_SEE_SBM_B] = { step_check, LETTER_COMPARE, RUN_SBM_B, UNIT_SEE_SBM_PACKAGE, 0, 0, image_issue, NULL },
    [UNIT_SEE_SBM_PACKAGE] = { step_check, LETTER_COMPARE, RUN_SBM_PACKAGE, UNIT_CHECK, 0, 0, image_issue, NULL },
    [UNIT_CHECK] = { step_check, LETTER_ASK, PROVISION_CHECK, UNIT_LOCK, 0, 1, ask_issue, unit_receipt_check },
    [UNIT_LOCK] = { step_lock, LETTER_LOCK, PROVISION_LOCK, UNIT_CLOSED, 0, 0, ask_issue, unit_lock_check },
    [UNIT_CLOSED] = { step_see, LETTER_CLOSED, 0, UNIT_TOKEN, 0, 0, nothing_issue, NULL },
    [UNIT_TOKEN] = { step_see, LETTER_TOKEN, 0, UNIT_CLOSED_STILL, 0, 0, token_issue, unit_token_check },
    [UNIT_CLOSED_STILL] = { step_see, LETTER_CLOSED, 0, UNIT_DONE, 0, 1, nothing_issue, unit_closed_check },
    [UNIT_DONE] = { "done", LETTER_DONE, 0, UNIT_NONE, 0, 1, done_issue, NULL },
    [UNIT_HAND] = { step_hand, LETTER_FRAME, 1, UNIT_HAND_AGAIN, UNIT_CLAIM, 1, hand_issue, unit_secure_hand_check },
    [UNIT_HAND_AGAIN] = { step_hand, LETTER_FRAME, 0, UNIT_HELLO_FIRST, 0, 1, hand_issue, unit_secure_open_check },
    [UNIT_HELLO_FIRST] = { step_hand, LETTER_ASK, PROVISION_HELLO, UNIT_SBM_A, 0, 1, ask_issue, unit_hello_first_check },
    [UNIT_CLAIM] = { step_claim, LETTER_TOKEN, 0, UNIT_DONE, 0, 1, token_issue, unit_claim_check },
};
/* clang-format on */
