/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand: what windlassd's commands do about a folder: ask the daemon that runs there, or, where none does, do it
 * themselves as the folder's owner. Each prints what came of it.
 */
#ifndef HOST_DAEMON_ERRAND_H
#define HOST_DAEMON_ERRAND_H

#include "host/daemon/engine.h"

/* As root: becomes the folder's owner, so that nothing in it comes to belong to root. */
int errand_owner(const char *dir, struct fault *fault);
/* A verb without bytes, of a daemon that must be running. */
int errand_ask(const char *dir, const char *verb, int json, struct fault *fault);
/* The verb status; waits up to so many seconds until a daemon runs. */
int errand_status(const char *dir, unsigned seconds, int json, struct fault *fault);
int errand_metrics(const char *dir, struct fault *fault);
/* Gives it a production package, running or not. */
int errand_load(const char *dir, const char *file, int json, struct fault *fault);
/* Writes an order to a file, running or not. */
int errand_order(const char *dir, const char *out, struct fault *fault);
/* Gives a running daemon the proof of what became of a device. */
int errand_record(const char *dir, const char *file, int json, struct fault *fault);
/* Ends the daemon, and waits until it is gone. None there is fine, too. */
int errand_stop(const char *dir, struct fault *fault);

#endif
