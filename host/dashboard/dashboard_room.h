/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_room: what the files of this room share. Nobody outside includes it. */
#ifndef HOST_DASHBOARD_DASHBOARD_ROOM_H
#define HOST_DASHBOARD_DASHBOARD_ROOM_H

#include <pthread.h>

#include <microhttpd.h>

#include "host/dashboard/dashboard.h"
#include "host/dashboard/feed.h"
#include "host/dashboard/guard.h"
#include "host/dashboard/login.h"
#include "host/dashboard/visitor.h"

#define DASHBOARD_PER_ADDRESS_MAX 128
#define DASHBOARD_CONNECTION_BYTES 16384 /* request line and headers, at most */
#define DASHBOARD_IDLE_SECONDS 15
#define DASHBOARD_FORM_MAX 512 /* bytes of a login form */

struct dashboard {
    struct dashboard_source source;
    struct login login;
    struct feed feed;
    struct guard guard;
    struct MHD_Daemon *daemon;
    int listener;
    uint16_t port;
    int secure;                   /* HTTPS */
    struct visitors *visitors;    /* NULL: certificates of clients are not looked at */
    struct dashboard_unit *units; /* DASHBOARD_MATCHES_MAX; of the serving thread */
    char *metrics;                /* DASHBOARD_METRICS_MAX; likewise */
};

/* A request under way. */
struct request {
    int listened; /* 1: has waited for news */
    size_t form_len;
    int form_too_long;
    char form[DASHBOARD_FORM_MAX];
};

/* MHD_AccessHandlerCallback; `context` is the struct dashboard. */
enum MHD_Result serve_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *data_len, void **state);
/* MHD_RequestCompletedCallback: wipes and frees the request. */
void serve_request_end(void *context, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

/* A response with the headers that all have; `body` is copied. NULL when there is no memory. */
struct MHD_Response *answer_build(const char *type, const void *body, size_t len);
/* The same around malloc'd memory, which the response frees; also when it cannot be built. */
struct MHD_Response *answer_build_owned(const char *type, char *body, size_t len);
/* Queues it and lets go of it. */
enum MHD_Result answer_send(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response);
/* {"what": ..., "hint": ...} */
enum MHD_Result answer_refuse(struct MHD_Connection *connection, unsigned status, const char *what, const char *hint);

/* The page and what belongs to it, made of page/ by the build. */
struct page_file {
    const char *path; /* of the URL; the last one is NULL */
    const char *type;
    int open; /* 1: also for who is not logged in */
    const unsigned char *data;
    size_t len;
};
extern const struct page_file page_files[];
/* NULL when there is none. */
const struct page_file *page_file_find(const char *path);

#endif
