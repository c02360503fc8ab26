/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device: `windlass device`: talks to a device over its data link. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "host/cli/cli.h"
#include "host/cli/cmd_device.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "wire/command.h"

#define NAME "device"
#define UPDATE_FILE_MAX (4u * 1024u * 1024u)
#define WAIT_MAX_S 3600

struct verb {
    const char *name;
    const char *extra; /* name of its own argument, or NULL */
    int (*run)(struct smp_link *link, const struct device_options *options, struct fault *fault);
    const char *help;
};

/* ---- the verbs ---- */

static void status_json_print(const struct device_status *s, const char *uid)
{
    (void)printf(
        "{\"uid\":\"%s\",\"lifecycle\":\"%s\",\"app\":%llu,\"sbm\":%llu,\"counter\":%llu,\"trial\":%s,\"pending\":",
        uid, words_lifecycle(s->lifecycle), (unsigned long long)s->app, (unsigned long long)s->sbm,
        (unsigned long long)s->counter, s->trial ? "true" : "false");
    if (s->has_pending) {
        (void)printf("%llu", (unsigned long long)s->pending);
    } else {
        (void)fputs("null", stdout);
    }
    (void)printf(",\"boots\":%llu,\"reason\":%llu,\"fault\":%llu,\"refused\":%llu,\"refused_seq\":%llu,"
                 "\"halt\":%llu,\"slot\":%llu,\"sbm_trial\":%s,\"sbm_counter\":%llu,\"health\":[%u,%u,%u,%u,%u],"
                 "\"recovery\":%s,\"fault_name\":\"%s\",\"refused_name\":\"%s\",\"halt_name\":\"%s\"}\n",
                 (unsigned long long)s->boots, (unsigned long long)s->reason, (unsigned long long)s->fault,
                 (unsigned long long)s->refused, (unsigned long long)s->refused_sequence, (unsigned long long)s->halt,
                 (unsigned long long)s->slot, s->sbm_trial ? "true" : "false", (unsigned long long)s->sbm_counter,
                 s->health[0], s->health[1], s->health[2], s->health[3], s->health[4], s->recovery ? "true" : "false",
                 s->fault == 0 ? "" : status_name((status_t)s->fault),
                 s->refused == 0 ? "" : status_name((status_t)s->refused),
                 s->halt == 0 ? "" : status_name((status_t)s->halt));
}

static void status_text_print(const struct device_status *s, const char *uid)
{
    if (s->recovery) {
        (void)puts("IN RECOVERY: no application runs; 'windlass device update', then 'windlass device reset'");
    }
    (void)printf(
        "unique ID        %s\nlifecycle        %s\napplication      %llu%s\nboot manager     %llu in slot %c%s\n"
        "security counter %llu\nboots            %llu\nthis boot        %s\n",
        uid, words_lifecycle(s->lifecycle), (unsigned long long)s->app, s->trial ? " (on trial: confirm it)" : "",
        (unsigned long long)s->sbm, s->slot == 0 ? 'A' : 'B', s->sbm_trial ? " (on trial: confirm it)" : "",
        (unsigned long long)s->counter, (unsigned long long)s->boots, words_reason(s->reason));
    for (size_t i = 0; i < DEVICE_PLACES; i++) {
        if (s->health[i] != 0) {
            (void)printf("%-16s %s\n", words_place(i), words_health(s->health[i]));
        }
    }
    if (s->has_pending) {
        (void)printf("pending update   %llu (installed at the next reset)\n", (unsigned long long)s->pending);
    }
    if (s->refused != 0) {
        (void)printf("last refusal     %llu: %s\n", (unsigned long long)s->refused_sequence,
                     status_text((status_t)s->refused));
    }
    if (s->fault != 0) {
        (void)printf("last fault       %s\n", status_text((status_t)s->fault));
    }
    if (s->halt != 0) {
        (void)printf("last halt        %s\n", status_text((status_t)s->halt));
    }
}

static int status_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    struct device_status status;
    char uid[33];
    if (device_status_read(link, &status, fault) != 0) {
        return -1;
    }
    text_hex(status.uid, sizeof status.uid, uid);
    if (options->json) {
        status_json_print(&status, uid);
    } else {
        status_text_print(&status, uid);
    }
    return 0;
}

static void progress_tell(void *context, size_t done, size_t total)
{
    (void)context;
    if (isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r  %3zu %%  %zu of %zu bytes", done * 100 / total, done, total);
        (void)fputs(done == total ? "\n" : "", stderr);
    }
}

/* The device decides about updates; what begins like none is not sent at all. */
static int update_check(const char *path, struct bytes data, struct fault *fault)
{
    static const uint8_t tag[] = { 0xD8, 0x6B }; /* CBOR tag 107: a SUIT envelope */
    if (data.len > sizeof tag && memcmp(data.data, tag, sizeof tag) == 0) {
        return 0;
    }
    (void)fault_set(fault, "%s: this is no update", path);
    return fault_hint(fault, "give what 'windlass master update' wrote, or the package of a Secure Boot Manager");
}

static int update_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    const struct device_progress progress = { NULL, progress_tell };
    uint8_t *data = NULL;
    size_t len = 0;
    if (file_read(options->extra, UPDATE_FILE_MAX, &data, &len, fault) != 0) {
        return -1;
    }
    int result = update_check(options->extra, bytes_of(data, len), fault);
    if (result == 0) {
        result = device_update(link, bytes_of(data, len), &progress, fault);
    }
    free(data);
    if (result == 0) {
        (void)puts(options->json ? "{\"accepted\":true}" : "accepted; it is installed at the next reset");
    }
    return result;
}

static int confirm_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    if (device_confirm(link, fault) != 0) {
        return -1;
    }
    (void)puts(options->json ? "{\"confirmed\":true}" : "confirmed: the running application stays");
    return 0;
}

static int reset_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    if (device_reset(link, fault) != 0) {
        return -1;
    }
    (void)puts(options->json ? "{\"reset\":true}" : "the device resets");
    return 0;
}

static int command_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    if (file_read(options->extra, COMMAND_MAX, &data, &len, fault) != 0) {
        return fault_hint(fault, "a command is made by: windlass master retire");
    }
    int result = device_command(link, bytes_of(data, len), fault);
    free(data);
    if (result == 0) {
        (void)puts(options->json ? "{\"obeyed\":true}" : "obeyed");
    }
    return result;
}

static int recovery_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    if (device_recovery(link, fault) != 0) {
        return -1;
    }
    (void)puts(options->json ? "{\"recovery\":true}" : "the device resets into recovery");
    return 0;
}

#define TARGET_HELP                                                                                                    \
    "\n  CHIPDIR         the folder of a virtual chip\n"                                                               \
    "  --port TTY      a serial port instead (115200 baud)\n"                                                          \
    "  --wait SECONDS  until the device answers\n"                                                                     \
    "  --json          print the result as JSON\n"

static const struct verb verbs[] = {
    { "status", NULL, status_run,
      "usage: windlass device status CHIPDIR|--port TTY [--wait SECONDS] [--json]\n\n"
      "Shows what the device says of itself: version, trial, pending update, last refusal.\n" TARGET_HELP
      "\nexample:\n  windlass device status chip1 --wait 30\n" },
    { "attest", NULL, device_attest_run,
      "usage: windlass device attest CHIPDIR|--port TTY [--project DIR] [--ledger PLACE] [--expect PACKAGE]...\n"
      "                              [--wait SECONDS] [--json]\n\n"
      "Is the device genuine, and what does it run? Asks for an attestation token over a fresh random number and "
      "checks\n"
      "it: its signature, the certificates up to the root of the project, that the ledger knows this device with this\n"
      "key, that it is of this product and secured. Shows what was measured at its start.\n" TARGET_HELP
      "  --project DIR   the project's folder (default: this folder)\n"
      "  --ledger PLACE  the ledger's file, an appliance's folder, or postgresql://...; default: DIR/ledger.db\n"
      "  --expect FILE   a package of application or boot manager that must be what runs (up to 8 times)\n"
      "\nexample:\n  windlass device attest chip1 --project greenhouse-sensor --ledger desk/appliance --expect "
      "v1.suit\n" },
    { "tls", NULL, device_tls_run,
      "usage: windlass device tls CHIPDIR|--port TTY --connect HOST:PORT [--name NAME] [--wait SECONDS] [--json]\n\n"
      "Lends the device a network: connects to a TLS server and carries the records of the device's own TLS 1.3 "
      "session.\n"
      "The device checks the server's certificate to its root and NAME, shows its own, sends a line about itself, and\n"
      "waits for a line of answer. Needs an application with TLS, such as app-tls.elf.\n" TARGET_HELP
      "  --connect HOST:PORT  the server\n"
      "  --name NAME          that its certificate must bear (default: HOST)\n"
      "\nexample:\n  windlass device tls chip1 --connect 127.0.0.1:14433 --name fleet.example\n" },
    { "update", "FILE", update_run,
      "usage: windlass device update CHIPDIR|--port TTY FILE [--wait SECONDS] [--json]\n\n"
      "Sends an update: key block and package of an application in one file, or the package of a Secure Boot\n"
      "Manager. The device checks it and takes or refuses it.\n" TARGET_HELP
      "\nexample:\n  windlass device update chip1 v2.update && windlass device reset chip1\n" },
    { "confirm", NULL, confirm_run,
      "usage: windlass device confirm CHIPDIR|--port TTY [--wait SECONDS] [--json]\n\n"
      "Accepts the application that runs on trial; without it the device goes back to the one before.\n" TARGET_HELP
      "\nexample:\n  windlass device confirm chip1\n" },
    { "reset", NULL, reset_run,
      "usage: windlass device reset CHIPDIR|--port TTY [--wait SECONDS] [--json]\n\nResets the device.\n" TARGET_HELP
      "\nexample:\n  windlass device reset chip1\n" },
    { "log", NULL, device_log_run,
      "usage: windlass device log CHIPDIR|--port TTY [--wait SECONDS] [--json]\n\n"
      "Shows the device's security event log, newest first: refusals, installations, faults, halts. With --json\n"
      "one object on each line.\n" TARGET_HELP "\nexample:\n  windlass device log chip1\n" },
    { "command", "FILE", command_run,
      "usage: windlass device command CHIPDIR|--port TTY FILE [--wait SECONDS] [--json]\n\n"
      "Sends a command that the maker signed (windlass master retire). The device checks it and obeys or refuses;\n"
      "what it does cannot be undone. A command that was obeyed before does nothing.\n" TARGET_HELP
      "\nexample:\n  windlass device command chip1 retire.command\n" },
    { "debug", NULL, device_debug_run,
      "usage: windlass device debug CHIPDIR|--port TTY --rights non-secure|secure [--project DIR] [--signed-by LABEL]\n"
      "       [--out PROOF] [--wait SECONDS] [--json]\n\n"
      "Opens the debug port of a secured device until its next reset. The device proves who it is, then the order is\n"
      "signed for it alone, with a mastering key of the OEM's token. Its policy (product.yaml: debug) says whether it\n"
      "opens, and whether the application's storage is erased first. With secure rights the device wipes its keys "
      "until\n"
      "the reset and lets nothing be written.\n" TARGET_HELP
      "  --rights WHAT        non-secure: the application's world; secure: the whole chip\n"
      "  --project DIR        the project's folder (default: this folder)\n"
      "  --signed-by LABEL    mastering (default) or mastering-next\n"
      "  --out PROOF          file for the order and the device's token, for the ledger: windlassd record\n"
      "\nexample:\n  windlass device debug chip1 --project greenhouse-sensor --rights non-secure --out debug.proof\n" },
    { "decommission", NULL, device_decommission_run,
      "usage: windlass device decommission CHIPDIR|--port TTY --uid UID [--project DIR] [--signed-by LABEL]\n"
      "       [--out PROOF] [--wait SECONDS] [--json]\n\n"
      "Ends a device for good: return and scrap. It fuses that, says so in a last token signed with its own key, and\n"
      "erases keys, storage and firmware at the reset that follows. It never starts again.\n" TARGET_HELP
      "  --uid UID            the device's unique ID, so that no other one is meant\n"
      "  --project DIR        the project's folder (default: this folder)\n"
      "  --signed-by LABEL    mastering (default) or mastering-next\n"
      "  --out PROOF          file for the order and the device's last token, for the ledger: windlassd record\n"
      "\nexample:\n  windlass device decommission chip1 --uid 00112233445566778899aabbccddeeff --out scrap.proof\n" },
    { "recovery", NULL, recovery_run,
      "usage: windlass device recovery CHIPDIR|--port TTY [--wait SECONDS] [--json]\n\n"
      "Resets the device into the recovery of its Secure Boot Manager, which takes an update without the\n"
      "application. The reset after that is an ordinary one.\n" TARGET_HELP
      "\nexample:\n  windlass device recovery chip1\n" },
    { "echo", "TEXT", device_echo_run,
      "usage: windlass device echo CHIPDIR|--port TTY TEXT [--wait SECONDS] [--json]\n\n"
      "Sends a text and checks that it comes back.\n" TARGET_HELP "\nexample:\n  windlass device echo chip1 hello\n" },
    { "peek", "ADDRESS", device_peek_run,
      "usage: windlass device peek CHIPDIR|--port TTY ADDRESS [--wait SECONDS] [--json]\n\n"
      "Has the example application read one word of memory. Reading secure memory ends in a fault, which the\n"
      "Secure Boot Manager records before it resets the device.\n" TARGET_HELP
      "\nexample:\n  windlass device peek chip1 0x28200000\n" },
};

static void help_print(void)
{
    (void)fputs("usage: windlass device VERB CHIPDIR|--port TTY [options]\n\n"
                "  status        what the device says of itself\n"
                "  attest        is it genuine, and what does it run? checked to the project's root and ledger\n"
                "  tls           a line for the device's own TLS session with a server\n"
                "  update        send an update\n"
                "  confirm       accept the application that runs on trial\n"
                "  reset         reset the device\n"
                "  log           the security event log\n"
                "  command       send a command that the maker signed\n"
                "  debug         open the debug port until the next reset\n"
                "  decommission  end the device for good\n"
                "  recovery      reset into the Secure Boot Manager's recovery\n"
                "  echo          is the line good?\n"
                "  peek          have the example application read a word of memory\n\n"
                "'windlass device VERB --help' tells more.\n\n"
                "example:\n  windlass device status chip1\n",
                stdout);
}

/* ---- options ---- */

static int number_read(const char *text, unsigned *out)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > WAIT_MAX_S) {
        return -1;
    }
    *out = (unsigned)value;
    return 0;
}

/*
 * Sorts what is not an option: CHIPDIR unless there is --port, then FILE or TEXT. A file and its chip may stand in
 * either order.
 */
static int places_read(const struct verb *verb, char **places, int count, struct device_options *out)
{
    int needed = (out->port == NULL) + (verb->extra != NULL);
    if (count > needed) {
        return cli_usage(NAME, "%s: '%s' is one argument too many", verb->name, places[needed]);
    }
    if (count < needed) {
        return cli_usage(NAME, "%s needs %s%s%s", verb->name, out->port == NULL ? "CHIPDIR or --port TTY" : "",
                         needed == 2 ? ", and " : "", verb->extra != NULL ? verb->extra : "");
    }
    int chip_at = needed == 2 && !file_is_folder(places[0]) && file_is_folder(places[1]) ? 1 : 0;
    out->chip = out->port == NULL ? places[chip_at] : NULL;
    out->extra = verb->extra == NULL ? NULL : out->port != NULL ? places[0] : places[1 - chip_at];
    return CLI_DONE;
}

/* CLI_DONE, an exit code, or -1: help was printed. */
static int options_read(const struct verb *verb, int argc, char **argv, struct device_options *out)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'r' }, { "ledger", required_argument, NULL, 'l' },
        { "expect", required_argument, NULL, 'e' },  { "connect", required_argument, NULL, 'c' },
        { "name", required_argument, NULL, 'n' },    { "port", required_argument, NULL, 'p' },
        { "wait", required_argument, NULL, 'w' },    { "rights", required_argument, NULL, 'g' },
        { "uid", required_argument, NULL, 'u' },     { "signed-by", required_argument, NULL, 's' },
        { "out", required_argument, NULL, 'o' },     { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
    };
    int c;
    *out = (struct device_options){ .project = "." };
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        switch (c) {
        case 'r':
            out->project = optarg;
            break;
        case 'l':
            out->ledger = optarg;
            break;
        case 'e':
            if (out->expect_count == DEVICE_EXPECT_MAX) {
                return cli_usage(NAME, "--expect may be given %d times", DEVICE_EXPECT_MAX);
            }
            out->expect[out->expect_count++] = optarg;
            break;
        case 'c':
            out->connect = optarg;
            break;
        case 'n':
            out->name = optarg;
            break;
        case 'p':
            out->port = optarg;
            break;
        case 'w':
            if (number_read(optarg, &out->wait_s) != 0) {
                return cli_usage(NAME, "--wait takes a number of seconds up to %d, not '%s'", WAIT_MAX_S, optarg);
            }
            break;
        case 'g':
            out->rights = optarg;
            break;
        case 'u':
            out->uid = optarg;
            break;
        case 's':
            out->signed_by = optarg;
            break;
        case 'o':
            out->out = optarg;
            break;
        case 'j':
            out->json = 1;
            break;
        case 'h':
            (void)fputs(verb->help, stdout);
            return -1;
        default:
            return cli_option_wrong(NAME, argv, c);
        }
    }
    return places_read(verb, argv + optind, argc - optind, out);
}

/* ---- the line ---- */

static int line_open(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    return options->port != NULL ? smp_line_tty_open(link, options->port, fault)
                                 : smp_line_chip_open(link, options->chip, fault);
}

/* Opens the line and, with --wait, tries until the device answers. */
static int line_ready(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    const time_t end = time(NULL) + (time_t)options->wait_s;
    if (options->wait_s == 0) {
        return line_open(link, options, fault);
    }
    for (;;) {
        struct fault inner = FAULT_NONE;
        struct device_status ignored;
        int result = line_open(link, options, &inner);
        if (result == 0) {
            struct smp_link usual = *link;
            link->tries = 1;
            link->timeout_ms = 1000;
            result = device_status_read(link, &ignored, &inner);
            link->tries = usual.tries;
            link->timeout_ms = usual.timeout_ms;
        }
        if (result == 0) {
            return 0;
        }
        smp_link_close(link);
        if (time(NULL) >= end) {
            (void)fault_set(fault, "after %u seconds: %s", options->wait_s, inner.what);
            return inner.hint[0] == '\0' ? -1 : fault_hint(fault, "%s", inner.hint);
        }
        (void)nanosleep(&(struct timespec){ 0, 200 * 1000000L }, NULL);
    }
}

int cmd_device(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct device_options options;
    struct smp_link link = { .fd = -1 };
    struct fault fault = FAULT_NONE;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help_print();
        return CLI_DONE;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) != 0) {
            continue;
        }
        int read = options_read(&verbs[i], argc - 1, argv + 1, &options);
        if (read != CLI_DONE) {
            return read < 0 ? CLI_DONE : read;
        }
        int result = line_ready(&link, &options, &fault) != 0 ? -1 : verbs[i].run(&link, &options, &fault);
        smp_link_close(&link);
        return result == 0 ? CLI_DONE : cli_fault(NAME, &fault);
    }
    return cli_usage(NAME, name[0] == '\0' ? "say what to do" : "there is no '%s'", name);
}
