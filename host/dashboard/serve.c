/* SPDX-License-Identifier: Apache-2.0 */
/* serve: which request gets which answer. Reads only: the one POST is the login. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/wipe.h"
#include "host/dashboard/dashboard_room.h"
#include "host/dashboard/render.h"
#include "host/dashboard/visitor.h"

#define JSON "application/json"

static const char *cookie_name(const struct dashboard *d)
{
    return d->secure ? "__Host-windlass" : "windlass";
}

static const struct sockaddr *address_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

static const char *value_of(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *name)
{
    return MHD_lookup_connection_value(connection, kind, name);
}

enum entry { ENTRY_OPEN, ENTRY_NO, ENTRY_BLOCKED };

/* A cookie, or the token itself for programs: "Authorization: Bearer" (RFC 6750 section 2.1); or a certificate. */
static enum entry entry_check(struct dashboard *d, struct MHD_Connection *connection)
{
    uint64_t now = (uint64_t)time(NULL);
    const char *cookie = value_of(connection, MHD_COOKIE_KIND, cookie_name(d));
    const char *bearer = value_of(connection, MHD_HEADER_KIND, "Authorization");
    if (cookie != NULL && login_cookie_check(&d->login, cookie, now)) {
        return ENTRY_OPEN;
    }
    if (d->visitors != NULL && visitor_is_known(d->visitors, connection)) {
        return ENTRY_OPEN;
    }
    if (bearer == NULL) {
        return ENTRY_NO;
    }
    if (login_is_blocked(&d->login, address_of(connection), now)) {
        return ENTRY_BLOCKED;
    }
    if (strncmp(bearer, "Bearer ", 7) == 0 && login_token_check(&d->login, bearer + 7, strlen(bearer + 7))) {
        return ENTRY_OPEN;
    }
    login_failed(&d->login, address_of(connection), now);
    return ENTRY_NO;
}

static enum MHD_Result file_send(struct MHD_Connection *connection, unsigned status, const struct page_file *file)
{
    struct MHD_Response *response = answer_build(file->type, file->data, file->len);
    if (response != NULL && status == MHD_HTTP_UNAUTHORIZED) {
        (void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"windlass\"");
    }
    return answer_send(connection, status, response);
}

static enum MHD_Result redirect(struct MHD_Connection *connection, const char *to, const char *cookie)
{
    struct MHD_Response *response = answer_build("text/plain; charset=utf-8", "", 0);
    if (response != NULL) {
        (void)MHD_add_response_header(response, "Location", to);
    }
    if (response != NULL && cookie != NULL) {
        (void)MHD_add_response_header(response, "Set-Cookie", cookie);
    }
    return answer_send(connection, MHD_HTTP_SEE_OTHER, response);
}

static enum MHD_Result login_try(struct dashboard *d, struct MHD_Connection *connection, const struct request *r)
{
    uint64_t now = (uint64_t)time(NULL);
    char value[LOGIN_COOKIE_MAX];
    char cookie[LOGIN_COOKIE_MAX + 128];
    if (login_is_blocked(&d->login, address_of(connection), now)) {
        return redirect(connection, "/login#blocked", NULL);
    }
    /* The form of login.html has one field; what needs percent-encoding is in no token but +/=. */
    char token[DASHBOARD_FORM_MAX + 1];
    memcpy(token, r->form, r->form_len);
    token[r->form_len] = '\0';
    int fine = !r->form_too_long && strncmp(token, "token=", 6) == 0;
    size_t len = fine ? MHD_http_unescape(token + 6) : 0;
    fine = fine && login_token_check(&d->login, token + 6, len) && login_cookie_make(&d->login, now, value) == 0;
    wipe(token, sizeof token);
    if (!fine) {
        login_failed(&d->login, address_of(connection), now);
        return redirect(connection, "/login#wrong", NULL);
    }
    (void)snprintf(cookie, sizeof cookie, "%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", cookie_name(d),
                   value, LOGIN_DAYS * 86400, d->secure ? "; Secure" : "");
    return redirect(connection, "/", cookie);
}

static enum MHD_Result text_send(struct MHD_Connection *connection, const char *type, char *text)
{
    return answer_send(connection, MHD_HTTP_OK, answer_build_owned(type, text, text == NULL ? 0 : strlen(text)));
}

/* Lower-case digits of ?uid= to `out`; 0 when it is no beginning of a unique ID. Blanks, colons and dashes between
 * digits, as people write them, are left out. */
static int uid_read(struct MHD_Connection *connection, char out[33])
{
    const char *text = value_of(connection, MHD_GET_ARGUMENT_KIND, "uid");
    size_t len = 0;
    for (; text != NULL && *text != '\0'; text++) {
        if (strchr(" :-", *text) != NULL) {
            continue;
        }
        if (!isxdigit((unsigned char)*text) || len == 32) {
            return 0;
        }
        out[len++] = (char)tolower((unsigned char)*text);
    }
    out[len] = '\0';
    return len > 0;
}

static enum MHD_Result units_send(struct dashboard *d, struct MHD_Connection *connection, int certificates)
{
    struct fault fault = FAULT_NONE;
    char uid[33];
    size_t count = 0;
    uint64_t total = 0;
    if (!uid_read(connection, uid) || (certificates && strlen(uid) != 32)) {
        return answer_refuse(connection, MHD_HTTP_BAD_REQUEST, "that is no unique ID",
                             certificates ? "32 hexadecimal digits" : "1 to 32 hexadecimal digits");
    }
    if (d->source.units(d->source.context, uid, DASHBOARD_MATCHES_MAX, d->units, &count, &total, &fault) != 0) {
        return answer_refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, fault.what, fault.hint);
    }
    if (!certificates) {
        return text_send(connection, JSON, render_units(d->units, count, total));
    }
    if (count != 1 || d->units[0].device_cert.len == 0) {
        return answer_refuse(connection, MHD_HTTP_NOT_FOUND, "no certificate was made for such a unit", "");
    }
    return text_send(connection, JSON, render_certificates(&d->units[0]));
}

static enum MHD_Result line_send(struct dashboard *d, struct MHD_Connection *connection, struct request *r)
{
    const char *seen = value_of(connection, MHD_GET_ARGUMENT_KIND, "after");
    if (seen != NULL && !r->listened && feed_listen(&d->feed, connection, strtoull(seen, NULL, 10))) {
        r->listened = 1;
        return MHD_YES;
    }
    return feed_send(&d->feed, connection);
}

static enum MHD_Result metrics_send(struct dashboard *d, struct MHD_Connection *connection)
{
    if (d->source.metrics == NULL) {
        return answer_refuse(connection, MHD_HTTP_NOT_FOUND, "this appliance tells no metrics", "");
    }
    size_t len = d->source.metrics(d->source.context, d->metrics, DASHBOARD_METRICS_MAX);
    len = len < DASHBOARD_METRICS_MAX ? len : DASHBOARD_METRICS_MAX - 1;
    return answer_send(connection, MHD_HTTP_OK, answer_build("text/plain; version=0.0.4", d->metrics, len));
}

static enum MHD_Result stranger_answer(struct MHD_Connection *connection, const char *url, enum entry entry)
{
    if (entry == ENTRY_BLOCKED) {
        return answer_refuse(connection, MHD_HTTP_TOO_MANY_REQUESTS, "too many wrong tokens from this address",
                             "wait a minute");
    }
    if (strcmp(url, "/") == 0) {
        return file_send(connection, MHD_HTTP_UNAUTHORIZED, page_file_find("/login"));
    }
    return answer_refuse(connection, MHD_HTTP_UNAUTHORIZED, "not logged in", "Authorization: Bearer TOKEN");
}

static enum MHD_Result get_answer(struct dashboard *d, struct MHD_Connection *connection, const char *url,
                                  struct request *r)
{
    const struct page_file *file = page_file_find(url);
    if (file != NULL && file->open) {
        return file_send(connection, MHD_HTTP_OK, file);
    }
    if (strcmp(url, "/health") == 0) {
        int alive = feed_alive(&d->feed);
        return answer_send(connection, alive ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                           answer_build("text/plain", alive ? "well\n" : "stuck\n", alive ? 5 : 6));
    }
    enum entry entry = r->listened ? ENTRY_OPEN : entry_check(d, connection);
    if (entry != ENTRY_OPEN) {
        return stranger_answer(connection, url, entry);
    }
    if (file != NULL) {
        return file_send(connection, MHD_HTTP_OK, file);
    }
    if (strcmp(url, "/api/line") == 0) {
        return line_send(d, connection, r);
    }
    if (strcmp(url, "/api/unit") == 0 || strcmp(url, "/api/certificate") == 0) {
        return units_send(d, connection, strcmp(url, "/api/certificate") == 0);
    }
    if (strcmp(url, "/metrics") == 0) {
        return metrics_send(d, connection);
    }
    return answer_refuse(connection, MHD_HTTP_NOT_FOUND, "there is no such page", "");
}

static void form_take(struct request *r, const char *data, size_t len)
{
    if (len > sizeof r->form - r->form_len) {
        r->form_too_long = 1;
        return;
    }
    memcpy(r->form + r->form_len, data, len);
    r->form_len += len;
}

enum MHD_Result serve_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *data_len, void **state)
{
    (void)version;
    struct dashboard *d = context;
    int reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    int logs_in = strcmp(method, "POST") == 0 && strcmp(url, "/login") == 0;
    if (!reads && !logs_in) {
        return answer_refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "this page can only be read", "");
    }
    struct request *r = *state;
    if (r == NULL) {
        *state = calloc(1, sizeof *r);
        return *state == NULL ? MHD_NO : MHD_YES;
    }
    if (*data_len != 0) {
        form_take(r, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    return logs_in ? login_try(d, connection, r) : get_answer(d, connection, url, r);
}

void serve_request_end(void *context, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct dashboard *d = context;
    const union MHD_ConnectionInfo *place = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (place != NULL) {
        guard_renew(&d->guard, (uintptr_t)place->socket_context);
    }
    if (*state != NULL) {
        wipe(*state, sizeof(struct request));
        free(*state);
        *state = NULL;
    }
}
