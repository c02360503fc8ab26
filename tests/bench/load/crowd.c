/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd: holds COUNT connections to an appliance, each with a chip announced, and tells how much memory the appliance
 * has then. Usage: crowd ADDRESS PID COUNT IDENTITY...: identities take turns, for one station may not take all places.
 * Prints "rss_mib <value>".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "host/lib/tls_letter.h"
#include "host/station/line.h"
#include "wire/letter.h"

#define COUNT_MAX 2000u
#define IDENTITIES_MAX 16
#define PATIENCE_MS 60000

static struct tls *stations[IDENTITIES_MAX];
static struct tls_conn *connections[COUNT_MAX];

static int station_open(const char *identity, struct tls **out, struct fault *fault)
{
    char paths[3][600];
    static const char *const files[3] = { LINE_CERT_FILE, LINE_KEY_FILE, LINE_ROOT_FILE };
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s", identity, files[i]);
    }
    const struct tls_config config = { .cert = paths[0], .key = paths[1], .root = paths[2] };
    return tls_client_open(&config, out, fault);
}

static int chip_announce(struct tls_conn *conn, struct fault *fault)
{
    static uint8_t answer[LETTER_MAX];
    uint8_t request[256];
    size_t len = 0;
    struct letter_answer said;
    struct cbor_writer w = cbor_writer_of(request, sizeof request);
    const struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("crowd", 5), .channel = LETTER_CHANNEL_OPEN
    };
    letter_request_build(&begin, &w);
    if (tls_letter_send(conn, cbor_written(&w), PATIENCE_MS, fault) != 0 ||
        tls_letter_receive(conn, answer, sizeof answer, &len, PATIENCE_MS, fault) != 0) {
        return -1;
    }
    return letter_answer_parse(bytes_of(answer, len), &said) == STATUS_OK && !said.refused
               ? 0
               : fault_set(fault, "the appliance does not take another chip");
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

static int crowd_hold(const char *address, unsigned count, unsigned identities, struct fault *fault)
{
    for (unsigned i = 0; i < count; i++) {
        if (tls_letter_connect(stations[i % identities], address, PATIENCE_MS, &connections[i], fault) != 0 ||
            chip_announce(connections[i], fault) != 0) {
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct rlimit files = { 4096, 4096 };
    struct fault fault = FAULT_NONE;
    unsigned count = argc >= 5 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    unsigned identities = argc >= 5 ? (unsigned)argc - 4 : 0;
    if (count < 1 || count > COUNT_MAX || identities > IDENTITIES_MAX) {
        (void)fprintf(stderr, "usage: crowd ADDRESS PID COUNT IDENTITY...\n");
        return 2;
    }
    (void)setrlimit(RLIMIT_NOFILE, &files);
    int result = 0;
    for (unsigned i = 0; result == 0 && i < identities; i++) {
        result = station_open(argv[4 + i], &stations[i], &fault);
    }
    result = result != 0 ? -1 : crowd_hold(argv[1], count, identities, &fault);
    if (result != 0) {
        (void)fprintf(stderr, "crowd: error: %s\n", fault.what);
        return 1;
    }
    (void)printf("rss_mib %.1f\n", pid_mib(argv[2]));
    for (unsigned i = 0; i < count; i++) {
        tls_conn_bye(connections[i]);
        tls_conn_close(connections[i]);
    }
    return 0;
}
