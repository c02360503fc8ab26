/* SPDX-License-Identifier: Apache-2.0 */
/* confine_calls: the system calls of a running daemon (confine.h). */
#include <errno.h>
#include <linux/sched.h>
#include <stddef.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "host/daemon/confine.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* Files and folders of the appliance, and what reads the clock and the random source. */
static const int file_calls[] = {
    SCMP_SYS(read),          SCMP_SYS(write),        SCMP_SYS(readv),        SCMP_SYS(writev),    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),      SCMP_SYS(open),         SCMP_SYS(openat),       SCMP_SYS(close),     SCMP_SYS(fstat),
    SCMP_SYS(stat),          SCMP_SYS(lstat),        SCMP_SYS(newfstatat),   SCMP_SYS(statx),     SCMP_SYS(lseek),
    SCMP_SYS(access),        SCMP_SYS(faccessat),    SCMP_SYS(faccessat2),   SCMP_SYS(fcntl),     SCMP_SYS(flock),
    SCMP_SYS(fsync),         SCMP_SYS(fdatasync),    SCMP_SYS(ftruncate),    SCMP_SYS(fallocate), SCMP_SYS(rename),
    SCMP_SYS(renameat),      SCMP_SYS(renameat2),    SCMP_SYS(link),         SCMP_SYS(linkat),    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),      SCMP_SYS(mkdir),        SCMP_SYS(mkdirat),      SCMP_SYS(rmdir),     SCMP_SYS(getdents64),
    SCMP_SYS(readlink),      SCMP_SYS(readlinkat),   SCMP_SYS(fchmod),       SCMP_SYS(umask),     SCMP_SYS(getcwd),
    SCMP_SYS(statfs),        SCMP_SYS(fstatfs),      SCMP_SYS(dup),          SCMP_SYS(pipe2),     SCMP_SYS(eventfd2),
    SCMP_SYS(fadvise64),     SCMP_SYS(utimensat),    SCMP_SYS(getrandom),    SCMP_SYS(uname),     SCMP_SYS(sysinfo),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
};

/* Sockets that are there, and waiting. */
static const int wait_calls[] = {
    SCMP_SYS(connect),         SCMP_SYS(accept),
    SCMP_SYS(accept4),         SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),     SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),      SCMP_SYS(setsockopt),
    SCMP_SYS(sendto),          SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),        SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),         SCMP_SYS(poll),
    SCMP_SYS(ppoll),           SCMP_SYS(select),
    SCMP_SYS(pselect6),        SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),     SCMP_SYS(epoll_ctl),
    SCMP_SYS(nanosleep),       SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
};

/* Threads, signals and memory of this process. */
static const int self_calls[] = {
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(munlock),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(tgkill),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrusage),
    SCMP_SYS(membarrier),
    SCMP_SYS(getcpu),
};

/* Nothing of ours ever does that: whoever does is not us. */
static const int deadly_calls[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(userfaultfd),
};

static int list_add(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = seccomp_rule_add_array(filter, action, calls[i], 0, NULL);
    }
    return result;
}

/* Allows a call when, of one argument, the bits of `mask` are `value`. */
static int masked_add(scmp_filter_ctx filter, int call, unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
    const struct scmp_arg_cmp rule = { .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value };
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &rule);
}

static int equal_add(scmp_filter_ctx filter, int call, unsigned argument, scmp_datum_t value)
{
    const struct scmp_arg_cmp rule = { .arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0 };
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &rule);
}

/* Calls that are allowed with some arguments only. */
static int careful_add(scmp_filter_ctx filter)
{
    static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
    static const unsigned long asks[] = { TCGETS, FIONREAD, FIONBIO };
    const scmp_datum_t thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
    const scmp_datum_t both = PROT_EXEC | PROT_WRITE;
    int result = 0;
    for (size_t i = 0; i < COUNT(families); i++) {
        result |= equal_add(filter, SCMP_SYS(socket), 0, (scmp_datum_t)families[i]);
    }
    for (size_t i = 0; i < COUNT(asks); i++) {
        result |= equal_add(filter, SCMP_SYS(ioctl), 1, asks[i]);
    }
    /* Memory is written or run, not both; what has been written does not become code. */
    result |= masked_add(filter, SCMP_SYS(mmap), 2, PROT_EXEC, 0);
    result |= masked_add(filter, SCMP_SYS(mmap), 2, both, PROT_EXEC);
    result |= masked_add(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    result |= equal_add(filter, SCMP_SYS(prctl), 0, PR_SET_NAME);
    /* Limits are read, not set. */
    result |= equal_add(filter, SCMP_SYS(prlimit64), 2, 0);
    result |= masked_add(filter, SCMP_SYS(clone), 0, thread, thread);
    /* Its flags stand in memory, which a filter cannot see; without it the C library takes clone. */
    result |= seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
    return result;
}

int confine_calls(struct fault *fault)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result = filter == NULL ? -ENOMEM : 0;
    if (result == 0) {
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
        result = result != 0 ? result : list_add(filter, SCMP_ACT_ALLOW, file_calls, COUNT(file_calls));
        result = result != 0 ? result : list_add(filter, SCMP_ACT_ALLOW, wait_calls, COUNT(wait_calls));
        result = result != 0 ? result : list_add(filter, SCMP_ACT_ALLOW, self_calls, COUNT(self_calls));
        result = result != 0 ? result : list_add(filter, SCMP_ACT_KILL_PROCESS, deadly_calls, COUNT(deadly_calls));
        result = result != 0 ? result : careful_add(filter);
        result = result != 0 ? result : seccomp_load(filter);
    }
    seccomp_release(filter);
    if (result != 0) {
        errno = result < 0 ? -result : EINVAL;
        (void)fault_errno(fault, "system calls cannot be confined (seccomp)");
        return fault_hint(fault, "does this kernel have seccomp filters?");
    }
    return 0;
}
