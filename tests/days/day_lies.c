/* SPDX-License-Identifier: Apache-2.0 */
/*
 * day_lies: a station that lies: of a chip's course it sends each letter with one item made wrong (lies.h), to the real
 * appliance over TLS. Each lie is told by a process of its own, with a copy of the chip. No lie may end in a device.
 */
#include "tests/days/station.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/load/board.h"
#include "tests/days/lies.h"

#define LETTERS_MAX 64u

struct course {
    unsigned count;
    unsigned token; /* the letter that has the device's token */
    size_t lens[LETTERS_MAX];
    uint8_t letters[LETTERS_MAX][LETTER_MAX];
};

static struct station station;
static struct course own;    /* of this chip, earlier */
static struct course others; /* of another chip */
static struct course *recorded;
static struct {
    unsigned letter;
    unsigned item;
    enum lie lie;
    int told;
    int changes; /* what the letter says of an action, and not only what stands beside it */
} plan;

/* Images are fetched once, not for each lie. */
static struct station_image kept[STATION_IMAGES];

static void liar_open(const struct day *day)
{
    day_open(day, "liar", &station);
    memcpy(station.images, kept, sizeof kept);
}

static void liar_close(void)
{
    memcpy(kept, station.images, sizeof kept);
    memset(station.images, 0, sizeof station.images);
    station_close(&station);
}

static struct bytes letter_of(const struct course *c, unsigned letter)
{
    return bytes_of(c->letters[letter], c->lens[letter]);
}

static size_t record_twist(struct station *s, const struct letter_request *request, size_t len)
{
    if (request->op != LETTER_IMAGE && s->letters < LETTERS_MAX) {
        recorded->count = (unsigned)s->letters + 1;
        recorded->lens[s->letters] = len;
        memcpy(recorded->letters[s->letters], s->request, len);
        recorded->token = len > 300 ? (unsigned)s->letters : recorded->token;
    }
    return len;
}

/* A time, a text, or bytes where none were asked for prove nothing, and LOCK's answer, the first, may be lost. */
static int says_the_same(struct bytes honest, struct bytes lie)
{
    struct letter_request one;
    struct letter_request two;
    int same = letter_request_parse(honest, &one) == STATUS_OK && letter_request_parse(lie, &two) == STATUS_OK &&
               one.op == two.op && one.count == two.count;
    for (size_t i = 0; same && i < one.count; i++) {
        const struct bytes data = two.results[i].data;
        same = one.results[i].code == two.results[i].code &&
               (one.results[i].data.len == 0 || (i == 0 && data.len == 0) || bytes_equal(one.results[i].data, data));
    }
    return same;
}

static size_t lie_twist(struct station *s, const struct letter_request *request, size_t len)
{
    static uint8_t lie[LIES_TEXT_MAX];
    const struct course *donor = plan.lie == LIE_OLD ? &own : &others;
    if (request->op == LETTER_IMAGE || s->letters != plan.letter) {
        return len;
    }
    size_t lie_len = lies_tell(bytes_of(s->request, len), plan.item, plan.lie, letter_of(donor, plan.letter), lie);
    if (lie_len == 0 || lie_len > sizeof s->request) {
        _exit(2); /* there is no such lie */
    }
    plan.changes = !says_the_same(bytes_of(s->request, len), bytes_of(lie, lie_len));
    memcpy(s->request, lie, lie_len);
    plan.told = 1;
    return lie_len;
}

/* In a process of its own: 0 refused or of no effect, 1 a device, 2 there is no such lie, 4 a device, and the lie was
 * about nothing that is proved. */
static int lie_run(const struct day *day)
{
    struct station_made made;
    struct fault fault = FAULT_NONE;
    liar_open(day);
    station.twist = lie_twist;
    int result = station_unit_run(&station, &made, &fault);
    if (!plan.told) {
        (void)fprintf(stderr, "no letter %u: %s\n", plan.letter, fault.what);
        return 3;
    }
    return result != 0 ? 0 : plan.changes ? 1 : 4;
}

static int lie_tell(const struct day *day)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(lie_run(day));
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

/* 1 when a letter before it was alike: what counts is what it answers to. */
static int is_like_earlier(unsigned letter)
{
    for (unsigned i = 1; i < letter; i++) {
        if (bytes_equal(letter_of(&own, i), letter_of(&own, letter))) {
            return 1;
        }
    }
    return 0;
}

/* A course to record, in a process that gives its record back; the chip here stays as it is. */
static void course_record(const struct day *day, const uint8_t *uid, struct course *out)
{
    struct station_made made;
    struct fault fault = FAULT_NONE;
    recorded = out;
    liar_open(day);
    station.twist = record_twist;
    int result =
        uid != NULL ? station_unit_make(&station, uid, &made, &fault) : station_unit_run(&station, &made, &fault);
    day_must(result, &fault);
    liar_close();
}

/* The letter after the proof is none: the chip has its keys, and is let go of. */
static size_t stop_twist(struct station *s, const struct letter_request *request, size_t len)
{
    return request->op == LETTER_RESULT && s->letters == LETTERS_TO_PROOF ? 1 : len;
}

static void chip_prepare(const struct day *day)
{
    struct station_made made;
    struct fault ignored = FAULT_NONE;
    uint8_t uid[16];
    day_uid_make(uid);
    liar_open(day);
    station.twist = stop_twist;
    (void)station_unit_make(&station, uid, &made, &ignored);
    liar_close();
}

struct tally {
    unsigned told;
    unsigned devices;
    unsigned wrong;
};

static void lies_about(const struct day *day, unsigned letter, struct tally *tally)
{
    static unsigned turn;
    const unsigned items = lies_items(letter_of(&own, letter));
    for (unsigned n = 0; n < items * LIES; n++) {
        plan.letter = letter;
        plan.item = n / LIES;
        plan.lie = n % LIES;
        if (turn++ % day->number != 0) {
            continue;
        }
        int result = lie_tell(day);
        tally->told += result != 2;
        /* A chip that has proved all is a device, whatever is said beside it. */
        tally->devices += result == 1 || result == 4;
        if (result == 3 || (result == 1 && letter == own.token)) {
            tally->wrong++;
            (void)printf("letter %u, item %u, %s: %s\n", letter, plan.item, lie_names[plan.lie],
                         result == 1 ? "it made a device" : "it could not be told");
        }
    }
}

int day_lies(const struct day *day)
{
    struct tally tally = { 0, 0, 0 };
    uint8_t uid[16];
    day_uid_make(uid);
    course_record(day, uid, &others);
    day_uid_make(uid);
    course_record(day, uid, &own);
    (void)printf("%u letters, the token in letter %u\n", own.count, own.token);
    chip_prepare(day);
    for (unsigned letter = 0; letter < own.count; letter++) {
        if (!is_like_earlier(letter)) {
            lies_about(day, letter, &tally);
        }
    }
    struct station_made made;
    struct fault fault = FAULT_NONE;
    liar_open(day);
    day_must(station_unit_run(&station, &made, &fault), &fault);
    liar_close();
    (void)printf("%u lies, %u without effect, %u wrong; then unit %llu\n", tally.told, tally.devices, tally.wrong,
                 (unsigned long long)made.number);
    return tally.wrong == 0 && tally.told > 0 ? 0 : 1;
}
