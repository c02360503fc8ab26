/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine: what the daemon gives up before it serves: root, core files, new privileges, memory on disk, and every
 * system call that it does not need. The only room that speaks to seccomp. One way: nothing is given back.
 */
#ifndef HOST_DAEMON_CONFINE_H
#define HOST_DAEMON_CONFINE_H

#include "host/lib/fault.h"

/* First of all: no core file, a umask of 0077, descriptors for all connections, and as much memory to lock as root may
 * allow. */
int confine_begin(unsigned descriptors, struct fault *fault);
/*
 * As root: becomes `user` for good, with its groups and no capability; refused without a user. As somebody else: `user`
 * must be NULL or the one that we are. Then no process of the same user may look into ours (PR_SET_DUMPABLE 0), and no
 * program that we could start gains anything (no_new_privs).
 */
int confine_user(const char *user, struct fault *fault);
/* All memory, now and later, stays out of swap: pages are locked as they are first touched (MCL_ONFAULT). *locked is 0
 * when the limit does not allow it: a fault only when `required`. */
int confine_memory(int required, int *locked, struct fault *fault);
/*
 * After everything is open: only the system calls that a running daemon needs, in all threads. No program is started,
 * no process made, no memory both written and run, no socket but TCP and local ones. What would be an attack's next
 * step (execve, ptrace, mount, ...) ends the process; anything else is refused with EPERM.
 */
int confine_calls(struct fault *fault);

#endif
