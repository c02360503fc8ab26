/* SPDX-License-Identifier: Apache-2.0 */
/* locked: see locked.h. */
#include "host/production/locked.h"

#include <sys/mman.h>

#include "base/wipe.h"

void *locked_take(size_t len, const char *what, struct fault *fault)
{
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        (void)fault_errno(fault, "no memory for %s", what);
        return NULL;
    }
    if (mlock(at, len) != 0 || madvise(at, len, MADV_DONTDUMP) != 0 || madvise(at, len, MADV_DONTFORK) != 0) {
        (void)fault_errno(fault, "memory for %s cannot be locked (%zu bytes)", what, len);
        (void)fault_hint(fault, "allow it: ulimit -l, or LimitMEMLOCK= of the service");
        (void)munmap(at, len);
        return NULL;
    }
    return at;
}

void locked_give(void *at, size_t len)
{
    if (at != NULL) {
        wipe(at, len);
        (void)munmap(at, len);
    }
}
