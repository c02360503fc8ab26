/* SPDX-License-Identifier: Apache-2.0 */
/* errand: see errand.h. */
#include "host/daemon/errand.h"

#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/daemon/confine.h"
#include "host/lib/file.h"
#include "host/lib/text.h"

#define STOP_TRIES 300 /* of a tenth of a second */
#define PROOF_MAX 4096
#define WAIT_TRIES 20 /* a second */

int errand_owner(const char *dir, struct fault *fault)
{
    struct stat info;
    if (geteuid() != 0 || stat(dir, &info) != 0 || info.st_uid == 0) {
        return 0; /* nobody to become; what is wrong with the folder is told by whoever opens it */
    }
    const struct passwd *who = getpwuid(info.st_uid);
    if (who == NULL) {
        return fault_set(fault, "%s: belongs to a user without a name", dir);
    }
    char name[64];
    (void)snprintf(name, sizeof name, "%s", who->pw_name);
    return confine_user(name, fault);
}

/* ---- answers ---- */

/* The answer as JSON, which the caller drops; a no of the daemon is a fault. */
static json_t *reply_read(const struct control_reply *reply, struct fault *fault)
{
    json_t *root = json_loads(reply->text, JSON_REJECT_DUPLICATES, NULL);
    const json_t *ok = json_object_get(root, "ok");
    if (json_is_true(ok)) {
        return root;
    }
    const char *what = json_string_value(json_object_get(root, "error"));
    const char *hint = json_string_value(json_object_get(root, "hint"));
    (void)fault_set(fault, "%s", what != NULL ? what : "the daemon's answer is not understood");
    if (hint != NULL && hint[0] != '\0') {
        (void)fault_hint(fault, "%s", hint);
    }
    json_decref(root);
    return NULL;
}

static void reply_print(const struct control_reply *reply, json_t *root, int json)
{
    const char *name;
    json_t *value;
    if (json) {
        (void)puts(reply->text);
        return;
    }
    json_object_foreach(root, name, value)
    {
        char clean[1024];
        if (json_is_integer(value)) {
            (void)printf("%-16s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
        } else if (json_is_string(value)) {
            text_clean(json_string_value(value), clean, sizeof clean);
            (void)printf("%-16s %s\n", name, clean);
        }
    }
}

static int reply_show(const struct control_reply *reply, int json, struct fault *fault)
{
    json_t *root = reply_read(reply, fault);
    if (root == NULL) {
        return -1;
    }
    reply_print(reply, root, json);
    json_decref(root);
    return 0;
}

static int not_running(const char *dir, struct fault *fault)
{
    (void)fault_set(fault, "%s: no daemon runs there", dir);
    return fault_hint(fault, "windlassd run %s", dir);
}

/* A verb of a daemon that must be there. */
static struct control_reply *reply_get(const char *dir, const char *verb, struct fault *fault)
{
    struct control_reply *reply = calloc(1, sizeof *reply);
    int result =
        reply == NULL ? fault_set(fault, "no memory") : control_ask(dir, verb, bytes_of(NULL, 0), reply, fault);
    if (result != 0) {
        free(reply);
        if (result == 1) {
            (void)not_running(dir, fault);
        }
        return NULL;
    }
    return reply;
}

int errand_ask(const char *dir, const char *verb, int json, struct fault *fault)
{
    struct control_reply *reply = reply_get(dir, verb, fault);
    int result = reply == NULL ? -1 : reply_show(reply, json, fault);
    free(reply);
    return result;
}

int errand_status(const char *dir, unsigned seconds, int json, struct fault *fault)
{
    const struct timespec pause = { 0, 1000000000 / WAIT_TRIES };
    struct control_reply *reply = calloc(1, sizeof *reply);
    int result = reply == NULL ? fault_set(fault, "no memory") : 1;
    for (unsigned i = 0; result == 1 && i <= seconds * WAIT_TRIES; i++) {
        if (i > 0) {
            (void)nanosleep(&pause, NULL);
        }
        result = control_ask(dir, "status", bytes_of(NULL, 0), reply, fault);
    }
    result = result == 0 ? reply_show(reply, json, fault) : result == 1 ? not_running(dir, fault) : -1;
    free(reply);
    return result;
}

int errand_metrics(const char *dir, struct fault *fault)
{
    struct control_reply *reply = reply_get(dir, "metrics", fault);
    json_t *root = reply == NULL ? NULL : reply_read(reply, fault);
    const char *text = json_string_value(json_object_get(root, "metrics"));
    int result = text == NULL ? -1 : 0;
    if (text != NULL) {
        (void)fputs(text, stdout);
    }
    json_decref(root);
    free(reply);
    return result;
}

/* ---- without a daemon ---- */

struct alone {
    int lock;
    struct appliance_folder folder;
    struct hsm *hsm;
    struct engine *engine;
};

static int alone_open(struct alone *a, const char *dir, struct fault *fault)
{
    memset(a, 0, sizeof *a);
    a->lock = -1;
    return errand_owner(dir, fault) != 0 || control_lock(dir, &a->lock, fault) != 0 ||
                   appliance_folder_open(dir, &a->folder, &a->hsm, fault) != 0 ||
                   engine_open(&a->folder, a->hsm, 0, &a->engine, fault) != 0
               ? -1
               : 0;
}

static void alone_close(struct alone *a)
{
    engine_close(a->engine);
    hsm_close(a->hsm);
    if (a->lock >= 0) {
        (void)close(a->lock);
    }
}

static int alone_run(const char *dir, struct bytes package, struct control_reply *reply, struct fault *fault)
{
    struct alone *alone = malloc(sizeof *alone);
    if (alone == NULL) {
        return fault_set(fault, "no memory");
    }
    reply->len = (size_t)snprintf(reply->text, sizeof reply->text, "{\"ok\":true");
    int result = alone_open(alone, dir, fault);
    if (result == 0) {
        result = package.data != NULL ? engine_load(alone->engine, package, reply, fault)
                                      : engine_order(alone->engine, reply, fault);
    }
    alone_close(alone);
    free(alone);
    reply->len += (size_t)snprintf(reply->text + reply->len, sizeof reply->text - reply->len, "}");
    return result;
}

/* A verb of the daemon, or its work without one. */
static int either_run(const char *dir, const char *verb, struct bytes package, struct control_reply *reply,
                      struct fault *fault)
{
    int result = control_ask(dir, verb, package, reply, fault);
    return result == 1 ? alone_run(dir, package, reply, fault) : result;
}

int errand_load(const char *dir, const char *file, int json, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    struct control_reply *reply = calloc(1, sizeof *reply);
    int result = reply == NULL ? fault_set(fault, "no memory") : file_read(file, PRODUCTION_MAX, &data, &len, fault);
    if (result == 0) {
        result = either_run(dir, "load", bytes_of(data, len), reply, fault);
    }
    if (result == 0) {
        result = reply_show(reply, json, fault);
    }
    free(data);
    free(reply);
    return result;
}

/* ---- an order ---- */

/* The digits of a JSON text as bytes; their number, or 0. */
static size_t hex_read(const char *text, uint8_t *out, size_t out_len)
{
    size_t len = text == NULL ? 0 : strlen(text);
    if (len % 2 != 0 || len / 2 > out_len || (len > 0 && strspn(text, "0123456789abcdef") != len)) {
        return 0;
    }
    for (size_t i = 0; i < len / 2; i++) {
        const char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return len / 2;
}

int errand_order(const char *dir, const char *out, struct fault *fault)
{
    uint8_t order[1024];
    struct control_reply *reply = calloc(1, sizeof *reply);
    int result =
        reply == NULL ? fault_set(fault, "no memory") : either_run(dir, "order", bytes_of(NULL, 0), reply, fault);
    json_t *root = result == 0 ? reply_read(reply, fault) : NULL;
    size_t len = hex_read(json_string_value(json_object_get(root, "order")), order, sizeof order);
    result = root == NULL ? -1 : 0;
    if (root != NULL && len == 0) {
        result = fault_set(fault, "the daemon's answer is not understood");
    }
    json_decref(root);
    free(reply);
    if (result != 0 || file_write(out, bytes_of(order, len), 0644, FILE_NEW_ONLY, fault) != 0) {
        return -1;
    }
    (void)printf("order written to %s\nnext: carry it to the OEM: windlass master production --order\n", out);
    return 0;
}

int errand_record(const char *dir, const char *file, int json, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    struct control_reply *reply = calloc(1, sizeof *reply);
    int result = reply == NULL ? fault_set(fault, "no memory") : file_read(file, PROOF_MAX, &data, &len, fault);
    if (result == 0) {
        result = control_ask(dir, "record", bytes_of(data, len), reply, fault);
        result = result == 1 ? not_running(dir, fault) : result;
    }
    if (result == 0) {
        result = reply_show(reply, json, fault);
    }
    free(data);
    free(reply);
    return result;
}

/* ---- the end ---- */

int errand_stop(const char *dir, struct fault *fault)
{
    const struct timespec pause = { 0, 100000000 };
    struct control_reply *reply = calloc(1, sizeof *reply);
    int result =
        reply == NULL ? fault_set(fault, "no memory") : control_ask(dir, "stop", bytes_of(NULL, 0), reply, fault);
    if (result == 1) {
        (void)puts("no daemon runs there");
        free(reply);
        return 0;
    }
    if (result == 0) {
        result = reply_show(reply, 0, fault);
    }
    for (int i = 0; result == 0 && i < STOP_TRIES; i++) {
        struct fault busy = FAULT_NONE;
        int lock = -1;
        if (control_lock(dir, &lock, &busy) == 0) {
            (void)close(lock);
            (void)puts("stopped");
            free(reply);
            return 0;
        }
        (void)nanosleep(&pause, NULL);
    }
    free(reply);
    return result != 0 ? -1 : fault_set(fault, "%s: the daemon does not end", dir);
}
