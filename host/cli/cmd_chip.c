/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_chip: `windlass chip`: the virtual chip's folder, its power switch, its console. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host/chip/array.h"
#include "host/chip/chip_client.h"
#include "host/chip/chip_dir.h"
#include "host/chip/rsp.h"
#include "host/cli/chip_console.h"
#include "host/cli/cli.h"
#include "host/lib/file.h"

#define QEMU_ARGS_MAX 32
#define BOOT_FILE_MAX 0x8000u /* BL1, or an anchor page */

struct chip_args {
    const char *dir;
    const char *uid;
    const char *vendor;
    const char *boot;
    const char *anchor;
    bool foreground;
    bool halted;
    bool json;
    char *qemu[QEMU_ARGS_MAX + 1];
    size_t qemu_count;
    char *rest[3]; /* after DIR */
    size_t rest_count;
};

struct chip_verb {
    const char *name;
    const char *options; /* letters of the long options that it takes */
    size_t rest_max;
    int (*run)(const char *command, const struct chip_args *args);
    const char *help;
};

static int uid_read(const char *text, uint8_t uid[CHIP_UID_LEN], struct fault *fault)
{
    if (text == NULL) {
        return getrandom(uid, CHIP_UID_LEN, 0) == CHIP_UID_LEN ? 0 : fault_errno(fault, "random unique ID");
    }
    if (strlen(text) != 2 * CHIP_UID_LEN || !rsp_hex_read((const uint8_t *)text, 2 * CHIP_UID_LEN, uid)) {
        (void)fault_hint(fault, "give 16 bytes as 32 hexadecimal digits, or leave --uid out for a random one");
        return fault_set(fault, "'%s' is not a unique ID", text);
    }
    return 0;
}

/* What --boot and --anchor name. */
struct boot_files {
    uint8_t *boot;
    uint8_t *anchor;
    size_t boot_len;
    size_t anchor_len;
};

static int boot_files_read(const struct chip_args *args, struct boot_files *out, struct fault *fault)
{
    if (args->boot == NULL && args->anchor == NULL) {
        return 0;
    }
    if (args->boot == NULL || args->anchor == NULL) {
        return fault_set(fault, "--boot and --anchor go together");
    }
    return file_read(args->boot, BOOT_FILE_MAX, &out->boot, &out->boot_len, fault) == 0 &&
                   file_read(args->anchor, BOOT_FILE_MAX, &out->anchor, &out->anchor_len, fault) == 0
               ? 0
               : -1;
}

static int new_make(const struct chip_args *args, const uint8_t uid[CHIP_UID_LEN], struct fault *fault)
{
    struct boot_files files = { NULL, NULL, 0, 0 };
    int result = boot_files_read(args, &files, fault);
    if (result == 0) {
        result = chip_dir_create(args->dir, uid, args->vendor, fault);
    }
    if (result == 0 && files.boot != NULL) {
        result = chip_dir_boot_put(args->dir, bytes_of(files.boot, files.boot_len),
                                   bytes_of(files.anchor, files.anchor_len), fault);
    }
    free(files.boot);
    free(files.anchor);
    return result;
}

static int new_run(const char *command, const struct chip_args *args)
{
    uint8_t uid[CHIP_UID_LEN];
    uint8_t hex[2 * CHIP_UID_LEN];
    struct fault fault = FAULT_NONE;
    if (uid_read(args->uid, uid, &fault) != 0 || new_make(args, uid, &fault) != 0) {
        return cli_fault(command, &fault);
    }
    rsp_hex_write(uid, sizeof uid, hex);
    (void)printf("%s: a %s chip, unique ID %.32s\n", args->dir, args->boot != NULL ? "closed" : "blank",
                 (const char *)hex);
    return CLI_DONE;
}

static void report_print(const char *dir, const struct owner_report *report)
{
    (void)printf("%s: %s, process %ld\n", dir, report->halted && report->reason[0] == '\0' ? "halted" : report->state,
                 (long)report->pid);
    if (report->reason[0] != '\0') {
        (void)printf("reason: %s\n", report->reason);
    }
    if (report->gdb_port != 0) {
        (void)printf("debug port: 127.0.0.1:%u\n", report->gdb_port);
    } else {
        (void)printf("debug port: locked\n");
    }
    (void)fflush(stdout);
}

static int foreground_run(const char *command, const struct chip_args *args, const struct owner_options *options)
{
    struct owner_report report;
    struct fault fault = FAULT_NONE;
    struct owner *o = owner_start(args->dir, options, &report, &fault);
    if (o == NULL) {
        return cli_fault(command, &fault);
    }
    report_print(args->dir, &report);
    owner_run(o);
    return CLI_DONE;
}

static int run_run(const char *command, const struct chip_args *args)
{
    struct owner_options options = { .halted = args->halted, .to_stdout = args->foreground, .qemu_arg = args->qemu };
    struct owner_report report;
    struct fault fault = FAULT_NONE;
    if (args->foreground) {
        return foreground_run(command, args, &options);
    }
    if (chip_start(args->dir, &options, &report, &fault) != 0) {
        return cli_fault(command, &fault);
    }
    report_print(args->dir, &report);
    return CLI_DONE;
}

static int line_run(const char *command, const struct chip_args *args, const char *line, const char *done)
{
    char answer[CHIP_ANSWER_MAX];
    struct fault fault = FAULT_NONE;
    if (chip_control(args->dir, line, answer, &fault) != 0) {
        return cli_fault(command, &fault);
    }
    (void)printf("%s: %s\n", args->dir, done);
    return CLI_DONE;
}

static int stop_run(const char *command, const struct chip_args *args)
{
    return line_run(command, args, "stop", "off");
}

static int cut_run(const char *command, const struct chip_args *args)
{
    return line_run(command, args, "cut", "power cut");
}

static int reset_run(const char *command, const struct chip_args *args)
{
    return args->halted ? line_run(command, args, "bus-reset halt", "reset, halted")
                        : line_run(command, args, "reset", "reset");
}

static int cut_at_run(const char *command, const struct chip_args *args)
{
    char line[100];
    if (args->rest_count < 2) {
        return cli_usage(command, "which operation, and how: N before|torn|after [BYTES]");
    }
    int len = snprintf(line, sizeof line, "cut-at %s %s%s%s", args->rest[0], args->rest[1],
                       args->rest_count == 3 ? " " : "", args->rest_count == 3 ? args->rest[2] : "");
    if (len < 0 || (size_t)len >= sizeof line || strpbrk(line, "\r\n") != NULL) {
        return cli_usage(command, "the arguments are too long");
    }
    return line_run(command, args, line, "power cut ordered");
}

/* A chip that is off is looked at in its folder. */
static int status_off(const char *command, const struct chip_args *args)
{
    struct chip_dir d;
    struct array a;
    uint8_t hex[2 * CHIP_UID_LEN];
    struct fault fault = FAULT_NONE;
    if (chip_dir_open(args->dir, CHIP_DIR_LOOK, &d, &fault) != 0) {
        return cli_fault(command, &fault);
    }
    array_init(&a, d.flash, d.fuses);
    rsp_hex_write(d.fuses + 4 * FUSE_UNIQUE_ID, CHIP_UID_LEN, hex);
    if (args->json) {
        (void)printf("{\"state\":\"off\",\"lifecycle\":\"%s\"}\n", array_lifecycle_name(&a));
    } else {
        (void)printf("state      off\nlifecycle  %s\ndebug      %s\nunique ID  %.32s\n", array_lifecycle_name(&a),
                     array_debug_is_locked(&a) ? "locked" : "open", (const char *)hex);
    }
    chip_dir_close(&d);
    return CLI_DONE;
}

/* {"a":1,"b":"x"} as lines "a  1". The chip's own answers have neither nesting nor commas in their texts but in
 * "reason", which is last. */
static void status_print(const char *json)
{
    const char *at = json + 1;
    while (*at == '"') {
        size_t name_len = strcspn(at + 1, "\"");
        const char *value = at + 1 + name_len + 2;
        size_t value_len = *value == '"' ? strcspn(value + 1, "\"") : strcspn(value, ",}");
        int quoted = *value == '"';
        (void)printf("%-10.*s %.*s\n", (int)name_len, at + 1, (int)value_len, value + quoted);
        at = value + value_len + 2 * (size_t)quoted;
        at += *at == ',';
    }
}

static int status_run(const char *command, const struct chip_args *args)
{
    char answer[CHIP_ANSWER_MAX];
    struct fault fault = FAULT_NONE;
    int running = chip_is_running(args->dir, &fault);
    if (running == 0) {
        return status_off(command, args);
    }
    if (running < 0 || chip_control(args->dir, "status", answer, &fault) != 0) {
        return cli_fault(command, &fault);
    }
    if (args->json) {
        (void)printf("%s\n", answer);
    } else {
        status_print(answer);
    }
    return CLI_DONE;
}

static int console_run(const char *command, const struct chip_args *args)
{
    struct fault fault = FAULT_NONE;
    int fd = chip_console_open(args->dir, &fault);
    if (fd < 0) {
        (void)fault_hint(&fault, "what it said before is in %s/" CHIP_CONSOLE_LOG, args->dir);
        return cli_fault(command, &fault);
    }
    int result = chip_console_join(fd, &fault);
    (void)close(fd);
    return result == 0 ? CLI_DONE : cli_fault(command, &fault);
}

static const struct chip_verb verbs[] = {
    { "new", "uvba", 0, new_run,
      "usage: windlass chip new DIR [--uid HEX32] [--vendor DIR] [--boot FILE --anchor FILE]\n\n"
      "Makes a blank chip in the new folder DIR, as it leaves the silicon vendor: erased flash, unique ID, vendor key\n"
      "and certificate. The vendor is a stand-in, and its certificates say so.\n\n"
      "  --uid HEX32    the unique ID, 32 hexadecimal digits (default: random)\n"
      "  --vendor DIR   the stand-in vendor's CA, made when missing (default: one for this chip alone)\n"
      "  --boot FILE    BL1, put into the boot flash by the vendor, who then locks it and closes the debug port:\n"
      "                 with bl1-agent.bin a chip that is provisioned over the secure channel\n"
      "  --anchor FILE  the anchor page beside it\n\n"
      "example:\n  windlass chip new chip1 --uid 00112233445566778899aabbccddeeff\n" },
    { "run", "ftq", 0, run_run,
      "usage: windlass chip run DIR [--foreground] [--halted] [--qemu-arg ARG]...\n\n"
      "Switches the chip on, in the background, and tells its debug port. 'windlass chip stop DIR' switches it off.\n\n"
      "  --foreground    stay, and show the console; Ctrl-C switches the chip off\n"
      "  --halted        start with the CPU stopped (only while the debug port is open)\n"
      "  --qemu-arg ARG  a further argument for the emulator, for test benches; files by absolute path; may be "
      "repeated\n\n"
      "examples:\n  windlass chip run chip1\n"
      "  gdb-multiarch -ex 'target remote :'$(cat chip1/gdb.port) firmware.elf\n" },
    { "stop", "", 0, stop_run,
      "usage: windlass chip stop DIR\n\nSwitches the chip off, once the flash operation under way is done.\n\n"
      "example:\n  windlass chip stop chip1\n" },
    { "cut", "", 0, cut_run,
      "usage: windlass chip cut DIR\n\nCuts the chip's power at once, whatever it is doing.\n\n"
      "example:\n  windlass chip cut chip1\n" },
    { "cut-at", "", 3, cut_at_run,
      "usage: windlass chip cut-at DIR N before|torn|after [BYTES]\n\n"
      "Orders a power cut at the Nth flash or fuse operation from now (1 is the next): before it, after it, or torn "
      "in\n"
      "the middle of it, when BYTES of it (default: half) are done.\n\n"
      "example:\n  windlass chip cut-at chip1 3 torn 100\n" },
    { "reset", "t", 0, reset_run,
      "usage: windlass chip reset DIR [--halted]\n\nPulls the chip's reset pin.\n\n"
      "  --halted   the CPU stops before its first instruction (only while the debug port is open)\n\n"
      "example:\n  windlass chip reset chip1\n" },
    { "status", "j", 0, status_run,
      "usage: windlass chip status DIR [--json]\n\nTells whether the chip is on, its lifecycle, its debug port.\n\n"
      "  --json   one line of JSON for machines\n\n"
      "example:\n  windlass chip status chip1 --json\n" },
    { "console", "", 0, console_run,
      "usage: windlass chip console DIR\n\n"
      "Shows what the chip prints, until it is off, and types what comes from standard input on the application's\n"
      "console: on a terminal key by key, until Ctrl-]; from a pipe all of it, until the answers have come.\n"
      "What was printed before is in DIR/console.log.\n\n"
      "examples:\n  windlass chip console chip1\n  echo status | windlass chip console chip1\n" },
};

static void help_print(FILE *out)
{
    (void)fprintf(out,
                  "usage: windlass chip <command> DIR [options]\n\n"
                  "The virtual chip: a Cortex-M33 with TrustZone, flash, fuses and a debug port, in the folder DIR.\n\n"
                  "  new      make a blank chip\n"
                  "  run      switch it on\n"
                  "  stop     switch it off\n"
                  "  cut      cut its power\n"
                  "  cut-at   cut its power at a chosen flash operation\n"
                  "  reset    pull its reset pin\n"
                  "  status   tell how it is\n"
                  "  console  show what it prints, and type\n\n"
                  "'windlass chip <command> --help' tells more.\n"
                  "example:\n  windlass chip new chip1 && windlass chip run chip1\n");
}

static const struct option long_options[] = {
    { "uid", required_argument, NULL, 'u' },      { "vendor", required_argument, NULL, 'v' },
    { "boot", required_argument, NULL, 'b' },     { "anchor", required_argument, NULL, 'a' },
    { "foreground", no_argument, NULL, 'f' },     { "halted", no_argument, NULL, 't' },
    { "qemu-arg", required_argument, NULL, 'q' }, { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },           { NULL, 0, NULL, 0 },
};

/* Stores one option; false when there are too many. */
static bool option_store(struct chip_args *args, int letter)
{
    switch (letter) {
    case 'u':
        args->uid = optarg;
        break;
    case 'v':
        args->vendor = optarg;
        break;
    case 'b':
        args->boot = optarg;
        break;
    case 'a':
        args->anchor = optarg;
        break;
    case 'f':
        args->foreground = true;
        break;
    case 't':
        args->halted = true;
        break;
    case 'j':
        args->json = true;
        break;
    default:
        if (args->qemu_count == QEMU_ARGS_MAX) {
            return false;
        }
        args->qemu[args->qemu_count++] = optarg;
    }
    return true;
}

/* CLI_DONE, or the exit code of a wrong call; -1: help was asked for. */
static int options_read(const char *command, const struct chip_verb *verb, int argc, char **argv,
                        struct chip_args *args)
{
    int letter;
    optind = 0;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (letter == 'h') {
            return -1;
        }
        if (letter == '?' || letter == ':' || strchr(verb->options, letter) == NULL) {
            return cli_option_wrong(command, argv, letter);
        }
        if (!option_store(args, letter)) {
            return cli_usage(command, "--qemu-arg: at most %d times", QEMU_ARGS_MAX);
        }
    }
    if (optind == argc) {
        return cli_usage(command, "which chip? Give its folder");
    }
    args->dir = argv[optind++];
    while (optind < argc && args->rest_count < verb->rest_max) {
        args->rest[args->rest_count++] = argv[optind++];
    }
    return optind == argc ? CLI_DONE : cli_usage(command, "'%s' is one argument too many", argv[optind]);
}

static int verb_run(const struct chip_verb *verb, int argc, char **argv)
{
    char command[32];
    struct chip_args args = { .dir = NULL };
    (void)snprintf(command, sizeof command, "chip %s", verb->name);
    int code = options_read(command, verb, argc, argv, &args);
    if (code == -1) {
        (void)fputs(verb->help, stdout);
        return CLI_DONE;
    }
    return code == CLI_DONE ? verb->run(command, &args) : code;
}

int cmd_chip(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        help_print(stdout);
        return CLI_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verb_run(&verbs[i], argc - 1, argv + 1);
        }
    }
    return argc >= 2 ? cli_usage("chip", "there is no command '%s'", argv[1]) : cli_usage("chip", "which command?");
}
