/* SPDX-License-Identifier: Apache-2.0 */
/* render: see render.h. The line. */
#include "host/dashboard/render.h"

#include <string.h>

#include <jansson.h>

#include "host/lib/text.h"

static const char *const socket_states[] = { "idle", "working", "done", "failed" };
static const char *const healths[] = { "sound", "watch", "damaged" };

json_t *render_text(const char *text)
{
    char clean[1024];
    text_clean(text, clean, sizeof clean);
    return json_string(clean);
}

static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *package_json(const struct dashboard_package *p)
{
    if (p->number == 0) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "number", number(p->number), "quota", number(p->quota), "made",
                     number(p->made), "under_way", number(p->under_way), "not_after", number(p->not_after));
}

static json_t *socket_json(const struct dashboard_socket *s)
{
    size_t state = (size_t)s->state < 4 ? (size_t)s->state : 0;
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "station", render_text(s->station), "socket",
                     render_text(s->socket), "state", socket_states[state], "step", render_text(s->step), "uid",
                     render_text(s->uid), "since", number(s->since));
}

static json_t *failure_json(const struct dashboard_failure *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "reason", render_text(f->reason), "hint",
                     render_text(f->hint), "count", number(f->count), "last", number(f->last), "station",
                     render_text(f->station), "socket", render_text(f->socket), "uid", render_text(f->uid), "alarm",
                     f->alarm);
}

static json_t *step_json(const struct dashboard_step *s)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "step", render_text(s->step), "count", number(s->count), "median_ms",
                     number(s->median_ms), "slow_ms", number(s->slow_ms));
}

static json_t *ledger_json(const struct dashboard_ledger *l)
{
    size_t health = (size_t)l->health < 3 ? (size_t)l->health : DASHBOARD_DAMAGED;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "health", healths[health], "text",
                     render_text(l->text), "hint", render_text(l->hint), "events",
                     l->events == 0 ? json_null() : number(l->events), "checkpoint",
                     l->checkpoint == 0 ? json_null() : number(l->checkpoint), "chain", l->chain, "tpm_count",
                     l->has_tpm ? number(l->tpm_count) : json_null(), "ledger_count", number(l->ledger_count));
}

static size_t at_most(size_t count, size_t max)
{
    return count < max ? count : max;
}

static void lists_add(json_t *root, const struct dashboard_line *line)
{
    json_t *minutes = json_array();
    json_t *sockets = json_array();
    json_t *failures = json_array();
    json_t *steps = json_array();
    for (size_t i = 0; i < DASHBOARD_MINUTES; i++) {
        (void)json_array_append_new(minutes, number(line->minutes[i]));
    }
    for (size_t i = 0; i < at_most(line->socket_count, DASHBOARD_SOCKETS_MAX); i++) {
        (void)json_array_append_new(sockets, socket_json(&line->sockets[i]));
    }
    for (size_t i = 0; i < at_most(line->failure_count, DASHBOARD_FAILURES_MAX); i++) {
        (void)json_array_append_new(failures, failure_json(&line->failures[i]));
    }
    for (size_t i = 0; i < at_most(line->step_count, DASHBOARD_STEPS_MAX); i++) {
        (void)json_array_append_new(steps, step_json(&line->steps[i]));
    }
    (void)json_object_set_new(root, "minutes", minutes);
    (void)json_object_set_new(root, "sockets", sockets);
    (void)json_object_set_new(root, "failures", failures);
    (void)json_object_set_new(root, "steps", steps);
}

/* Ends `root`. */
static char *dump(json_t *root)
{
    char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

char *render_line(const struct dashboard_line *line, const struct fault *fault)
{
    if (fault != NULL) {
        return dump(
            json_pack("{s:{s:o, s:o}}", "fault", "what", render_text(fault->what), "hint", render_text(fault->hint)));
    }
    json_t *root = json_pack("{s:n, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "fault", "product",
                             render_text(line->product), "appliance", render_text(line->appliance), "release",
                             render_text(line->version), "package", package_json(&line->package), "tried",
                             number(line->tried), "good", number(line->good), "quarantined", number(line->quarantined),
                             "stations", number(line->stations), "sockets_total", number(line->sockets_total), "ledger",
                             ledger_json(&line->ledger));
    if (root != NULL) {
        lists_add(root, line);
    }
    return dump(root);
}

char *render_fault(const char *what, const char *hint)
{
    return dump(json_pack("{s:o, s:o}", "what", render_text(what), "hint", render_text(hint)));
}

static json_t *unit_json(const struct dashboard_unit *u)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "uid",
                     render_text(u->uid), "number", number(u->number), "package", number(u->package), "state",
                     render_text(u->state), "sequence", number(u->sequence), "grant", u->has_grant, "receipt",
                     u->has_receipt, "token", u->has_token, "certificates", u->device_cert.len != 0, "reserved_at",
                     render_text(u->reserved_at), "checked_at", render_text(u->checked_at), "done_at",
                     render_text(u->done_at), "quarantined_at", render_text(u->quarantined_at), "debugged_at",
                     render_text(u->debugged_at));
}

char *render_units(const struct dashboard_unit *units, size_t count, uint64_t total)
{
    json_t *list = json_array();
    for (size_t i = 0; i < at_most(count, DASHBOARD_MATCHES_MAX); i++) {
        (void)json_array_append_new(list, unit_json(&units[i]));
    }
    return dump(json_pack("{s:o, s:o}", "total", number(total), "units", list));
}

char *render_certificates(const struct dashboard_unit *unit)
{
    return dump(json_pack("{s:o, s:o, s:o}", "uid", render_text(unit->uid), "device", render_cert(&unit->device_cert),
                          "update", render_cert(&unit->update_cert)));
}
