/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: the appliance while it runs: confined, with everything open, until a signal or the control socket ends it. */
#ifndef HOST_DAEMON_DAEMON_H
#define HOST_DAEMON_DAEMON_H

#include "host/daemon/server.h"
#include "host/lib/fault.h"

struct daemon_options {
    const char *dir;
    const char *user;           /* to run as, when started by root; or NULL */
    int locked;                 /* 1: refuse to run when memory cannot be locked */
    int token_needed;           /* 1: a record is closed only by the device's own token that says it is secured */
    const char *dashboard;      /* "ADDRESS:PORT" on which the line is shown, or NULL */
    const char *dashboard_cert; /* PEM files: its HTTPS certificate and key, */
    const char *dashboard_key;
    const char *dashboard_clients; /* and CAs whose people may read without the token; or NULL */
    const char *dashboard_crl;     /* and a PEM file of their revocation lists, or NULL */
    struct server_limits limits;
};

/* Runs until it is told to stop: 0. -1: it could not start, or did not end well. */
int daemon_run(const struct daemon_options *options, struct fault *fault);

#endif
