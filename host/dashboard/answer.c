/* SPDX-License-Identifier: Apache-2.0 */
/* answer: responses, and the headers that each of them has. */
#include <stdlib.h>
#include <string.h>

#include "host/dashboard/dashboard_room.h"
#include "host/dashboard/render.h"

static const struct {
    const char *name;
    const char *value;
} headers[] = {
    { "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action "
      "'self'; "
      "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
    { "Cache-Control", "no-store" },
};

static struct MHD_Response *response_dress(struct MHD_Response *response, const char *type)
{
    int fine = response != NULL && MHD_add_response_header(response, "Content-Type", type) == MHD_YES;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0] && fine; i++) {
        fine = MHD_add_response_header(response, headers[i].name, headers[i].value) == MHD_YES;
    }
    if (!fine && response != NULL) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

struct MHD_Response *answer_build(const char *type, const void *body, size_t len)
{
    /* libmicrohttpd takes a pointer to what it copies and does not change. */
    void *copied = (void *)(uintptr_t)body;
    return response_dress(MHD_create_response_from_buffer(len, copied, MHD_RESPMEM_MUST_COPY), type);
}

struct MHD_Response *answer_build_owned(const char *type, char *body, size_t len)
{
    struct MHD_Response *response =
        body == NULL ? NULL : MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(body);
    }
    return response_dress(response, type);
}

enum MHD_Result answer_send(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    if (response == NULL) {
        return MHD_NO; /* no memory: the connection ends */
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answer_refuse(struct MHD_Connection *connection, unsigned status, const char *what, const char *hint)
{
    char *text = render_fault(what, hint);
    struct MHD_Response *response = answer_build_owned("application/json", text, text == NULL ? 0 : strlen(text));
    if (response != NULL && status == MHD_HTTP_UNAUTHORIZED) {
        (void)MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"windlass\"");
    } else if (response != NULL && status == MHD_HTTP_TOO_MANY_REQUESTS) {
        (void)MHD_add_response_header(response, "Retry-After", "60");
    } else if (response != NULL && status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    return answer_send(connection, status, response);
}
