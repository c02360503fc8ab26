/* SPDX-License-Identifier: Apache-2.0 */
/*
 * works: the processes of a factory that was made by scene.sh: windlassd, the TPM and the database's server behind
 * their walls, chips. Whoever died is started again. What must not fail ends the sweep.
 */
#ifndef TESTS_CRASH_WORKS_H
#define TESTS_CRASH_WORKS_H

#include <sys/types.h>

#include "tests/crash/cut.h"
#include "tests/crash/room.h"

enum works_kind {
    WORKS_OPEN,     /* bare chips with a debug port */
    WORKS_SECURE,   /* chips with a key of their vendor's: the secure channel */
    WORKS_POSTGRES, /* bare chips; the ledger is in a PostgreSQL server */
    WORKS_KINDS
};

struct works {
    enum works_kind kind;
    char dir[64];               /* scene.sh made it here */
    const char *bin;            /* folder of windlass and windlassd */
    const char *here;           /* folder of crash_chip and the wall */
    const char *daemon_program; /* the windlassd that is run; NULL: the one in bin */
    int stays;                  /* 1: the folder is kept */
    int tpm;                    /* 1: there is one */
    struct cut *cut;
    pid_t daemon;
    pid_t *watched; /* the same, on a page that is shared */
    unsigned port;  /* of windlassd */
    pid_t tpm_wall;
    pid_t postgres_wall;
    unsigned logs;     /* windlassd was started so many times */
    unsigned packages; /* number of the last one; never again lower */
};

struct works_plan {
    const char *bin;
    const char *here;
    const char *daemon;
    const char *factory; /* folder that is made when it is not there, and stays; NULL: one that does not */
    unsigned block;      /* units for one operation of the TPM; 0: no TPM */
    enum works_kind kind;
};
/* Makes the folder and the scene in it. Of the plan's texts no copies are made. */
void works_make(struct works *works, const struct works_plan *plan);
/* Ends all processes and brings appliance and TPM back to where scene.sh left them. */
void works_restore(struct works *works);
void works_remove(struct works *works);
/* Starts windlassd; 1 when it serves, 0 when it died before. */
int works_daemon_start(struct works *works);
void works_daemon_kill(struct works *works);
/* Starts windlassd again when it died. `killed`: it is known to be dying. */
void works_mend(struct works *works, int killed);
/* As windlassd itself asks for when it started without its package, because the database was away. */
void works_reload(struct works *works);
/* A number of windlassd's status. */
unsigned long works_status(struct works *works, const char *name);
/* The maker makes the next production package; `block` as in the plan. */
void works_package_make(struct works *works, unsigned block);
/* windlassd loads it: its exit code. */
int works_package_load(struct works *works);
/* "<dir>/<name>" in a buffer that the next call but three reuses. */
const char *works_path(const struct works *works, const char *name);
/* Runs a program with its output in <dir>/out; its exit code. `arguments` end with NULL. */
int works_run(const struct works *works, const char *program, const char *const *arguments);
/* Where the ledger is. */
const char *works_ledger(const struct works *works);
/* A page that all processes share. */
void *works_page(size_t len);
void works_page_free(void *page, size_t len);
_Noreturn void works_give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- works_chip.c ---- */

struct works_chip {
    char path[80];
    struct room *room;
    pid_t pid; /* 0: it is off */
};
/* A new chip, switched on. */
void works_chip_make(struct works *works, struct works_chip *chip);
/* Switches it on, when it is off or lost its power. */
void works_chip_on(struct works *works, struct works_chip *chip);
void works_chip_off(struct works_chip *chip);
void works_chip_remove(struct works_chip *chip);

/* ---- works_tpm.c ---- */

/* The process that has the TPM and stands before its sockets. Does not return. */
_Noreturn void works_tpm_run(const struct works *works);

/* ---- works_postgres.c ---- */

/* The process that has the server and stands before its socket. Does not return; SIGTERM ends it and the server. */
_Noreturn void works_postgres_run(const struct works *works);

#endif
