/* SPDX-License-Identifier: Apache-2.0 */
/* fault: see fault.h. */
#include "host/lib/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REASON_MAX 80 /* room that a long path leaves for the reason */

int fault_set(struct fault *fault, const char *format, ...)
{
    if (fault->what[0] == '\0') {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(fault->what, sizeof fault->what, format, args);
        va_end(args);
    }
    return -1;
}

int fault_hint(struct fault *fault, const char *format, ...)
{
    if (fault->hint[0] == '\0') {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(fault->hint, sizeof fault->hint, format, args);
        va_end(args);
    }
    return -1;
}

int fault_status(struct fault *fault, const char *where, status_t status)
{
    return fault_set(fault, "%s: %s", where, status_text(status));
}

int fault_errno(struct fault *fault, const char *format, ...)
{
    int saved = errno;
    if (fault->what[0] == '\0') {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(fault->what, sizeof fault->what - REASON_MAX, format, args);
        va_end(args);
        size_t len = strlen(fault->what);
        (void)snprintf(fault->what + len, sizeof fault->what - len, ": %s", strerror(saved));
    }
    return -1;
}

int fault_write(struct fault *fault, const char *path)
{
    int error = errno;
    (void)fault_errno(fault, "%s: cannot write", path);
    if (error == ENOSPC || error == EFBIG || error == EDQUOT) {
        return fault_hint(fault,
                          "make room or raise the limit on file sizes, and run it again; nothing half-written stays");
    }
    if (error == EACCES || error == EPERM || error == EROFS) {
        return fault_hint(fault, "be allowed to write in its folder, or name another one");
    }
    return error == ENOENT || error == ENOTDIR ? fault_hint(fault, "make its folder first, or correct the path") : -1;
}
