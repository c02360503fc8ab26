/* SPDX-License-Identifier: Apache-2.0 */
/* point: see point.h. */
#include "tests/crash/point.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "wire/flashctl.h"
#include "wire/layout.h"

#define CHIPS_MAX 4
#define TRIES 4 /* for a chip after the cut */
#define REST_MS 10000
#define SERVER_MS 60000

struct course {
    struct works_chip chips[CHIPS_MAX + 1]; /* the last one comes after the cut */
    struct visit *visits[CHIPS_MAX + 1];
    struct visit *again;
};

static int wrong(struct point *p, const char *what, const struct visit *v)
{
    if (p->wrong[0] == '\0') {
        (void)snprintf(p->wrong, sizeof p->wrong, "%s%s%s", what, v == NULL ? "" : ": ",
                       v == NULL ? "" : v->fault.what);
    }
    return -1;
}

/* ---- the cut ---- */

static void cut_arm(const struct point *p, enum cut_place place, unsigned at)
{
    struct cut *cut = p->works->cut;
    atomic_store(&cut->count, 0);
    atomic_store(&cut->hit, 0);
    atomic_store(&cut->left, 0);
    atomic_store(&cut->up, 0);
    atomic_store(&cut->at, at);
    atomic_store(&cut->place, place);
}

static void power_arm(const struct point *p, struct sim *sim, unsigned at)
{
    if (p->victim->place == CUT_POWER) { /* the chip is new: nothing was counted yet */
        sim->cut_at = at;
        sim->cut_mode = p->victim->mode;
        sim->cut_seed = at;
    }
}

static int server_dies(enum cut_place place)
{
    return place == CUT_DB_BEFORE || place == CUT_DB_AFTER;
}

/* windlassd looks at its ledger by itself, too: the server may die when all chips are done. The next one comes later.
 */
static void server_await(struct cut *cut)
{
    for (int waited = 0; !atomic_load(&cut->up); waited += 2) {
        if (waited > SERVER_MS) {
            works_give_up("the database's server does not come back");
        }
        (void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
}

/* 1 when it happened. */
static int cut_disarm(struct point *p, struct course *c)
{
    struct cut *cut = p->works->cut;
    const enum cut_place place = (enum cut_place)atomic_exchange(&cut->place, CUT_NOWHERE);
    int hit = atomic_load(&cut->hit) != 0;
    p->events = atomic_load(&cut->count);
    if (hit && server_dies(place)) {
        server_await(cut);
    }
    atomic_store(&cut->left, 0);
    if (p->victim->place == CUT_POWER) {
        struct sim *sim = &c->chips[0].room->sim;
        p->events = sim->operations;
        hit = sim->cut_at != 0 && sim->operations >= sim->cut_at;
        sim->cut_at = 0;
    }
    return hit;
}

/* ---- the course ---- */

static void all_visit(struct point *p, struct course *c)
{
    pid_t pids[CHIPS_MAX];
    for (unsigned i = 0; i < p->victim->chips; i++) {
        pids[i] = visit_begin(p->works, &c->chips[i], c->visits[i]);
    }
    for (unsigned i = 0; i < p->victim->chips; i++) {
        (void)waitpid(pids[i], NULL, 0);
    }
}

static int daemon_dies(enum cut_place place)
{
    return place == CUT_WRITE || place == CUT_CALL || place == CUT_ASKED || place == CUT_ANSWERED ||
           place == CUT_DB_ASKED || place == CUT_DB_ANSWERED;
}

/* What died once dies again on its way up. */
static void again_run(struct point *p, struct course *c, unsigned at)
{
    works_daemon_kill(p->works);
    cut_arm(p, CUT_WRITE, at % p->victim->again + 1);
    (void)works_daemon_start(p->works);
    const unsigned events = p->events;
    (void)cut_disarm(p, c);
    p->events = events;
}

static int load_run(struct point *p, struct course *c, unsigned at)
{
    works_package_make(p->works, p->victim->block);
    cut_arm(p, p->victim->place, at);
    (void)works_package_load(p->works);
    int hit = cut_disarm(p, c);
    works_mend(p->works, hit && daemon_dies(p->victim->place));
    p->units = 0;                            /* of the package that is loaded now */
    if (works_package_load(p->works) != 0) { /* the TPM has forgotten the order: another is made */
        works_package_make(p->works, p->victim->block);
        if (works_package_load(p->works) != 0) {
            (void)wrong(p, "no package can be loaded any more", NULL);
        }
    }
    return hit;
}

/* The cut, wherever it is. 1 when it happened. */
static int cut_run(struct point *p, struct course *c, unsigned at)
{
    if (p->victim->moment == POINT_LOAD) {
        return load_run(p, c, at);
    }
    if (p->victim->moment == POINT_START) {
        works_daemon_kill(p->works);
        cut_arm(p, p->victim->place, at);
        (void)works_daemon_start(p->works);
    } else {
        power_arm(p, &c->chips[0].room->sim, at);
        cut_arm(p, p->victim->place, at);
        all_visit(p, c);
    }
    int hit = cut_disarm(p, c);
    if (hit && p->victim->again != 0) {
        again_run(p, c, at);
    }
    works_mend(p->works, hit && p->victim->again == 0 && daemon_dies(p->victim->place));
    if (p->victim->moment == POINT_START && server_dies(p->victim->place)) {
        works_reload(p->works);
    }
    return hit;
}

static int is_locked(const struct room *room)
{
    const uint32_t *fuses = room->sim.fuses;
    return fuses[FUSE_LIFECYCLE] == 0xFFFF && fuses[FUSE_DEBUG_LOCK] == UINT32_MAX &&
           fuses[FUSE_BOOT_LOCK] == UINT32_MAX && fuses[FUSE_BOOT_LOCK_SECTORS] == LAYOUT_BOOT_SECTORS;
}

/* A chip that is called done is locked, and starts its application when it is switched on. */
static int done_check(struct point *p, struct works_chip *chip, const struct visit *v)
{
    if (!is_locked(chip->room)) {
        return wrong(p, "a chip that is not wholly locked was called done", NULL);
    }
    works_chip_off(chip);
    chip->room->rest = 0;
    works_chip_on(p->works, chip);
    for (int waited = 0; chip->room->rest == 0 && waited < REST_MS; waited++) {
        (void)nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
    return chip->room->rest == SIM_STARTED_APPLICATION ? 0 : wrong(p, "a chip that was called done does not boot", v);
}

/* What was given for it before it was done is what it has now. */
static int given_check(struct point *p, const struct works_chip *chip, const struct visit *v)
{
    const struct room *room = chip->room;
    return !room->given.changed && room->given.len == v->result.device_cert_len &&
                   memcmp(room->given.der, v->result.device_cert, room->given.len) == 0
               ? 0
               : wrong(p, "two certificates were given for one chip", NULL);
}

/* Until it is done, at most TRIES times. */
static int chip_finish(struct point *p, struct works_chip *chip, struct visit *v, int tries)
{
    for (int i = 0; !v->done && i < tries; i++) {
        works_chip_on(p->works, chip);
        visit_run(p->works, chip, v);
    }
    if (!v->done) {
        return wrong(p, tries == 1 ? "the next chip was not made" : "a chip was lost", v);
    }
    return done_check(p, chip, v) != 0 ? -1 : given_check(p, chip, v);
}

/* Once more: the stored result, the same bytes. */
static int chip_repeat(struct point *p, struct works_chip *chip, const struct visit *before, struct visit *again)
{
    const struct station_result *a = &before->result;
    const struct station_result *b = &again->result;
    visit_run(p->works, chip, again);
    if (!again->done) {
        return wrong(p, "a chip that is done was refused", again);
    }
    return a->number == b->number && a->device_cert_len == b->device_cert_len &&
                   a->update_cert_len == b->update_cert_len &&
                   memcmp(a->device_cert, b->device_cert, a->device_cert_len) == 0 &&
                   memcmp(a->update_cert, b->update_cert, a->update_cert_len) == 0
               ? 0
               : wrong(p, "a chip was given other certificates or another number", NULL);
}

/* ---- the books ---- */

static int ledger_check(struct point *p)
{
    struct works *w = p->works;
    char program[512];
    char count[24] = "0";
    const char *arguments[] = { "ledger",        "verify", "--project",     "p",       "--ledger",
                                works_ledger(w), "--head", "A/ledger.head", "--final", w->tpm ? "--count" : NULL,
                                count,           NULL };
    (void)snprintf(program, sizeof program, "%s/windlass", w->bin);
    if (w->tpm) {
        (void)snprintf(count, sizeof count, "%lu", works_status(w, "tpm_count"));
    }
    if (works_run(w, program, arguments) != 0) {
        char command[200];
        (void)snprintf(command, sizeof command, "cat %s", works_path(w, "out"));
        (void)fflush(stdout);
        (void)!system(command);
        return wrong(p, "the ledger is not sound", NULL);
    }
    return 0;
}

static int books_check(struct point *p)
{
    struct works *w = p->works;
    if (works_status(w, "reserved") != p->units || works_status(w, "done") != p->units) {
        return wrong(p, "the ledger has another number of units", NULL);
    }
    unsigned block = p->victim->block;
    const int refilled = p->victim->moment == POINT_LOAD; /* what was left of the package before is void */
    if (w->tpm && !refilled &&
        works_status(w, "tpm_count") > (p->units + block - 1) / block + p->points * p->victim->chips) {
        return wrong(p, "the TPM lost more than one unit for a cut", NULL);
    }
    return ledger_check(p);
}

/* ---- */

static void course_begin(struct point *p, struct course *c)
{
    memset(c, 0, sizeof *c);
    for (unsigned i = 0; i <= p->victim->chips; i++) {
        works_chip_make(p->works, &c->chips[i]);
        c->visits[i] = works_page(sizeof *c->visits[i]);
    }
    c->again = works_page(sizeof *c->again);
}

static void course_end(struct point *p, struct course *c)
{
    for (unsigned i = 0; i <= p->victim->chips; i++) {
        works_chip_remove(&c->chips[i]);
        works_page_free(c->visits[i], sizeof *c->visits[i]);
    }
    works_page_free(c->again, sizeof *c->again);
}

static void course_run(struct point *p, struct course *c)
{
    const unsigned chips = p->victim->chips;
    for (unsigned i = 0; i < chips; i++) {
        if (c->visits[i]->done && done_check(p, &c->chips[i], c->visits[i]) != 0) {
            return;
        }
    }
    for (unsigned i = 0; i <= chips; i++) {
        if (chip_finish(p, &c->chips[i], c->visits[i], i == chips ? 1 : TRIES) != 0) {
            return;
        }
        p->units++;
    }
    for (unsigned i = 0; i < chips; i++) {
        if (chip_repeat(p, &c->chips[i], c->visits[i], c->again) != 0) {
            return;
        }
    }
    (void)books_check(p);
}

enum point_end point_run(struct point *p, unsigned at)
{
    struct course c;
    p->wrong[0] = '\0';
    course_begin(p, &c);
    int hit = cut_run(p, &c, at);
    p->points++;
    course_run(p, &c);
    course_end(p, &c);
    return p->wrong[0] != '\0' ? POINT_FAILED : hit ? POINT_HELD : POINT_BEYOND;
}
