/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_scene: see dashboard_scene.h. */
#include "tests/system/dashboard_scene.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#define UNITS 40
#define STEPS (sizeof steps / sizeof steps[0])

static const char *const names[] = { "empty", "busy", "spent", "damaged", "hostile", "full" };

static const struct {
    const char *text;
    uint64_t median_ms;
    uint64_t slow_ms;
} steps[] = {
    { "know each other, agree keys", 1840, 2310 },
    { "write boot flash and Secure Boot Manager", 4120, 5230 },
    { "make keys on the chip, prove them, certify", 312, 480 },
    { "store grant, policy and certificates", 205, 290 },
    { "write the application package", 1520, 2100 },
    { "install the application", 812, 908 },
    { "check what the chip holds", 118, 160 },
    { "lock boot flash and debug port", 41, 96 },
    { "see it locked, close the record", 260, 410 },
};

static const struct {
    const char *reason;
    const char *hint;
    uint64_t count;
    uint64_t age;
    int socket;
    int alarm;
} failures[] = {
    { "the debug port does not answer", "Press the chip in, look at the pins of this socket, then start it again.", 7,
      38, 3, 0 },
    { "flash does not hold what was written",
      "Take the chip out as a bad one. When it comes again in this socket, change the socket.", 3, 1260, 9, 0 },
    { "this unique ID came before with another key: quarantined",
      "Keep the chip and tell the security officer: somebody may be copying.", 1, 5400, 6, 1 },
};

static const struct {
    const char *station;
    const char *socket;
} sockets[] = {
    { "line-1-east", "A1" }, { "line-1-east", "A2" }, { "line-1-east", "A3" }, { "line-1-east", "A4" },
    { "line-1-east", "A5" }, { "line-1-east", "A6" }, { "line-1-west", "B1" }, { "line-1-west", "B2" },
    { "line-1-west", "B3" }, { "line-1-west", "B4" }, { "line-1-west", "B5" }, { "line-1-west", "B6" },
};

static int is(const struct scene *scene, const char *name)
{
    return strcmp(scene->name, name) == 0;
}

/* Cut when it does not fit. */
static void text_put(char *out, size_t capacity, const char *text)
{
    size_t len = strlen(text);
    len = len < capacity ? len : capacity - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

#define PUT(field, text) text_put(field, sizeof(field), text)

static void uid_put(char out[33], uint64_t number)
{
    (void)snprintf(out, 33, "57%02llx4b1d0c%06llx%016llx", (unsigned long long)(number * 37 % 256),
                   (unsigned long long)number, (unsigned long long)(number * 0x9e3779b97f4a7c15u));
}

static void sockets_put(const struct scene *scene, struct dashboard_line *line, uint64_t now)
{
    line->socket_count = sizeof sockets / sizeof sockets[0];
    line->sockets_total = line->socket_count;
    line->stations = 2;
    for (size_t i = 0; i < line->socket_count; i++) {
        struct dashboard_socket *s = &line->sockets[i];
        uint64_t at = (now + 5 * i) % 24;
        PUT(s->station, sockets[i].station);
        PUT(s->socket, sockets[i].socket);
        if (i == 3) {
            s->state = DASHBOARD_SOCKET_FAILED;
            PUT(s->step, failures[0].reason);
            s->since = scene->opened - failures[0].age;
        } else if (is(scene, "spent") || at / 3 >= STEPS) {
            s->state = DASHBOARD_SOCKET_IDLE;
            s->since = now - at;
        } else {
            s->state = at >= 21 ? DASHBOARD_SOCKET_DONE : DASHBOARD_SOCKET_WORKING;
            PUT(s->step, at >= 21 ? "Done: take it out" : steps[at / 3].text);
            uid_put(s->uid, now / 24 * 12 + i);
            s->since = now - at % 3;
        }
    }
}

static void busy_put(const struct scene *scene, struct dashboard_line *line, uint64_t now)
{
    int spent = is(scene, "spent");
    line->package =
        (struct dashboard_package){ 4, 1000, spent ? 1000 : 812 + now / 8 % 100, spent ? 0 : 11, now + 9 * 86400 };
    line->good = line->package.made;
    line->tried = line->good + 11;
    line->quarantined = 1;
    for (size_t i = 0; i < DASHBOARD_MINUTES && !spent; i++) {
        uint64_t minute = now / 60 - DASHBOARD_MINUTES + 1 + i;
        line->minutes[i] = i > 20 && i < 26 ? 0 : 5 + minute * 7 % 5;
    }
    sockets_put(scene, line, now);
    line->step_count = STEPS;
    for (size_t i = 0; i < STEPS; i++) {
        PUT(line->steps[i].step, steps[i].text);
        line->steps[i].count = line->tried;
        line->steps[i].median_ms = steps[i].median_ms;
        line->steps[i].slow_ms = steps[i].slow_ms;
    }
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct dashboard_failure *f = &line->failures[line->failure_count++];
        PUT(f->reason, failures[i].reason);
        PUT(f->hint, failures[i].hint);
        f->count = failures[i].count;
        f->last = scene->opened - failures[i].age;
        f->alarm = failures[i].alarm;
        PUT(f->station, sockets[failures[i].socket].station);
        PUT(f->socket, sockets[failures[i].socket].socket);
        if (i > 0) {
            uid_put(f->uid, i);
        }
    }
    line->ledger = (struct dashboard_ledger){ .events = 5 * line->good + 31,
                                              .checkpoint = now - now % 4,
                                              .chain = 1,
                                              .has_tpm = 1,
                                              .tpm_count = line->good + 12,
                                              .ledger_count = line->good + 12 };
}

/* As many sockets as are told, and some more. */
static void full_put(struct dashboard_line *line)
{
    line->stations = 38;
    line->sockets_total = 600;
    line->socket_count = DASHBOARD_SOCKETS_MAX;
    for (size_t i = 12; i < DASHBOARD_SOCKETS_MAX; i++) {
        line->sockets[i] = line->sockets[i % 12 == 3 ? 4 : i % 12];
        (void)snprintf(line->sockets[i].station, DASHBOARD_NAME_MAX, "line-%zu", i / 16 + 1);
        (void)snprintf(line->sockets[i].socket, DASHBOARD_NAME_MAX, "S%zu", i % 16 + 1);
    }
}

static void damage_put(struct dashboard_line *line)
{
    line->ledger.health = DASHBOARD_DAMAGED;
    line->ledger.chain = 0;
    line->ledger.checkpoint -= 7200;
    line->ledger.tpm_count += 3;
    PUT(line->ledger.text, "Event 2,417 is not linked to event 2,416: the ledger was changed.");
    PUT(line->ledger.hint, "Stop the line. Keep this disk as it is, and have the OEM run windlass ledger verify.");
}

static void hostile_put(struct dashboard_line *line)
{
    PUT(line->product, SCENE_HOSTILE);
    PUT(line->appliance, "\xff\xfe\x1b[31m\xe2\x80\xae" SCENE_HOSTILE);
    PUT(line->version, "</script>" SCENE_HOSTILE);
    for (size_t i = 0; i < line->socket_count; i++) {
        (void)snprintf(line->sockets[i].socket, DASHBOARD_NAME_MAX, "%.60s", SCENE_HOSTILE);
        (void)snprintf(line->sockets[i].station, DASHBOARD_NAME_MAX, "%.60s", SCENE_HOSTILE);
        PUT(line->sockets[i].step, SCENE_HOSTILE);
        (void)snprintf(line->sockets[i].uid, 33, "%.32s", "\"><img src=x onerror=alert(1)>\xc3");
    }
    for (size_t i = 0; i < line->failure_count; i++) {
        (void)snprintf(line->failures[i].reason, DASHBOARD_TEXT_MAX, "%zu %s", i, SCENE_HOSTILE);
        PUT(line->failures[i].hint, SCENE_HOSTILE);
        PUT(line->failures[i].uid, "<b>x</b>");
    }
    for (size_t i = 0; i < line->step_count; i++) {
        PUT(line->steps[i].step, SCENE_HOSTILE);
    }
    PUT(line->ledger.text, SCENE_HOSTILE);
    PUT(line->ledger.hint, SCENE_HOSTILE);
}

/* The failure that the test asked for comes first. Under the lock. */
static void asked_failure_put(const struct scene *scene, struct dashboard_line *line)
{
    if (scene->failure[0] == '\0') {
        return;
    }
    memmove(&line->failures[1], &line->failures[0], line->failure_count * sizeof line->failures[0]);
    line->failure_count++;
    struct dashboard_failure *f = &line->failures[0];
    memset(f, 0, sizeof *f);
    PUT(f->reason, scene->failure);
    PUT(f->hint, "Do what the test says.");
    PUT(f->socket, "A2");
    PUT(f->station, "line-1-east");
    f->count = scene->failures;
    f->last = scene->failed_at;
}

static int line_tell(void *context, struct dashboard_line *line, struct fault *fault)
{
    struct scene *scene = context;
    uint64_t now = (uint64_t)time(NULL);
    atomic_fetch_add(&scene->asked, 1);
    (void)pthread_mutex_lock(&scene->lock);
    while (scene->hangs) {
        (void)pthread_mutex_unlock(&scene->lock);
        (void)usleep(50000);
        (void)pthread_mutex_lock(&scene->lock);
    }
    int result = 0;
    PUT(line->product, "gate-controller");
    PUT(line->appliance, "appliance north-1");
    PUT(line->version, "windlassd 0.1.0");
    if (!is(scene, "empty")) {
        busy_put(scene, line, now);
    } else {
        line->ledger = (struct dashboard_ledger){ .health = DASHBOARD_SOUND, .events = 2, .chain = 1, .has_tpm = 1 };
    }
    if (is(scene, "damaged")) {
        damage_put(line);
    } else if (is(scene, "hostile")) {
        hostile_put(line);
    } else if (is(scene, "full")) {
        full_put(line);
    }
    asked_failure_put(scene, line);
    if (scene->fault[0] != '\0') {
        result = fault_set(fault, "%s", scene->fault);
        (void)fault_hint(fault, "look at the database");
    }
    (void)pthread_mutex_unlock(&scene->lock);
    return result;
}

static void unit_put(const struct scene *scene, struct dashboard_unit *u, uint64_t number)
{
    memset(u, 0, sizeof *u);
    uid_put(u->uid, number);
    u->number = number;
    u->package = 4;
    u->sequence = 12;
    u->has_grant = 1;
    u->has_receipt = 1;
    u->has_token = 1;
    PUT(u->state, number == 2 ? "quarantined" : "done");
    PUT(u->reserved_at, "2026-11-22T10:20:30Z");
    PUT(u->checked_at, "2026-11-22T10:20:37Z");
    PUT(u->done_at, "2026-11-22T10:20:39Z");
    if (number == 2) {
        PUT(u->quarantined_at, "2026-11-22T11:02:10Z");
    }
    u->device_cert = scene->cert;
    u->update_cert = scene->cert;
    if (is(scene, "hostile")) {
        PUT(u->state, "<i>\"></i>");
        PUT(u->reserved_at, "<b>now</b>");
    }
}

static int units_find(void *context, const char *prefix, size_t max, struct dashboard_unit *out, size_t *count,
                      uint64_t *total, struct fault *fault)
{
    const struct scene *scene = context;
    (void)fault;
    *count = 0;
    *total = 0;
    for (uint64_t number = 1; number <= UNITS && !is(scene, "empty"); number++) {
        char uid[33];
        uid_put(uid, number);
        if (strncmp(uid, prefix, strlen(prefix)) == 0) {
            ++*total;
            if (*count < max) {
                unit_put(scene, &out[(*count)++], number);
            }
        }
    }
    return 0;
}

static size_t metrics_tell(void *context, char *out, size_t out_len)
{
    const struct scene *scene = context;
    return (size_t)snprintf(out, out_len, "# TYPE windlass_asked_total counter\nwindlass_asked_total %lu\n",
                            atomic_load(&((struct scene *)(uintptr_t)scene)->asked));
}

static int cert_make(struct cert *cert)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    unsigned char *at = cert->der;
    X509_NAME *name = X509_get_subject_name(x509);
    const unsigned char *hostile = (const unsigned char *)"gate <script>document.title='owned'</script>";
    int fine = key != NULL && X509_set_version(x509, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x509), 7123) &&
               X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, hostile, -1, -1, 0) &&
               X509_set_issuer_name(x509, name) && X509_gmtime_adj(X509_getm_notBefore(x509), -60) != NULL &&
               ASN1_TIME_set_string(X509_getm_notAfter(x509), "99991231235959Z") && X509_set_pubkey(x509, key) &&
               X509_sign(x509, key, EVP_sha256()) > 0 && i2d_X509(x509, NULL) <= CERT_DER_MAX;
    cert->len = fine ? (size_t)i2d_X509(x509, &at) : 0;
    X509_free(x509);
    EVP_PKEY_free(key);
    return fine ? 0 : -1;
}

int scene_open(struct scene *scene, const char *name)
{
    memset(scene, 0, sizeof *scene);
    scene->opened = (uint64_t)time(NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            scene->name = names[i];
        }
    }
    (void)pthread_mutex_init(&scene->lock, NULL);
    return scene->name == NULL ? -1 : cert_make(&scene->cert);
}

void scene_close(struct scene *scene)
{
    (void)pthread_mutex_destroy(&scene->lock);
}

struct dashboard_source scene_source(struct scene *scene)
{
    return (struct dashboard_source){ scene, line_tell, units_find, metrics_tell };
}

void scene_fail(struct scene *scene, const char *reason)
{
    (void)pthread_mutex_lock(&scene->lock);
    PUT(scene->failure, reason);
    scene->failed_at = (uint64_t)time(NULL);
    scene->failures++;
    (void)pthread_mutex_unlock(&scene->lock);
}

void scene_fault(struct scene *scene, const char *what)
{
    (void)pthread_mutex_lock(&scene->lock);
    PUT(scene->fault, what);
    (void)pthread_mutex_unlock(&scene->lock);
}

void scene_hang(struct scene *scene, int on)
{
    (void)pthread_mutex_lock(&scene->lock);
    scene->hangs = on;
    (void)pthread_mutex_unlock(&scene->lock);
}
