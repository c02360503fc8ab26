/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined daemon can still do, and what not. Each case in a process of its own, which is confined for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/daemon/confine.h"
#include "tests/unit/host_support.h"

#define DIED 1000 /* plus the signal */

/* Runs `work` in a process of its own; its exit code, or DIED and the signal. */
static int run_apart(int (*work)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(work());
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? DIED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int confined(void)
{
    struct fault fault = FAULT_NONE;
    if (confine_calls(&fault) != 0) {
        (void)fprintf(stderr, "%s\n", fault.what);
        return -1;
    }
    return 0;
}

static void *thread_work(void *context)
{
    return context;
}

static int daily_work(void)
{
    char byte = 'x';
    int mark = 0;
    void *back = NULL;
    pthread_t thread;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = 1 };
    if (confined() != 0) {
        return 100;
    }
    int fd = open(support_path("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, &byte, 1) != 1 || fsync(fd) != 0 || pread(fd, &byte, 1, 0) != 1 || close(fd) != 0 ||
        rename(support_path("file"), support_path("file2")) != 0) {
        return 1;
    }
    int net = socket(AF_INET, SOCK_STREAM, 0);
    if (net < 0 || connect(net, (const struct sockaddr *)&to, sizeof to) == 0 || errno != ECONNREFUSED) {
        return 2;
    }
    if (pthread_create(&thread, NULL, thread_work, &mark) != 0 || pthread_join(thread, &back) != 0 || back != &mark) {
        return 3;
    }
    void *more = malloc(8u << 20);
    if (more == NULL) {
        return 4;
    }
    memset(more, 1, 8u << 20);
    free(more);
    return 0;
}

static int refused_work(void)
{
    if (confined() != 0) {
        return 100;
    }
    if (fork() >= 0 || errno != EPERM) {
        return 1;
    }
    if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM) {
        return 2;
    }
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
        return 3;
    }
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EPERM) {
        return 4;
    }
    if (setuid(1) == 0 || chown(support_path("file2"), 1, 1) == 0 || kill(getppid(), 0) == 0) {
        return 5;
    }
    const struct rlimit core = { 1, 1 };
    return setrlimit(RLIMIT_CORE, &core) == 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 ? 6 : 0;
}

static int exec_work(void)
{
    char name[] = "true";
    char *const words[] = { name, NULL };
    char *const none[] = { NULL };
    return confined() != 0 ? 100 : execve("/bin/true", words, none) != 0 ? 1 : 2;
}

static int ptrace_work(void)
{
    return confined() != 0 ? 100 : ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ? 1 : 2;
}

static volatile int thread_may;

static void *waiting_thread(void *context)
{
    char name[] = "true";
    char *const words[] = { name, NULL };
    (void)context;
    while (!thread_may) {
        (void)usleep(1000);
    }
    (void)execve("/bin/true", words, words + 1);
    return NULL;
}

/* A thread that was there before is confined, too. */
static int earlier_thread_work(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, waiting_thread, NULL) != 0 || confined() != 0) {
        return 100;
    }
    thread_may = 1;
    (void)pthread_join(thread, NULL);
    return 1;
}

static int begin_work(void)
{
    struct rlimit core;
    struct rlimit files;
    struct fault fault = FAULT_NONE;
    if (confine_begin(200, &fault) != 0 || getrlimit(RLIMIT_CORE, &core) != 0 ||
        getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return 100;
    }
    return core.rlim_max != 0 || files.rlim_cur < 200 || umask(0) != 0077 ? 1 : 0;
}

/* Root becomes nobody, for good; somebody else stays who he is. */
static int user_work(void)
{
    struct fault fault = FAULT_NONE;
    int root = geteuid() == 0;
    uid_t wanted = root ? getpwnam("nobody")->pw_uid : geteuid();
    if (confine_user(root ? "nobody" : NULL, &fault) != 0) {
        return 100;
    }
    if (geteuid() != wanted || getuid() != wanted || (root && (setuid(0) == 0 || seteuid(0) == 0))) {
        return 1;
    }
    gid_t groups[8];
    int count = getgroups(8, groups);
    for (int i = 0; root && i < count; i++) {
        if (groups[i] == 0) {
            return 2;
        }
    }
    return prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ? 3 : 0;
}

static int memory_work(void)
{
    int locked = -1;
    struct fault fault = FAULT_NONE;
    const struct rlimit little = { 65536, 65536 };
    if (setrlimit(RLIMIT_MEMLOCK, &little) != 0) {
        return 100;
    }
    if (confine_memory(0, &locked, &fault) != 0 || locked != 0) {
        return 1;
    }
    return confine_memory(1, &locked, &fault) != -1 || strstr(fault.hint, "LimitMEMLOCK") == NULL ? 2 : 0;
}

/* Locked pages appear in the process's own account of its memory. */
static int locked_work(void)
{
    char line[128];
    long kib = 0;
    int locked = -1;
    struct fault fault = FAULT_NONE;
    if (confine_begin(64, &fault) != 0 || confine_memory(0, &locked, &fault) != 0) {
        return 100;
    }
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmLck:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    (void)fclose(file);
    return locked == (kib > 0) ? 0 : 1;
}

static void daily_work_goes_on(void **state)
{
    (void)state;
    assert_int_equal(run_apart(daily_work), 0);
}

static void what_a_daemon_never_does_is_refused(void **state)
{
    (void)state;
    assert_int_equal(run_apart(refused_work), 0);
}

static void next_step_of_an_attack_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(run_apart(exec_work), DIED + SIGSYS);
    assert_int_equal(run_apart(ptrace_work), DIED + SIGSYS);
}

static void threads_from_before_are_confined_too(void **state)
{
    (void)state;
    assert_int_equal(run_apart(earlier_thread_work), DIED + SIGSYS);
}

static void core_files_are_off_and_descriptors_suffice(void **state)
{
    (void)state;
    assert_int_equal(run_apart(begin_work), 0);
}

static void privileges_are_given_up_for_good(void **state)
{
    (void)state;
    assert_int_equal(run_apart(user_work), 0);
}

static void root_without_a_user_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    if (geteuid() == 0) {
        support_check_refused(confine_user(NULL, &fault), &fault, "does not run as root");
        fault = FAULT_NONE;
        support_check_refused(confine_user("root", &fault), &fault, "is root, too");
        fault = FAULT_NONE;
        support_check_refused(confine_user("no such user", &fault), &fault, "there is no user");
    } else {
        support_check_refused(confine_user("root", &fault), &fault, "only root can become");
    }
}

static void memory_that_cannot_be_locked_is_said_or_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        assert_int_equal(run_apart(memory_work), 0);
    }
    assert_int_equal(run_apart(locked_work), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daily_work_goes_on),
        cmocka_unit_test(what_a_daemon_never_does_is_refused),
        cmocka_unit_test(next_step_of_an_attack_ends_the_process),
        cmocka_unit_test(threads_from_before_are_confined_too),
        cmocka_unit_test(core_files_are_off_and_descriptors_suffice),
        cmocka_unit_test(privileges_are_given_up_for_good),
        cmocka_unit_test(root_without_a_user_is_refused),
        cmocka_unit_test(memory_that_cannot_be_locked_is_said_or_refused),
    };
    return cmocka_run_group_tests_name("server_confine", tests, setup, teardown);
}
