/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_provision: `windlass provision`. Joins station and appliance in one process: the station sees only letters. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/appliance/appliance.h"
#include "host/chip/chip_client.h"
#include "host/chip/chip_dir.h"
#include "host/cli/cli.h"
#include "host/cli/outcome.h"
#include "host/cli/unit_text.h"
#include "host/device/device.h"
#include "host/lib/file.h"
#include "host/lib/project.h"
#include "host/station/station.h"

#define NAME "provision"

static const char help[] =
    "usage: windlass provision --chip HOST:PORT|CHIPDIR --bl1 FILE --sbm FILE --app FILE --block FILE\n"
    "                          [--project DIR] [--link TTY] [--json]\n"
    "\n"
    "Makes a bare chip into a locked device with an identity: writes bootloader, trust anchors and\n"
    "Secure Boot Manager, lets the chip make its keys, certifies them, installs the application,\n"
    "checks everything, and locks boot flash and debug port for good.\n"
    "Interrupted? Run it again on the same chip: it resumes, and the chip is counted once.\n"
    "\n"
    "  --project DIR   the project's folder (default: this folder)\n"
    "  --chip          debug port of the chip: a GDB server, or the folder of a virtual chip\n"
    "  --bl1 FILE      bootloader, raw binary (bl1.bin)\n"
    "  --sbm FILE      Secure Boot Manager package (sbm.suit)\n"
    "  --app FILE      application package (v1.suit)\n"
    "  --block FILE    its key block for the appliance (v1.transport.block)\n"
    "  --link TTY      serial port of the application's data link: the device then proves that it is\n"
    "                  locked (a virtual chip always does)\n"
    "  --json          print the result as JSON\n"
    "\n"
    "example:\n"
    "  windlass provision --project greenhouse-sensor --chip chip1 --bl1 bl1.bin --sbm sbm.suit \\\n"
    "                     --app v1.suit --block v1.transport.block\n";

struct options {
    const char *project;
    const char *chip;
    const char *link;
    struct appliance_inputs inputs;
    int json;
};

/* CLI_DONE, an exit code, or -1: help was printed. */
static int options_read(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'p' }, { "chip", required_argument, NULL, 'c' },
        { "bl1", required_argument, NULL, '1' },     { "sbm", required_argument, NULL, 's' },
        { "app", required_argument, NULL, 'a' },     { "block", required_argument, NULL, 'b' },
        { "link", required_argument, NULL, 'l' },    { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
    };
    int c;
    *out = (struct options){ .project = "." };
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        const char **value = c == 'p'   ? &out->project
                             : c == 'c' ? &out->chip
                             : c == '1' ? &out->inputs.bl1
                             : c == 's' ? &out->inputs.sbm
                             : c == 'a' ? &out->inputs.app
                             : c == 'b' ? &out->inputs.block
                             : c == 'l' ? &out->link
                                        : NULL;
        if (value != NULL) {
            *value = optarg;
        } else if (c == 'j') {
            out->json = 1;
        } else if (c == 'h') {
            (void)fputs(help, stdout);
            return -1;
        } else {
            return cli_option_wrong(NAME, argv, c);
        }
    }
    if (optind < argc) {
        return cli_usage(NAME, "'%s' is one argument too many", argv[optind]);
    }
    return out->chip == NULL || out->inputs.bl1 == NULL || out->inputs.sbm == NULL || out->inputs.app == NULL ||
                   out->inputs.block == NULL
               ? cli_usage(NAME, "--chip, --bl1, --sbm, --app and --block are needed")
               : CLI_DONE;
}

/* `context`: int, 1 while a line is begun. */
static void progress_tell(void *context, const char *step, enum station_mark mark)
{
    int *line_begun = context;
    if (isatty(STDERR_FILENO)) {
        *line_begun = mark == STATION_BEGUN;
        if (mark == STATION_BEGUN) {
            (void)fprintf(stderr, "  %-48s ", step);
        } else {
            (void)fputs("ok\n", stderr);
        }
        (void)fflush(stderr);
    }
}

static void progress_end(const int *line_begun)
{
    if (*line_begun) {
        (void)fputs("failed\n", stderr);
    }
}

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

static int link_open(struct smp_link *link, const struct options *options, struct fault *fault)
{
    return options->link != NULL ? smp_line_tty_open(link, options->link, fault)
                                 : smp_line_chip_open(link, options->chip, fault);
}

/* For station_prover: tries until the device, which has just been reset, answers. */
static int token_get(void *context, struct bytes nonce, unsigned timeout_ms, uint8_t *token, size_t *len,
                     struct fault *fault)
{
    const struct options *options = context;
    const time_t end = time(NULL) + (time_t)(timeout_ms / 1000);
    for (;;) {
        struct smp_link link = { .fd = -1 };
        struct fault inner = FAULT_NONE;
        int result = link_open(&link, options, &inner);
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

/* ---- the run ---- */

#define IMAGES_IDLE_MAX (8u * 1024 * 1024)

static int run_socket(const struct options *options, struct appliance *appliance, const char *target,
                      struct station_result *result, struct fault *fault)
{
    struct appliance_socket *socket = NULL;
    struct image_cache *cache = image_cache_make(IMAGES_IDLE_MAX);
    int line_begun = 0;
    int done = -1;
    if (cache == NULL) {
        return fault_set(fault, "no memory");
    }
    if (appliance_socket_open(appliance, "this computer", &socket, fault) == 0) {
        const struct station_job job = { .target = target,
                                         .socket = "1",
                                         .carrier = { socket, appliance_carry },
                                         .prover = { (void *)(uintptr_t)options,
                                                     options->inputs.token_needed ? token_get : NULL },
                                         .progress = { &line_begun, progress_tell },
                                         .cache = cache };
        done = station_provision(&job, result, fault);
        progress_end(&line_begun);
    }
    appliance_socket_close(socket);
    image_cache_free(cache);
    return done;
}

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

static int run_station(struct options *options, const struct project *project, const char *target, struct outcome *out,
                       struct fault *fault)
{
    struct appliance *appliance = NULL;
    struct station_result *result = calloc(1, sizeof *result);
    if (result == NULL) {
        return fault_set(fault, "no memory");
    }
    options->inputs.token_needed = options->link != NULL || file_is_folder(options->chip);
    int done = appliance_open(project, &options->inputs, &appliance, fault) != 0 ||
                       run_socket(options, appliance, target, result, fault) != 0
                   ? -1
                   : outcome_take(result, out, fault);
    appliance_close(appliance);
    free(result);
    return done;
}

static int provision(struct options *options, struct fault *fault)
{
    struct project project;
    struct outcome outcome = { 0 };
    char target[64];
    int port = 1;
    if (project_open(options->project, &project, fault) != 0) {
        return -1;
    }
    int folder = file_is_folder(options->chip);
    if (folder) {
        port = chip_port_find(options->chip, target, sizeof target, fault);
    }
    const char *known = port == 0 ? NULL : folder ? target : options->chip;
    if (port < 0 || run_station(options, &project, known, &outcome, fault) != 0) {
        return -1;
    }
    if (outcome_file(&project, &outcome, fault) != 0) {
        return fault_hint(fault, "the device is made and recorded; run the same command again to file its "
                                 "certificates");
    }
    outcome_print(&outcome, options->json);
    return 0;
}

int cmd_provision(int argc, char **argv)
{
    struct options options;
    struct fault fault = FAULT_NONE;
    int read = options_read(argc, argv, &options);
    if (read != CLI_DONE) {
        return read < 0 ? CLI_DONE : read;
    }
    return provision(&options, &fault) == 0 ? CLI_DONE : cli_fault(NAME, &fault);
}
