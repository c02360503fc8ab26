/* SPDX-License-Identifier: Apache-2.0 */
/* hsm: opening and closing a token (hsm.h). */
#include "host/lib/hsm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/lib/file.h"
#include "host/lib/hsm_room.h"

#define PIN_FILE_MAX 1024

/* Takes the first line of `text` as PIN. */
static int hsm_pin_take(struct hsm *hsm, const uint8_t *text, size_t len, const char *where, struct fault *fault)
{
    size_t line = 0;
    while (line < len && text[line] != '\n' && text[line] != '\r') {
        line++;
    }
    if (line == 0 || line > HSM_PIN_MAX || memchr(text, 0, line) != NULL) {
        (void)fault_set(fault, "%s: the first line must be the PIN, 1 to %d bytes", where, HSM_PIN_MAX);
        return fault_hint(fault, "write the token's user PIN there, and nothing else");
    }
    memcpy(hsm->pin, text, line);
    hsm->pin_len = line;
    hsm->has_pin = 1;
    return 0;
}

static int hsm_pin_from_file(struct hsm *hsm, const char *path, struct fault *fault)
{
    uint8_t *text;
    size_t len;
    if (file_read_secret(path, PIN_FILE_MAX, &text, &len, fault) != 0) {
        return fault_hint(fault, "the PIN file belongs to this token's operator; make it with mode 0600");
    }
    int result = hsm_pin_take(hsm, text, len, path, fault);
    wipe(text, len);
    free(text);
    return result;
}

/* One byte at a time: what follows the line belongs to somebody else. */
static int hsm_pin_from_fd(struct hsm *hsm, int fd, struct fault *fault)
{
    uint8_t text[HSM_PIN_MAX + 2];
    size_t len = 0;
    ssize_t got = 1;
    while (len < sizeof text && (len == 0 || text[len - 1] != '\n')) {
        got = read(fd, text + len, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        len++;
    }
    int result = got < 0 ? fault_errno(fault, "file descriptor %d: cannot read the PIN", fd)
                         : hsm_pin_take(hsm, text, len, "PIN from a file descriptor", fault);
    wipe(text, sizeof text);
    return result;
}

static int hsm_pin_read(struct hsm *hsm, const struct hsm_config *config, struct fault *fault)
{
    if (config->pin_file != NULL) {
        return hsm_pin_from_file(hsm, config->pin_file, fault);
    }
    if (config->pin_fd >= 0) {
        return hsm_pin_from_fd(hsm, config->pin_fd, fault);
    }
    if ((hsm->token_flags & CKF_LOGIN_REQUIRED) != 0) {
        (void)fault_set(fault, "%s: the token wants a PIN, and none was given", hsm->name);
        return fault_hint(fault, "name a pin_file (mode 0600) for this token in product.yaml");
    }
    return 0;
}

static int hsm_flags_check(const struct hsm *hsm, struct fault *fault)
{
    if ((hsm->token_flags & CKF_USER_PIN_LOCKED) != 0) {
        return hsm_error(fault, hsm->name, "log in", CKR_PIN_LOCKED);
    }
    if ((hsm->token_flags & CKF_LOGIN_REQUIRED) != 0 && (hsm->token_flags & CKF_USER_PIN_INITIALIZED) == 0) {
        return hsm_error(fault, hsm->name, "log in", CKR_USER_PIN_NOT_INITIALIZED);
    }
    return 0;
}

static int hsm_has_mechanism(const struct hsm *hsm, CK_MECHANISM_TYPE mechanism)
{
    CK_MECHANISM_INFO info;
    return hsm->module->call->C_GetMechanismInfo(hsm->slot, mechanism, &info) == CKR_OK;
}

static int hsm_probe(struct hsm *hsm, struct fault *fault)
{
    if (!hsm_has_mechanism(hsm, CKM_ECDSA)) {
        return hsm_error(fault, hsm->name, "sign with ECDSA", CKR_MECHANISM_INVALID);
    }
    hsm->can_generate = hsm_has_mechanism(hsm, CKM_EC_KEY_PAIR_GEN);
    hsm->can_agree = hsm_has_mechanism(hsm, CKM_ECDH1_DERIVE);
    return 0;
}

static void hsm_describe(struct hsm *hsm, const CK_TOKEN_INFO *info)
{
    char label[33];
    char model[17];
    char serial[17];
    const char *library = strrchr(hsm->module->path, '/');
    hsm_token_field(info->label, sizeof info->label, label, sizeof label);
    hsm_token_field(info->model, sizeof info->model, model, sizeof model);
    hsm_token_field(info->serialNumber, sizeof info->serialNumber, serial, sizeof serial);
    library = library == NULL ? hsm->module->path : library + 1;
    (void)snprintf(hsm->name, sizeof hsm->name, "token '%s' (%.64s)", label, library);
    (void)snprintf(hsm->description, sizeof hsm->description, "%.64s, token '%s', model %s, serial %s", library, label,
                   model[0] != '\0' ? model : "unknown", serial[0] != '\0' ? serial : "none");
}

static int hsm_prepare(struct hsm *hsm, const struct hsm_config *config, struct fault *fault)
{
    CK_TOKEN_INFO info;
    if (hsm_token_find(hsm->module, &hsm->uri, &hsm->slot, &info, fault) != 0) {
        return -1;
    }
    hsm->token_flags = info.flags;
    hsm_describe(hsm, &info);
    if (hsm_flags_check(hsm, fault) != 0 || hsm_probe(hsm, fault) != 0 || hsm_pin_read(hsm, config, fault) != 0) {
        return -1;
    }
    return hsm_session_start(hsm, fault);
}

int hsm_open(const struct hsm_config *config, struct hsm **out, struct fault *fault)
{
    *out = NULL;
    struct hsm *hsm = (struct hsm *)calloc(1, sizeof *hsm);
    if (hsm == NULL) {
        return fault_set(fault, "no memory for a token");
    }
    (void)pthread_mutex_init(&hsm->lock, NULL);
    (void)pthread_mutex_init(&hsm->drawing, NULL);
    (void)pthread_mutex_init(&hsm->generating, NULL);
    (void)pthread_cond_init(&hsm->returned, NULL);
    if (hsm_uri_parse(config->uri, &hsm->uri, fault) != 0 ||
        hsm_token_module_open(config->module, &hsm->uri, &hsm->module, fault) != 0 ||
        hsm_prepare(hsm, config, fault) != 0) {
        hsm_close(hsm);
        return -1;
    }
    *out = hsm;
    return 0;
}

void hsm_close(struct hsm *hsm)
{
    if (hsm == NULL) {
        return;
    }
    if (hsm->module != NULL) {
        hsm_session_close_all(hsm);
        hsm_module_close(hsm->module);
    }
    (void)pthread_cond_destroy(&hsm->returned);
    (void)pthread_mutex_destroy(&hsm->generating);
    (void)pthread_mutex_destroy(&hsm->drawing);
    (void)pthread_mutex_destroy(&hsm->lock);
    wipe(hsm, sizeof *hsm);
    free(hsm);
}

const char *hsm_description(const struct hsm *hsm)
{
    return hsm->description;
}
