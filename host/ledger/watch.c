/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: looks through a ledger that is in use, some events at a time: links and the newest checkpoint (ledger.h). The
 * rules, the signatures and the certificates are the auditor's.
 */
#include <string.h>

#include "host/ledger/ledger_room.h"

struct walk {
    const struct ledger *ledger;
    struct ledger_watch *watch;
    size_t seen;
    int broken; /* 1: the event behind watch->seq is not linked to it */
};

static int event_row(void *context, const struct store_value *c)
{
    struct walk *w = context;
    struct ledger_watch *watch = w->watch;
    uint8_t link[EVENT_LINK_LEN];
    const struct event event = { (uint64_t)c[2].number, (uint64_t)c[3].number, (unsigned)c[4].number, c[5].bytes };
    w->seen++;
    if (bytes_equal(c[1].bytes, bytes_of(w->ledger->chain, sizeof w->ledger->chain))) {
        event_link(watch->link, &event, link);
        if (event.seq != watch->seq + 1 || !bytes_equal(c[6].bytes, bytes_of(link, sizeof link))) {
            w->broken = 1;
            return 1;
        }
        watch->seq = event.seq;
        memcpy(watch->link, link, sizeof link);
    }
    watch->position = (uint64_t)c[0].number;
    return 0;
}

static int broken(const struct ledger_watch *watch, struct fault *fault)
{
    (void)fault_set(fault, "ledger: event %llu is not linked to the one before", (unsigned long long)watch->seq + 1);
    (void)fault_hint(fault, "stop the line, keep a copy of the ledger as it is, and have the OEM verify it");
    return LEDGER_WATCH_DAMAGED;
}

/* ---- the newest checkpoint ---- */

struct newest {
    struct ledger_watch *watch;
    const uint8_t *records;
    int wrong;
    struct checkpoint checkpoint;
};

static int checkpoint_row(void *context, const struct store_value *c)
{
    struct newest *n = context;
    n->wrong = checkpoint_parse(c[1].bytes, &n->checkpoint) != STATUS_OK ||
               n->checkpoint.seq != (uint64_t)c[0].number || checkpoint_check(c[1].bytes, n->records) != STATUS_OK;
    return 0;
}

static int link_row(void *context, const struct store_value *c)
{
    struct newest *n = context;
    n->wrong = !bytes_equal(c[0].bytes, bytes_of(n->checkpoint.link, sizeof n->checkpoint.link));
    return 1;
}

/* The events that were there at the last look must be covered by now: a transaction writes both. */
static int newest_judge(const struct newest *n, int linked, struct fault *fault)
{
    struct ledger_watch *watch = n->watch;
    if (n->wrong || (n->checkpoint.seq != 0 && !linked)) {
        (void)fault_set(fault,
                        "ledger: the newest checkpoint is not one of this ledger by this appliance's records key");
    } else if (n->checkpoint.seq < watch->events) {
        (void)fault_set(fault, "ledger: no checkpoint covers event %llu", (unsigned long long)watch->events);
    } else {
        watch->checkpoint = n->checkpoint.seq;
        watch->time = n->checkpoint.time;
        return 0;
    }
    (void)fault_hint(fault, "stop the line, keep a copy of the ledger as it is, and have the OEM verify it");
    return LEDGER_WATCH_DAMAGED;
}

static int last_row(void *context, const struct store_value *c)
{
    *(uint64_t *)context = (uint64_t)c[0].number;
    return 0;
}

/* With the reader held. */
static int newest_check(struct ledger *ledger, struct newest *n, struct fault *fault)
{
    uint64_t events = 0;
    const struct store_value chain[] = { store_bytes(ledger->chain, sizeof ledger->chain) };
    const struct store_query last = { STORE_CHECKPOINT_LAST, chain, 1, checkpoint_row, n };
    const struct store_query end = { STORE_CHAIN_LAST, chain, 1, last_row, &events };
    if (store_run(&ledger->reader, &last, fault) < 0) {
        return -1;
    }
    const struct store_value at[] = { chain[0], store_number(n->checkpoint.seq) };
    const struct store_query link = { STORE_EVENT_LINK, at, 2, link_row, n };
    int linked = n->wrong ? 0 : store_run(&ledger->reader, &link, fault);
    int judged = linked < 0 ? -1 : newest_judge(n, linked, fault);
    if (judged != 0 || store_run(&ledger->reader, &end, fault) < 0) {
        return judged != 0 ? judged : -1;
    }
    n->watch->events = events;
    return 0;
}

int ledger_watch_step(struct ledger *ledger, struct ledger_watch *watch, size_t max, const uint8_t records[64],
                      struct fault *fault)
{
    struct walk walk = { ledger, watch, 0, 0 };
    struct newest newest = { .watch = watch, .records = records };
    const struct store_value arguments[] = { store_number(watch->position), store_number(max) };
    const struct store_query query = { STORE_EVENTS_AFTER, arguments, 2, event_row, &walk };
    (void)pthread_mutex_lock(&ledger->reading);
    int result = store_run(&ledger->reader, &query, fault) < 0 ? -1 : newest_check(ledger, &newest, fault);
    (void)pthread_mutex_unlock(&ledger->reading);
    if (walk.broken) {
        return broken(watch, fault);
    }
    return result != 0 ? result : walk.seen == max ? LEDGER_WATCH_MORE : LEDGER_WATCH_END;
}
