/* SPDX-License-Identifier: Apache-2.0 */
/* package_check: what a device would say to a package that was just written, asked on a thread of its own. */
#ifndef HOST_MASTER_PACKAGE_CHECK_H
#define HOST_MASTER_PACKAGE_CHECK_H

#include <pthread.h>

#include "boot/verify.h"
#include "host/lib/fault.h"

struct package_check {
    const char *path;          /* for messages */
    struct verify_trust trust; /* target VERIFY_SBM_A: slot B is asked about, too */
    struct bytes written;      /* the draft, mapped */
    status_t status;
    pthread_t thread;
    int running;
};

/* Maps `len` bytes of the draft at `temporary`. package_check_end it. */
int package_check_map(struct package_check *check, const char *temporary, size_t len, struct fault *fault);
/* Begins the check: path, trust and the mapping are set. */
int package_check_start(struct package_check *check, struct fault *fault);
/* Waits for the verdict. */
int package_check_finish(struct package_check *check, struct fault *fault);
/* Waits if it runs, and unmaps. Safe on zeros. */
void package_check_end(struct package_check *check);

#endif
