/* SPDX-License-Identifier: Apache-2.0 */
/*
 * days_station ADDRESS IDENTITY WHAT N: stations of bad days, with chips that run the firmware. make: N devices; hold:
 * brings a chip to its proof, waits N seconds, goes on; two: a chip is claimed in two sockets; clone: a second chip
 * comes with the unique ID of a first; lies: every N-th lie; the others are floods of N seconds.
 */
#include "tests/days/station.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/load/board.h"

void day_must(int result, const struct fault *fault)
{
    if (result != 0) {
        (void)fprintf(stderr, "days_station: error: %s\nhint: %s\n", fault->what, fault->hint);
        exit(1);
    }
}

void day_uid_make(uint8_t uid[16])
{
    if (getrandom(uid, 16, 0) != 16) {
        abort();
    }
}

double day_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void day_open(const struct day *day, const char *name, struct station *out)
{
    struct fault fault = FAULT_NONE;
    day_must(station_open(out, day->address, day->identity, name, &fault), &fault);
}

static int make(const struct day *day)
{
    static struct station station;
    struct station_made made;
    struct fault fault = FAULT_NONE;
    uint8_t uid[16];
    day_open(day, "honest", &station);
    for (unsigned i = 0; i < day->number; i++) {
        day_uid_make(uid);
        day_must(station_unit_make(&station, uid, &made, &fault), &fault);
        (void)printf("unit %llu\n", (unsigned long long)made.number);
    }
    station_close(&station);
    return 0;
}

/* ---- a chip in hand while something happens ---- */

static unsigned hold_seconds;

static size_t hold_twist(struct station *s, const struct letter_request *request, size_t len)
{
    if (s->letters == LETTERS_TO_PROOF && request->op == LETTER_RESULT) {
        (void)printf("held\n");
        (void)fflush(stdout);
        (void)sleep(hold_seconds);
    }
    return len;
}

#define TRIES 30 /* one a second */

/* The chip is refused on a bad day; it comes again until the day is better. */
static int hold(const struct day *day)
{
    static struct station station;
    struct station_made made;
    struct fault fault = FAULT_NONE;
    uint8_t uid[16];
    hold_seconds = day->number;
    day_open(day, "held", &station);
    station.twist = hold_twist;
    day_uid_make(uid);
    int result = station_unit_make(&station, uid, &made, &fault);
    for (unsigned tries = 0; result != 0 && tries < TRIES; tries++) {
        (void)printf("%s\nhint: %s\n", fault.what, fault.hint);
        (void)fflush(stdout);
        fault = FAULT_NONE;
        station_close(&station);
        (void)sleep(1);
        result = station_open(&station, day->address, day->identity, "held", &fault);
        result = result == 0 ? station_unit_run(&station, &made, &fault) : result;
    }
    day_must(result, &fault);
    (void)printf("unit %llu\n", (unsigned long long)made.number);
    station_close(&station);
    return 0;
}

static const struct day *two_day;

/* A copy of this process, and of its chip, is the other socket. */
static size_t two_twist(struct station *s, const struct letter_request *request, size_t len)
{
    static struct station other;
    if (s->letters != LETTERS_TO_PROOF || request->op != LETTER_RESULT) {
        return len;
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct station_made made;
        struct fault fault = FAULT_NONE;
        day_open(two_day, "second", &other);
        int result = station_unit_run(&other, &made, &fault);
        (void)printf("second socket: %s\n", result == 0 ? "made it" : fault.what);
        (void)fflush(stdout);
        _exit(result == 0 ? 1 : 0);
    }
    int status = 1;
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        exit(1);
    }
    return len;
}

static int two(const struct day *day)
{
    static struct station station;
    struct station_made made;
    struct fault fault = FAULT_NONE;
    uint8_t uid[16];
    two_day = day;
    day_open(day, "first", &station);
    station.twist = two_twist;
    day_uid_make(uid);
    day_must(station_unit_make(&station, uid, &made, &fault), &fault);
    (void)printf("first socket: unit %llu\n", (unsigned long long)made.number);
    station_close(&station);
    return 0;
}

static int clone(const struct day *day)
{
    static struct station station;
    struct station_made made;
    struct fault fault = FAULT_NONE;
    uint8_t uid[16];
    day_open(day, "clone", &station);
    day_uid_make(uid);
    day_must(station_unit_make(&station, uid, &made, &fault), &fault);
    int result = station_unit_make(&station, uid, &made, &fault);
    (void)printf("the clone: %s\n", result == 0 ? "was made" : fault.what);
    station_close(&station);
    return result == 0;
}

static const struct {
    const char *name;
    int (*run)(const struct day *day);
} verbs[] = {
    { "make", make },
    { "hold", hold },
    { "two", two },
    { "clone", clone },
    { "lies", day_lies },
    { "connects", flood_connects },
    { "halves", flood_halves },
    { "strangers", flood_strangers },
    { "letters", flood_letters },
    { "failures", flood_failures },
    { "readers", flood_readers },
    { "writers", flood_writers },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 5 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[3], verbs[i].name) == 0) {
            const struct day day = { argv[1], argv[2], (unsigned)strtoul(argv[4], NULL, 10) };
            (void)signal(SIGPIPE, SIG_IGN);
            board_make();
            return verbs[i].run(&day);
        }
    }
    (void)fprintf(stderr, "usage: days_station ADDRESS IDENTITY WHAT N\n");
    return 2;
}
