/* SPDX-License-Identifier: Apache-2.0 */
/* confine: user, limits and memory (confine.h). */
#include "host/daemon/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCKED_MIN ((rlim_t)1 << 30) /* less than that, and a running daemon could be refused memory */

int confine_begin(unsigned descriptors, struct fault *fault)
{
    const struct rlimit none = { 0, 0 };
    const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    struct rlimit files;
    (void)umask(0077);
    if (setrlimit(RLIMIT_CORE, &none) != 0) {
        return fault_errno(fault, "core files cannot be switched off");
    }
    if (geteuid() == 0) {
        (void)setrlimit(RLIMIT_MEMLOCK, &all);
    }
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return fault_errno(fault, "the limit of open files");
    }
    if (files.rlim_cur < descriptors) {
        files.rlim_max = geteuid() == 0 && files.rlim_max < descriptors ? descriptors : files.rlim_max;
        files.rlim_cur = files.rlim_max < descriptors ? files.rlim_max : descriptors;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < descriptors) {
        (void)fault_set(fault, "%u files must be open at once for so many connections, and %llu may be", descriptors,
                        (unsigned long long)files.rlim_cur);
        return fault_hint(fault, "allow fewer with --connections, or raise the limit (LimitNOFILE=, ulimit -n)");
    }
    return 0;
}

static int user_become(const char *user, struct fault *fault)
{
    errno = 0;
    const struct passwd *who = getpwnam(user);
    if (who == NULL) {
        return errno != 0 ? fault_errno(fault, "user '%.60s'", user)
                          : fault_set(fault, "there is no user '%.60s'", user);
    }
    uid_t uid = who->pw_uid;
    gid_t gid = who->pw_gid;
    if (uid == 0) {
        (void)fault_set(fault, "'%.60s' is root, too", user);
        return fault_hint(fault, "make a user for the appliance: useradd --system windlass");
    }
    if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return fault_errno(fault, "cannot become user '%.60s'", user);
    }
    return setuid(0) == 0 || geteuid() == 0 ? fault_set(fault, "root could be regained") : 0;
}

int confine_user(const char *user, struct fault *fault)
{
    if (geteuid() == 0) {
        if (user == NULL) {
            (void)fault_set(fault, "the appliance does not run as root");
            return fault_hint(fault, "give its folder to the user that it runs as: chown -R windlass FOLDER");
        }
        if (user_become(user, fault) != 0) {
            return -1;
        }
    } else if (user != NULL) {
        const struct passwd *who = getpwnam(user);
        if (who == NULL || who->pw_uid != geteuid()) {
            (void)fault_set(fault, "only root can become user '%.60s'", user);
            return fault_hint(fault, "start it as that user, without --user");
        }
    }
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fault_errno(fault, "privileges cannot be given up");
    }
    return 0;
}

int confine_memory(int required, int *locked, struct fault *fault)
{
    struct rlimit limit = { 0, 0 };
    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &limit);
    }
    /* With a small limit the lock would succeed now, and memory run out later, with devices in hand. */
    *locked = (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= LOCKED_MIN) &&
              mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    if (!*locked && required) {
        (void)fault_set(fault, "memory cannot be locked: the limit is %llu KiB",
                        (unsigned long long)limit.rlim_cur / 1024);
        return fault_hint(fault, "raise it to 1 GiB or more (LimitMEMLOCK=, ulimit -l), or leave --locked out");
    }
    return 0;
}
