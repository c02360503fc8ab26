/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard_scene: a source for the dashboard that follows a script instead of a line: `empty`, `busy` (moves with the
 * clock), `spent` (the quota is used up), `damaged` (the ledger is), `hostile` (names and IDs that are HTML), `full`
 * (600 sockets).
 */
#ifndef TESTS_SYSTEM_DASHBOARD_SCENE_H
#define TESTS_SYSTEM_DASHBOARD_SCENE_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/dashboard/dashboard.h"

#define SCENE_HOSTILE "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>\"'&"

struct scene {
    const char *name;
    uint64_t opened;      /* unix seconds */
    struct cert cert;     /* of every unit; made at the start */
    atomic_ulong asked;   /* how often the line was asked for */
    pthread_mutex_t lock; /* of what follows */
    char failure[256];    /* one more failure, the newest, when not empty */
    uint64_t failed_at;
    uint64_t failures; /* how often */
    char fault[256];   /* the source fails with this text when not empty */
    int hangs;         /* the source does not come back */
};

/* 0, or -1 when there is no scene of this name. */
int scene_open(struct scene *scene, const char *name);
void scene_close(struct scene *scene);
struct dashboard_source scene_source(struct scene *scene);
/* The named failure happens, now. */
void scene_fail(struct scene *scene, const char *reason);
/* The source fails from now on; an empty text: no longer. */
void scene_fault(struct scene *scene, const char *what);
void scene_hang(struct scene *scene, int on);

#endif
