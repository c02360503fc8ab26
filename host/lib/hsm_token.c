/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_token: finds a token by its URI, and makes development tokens. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/lib/file.h"
#include "host/lib/hsm_room.h"
#include "host/lib/text.h"

#define TOKEN_LABEL_LEN 32
#define WAIT_TRIES 6 /* of a token that SoftHSM does not list */
#define WAIT_PAUSE_MS 50
#define TOKEN_PIN_LEN 24 /* hexadecimal digits: 96 bits */
#define TOKEN_PIN_LEAST 4
#define TOKEN_PIN_MAX 255

void hsm_token_field(const unsigned char *field, size_t len, char *out, size_t out_len)
{
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0')) {
        len--;
    }
    size_t used = 0;
    for (size_t i = 0; i < len && used + 1 < out_len; i++) {
        out[used++] = field[i] >= 0x20 && field[i] != 0x7f ? (char)field[i] : '?';
    }
    out[used] = '\0';
}

static int token_field_matches(const unsigned char *field, size_t len, const char *wanted)
{
    char text[TOKEN_LABEL_LEN + 1];
    hsm_token_field(field, len, text, sizeof text);
    return wanted[0] == '\0' || strcmp(text, wanted) == 0;
}

static int token_matches(const CK_TOKEN_INFO *info, CK_SLOT_ID slot, const struct hsm_uri *uri)
{
    return (!uri->has_slot_id || uri->slot_id == slot) &&
           token_field_matches(info->label, sizeof info->label, uri->token) &&
           token_field_matches(info->manufacturerID, sizeof info->manufacturerID, uri->manufacturer) &&
           token_field_matches(info->model, sizeof info->model, uri->model) &&
           token_field_matches(info->serialNumber, sizeof info->serialNumber, uri->serial);
}

/* What the search saw: how many tokens matched, and the labels of all. */
struct token_search {
    size_t matches;
    char labels[256];
};

static void token_label_note(struct token_search *search, const CK_TOKEN_INFO *info)
{
    char label[TOKEN_LABEL_LEN + 1];
    size_t used = strlen(search->labels);
    hsm_token_field(info->label, sizeof info->label, label, sizeof label);
    (void)snprintf(search->labels + used, sizeof search->labels - used, "%s'%s'", used == 0 ? "" : ", ", label);
}

static void token_search_run(struct hsm_module *module, const struct hsm_uri *uri, const CK_SLOT_ID *slots,
                             CK_ULONG count, struct token_search *search, CK_SLOT_ID *slot, CK_TOKEN_INFO *info)
{
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO one;
        if (module->call->C_GetTokenInfo(slots[i], &one) != CKR_OK || (one.flags & CKF_TOKEN_INITIALIZED) == 0) {
            continue;
        }
        token_label_note(search, &one);
        if (token_matches(&one, slots[i], uri)) {
            search->matches++;
            *slot = slots[i];
            *info = one;
        }
    }
}

static int token_search_all(struct hsm_module *module, const struct hsm_uri *uri, struct token_search *search,
                            CK_SLOT_ID *slot, CK_TOKEN_INFO *info, struct fault *fault)
{
    CK_SLOT_ID *slots;
    CK_ULONG count;
    if (hsm_module_slots(module, 1, &slots, &count, fault) != 0) {
        return -1;
    }
    token_search_run(module, uri, slots, count, search, slot, info);
    free(slots);
    return 0;
}

int hsm_token_module_open(const char *module_name, const struct hsm_uri *uri, struct hsm_module **out,
                          struct fault *fault)
{
    const struct timespec pause = { 0, WAIT_PAUSE_MS * 1000000L };
    for (int tries = 1;; tries++) {
        struct token_search search = { 0 };
        CK_SLOT_ID slot;
        CK_TOKEN_INFO info;
        int turn = hsm_turn_begin();
        int result = hsm_module_open(module_name, out, fault);
        /* What is wrong with the token, if anything, is told by whoever looks for it. */
        int done = result != 0 || strstr((*out)->path, "softhsm") == NULL || tries == WAIT_TRIES ||
                   token_search_all(*out, uri, &search, &slot, &info, fault) != 0 || search.matches > 0;
        hsm_turn_end(turn);
        if (done) {
            return result;
        }
        hsm_module_close(*out);
        *out = NULL;
        (void)nanosleep(&pause, NULL);
    }
}

static int token_ambiguous(const struct hsm_module *module, const struct hsm_uri *uri, size_t matches,
                           struct fault *fault)
{
    (void)fault_set(fault, "%s: %zu tokens match '%s'", module->path, matches, uri->token);
    return fault_hint(fault, "add serial= or slot-id= to the token URI");
}

int hsm_token_exists(const char *module_name, const char *text, struct fault *fault)
{
    struct hsm_module *module;
    struct hsm_uri uri;
    struct token_search search = { 0 };
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    if (hsm_uri_parse(text, &uri, fault) != 0 || hsm_token_module_open(module_name, &uri, &module, fault) != 0) {
        return -1;
    }
    int result = token_search_all(module, &uri, &search, &slot, &info, fault);
    if (result == 0 && search.matches > 1) {
        result = token_ambiguous(module, &uri, search.matches, fault);
    }
    hsm_module_close(module);
    return result != 0 ? -1 : search.matches == 1;
}

int hsm_token_find(struct hsm_module *module, const struct hsm_uri *uri, CK_SLOT_ID *slot, CK_TOKEN_INFO *info,
                   struct fault *fault)
{
    struct token_search search = { 0 };
    int turn = hsm_turn_begin();
    int result = token_search_all(module, uri, &search, slot, info, fault);
    hsm_turn_end(turn);
    if (result != 0) {
        return -1;
    }
    if (search.matches == 0) {
        (void)fault_set(fault, "%s: there is no token '%s'; tokens there: %s", module->path,
                        uri->token[0] != '\0' ? uri->token : "(any label)",
                        search.labels[0] != '\0' ? search.labels : "none");
        return fault_hint(fault, "make the token ('windlass pki create' makes SoftHSM tokens), plug it in, or mend "
                                 "the token URI in product.yaml");
    }
    return search.matches > 1 ? token_ambiguous(module, uri, search.matches, fault) : 0;
}

static int token_slot_free(struct hsm_module *module, const char *label, CK_SLOT_ID *slot, struct fault *fault)
{
    CK_SLOT_ID *slots;
    CK_ULONG count;
    int found = 0;
    if (hsm_module_slots(module, 1, &slots, &count, fault) != 0) {
        return -1;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (module->call->C_GetTokenInfo(slots[i], &info) != CKR_OK) {
            continue;
        }
        if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) {
            *slot = slots[i];
            found = 1;
        } else if (token_field_matches(info.label, sizeof info.label, label)) {
            free(slots);
            (void)fault_set(fault, "%s: a token with the label '%s' exists already", module->path, label);
            return fault_hint(fault, "use that token, or choose another label");
        }
    }
    free(slots);
    return found ? 0 : fault_set(fault, "%s: no free slot for a new token", module->path);
}

static int token_pin_make(char pin[TOKEN_PIN_LEN + 1], struct fault *fault)
{
    uint8_t random[TOKEN_PIN_LEN / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return fault_errno(fault, "cannot make a PIN");
    }
    text_hex(random, sizeof random, pin);
    wipe(random, sizeof random);
    return 0;
}

/* The second half of making a token: the user PIN, then an officer's PIN that is forgotten at once. */
static CK_RV token_pins_set(CK_FUNCTION_LIST *call, CK_SLOT_ID slot, char *officer, char *user)
{
    CK_SESSION_HANDLE session = 0;
    CK_ULONG user_len = (CK_ULONG)strlen(user);
    CK_RV rv = call->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = call->C_Login(session, CKU_SO, (unsigned char *)user, user_len);
    if (rv == CKR_OK) {
        rv = call->C_InitPIN(session, (unsigned char *)user, user_len);
        if (rv == CKR_OK) {
            rv = call->C_SetPIN(session, (unsigned char *)user, user_len, (unsigned char *)officer, TOKEN_PIN_LEN);
        }
        (void)call->C_Logout(session);
    }
    (void)call->C_CloseSession(session);
    return rv;
}

/*
 * Nobody can reset the user PIN of such a token later. Until it has its user PIN, that is the security officer's, too:
 * a power cut in between leaves a token that hsm_token_finish can finish.
 */
static CK_RV token_initialise(CK_FUNCTION_LIST *call, CK_SLOT_ID slot, const char *label, char *officer, char *user)
{
    unsigned char padded[TOKEN_LABEL_LEN];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    CK_RV rv = call->C_InitToken(slot, (unsigned char *)user, (CK_ULONG)strlen(user), padded);
    return rv == CKR_OK ? token_pins_set(call, slot, officer, user) : rv;
}

/* Takes the PIN of a file that is there already, or makes one and writes the file. */
static int token_pin_settle(const char *pin_file, char pin[TOKEN_PIN_MAX + 2], int *made, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    *made = access(pin_file, F_OK) != 0;
    if (*made) {
        int result = token_pin_make(pin, fault);
        pin[TOKEN_PIN_LEN] = '\n';
        result = result != 0 ? -1 : file_write(pin_file, bytes_of(pin, TOKEN_PIN_LEN + 1), 0600, FILE_NEW_ONLY, fault);
        pin[TOKEN_PIN_LEN] = '\0';
        return result;
    }
    if (file_read_secret(pin_file, TOKEN_PIN_MAX + 1, &text, &len, fault) != 0) {
        return -1;
    }
    size_t line = strcspn((const char *)text, "\r\n");
    if (line >= TOKEN_PIN_LEAST && line <= TOKEN_PIN_MAX) {
        memcpy(pin, text, line);
        pin[line] = '\0';
    } else {
        (void)fault_set(fault, "%s: holds no PIN of %d to %d bytes", pin_file, TOKEN_PIN_LEAST, TOKEN_PIN_MAX);
        (void)fault_hint(fault, "remove the file, and a new PIN is made");
    }
    wipe(text, len);
    free(text);
    return line >= TOKEN_PIN_LEAST && line <= TOKEN_PIN_MAX ? 0 : -1;
}

/* The PIN file comes first: a token whose PIN nobody knows would be of no use. */
static int token_make_in(struct hsm_module *module, CK_SLOT_ID slot, const char *label, const char *pin_file,
                         struct fault *fault)
{
    char officer[TOKEN_PIN_LEN + 1];
    char user[TOKEN_PIN_MAX + 2];
    int made = 0;
    int result = token_pin_make(officer, fault) | token_pin_settle(pin_file, user, &made, fault);
    if (result == 0) {
        CK_RV rv = token_initialise(module->call, slot, label, officer, user);
        if (rv != CKR_OK) {
            (void)(made ? unlink(pin_file) : 0);
            result = hsm_error(fault, module->path, "initialise a token", rv);
        }
    }
    wipe(officer, sizeof officer);
    wipe(user, sizeof user);
    return result;
}

int hsm_token_make(const char *module_name, const char *label, const char *pin_file, struct fault *fault)
{
    struct hsm_module *module;
    CK_SLOT_ID slot = 0;
    if (strlen(label) == 0 || strlen(label) > TOKEN_LABEL_LEN) {
        return fault_set(fault, "a token's label has 1 to %d bytes", TOKEN_LABEL_LEN);
    }
    if (hsm_module_open(module_name, &module, fault) != 0) {
        return -1;
    }
    int result = token_slot_free(module, label, &slot, fault);
    if (result == 0) {
        sigset_t before;
        hsm_calm_begin(&before);
        result = token_make_in(module, slot, label, pin_file, fault);
        hsm_calm_end(&before);
    }
    hsm_module_close(module);
    return result;
}

static int token_finish_in(struct hsm_module *module, CK_SLOT_ID slot, const char *label, const char *pin_file,
                           struct fault *fault)
{
    char officer[TOKEN_PIN_LEN + 1];
    char user[TOKEN_PIN_MAX + 2];
    int made = 0;
    int result = token_pin_make(officer, fault) | token_pin_settle(pin_file, user, &made, fault);
    CK_RV rv = result == 0 ? token_pins_set(module->call, slot, officer, user) : CKR_OK;
    wipe(officer, sizeof officer);
    wipe(user, sizeof user);
    if (rv == CKR_OK) {
        return result;
    }
    (void)fault_hint(fault,
                     "nothing is in this token yet: remove it and run this again. In the project's folder: "
                     "SOFTHSM2_CONF=hsm/softhsm2.conf softhsm2-util --delete-token --token %s",
                     label);
    return hsm_error(fault, module->path, "finish a token that a cut run began", rv);
}

int hsm_token_finish(const char *module_name, const char *text, const char *pin_file, struct fault *fault)
{
    struct hsm_module *module;
    struct hsm_uri uri;
    CK_SLOT_ID slot = 0;
    CK_TOKEN_INFO info;
    if (hsm_uri_parse(text, &uri, fault) != 0 || hsm_module_open(module_name, &module, fault) != 0) {
        return -1;
    }
    int result = hsm_token_find(module, &uri, &slot, &info, fault);
    if (result == 0 && (info.flags & CKF_USER_PIN_INITIALIZED) == 0 && access(pin_file, F_OK) == 0) {
        result = token_finish_in(module, slot, uri.token, pin_file, fault);
    }
    hsm_module_close(module);
    return result;
}
