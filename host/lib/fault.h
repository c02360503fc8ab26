/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault: how a host function says what went wrong. A function that can fail returns 0, or -1 with the fault filled:
 * what, where and, as a hint, how to mend it. The first fault stays; later ones are ignored. Never put a secret into
 * one.
 */
#ifndef HOST_LIB_FAULT_H
#define HOST_LIB_FAULT_H

#include "base/status.h"

struct fault {
    char what[768];
    char hint[384];
};

#define FAULT_NONE ((struct fault){ { 0 }, { 0 } })

/* Fills `what` unless it is filled. Always returns -1, so that `return fault_set(...)` reads well. */
int fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fills `hint` unless it is filled. Returns -1. */
int fault_hint(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "<where>: <text of status>". Returns -1. */
int fault_status(struct fault *fault, const char *where, status_t status);
/* "<what>: <strerror(errno)>". Returns -1. */
int fault_errno(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "<path>: cannot write: <strerror(errno)>", with the hint that fits. Returns -1. */
int fault_write(struct fault *fault, const char *path);

#endif
