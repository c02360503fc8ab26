/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: see daemon.h. The order matters: root first gives up what it can, then secrets come in, then the filter
 * closes, then strangers are let in. */
#include "host/daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/daemon/confine.h"
#include "host/daemon/control.h"
#include "host/daemon/engine.h"
#include "host/daemon/errand.h"
#include "host/daemon/log.h"
#include "host/daemon/notify.h"

#define GRACE_MS 10000
#define DESCRIPTORS_BESIDE 64 /* files, token, ledger, TPM, control socket */

struct daemon {
    const struct daemon_options *options;
    struct appliance_folder folder;
    struct hsm *hsm;
    struct engine *engine;
    struct tls *tls;
    struct metrics metrics;
    struct server *server;
    struct control *control;
    struct dashboard *dashboard;
    unsigned port;
    time_t started;
    int locked;
    int lock_fd;
    pthread_t main_thread;
};

/* ---- what the control socket asks ---- */

static int verb_status(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    struct daemon *d = context;
    (void)bytes;
    control_reply_number(reply, "pid", getpid());
    control_reply_number(reply, "port", d->port);
    if (d->dashboard != NULL) {
        control_reply_number(reply, "dashboard_port", dashboard_port(d->dashboard));
    }
    control_reply_number(reply, "uptime_seconds", (int64_t)(time(NULL) - d->started));
    control_reply_number(reply, "memory_locked", d->locked);
    control_reply_number(reply, "connections", metrics_get(&d->metrics, METRIC_CONNECTIONS));
    control_reply_number(reply, "letters", metrics_get(&d->metrics, METRIC_LETTERS));
    return engine_status(d->engine, reply, fault);
}

/* What the daemon counts, and what its engine does. */
static size_t metrics_show(struct daemon *d, char *out, size_t out_len)
{
    uint64_t recorded = 0;
    uint64_t left_out = 0;
    engine_failures(d->engine, &recorded, &left_out);
    metrics_set(&d->metrics, METRIC_FAILURES, (int64_t)recorded);
    metrics_set(&d->metrics, METRIC_FAILURES_LEFT, (int64_t)left_out);
    return engine_metrics(d->engine, out, metrics_text(&d->metrics, out, out_len), out_len);
}

static int verb_metrics(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    static char text[METRICS_TEXT_MAX]; /* one client at a time */
    struct daemon *d = context;
    (void)bytes;
    (void)fault;
    (void)metrics_show(d, text, sizeof text);
    control_reply_text(reply, "metrics", text);
    return 0;
}

static int reload(struct daemon *d, struct fault *fault)
{
    int result = tls_reload(d->tls, fault) != 0 || dashboard_reload(d->dashboard, fault) != 0 ? -1 : 0;
    metrics_add(&d->metrics, METRIC_RELOADS, result == 0);
    log_say(result == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, result == 0 ? "reloaded" : "reload_failed", "what",
            fault->what, "hint", fault->hint, NULL);
    if (result == 0) {
        engine_resume(d->engine);
    }
    return result;
}

static int verb_reload(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    (void)bytes;
    (void)reply;
    return reload(context, fault);
}

/* The main thread ends everything; this wakes it. */
static int verb_stop(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    struct daemon *d = context;
    (void)bytes;
    control_reply_number(reply, "connections", metrics_get(&d->metrics, METRIC_CONNECTIONS));
    return pthread_kill(d->main_thread, SIGTERM) == 0 ? 0 : fault_set(fault, "the daemon cannot be told to stop");
}

static int verb_load(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    struct daemon *d = context;
    return engine_load(d->engine, bytes, reply, fault);
}

static int verb_order(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    struct daemon *d = context;
    (void)bytes;
    return engine_order(d->engine, reply, fault);
}

static int verb_record(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    struct daemon *d = context;
    return engine_record(d->engine, bytes, reply, fault);
}

static const struct control_verb verbs[] = {
    { "status", 0, 1, verb_status }, { "metrics", 0, 1, verb_metrics },
    { "reload", 0, 1, verb_reload }, { "stop", 0, 0, verb_stop },
    { "load", 1, 0, verb_load },     { "order", 0, 0, verb_order },
    { "record", 1, 0, verb_record }, { NULL, 0, 0, NULL },
};

/* ---- starting ---- */

static int folder_look(const char *dir, struct stat *info, struct fault *fault)
{
    if (stat(dir, info) == 0) {
        return 0;
    }
    const int error = errno;
    (void)fault_errno(fault, "%s", dir);
    return fault_hint(fault, "%s",
                      error == EACCES ? CONTROL_REACH_HINT : "an appliance's folder is made by: windlassd init");
}

static int folder_is_ours(const char *dir, struct fault *fault)
{
    struct stat info;
    if (folder_look(dir, &info, fault) != 0) {
        return -1;
    }
    if (info.st_uid != geteuid()) {
        const struct passwd *who = getpwuid(geteuid());
        (void)fault_set(fault, "%s: does not belong to the user that the appliance runs as", dir);
        return fault_hint(fault, "chown -R %s: %s", who == NULL ? "USER" : who->pw_name, dir);
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)fault_set(fault, "%s: others than its owner may use this folder", dir);
        return fault_hint(fault, "chmod 700 %s", dir);
    }
    return 0;
}

/* Root becomes the user it is told, or the one that the folder belongs to. */
static int user_become(const struct daemon_options *options, struct fault *fault)
{
    struct stat info;
    if (folder_look(options->dir, &info, fault) != 0) {
        return -1;
    }
    return options->user == NULL && errand_owner(options->dir, fault) != 0 ? -1 : confine_user(options->user, fault);
}

/* Nothing secret is in memory before this is done. */
static int privileges_drop(struct daemon *d, struct fault *fault)
{
    const struct server_limits *limits = &d->options->limits;
    unsigned beside = DESCRIPTORS_BESIDE + (d->options->dashboard == NULL ? 0 : DASHBOARD_DESCRIPTORS);
    (void)mallopt(M_ARENA_MAX, 4);
    if (confine_begin(limits->connections + 2 * limits->pending + beside, fault) != 0 ||
        user_become(d->options, fault) != 0 || folder_is_ours(d->options->dir, fault) != 0 ||
        confine_memory(d->options->locked, &d->locked, fault) != 0) {
        return -1;
    }
    metrics_add(&d->metrics, METRIC_LOCKED, d->locked);
    if (!d->locked) {
        log_say(LOG_LEVEL_WARNING, "memory_not_locked", "what", "the limit on locked memory is below 1 GiB", "hint",
                "raise it: LimitMEMLOCK=infinity, or ulimit -l unlimited", NULL);
    }
    return 0;
}

static int transport_open(struct daemon *d, struct fault *fault)
{
    char cert[600];
    char root[600];
    char crl[600];
    struct tls_config config = { .cert = cert, .root = root, .crl = crl, .hsm = d->hsm, .label = KEY_APPLIANCE };
    if (appliance_folder_path(&d->folder, "pki/" KEY_APPLIANCE ".crt", cert, sizeof cert, fault) != 0 ||
        appliance_folder_path(&d->folder, "pki/" KEY_ROOT ".crt", root, sizeof root, fault) != 0 ||
        appliance_folder_path(&d->folder, "pki/stations.crl", crl, sizeof crl, fault) != 0) {
        return -1;
    }
    return tls_server_open(&config, &d->tls, fault);
}

/* ---- the dashboard ---- */

static int show_line(void *context, struct dashboard_line *line, struct fault *fault)
{
    struct daemon *d = context;
    return engine_line(d->engine, line, fault);
}

static int show_units(void *context, const char *prefix, size_t max, struct dashboard_unit *out, size_t *count,
                      uint64_t *total, struct fault *fault)
{
    struct daemon *d = context;
    return engine_units(d->engine, prefix, max, out, count, total, fault);
}

static size_t show_metrics(void *context, char *out, size_t out_len)
{
    return metrics_show(context, out, out_len);
}

/* "127.0.0.1:8480" or "[::1]:8480"; the token is in the folder. */
static int dashboard_open(struct daemon *d, struct fault *fault)
{
    char host[64];
    char path[600];
    char token[DASHBOARD_TOKEN_MAX + 1];
    unsigned port = 0;
    const char *at = d->options->dashboard;
    if (at == NULL) {
        return d->options->dashboard_cert == NULL && d->options->dashboard_key == NULL &&
                       d->options->dashboard_clients == NULL && d->options->dashboard_crl == NULL
                   ? 0
                   : fault_set(fault, "files for the dashboard, and no --dashboard ADDRESS:PORT");
    }
    if (server_address_split(at, host, sizeof host, &port) != 0) {
        (void)fault_set(fault, "'%.60s' is not an address for the dashboard", at);
        return fault_hint(fault, "give ADDRESS:PORT with numbers, such as 127.0.0.1:8480");
    }
    if (appliance_folder_path(&d->folder, "dashboard.token", path, sizeof path, fault) != 0 ||
        dashboard_token_load(path, token, fault) != 0) {
        return -1;
    }
    const struct dashboard_config config = { .host = host,
                                             .port = (uint16_t)port,
                                             .certificate = d->options->dashboard_cert,
                                             .key = d->options->dashboard_key,
                                             .clients = d->options->dashboard_clients,
                                             .crl = d->options->dashboard_crl,
                                             .token = token,
                                             .source = { d, show_line, show_units, show_metrics } };
    int result = dashboard_start(&config, &d->dashboard, fault);
    wipe(token, sizeof token);
    return result;
}

static int all_open(struct daemon *d, struct fault *fault)
{
    if (control_lock(d->options->dir, &d->lock_fd, fault) != 0 ||
        appliance_folder_open(d->options->dir, &d->folder, &d->hsm, fault) != 0 || transport_open(d, fault) != 0 ||
        engine_open(&d->folder, d->hsm, d->options->token_needed, &d->engine, fault) != 0 ||
        engine_watch(d->engine, fault) != 0) {
        return -1;
    }
    const struct server_engine serve = engine_serve(d->engine);
    return server_open(d->tls, &serve, &d->options->limits, &d->metrics, &d->server, fault) != 0 ||
                   server_listen(d->server, d->folder.settings.listen, &d->port, fault) != 0 ||
                   control_open(d->options->dir, verbs, d, &d->control, fault) != 0 || dashboard_open(d, fault) != 0
               ? -1
               : 0;
}

static int all_start(struct daemon *d, struct fault *fault)
{
    return confine_calls(fault) != 0 || server_start(d->server, fault) != 0 || control_start(d->control, fault) != 0
               ? -1
               : 0;
}

/* ---- running ---- */

/* Until a signal says to stop. */
static void signals_serve(struct daemon *d, const sigset_t *waited)
{
    for (;;) {
        int signal = sigwaitinfo(waited, NULL);
        if (signal == SIGHUP) {
            struct fault fault = FAULT_NONE;
            notify_say("RELOADING=1");
            (void)reload(d, &fault);
            notify_say("READY=1");
        } else if (signal == SIGTERM || signal == SIGINT) {
            return;
        }
    }
}

static void all_close(struct daemon *d)
{
    if (d->server != NULL) {
        server_stop(d->server, GRACE_MS);
        server_close(d->server);
    }
    control_close(d->control);
    dashboard_stop(d->dashboard);
    engine_close(d->engine);
    tls_close(d->tls);
    hsm_close(d->hsm);
    if (d->lock_fd >= 0) {
        (void)close(d->lock_fd);
    }
}

int daemon_run(const struct daemon_options *options, struct fault *fault)
{
    sigset_t waited;
    char port[16];
    struct daemon *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return fault_set(fault, "no memory");
    }
    d->options = options;
    d->lock_fd = -1;
    d->started = time(NULL);
    d->main_thread = pthread_self();
    notify_open();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&waited);
    (void)sigaddset(&waited, SIGTERM);
    (void)sigaddset(&waited, SIGINT);
    (void)sigaddset(&waited, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &waited, NULL);
    int result = privileges_drop(d, fault) != 0 || all_open(d, fault) != 0 || all_start(d, fault) != 0 ? -1 : 0;
    if (result == 0) {
        (void)snprintf(port, sizeof port, "%u", d->port);
        log_say(LOG_LEVEL_INFO, "started", "folder", d->folder.dir, "listen", d->folder.settings.listen, "port", port,
                NULL);
        notify_say("READY=1");
        signals_serve(d, &waited);
        notify_say("STOPPING=1");
        log_say(LOG_LEVEL_INFO, "stopping", NULL);
    }
    all_close(d);
    log_stations_settle(1);
    if (result == 0) {
        log_say(LOG_LEVEL_INFO, "stopped", NULL);
    }
    free(d);
    return result;
}
