/* SPDX-License-Identifier: Apache-2.0 */
/* gang: see gang.h. */
#include "host/cli/gang.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/chip/chip_client.h"
#include "host/chip/chip_dir.h"
#include "host/cli/progress.h"
#include "host/cli/unit_text.h"
#include "host/device/device.h"
#include "host/lib/file.h"
#include "host/station/station.h"

#define IMAGES_IDLE_MAX (16u * 1024 * 1024)

struct member {
    struct gang_chip *chip;
    const struct gang_ways *ways;
    struct image_cache *cache;
    struct progress_line *line;
    size_t number;
    pthread_t thread;
    int started;
};

/* ---- where the chip is ---- */

/* 1 and the address of a virtual chip's debug port; 0 when it is locked; -1: there is no such chip, or it is off. */
static int chip_port_find(const char *dir, char *target, size_t target_len, struct fault *fault)
{
    struct chip_dir looked_at;
    struct fault locked = FAULT_NONE;
    unsigned port = 0;
    if (chip_dir_open(dir, CHIP_DIR_LOOK, &looked_at, fault) != 0) {
        return -1;
    }
    chip_dir_close(&looked_at);
    int running = chip_is_running(dir, fault);
    if (running == 1 && chip_debug_port(dir, &port, &locked) == 0) {
        (void)snprintf(target, target_len, "127.0.0.1:%u", port);
        return 1;
    }
    if (running == 0) {
        (void)fault_set(fault, "the chip in %s is off", dir);
        (void)fault_hint(fault, "'windlass chip run %s' switches it on", dir);
    }
    return running == 1 ? 0 : -1;
}

/* ---- the device's own word that it is locked ---- */

/* The chip's data link: a line that was named, a virtual chip's own, or, of a chip with the secure channel, the chip.
 */
static int link_open(struct smp_link *link, const struct gang_chip *chip, struct fault *fault)
{
    if (chip->link == NULL && file_is_folder(chip->chip)) {
        return smp_line_chip_open(link, chip->chip, fault);
    }
    return smp_line_port_open(link, chip->link != NULL ? chip->link : chip->chip, fault);
}

/* For station_wire: the line of BL1's and SBM's agents is the data link of the device that it becomes. */
static int wire_open(void *context, int *fd, struct fault *fault)
{
    struct smp_link link = { .fd = -1 };
    int result = link_open(&link, context, fault);
    *fd = link.fd;
    return result;
}

/* For station_prover: tries until the device, which has just been reset, answers. */
static int token_get(void *context, struct bytes nonce, unsigned timeout_ms, uint8_t *token, size_t *len,
                     struct fault *fault)
{
    const struct gang_chip *chip = context;
    const time_t end = time(NULL) + (time_t)(timeout_ms / 1000);
    for (;;) {
        struct smp_link link = { .fd = -1 };
        struct fault inner = FAULT_NONE;
        int result = link_open(&link, chip, &inner);
        link.tries = 1;
        result = result != 0 ? -1 : device_token_read(&link, nonce, token, len, &inner);
        smp_link_close(&link);
        if (result == 0) {
            return 0;
        }
        if (time(NULL) >= end) {
            return fault_set(fault, "the device does not prove that it is locked: %s", inner.what);
        }
        (void)nanosleep(&(struct timespec){ 0, 200 * 1000000L }, NULL);
    }
}

/* ---- one chip ---- */

static int outcome_take(const struct station_result *result, struct outcome *out, struct fault *fault)
{
    char serial[64];
    out->number = result->number;
    out->sequence = result->package_sequence;
    if (cert_parse(bytes_of(result->device_cert, result->device_cert_len), &out->device, fault) != 0 ||
        cert_parse(bytes_of(result->update_cert, result->update_cert_len), &out->update, fault) != 0 ||
        cert_serial_number(&out->device, serial, sizeof serial, fault) != 0) {
        return -1;
    }
    return unit_uid_read(serial, out->uid) == 0 ? 0 : fault_set(fault, "the device certificate names no unique ID");
}

static int station_run(const struct member *m, const char *target, struct station_result *result, struct fault *fault)
{
    struct gang_chip *chip = m->chip;
    char socket[LETTER_SOCKET_MAX + 1];
    struct station_job job = {
        .target = target, .socket = socket, .progress = { m->line, progress_tell }, .cache = m->cache
    };
    (void)snprintf(socket, sizeof socket, "%zu", m->number);
    if (chip->link != NULL || chip->secure || file_is_folder(chip->chip)) {
        job.prover = (struct station_prover){ chip, token_get };
    }
    if (chip->secure) {
        job.wire = (struct station_wire){ chip, wire_open };
    }
    if (m->ways->open(m->ways->context, &job.carrier, fault) != 0) {
        return -1;
    }
    int done = station_provision(&job, result, fault);
    m->ways->close(&job.carrier);
    return done;
}

static int chip_run(const struct member *m, struct fault *fault)
{
    char found[64];
    const char *target = m->chip->chip;
    struct station_result *result = calloc(1, sizeof *result);
    if (result == NULL) {
        return fault_set(fault, "no memory");
    }
    int done = 0;
    if (m->chip->secure) {
        target = NULL;
    } else if (file_is_folder(m->chip->chip)) {
        int port = chip_port_find(m->chip->chip, found, sizeof found, fault);
        target = port > 0 ? found : NULL;
        done = port < 0 ? -1 : 0;
    }
    if (done == 0) {
        done = station_run(m, target, result, fault);
    }
    if (done == 0) {
        done = outcome_take(result, &m->chip->outcome, fault);
    }
    free(result);
    return done;
}

static void *member_run(void *context)
{
    struct member *m = context;
    m->chip->fault = FAULT_NONE;
    m->chip->done = chip_run(m, &m->chip->fault) == 0;
    (void)snprintf(m->chip->step, sizeof m->chip->step, "%s", m->line->step);
    progress_end(m->line, m->chip->done);
    return NULL;
}

/* ---- all of them ---- */

static void members_run(struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        members[i].started = count > 1 && pthread_create(&members[i].thread, NULL, member_run, &members[i]) == 0;
        if (!members[i].started) {
            (void)member_run(&members[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (members[i].started) {
            (void)pthread_join(members[i].thread, NULL);
        }
    }
}

int gang_run(struct gang_chip *chips, size_t count, const struct gang_ways *ways)
{
    struct member members[GANG_MAX];
    struct progress_line lines[GANG_MAX];
    struct progress progress;
    struct image_cache *cache = image_cache_make(IMAGES_IDLE_MAX);
    int result = cache == NULL ? -1 : 0;
    for (size_t i = 0; i < count; i++) {
        lines[i].name = chips[i].chip;
        members[i] =
            (struct member){ .chip = &chips[i], .ways = ways, .cache = cache, .line = &lines[i], .number = i + 1 };
        chips[i].done = 0;
        chips[i].fault = FAULT_NONE;
        if (cache == NULL) {
            (void)fault_set(&chips[i].fault, "no memory");
        }
    }
    if (cache != NULL) {
        progress_open(&progress, lines, count);
        members_run(members, count);
        progress_close(&progress);
    }
    for (size_t i = 0; i < count; i++) {
        result = chips[i].done ? result : -1;
    }
    image_cache_free(cache);
    return result;
}
