/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard: the line on a screen: a page, and what it shows as JSON, over HTTP. Read-only: it asks a source that its
 * caller fills and changes nothing. Never touches HSM, TPM or ledger itself. docs/spec.md, "The dashboard".
 */
#ifndef HOST_DASHBOARD_DASHBOARD_H
#define HOST_DASHBOARD_DASHBOARD_H

#include <stddef.h>
#include <stdint.h>

#include "host/lib/cert.h"
#include "host/lib/fault.h"

#define DASHBOARD_TEXT_MAX 256 /* bytes of a text with its NUL; any bytes, what is no text is shown as '?' */
#define DASHBOARD_NAME_MAX 64  /* a name with its NUL */
#define DASHBOARD_SOCKETS_MAX 512
#define DASHBOARD_FAILURES_MAX 32
#define DASHBOARD_STEPS_MAX 16
#define DASHBOARD_MINUTES 60
#define DASHBOARD_MATCHES_MAX 20
#define DASHBOARD_TOKEN_MIN 32 /* characters */
#define DASHBOARD_TOKEN_MAX 128
#define DASHBOARD_METRICS_MAX 65536
#define DASHBOARD_CONNECTIONS_MAX 256
#define DASHBOARD_DESCRIPTORS (DASHBOARD_CONNECTIONS_MAX + 16) /* that it may hold at once */

enum dashboard_socket_state {
    DASHBOARD_SOCKET_IDLE,
    DASHBOARD_SOCKET_WORKING,
    DASHBOARD_SOCKET_DONE,
    DASHBOARD_SOCKET_FAILED
};

/* A socket of a station that is connected. */
struct dashboard_socket {
    char station[DASHBOARD_NAME_MAX]; /* of its certificate */
    char socket[DASHBOARD_NAME_MAX];  /* as the station calls it */
    enum dashboard_socket_state state;
    char step[DASHBOARD_TEXT_MAX]; /* what is being done; FAILED: the reason */
    char uid[33];                  /* hexadecimal digits; empty when not known */
    uint64_t since;                /* unix seconds: when the step began */
};

/* Failures of one reason since the package was loaded. */
struct dashboard_failure {
    char reason[DASHBOARD_TEXT_MAX];
    char hint[DASHBOARD_TEXT_MAX];    /* what to do */
    uint64_t count;                   /* >= 1 */
    uint64_t last;                    /* unix seconds */
    char station[DASHBOARD_NAME_MAX]; /* of the last one, as are socket and uid */
    char socket[DASHBOARD_NAME_MAX];
    char uid[33];
    int alarm; /* 1: somebody must look at it at once, such as a unit in quarantine */
};

struct dashboard_step {
    char step[DASHBOARD_TEXT_MAX];
    uint64_t count;     /* how often it was done */
    uint64_t median_ms; /* half of them took at most this long */
    uint64_t slow_ms;   /* 95 of 100 took at most this long */
};

enum dashboard_health {
    DASHBOARD_SOUND,
    DASHBOARD_WATCH, /* goes on, but somebody should look: a late checkpoint, no TPM */
    DASHBOARD_DAMAGED
};

struct dashboard_ledger {
    enum dashboard_health health;
    char text[DASHBOARD_TEXT_MAX]; /* what is so; empty: nothing to say */
    char hint[DASHBOARD_TEXT_MAX];
    uint64_t events;     /* 0: not known */
    uint64_t checkpoint; /* unix seconds of the last one; 0: none yet */
    int chain;           /* 1: the chain was checked and is whole */
    int has_tpm;
    uint64_t tpm_count;    /* as last seen */
    uint64_t ledger_count; /* the highest count that the ledger holds */
};

struct dashboard_package {
    uint64_t number; /* 0: no production package is loaded; the rest is not shown then */
    uint64_t quota;
    uint64_t made;      /* done: seen locked */
    uint64_t under_way; /* reserved, not done */
    uint64_t not_after; /* unix seconds */
};

/* All that the page shows without being asked. 150 KiB: not on a small stack. */
struct dashboard_line {
    char product[DASHBOARD_NAME_MAX];
    char appliance[DASHBOARD_NAME_MAX];
    char version[DASHBOARD_NAME_MAX];
    struct dashboard_package package;
    uint64_t tried;                      /* runs of chips that came to an end, good or bad; yield is good of tried */
    uint64_t good;                       /* of these, done */
    uint64_t quarantined;                /* units */
    uint64_t minutes[DASHBOARD_MINUTES]; /* units done in each of the last minutes, the oldest first */
    size_t stations;                     /* connected */
    size_t sockets_total;                /* connected; socket_count of them are told */
    size_t socket_count;
    struct dashboard_socket sockets[DASHBOARD_SOCKETS_MAX];
    size_t failure_count;
    struct dashboard_failure failures[DASHBOARD_FAILURES_MAX]; /* the newest first */
    size_t step_count;
    struct dashboard_step steps[DASHBOARD_STEPS_MAX]; /* in the order of the work */
    struct dashboard_ledger ledger;
};

/* One unit's record. Times are text, "2026-11-22T10:20:30Z", empty when not yet. */
struct dashboard_unit {
    char uid[33];
    uint64_t number;
    uint64_t package;
    char state[DASHBOARD_NAME_MAX];
    uint64_t sequence; /* of its application; 0 until checked */
    int has_grant;
    int has_receipt;
    int has_token; /* closed by its own token */
    char reserved_at[24];
    char checked_at[24];
    char done_at[24];
    char quarantined_at[24];
    char debugged_at[24];    /* the last time that debug rights were given */
    struct cert device_cert; /* len 0 until certified */
    struct cert update_cert;
};

/*
 * Where all of it comes from. The callbacks are called from two threads of the room, `line` from one, the others from
 * the other; each should be back within a second.
 */
struct dashboard_source {
    void *context;
    /* Fills *line, which is all zero. Called four times a second, whoever watches. */
    int (*line)(void *context, struct dashboard_line *line, struct fault *fault);
    /* Units whose unique ID begins with `prefix` (1 to 32 lower-case hexadecimal digits), at most `max`, in the order
     * of their unique IDs; *count is how many were stored, *total how many there are. */
    int (*units)(void *context, const char *prefix, size_t max, struct dashboard_unit *out, size_t *count,
                 uint64_t *total, struct fault *fault);
    /* Prometheus text with a NUL, at most out_len with it; gives its length. NULL: there is no /metrics. */
    size_t (*metrics)(void *context, char *out, size_t out_len);
};

struct dashboard_config {
    const char *host;        /* IP address to listen at; a loopback address unless certificate and key are given */
    uint16_t port;           /* 0: any that is free */
    const char *certificate; /* PEM files for HTTPS: chain, and its key, readable for the owner only; NULL: HTTP */
    const char *key;
    const char
        *clients;      /* PEM file of CAs, with HTTPS: who has a certificate of theirs for TLS clients needs no token */
    const char *crl;   /* PEM file of revocation lists of these CAs; NULL: nobody is looked up */
    const char *token; /* DASHBOARD_TOKEN_MIN to _MAX visible ASCII characters; copied */
    struct dashboard_source source;
};

struct dashboard;

/* Listens and serves until dashboard_stop, on two threads of its own. Faults: the address is taken or not loopback
 * without a certificate, a certificate or token that is none. */
int dashboard_start(const struct dashboard_config *config, struct dashboard **out, struct fault *fault);
/* Reads the revocation lists again; the names of the files must still be there. On a fault those of before stand. NULL
 * is allowed. */
int dashboard_reload(struct dashboard *dashboard, struct fault *fault);
/* Ends all connections, then both threads; wipes the token. NULL is allowed. */
void dashboard_stop(struct dashboard *dashboard);
/* The port that it listens at. */
uint16_t dashboard_port(const struct dashboard *dashboard);

/* Reads the token from a file that only its owner may read; makes one of 256 random bits when there is no such file.
 * Blanks and line ends around it are left out. The caller wipes `out`. */
int dashboard_token_load(const char *path, char out[DASHBOARD_TOKEN_MAX + 1], struct fault *fault);

#endif
