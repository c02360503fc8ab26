/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: makes UNITS devices at an appliance, AT_ONCE at a time, each by a process of its own with a chip and a
 * connection of its own. One device more for each comes before the clock starts. Usage: load ADDRESS IDENTITY ROOT
 * ISSUING UNITS AT_ONCE [PID...]: certificates of the maker's root and of the appliance's issuing key; PIDs of the
 * appliance, then of its TPM, of which the processor time is told. LOAD_MARK: a command that is run, with `begin` or
 * `end` behind it, when the clock starts and stops. Prints "<name> <value>" lines; fails when one device was not made,
 * or its certificate is not what it should be.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/lib/text.h"
#include "tests/bench/load/board.h"
#include "tests/bench/load/station.h"

#define AT_ONCE_MAX 256u
#define UNITS_MAX 100000u
#define PIDS_MAX 4

struct sample {
    struct station_made made;
    double seconds; /* BEGIN to DONE; 0: it was not made */
};

/* What the processes share. */
struct course {
    atomic_uint ready;   /* have made their first device */
    atomic_uint go;      /* 1: the clock runs */
    atomic_uint next;    /* device to be made */
    atomic_uint working; /* processes that are not at the end yet */
    atomic_uint leave;   /* 1: all may disconnect */
    atomic_uint failed;
    _Atomic uint64_t chip_us; /* processor time of all chips and sockets while the clock ran */
    unsigned units;
    unsigned at_once;
    struct sample samples[];
};

struct options {
    const char *address;
    const char *identity;
    const char *root;
    const char *issuing;
};

static double clock_read(clockid_t which)
{
    struct timespec now;
    (void)clock_gettime(which, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void nap(void)
{
    const struct timespec pause = { 0, 2000000 };
    (void)nanosleep(&pause, NULL);
}

/* ---- a socket ---- */

/* Not the same in two runs: the ledger is asked for each chip as for a new one. */
static void uid_make(unsigned number, uint8_t uid[16])
{
    static const char fixed[] = "load";
    unsigned run = (unsigned)getppid();
    memset(uid, 0, 16);
    memcpy(uid, fixed, 4);
    memcpy(uid + 4, &run, sizeof run);
    memcpy(uid + 8, &number, sizeof number);
}

static int unit_make(struct station *station, unsigned number, struct sample *sample)
{
    uint8_t uid[16];
    struct fault fault = FAULT_NONE;
    uid_make(number, uid);
    double begin = clock_read(CLOCK_MONOTONIC);
    if (station_unit_make(station, uid, &sample->made, &fault) != 0) {
        (void)fprintf(stderr, "load: error: device %u: %s\n", number, fault.what);
        return -1;
    }
    sample->seconds = clock_read(CLOCK_MONOTONIC) - begin;
    return 0;
}

/* 0, or -1 when a device was not made: then this socket stops. */
static int socket_work(struct station *station, struct course *c, unsigned which)
{
    if (unit_make(station, c->units + which, &c->samples[c->units + which]) != 0) {
        return -1;
    }
    atomic_fetch_add(&c->ready, 1);
    while (atomic_load(&c->go) == 0) {
        nap();
    }
    double begin = clock_read(CLOCK_PROCESS_CPUTIME_ID);
    int result = 0;
    for (unsigned at = atomic_fetch_add(&c->next, 1); result == 0 && at < c->units;
         at = atomic_fetch_add(&c->next, 1)) {
        result = unit_make(station, at, &c->samples[at]);
    }
    atomic_fetch_add(&c->chip_us, (uint64_t)((clock_read(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6));
    return result;
}

static int socket_run(const struct options *o, struct course *c, unsigned which)
{
    static struct station station;
    struct fault fault = FAULT_NONE;
    char name[LETTER_SOCKET_MAX + 1];
    (void)snprintf(name, sizeof name, "socket-%u", which);
    int result = station_open(&station, o->address, o->identity, name, &fault);
    if (result != 0) {
        (void)fprintf(stderr, "load: error: %s\n", fault.what);
    } else {
        result = socket_work(&station, c, which);
    }
    if (result != 0) {
        atomic_fetch_add(&c->failed, 1);
    }
    atomic_fetch_sub(&c->working, 1);
    while (atomic_load(&c->leave) == 0) {
        nap();
    }
    station_close(&station);
    return result == 0 ? 0 : 1;
}

/* ---- what the processes of the appliance take ---- */

/* Processor seconds, of /proc/PID/stat: the 14th and 15th field. */
static double pid_seconds(const char *pid)
{
    char path[64];
    char text[1024] = "";
    unsigned long user = 0;
    unsigned long system = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    const char *after = strrchr(text, ')');
    if (after == NULL ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        return 0;
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double pid_mib(const char *pid)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/status", pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "VmRSS: %lu", &kib) != 1) {
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (double)kib / 1024;
}

/* ---- the run ---- */

static int by_time(const void *a, const void *b)
{
    double left = ((const struct sample *)a)->seconds;
    double right = ((const struct sample *)b)->seconds;
    return left < right ? -1 : left > right;
}

/* Waits until all have made their first device: their number, or less when one failed. */
static int start_wait(struct course *c)
{
    while (atomic_load(&c->ready) < c->at_once && atomic_load(&c->failed) == 0) {
        nap();
    }
    return atomic_load(&c->failed) == 0 ? 0 : -1;
}

struct figures {
    double seconds;
    double appliance[PIDS_MAX];
    double mib;
};

static void mark(const char *what)
{
    char command[600];
    const char *given = getenv("LOAD_MARK");
    if (given != NULL &&
        (snprintf(command, sizeof command, "%s %s", given, what) >= (int)sizeof command || system(command) != 0)) {
        (void)fprintf(stderr, "load: error: LOAD_MARK: '%s' fails\n", given);
        exit(1);
    }
}

static void course_run(struct course *c, int pids, char **pid, struct figures *out)
{
    double before[PIDS_MAX] = { 0 };
    memset(out, 0, sizeof *out);
    if (start_wait(c) != 0) {
        atomic_store(&c->next, c->units);
    }
    for (int i = 0; i < pids; i++) {
        before[i] = pid_seconds(pid[i]);
    }
    mark("begin");
    double begin = clock_read(CLOCK_MONOTONIC);
    atomic_store(&c->go, 1);
    while (atomic_load(&c->working) > 0) {
        nap();
    }
    out->seconds = clock_read(CLOCK_MONOTONIC) - begin;
    mark("end");
    for (int i = 0; i < pids; i++) {
        out->appliance[i] = pid_seconds(pid[i]) - before[i];
    }
    out->mib = pids > 0 ? pid_mib(pid[0]) : 0;
    atomic_store(&c->leave, 1);
}

/* The certificate must be the appliance's for this chip's key and unique ID; two units never have one number. */
static int device_check(const struct sample *s, const struct cert *issuing, const struct cert *root)
{
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    char serial[64];
    char uid[33];
    text_hex(s->made.uid, sizeof s->made.uid, uid);
    if (s->seconds <= 0 || cert_check(&s->made.device, issuing, root, CERT_DEVICE, key, &fault) != 0 ||
        memcmp(key, s->made.identity_key, sizeof key) != 0 ||
        cert_check(&s->made.update, issuing, root, CERT_DEVICE_UPDATE, key, &fault) != 0 ||
        cert_serial_number(&s->made.device, serial, sizeof serial, &fault) != 0 || strcmp(serial, uid) != 0) {
        (void)fprintf(stderr, "load: error: device %s is not one: %s\n", uid, fault.what);
        return -1;
    }
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = ((const struct sample *)a)->made.number;
    uint64_t right = ((const struct sample *)b)->made.number;
    return left < right ? -1 : left > right;
}

static int devices_check(const struct options *o, struct course *c)
{
    struct cert root;
    struct cert issuing;
    struct fault fault = FAULT_NONE;
    const unsigned count = c->units + c->at_once;
    unsigned wrong = 0;
    if (cert_read(o->root, &root, &fault) != 0 || cert_read(o->issuing, &issuing, &fault) != 0) {
        (void)fprintf(stderr, "load: error: %s\n", fault.what);
        return -1;
    }
    qsort(c->samples, count, sizeof c->samples[0], by_number);
    for (unsigned i = 0; i < count && wrong < 10; i++) {
        wrong += device_check(&c->samples[i], &issuing, &root) != 0;
        wrong += i > 0 && c->samples[i].made.number == c->samples[i - 1].made.number;
    }
    return wrong == 0 ? 0 : -1;
}

static void figures_print(struct course *c, const struct figures *f, int pids)
{
    qsort(c->samples, c->units, sizeof c->samples[0], by_time);
    const struct sample *slow = &c->samples[c->units - 1 - c->units / 100];
    (void)printf("devices %u\nseconds %.3f\ndevices_per_second %.1f\n", c->units, f->seconds, c->units / f->seconds);
    (void)printf("median_ms %.1f\np99_ms %.1f\nletters_per_device %llu\n", c->samples[c->units / 2].seconds * 1e3,
                 slow->seconds * 1e3, (unsigned long long)c->samples[0].made.letters);
    (void)printf("chip_cpu_ms_per_device %.3f\n", (double)atomic_load(&c->chip_us) / 1e3 / c->units);
    for (int i = 0; i < pids; i++) {
        (void)printf("%s_cpu_ms_per_device %.3f\n", i == 0 ? "appliance" : "tpm", f->appliance[i] * 1e3 / c->units);
    }
    if (pids > 0) {
        (void)printf("rss_mib %.1f\n", f->mib);
    }
}

/* All processes have ended well. */
static int children_wait(unsigned count)
{
    int result = 0;
    for (unsigned i = 0; i < count; i++) {
        int status = 0;
        pid_t pid = wait(&status);
        while (pid < 0 && errno == EINTR) {
            pid = wait(&status);
        }
        result = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? result : -1;
    }
    return result;
}

static struct course *course_make(unsigned units, unsigned at_once)
{
    size_t len = sizeof(struct course) + (units + at_once) * sizeof(struct sample);
    struct course *c = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED) {
        return NULL;
    }
    c->units = units;
    c->at_once = at_once;
    atomic_store(&c->working, at_once);
    return c;
}

static int load_run(const struct options *o, struct course *c, int pids, char **pid)
{
    struct figures figures;
    board_make();
    for (unsigned i = 0; i < c->at_once; i++) {
        pid_t child = fork();
        if (child == 0) {
            _exit(socket_run(o, c, i));
        }
        if (child < 0) {
            perror("load: error: fork");
            atomic_fetch_add(&c->failed, 1);
            atomic_fetch_sub(&c->working, 1);
        }
    }
    course_run(c, pids, pid, &figures);
    if (children_wait(c->at_once) != 0 || atomic_load(&c->failed) != 0) {
        (void)fprintf(stderr, "load: error: %u of %u sockets failed\n", atomic_load(&c->failed), c->at_once);
        return 1;
    }
    figures_print(c, &figures, pids);
    return devices_check(o, c) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    unsigned units = argc >= 7 ? (unsigned)strtoul(argv[5], NULL, 10) : 0;
    unsigned at_once = argc >= 7 ? (unsigned)strtoul(argv[6], NULL, 10) : 0;
    if (units < 1 || units > UNITS_MAX || at_once < 1 || at_once > AT_ONCE_MAX || argc > 7 + PIDS_MAX) {
        (void)fprintf(stderr, "usage: load ADDRESS IDENTITY ROOT ISSUING UNITS AT_ONCE [PID...]\n");
        return 2;
    }
    const struct options options = { argv[1], argv[2], argv[3], argv[4] };
    struct course *course = course_make(units, at_once);
    if (course == NULL) {
        (void)fprintf(stderr, "load: error: no memory\n");
        return 1;
    }
    return load_run(&options, course, argc - 7, argv + 7);
}
