/* SPDX-License-Identifier: Apache-2.0 */
/* server_admit: how a connection becomes a station's, and how it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/daemon/log.h"
#include "host/daemon/server_room.h"

/* With the lock held. */
static unsigned station_count(const struct server *s, const char *station)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->place_count; i++) {
        const struct conn *c = &s->places[i];
        count += c->tls != NULL && c->known && strcmp(c->station, station) == 0;
    }
    return count;
}

/* With the lock held. */
static enum server_end place_admit(struct conn *conn, struct fault *fault)
{
    struct server *s = conn->server;
    if (atomic_load(&s->stopping)) {
        (void)fault_set(fault, "the appliance is being stopped");
        return END_STOPPED;
    }
    if (s->known >= s->limits.connections) {
        (void)fault_set(fault, "the appliance has %u connections, which is its limit", s->known);
        return END_FULL;
    }
    if (station_count(s, tls_conn_peer(conn->tls)) >= s->limits.per_station) {
        (void)fault_set(fault, "this station has %u connections already, which is its limit", s->limits.per_station);
        return END_STATION_LIMIT;
    }
    (void)snprintf(conn->station, sizeof conn->station, "%s", tls_conn_peer(conn->tls));
    conn->known = 1;
    s->known++;
    s->pending--;
    metrics_add(s->metrics, METRIC_PENDING, -1);
    metrics_add(s->metrics, METRIC_CONNECTIONS, 1);
    return END_NONE;
}

enum server_end server_admit(struct conn *conn, struct fault *fault)
{
    struct server *s = conn->server;
    metrics_add(s->metrics, METRIC_HANDSHAKES, 1);
    (void)pthread_mutex_lock(&s->lock);
    enum server_end why = place_admit(conn, fault);
    (void)pthread_mutex_unlock(&s->lock);
    if (why != END_NONE) {
        return why;
    }
    if (s->engine.open(s->engine.engine, conn->station, &conn->state) != 0) {
        conn->state = NULL;
        (void)fault_set(fault, "the appliance does not serve this station now");
        return END_ENGINE;
    }
    log_say_station(LOG_LEVEL_INFO, "station_connected", conn->station, "peer", conn->address, NULL);
    return END_NONE;
}

void server_end_say(struct conn *conn, enum server_end why, const struct fault *fault)
{
    /* What the keeper decided is the reason, whatever the worker saw of it. */
    int cut = atomic_load(&conn->cut);
    why = cut != END_NONE ? (enum server_end)cut : why;
    metrics_add(conn->server->metrics, METRIC_END_BYE - 1 + (enum metric)why, 1);
    const char *what = fault == NULL ? "" : fault->what;
    const char *hint = fault == NULL ? "" : fault->hint;
    if (conn->known) {
        log_say_station(why == END_BYE || why == END_STOPPED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "station_left",
                        conn->station, "peer", conn->address, "reason", server_end_name(why), "what", what, "hint",
                        hint, NULL);
    } else if (why != END_STOPPED) {
        log_say_stranger(LOG_LEVEL_WARNING, "connection_refused", "peer", conn->address, "claims",
                         tls_conn_peer(conn->tls), "reason", server_end_name(why), "what", what, "hint", hint, NULL);
    }
}

void server_end_conn(struct conn *conn, enum server_end why, const struct fault *fault)
{
    struct server *s = conn->server;
    struct tls_conn *tls = conn->tls;
    if (conn->stage != CONN_LINGERING) {
        server_end_say(conn, why, fault);
    }
    if (conn->state != NULL) {
        s->engine.close(s->engine.engine, conn->state);
        conn->state = NULL;
    }
    free(conn->letter);
    free(conn->out);
    conn->letter = NULL;
    conn->out = NULL;
    (void)pthread_mutex_lock(&s->lock);
    metrics_add(s->metrics, conn->known ? METRIC_CONNECTIONS : METRIC_PENDING, -1);
    s->known -= conn->known ? 1 : 0;
    s->pending -= conn->known ? 0 : 1;
    s->used--;
    conn->tls = NULL;
    tls_conn_close(tls);
    (void)pthread_mutex_unlock(&s->lock);
}
