/* SPDX-License-Identifier: Apache-2.0 */
/* measure: runs a command and prints "<wall seconds> <peak resident MiB>". Exit code of the command. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: measure COMMAND...\n");
        return 2;
    }
    double begin = now_seconds();
    pid_t child = fork();
    if (child == 0) {
        (void)execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        return 1;
    }
    (void)printf("%.4f %.1f\n", now_seconds() - begin, (double)usage.ru_maxrss / 1024.0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
