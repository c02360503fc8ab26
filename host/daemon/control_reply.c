/* SPDX-License-Identifier: Apache-2.0 */
/* control_reply: the JSON of an answer (control.h). */
#include <stdio.h>
#include <string.h>

#include "host/daemon/control.h"
#include "host/daemon/log.h"

#define TAIL 8 /* room that stays for the end */

static void reply_name(struct control_reply *reply, const char *name)
{
    size_t left = sizeof reply->text - reply->len;
    if (reply->full || left < strlen(name) + 8 + TAIL) {
        reply->full = 1;
        return;
    }
    reply->len += (size_t)snprintf(reply->text + reply->len, left, ",\"%s\":", name);
}

void control_reply_text(struct control_reply *reply, const char *name, const char *value)
{
    reply_name(reply, name);
    size_t left = sizeof reply->text - reply->len;
    /* Every character may need a second for its escape. */
    if (reply->full || left < 2 * strlen(value) + 3 + TAIL) {
        reply->full = 1;
        return;
    }
    reply->len += log_quote(value, reply->text + reply->len, left - TAIL);
}

void control_reply_number(struct control_reply *reply, const char *name, int64_t value)
{
    reply_name(reply, name);
    size_t left = sizeof reply->text - reply->len;
    if (reply->full || left < 24 + TAIL) {
        reply->full = 1;
        return;
    }
    reply->len += (size_t)snprintf(reply->text + reply->len, left, "%lld", (long long)value);
}

void control_reply_hex(struct control_reply *reply, const char *name, struct bytes value)
{
    reply_name(reply, name);
    size_t left = sizeof reply->text - reply->len;
    if (reply->full || left < 2 * value.len + 3 + TAIL) {
        reply->full = 1;
        return;
    }
    reply->text[reply->len++] = '"';
    for (size_t i = 0; i < value.len; i++) {
        reply->len += (size_t)snprintf(reply->text + reply->len, 3, "%02x", value.data[i]);
    }
    reply->text[reply->len++] = '"';
    reply->text[reply->len] = '\0';
}
