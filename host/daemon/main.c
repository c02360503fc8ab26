/* SPDX-License-Identifier: Apache-2.0 */
/* main: windlassd's commands: what they take, and what they print. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/daemon/daemon.h"
#include "host/daemon/errand.h"
#include "host/lib/text.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static const char help[] =
    "usage: windlassd init FOLDER --oem FILE [--listen ADDRESS:PORT] [--ledger PLACE] [--tpm TCTI | --no-tpm]\n"
    "                             [--module NAME --token URI --pin-file FILE]\n"
    "       windlassd enrol FOLDER ANSWER\n"
    "       windlassd run FOLDER [--user NAME] [--locked] [--token-needed] [--connections N] [--per-station N]\n"
    "                            [--dashboard ADDRESS:PORT [--dashboard-cert FILE --dashboard-key FILE\n"
    "                            [--dashboard-clients FILE [--dashboard-crl FILE]]]]\n"
    "       windlassd load FOLDER PACKAGE\n"
    "       windlassd order FOLDER --out FILE\n"
    "       windlassd record FOLDER PROOF [--json]\n"
    "       windlassd status FOLDER [--wait SECONDS] [--json]\n"
    "       windlassd metrics FOLDER\n"
    "       windlassd reload FOLDER\n"
    "       windlassd stop FOLDER\n"
    "\n"
    "The provisioning appliance: a daemon beside an HSM, a TPM and the ledger, which stations call over mutual TLS.\n"
    "\n"
    "  init     makes the appliance's folder and keys, and FOLDER/request.pem for the OEM: windlass pki appliance\n"
    "           FILE is pki/public.pem of the OEM's project\n"
    "  enrol    files the OEM's answer (pki/appliances/NAME.pem), after checking all of it\n"
    "  run      serves until SIGTERM; SIGHUP reads certificates and revocation lists again; logs to standard error.\n"
    "           Never as root: then it becomes the folder's owner, or --user NAME. --locked: not without locked "
    "memory.\n"
    "           --dashboard: shows the line there, to who has FOLDER/dashboard.token; without HTTPS at a loopback\n"
    "           address only. --dashboard-cert, --dashboard-key: PEM files for HTTPS. --dashboard-clients: CAs (PEM);\n"
    "           a client certificate of theirs needs no token. --dashboard-crl: their revocation lists (PEM).\n"
    "           --token-needed: no record is closed without the device's own token.\n"
    "  load     gives it a production package (windlass master production), running or not\n"
    "  order    with a TPM: writes what the OEM needs to give it more units\n"
    "  record   writes into the ledger what became of a device, after checking the proof: it was decommissioned or\n"
    "           given debug rights (windlass device decommission|debug --out PROOF), or the maker orders that its "
    "unit\n"
    "           is scrapped (windlass master scrap)\n"
    "  status   what it is doing; --wait: once it runs; metrics: the same for Prometheus\n"
    "  reload   as SIGHUP, and says whether it went well\n"
    "  stop     lets letters in hand be answered, then ends it\n"
    "\n"
    "examples:\n"
    "  windlassd init /var/lib/windlass/line-a --oem public.pem --tpm device:/dev/tpmrm0\n"
    "  windlassd enrol /var/lib/windlass/line-a line-a.pem\n"
    "  windlassd load /var/lib/windlass/line-a run.wpp\n"
    "  windlassd run /var/lib/windlass/line-a --user windlass\n";

static int fault_print(const char *verb, const struct fault *fault)
{
    char what[sizeof fault->what];
    char hint[sizeof fault->hint];
    text_clean(fault->what, what, sizeof what);
    text_clean(fault->hint, hint, sizeof hint);
    (void)fflush(stdout);
    (void)fprintf(stderr, "windlassd %s: error: %s\nhint: %s\n", verb, what,
                  hint[0] != '\0' ? hint : "'windlassd --help' tells what it takes");
    return FAILED;
}

static int usage(const char *verb, const char *what, const char *word)
{
    char clean[64];
    text_clean(word, clean, sizeof clean);
    (void)fprintf(stderr, "windlassd %s: error: %s '%s'\nhint: windlassd --help\n", verb, what, clean);
    return USAGE;
}

struct options {
    struct folder_settings wish;
    struct daemon_options daemon;
    const char *oem;
    const char *out;
    unsigned wait; /* seconds */
    int json;
};

enum {
    O_OEM = 1000,
    O_LISTEN,
    O_LEDGER,
    O_TPM,
    O_NO_TPM,
    O_MODULE,
    O_TOKEN,
    O_PIN,
    O_USER,
    O_LOCKED,
    O_NEEDED,
    O_CONNS,
    O_STATION,
    O_OUT,
    O_DASHBOARD,
    O_WAIT,
    O_DASHBOARD_CERT,
    O_DASHBOARD_KEY,
    O_DASHBOARD_CLIENTS,
    O_DASHBOARD_CRL,
    O_JSON
};

static const struct option known[] = {
    { "oem", required_argument, NULL, O_OEM },
    { "listen", required_argument, NULL, O_LISTEN },
    { "ledger", required_argument, NULL, O_LEDGER },
    { "tpm", required_argument, NULL, O_TPM },
    { "no-tpm", no_argument, NULL, O_NO_TPM },
    { "module", required_argument, NULL, O_MODULE },
    { "token", required_argument, NULL, O_TOKEN },
    { "pin-file", required_argument, NULL, O_PIN },
    { "user", required_argument, NULL, O_USER },
    { "locked", no_argument, NULL, O_LOCKED },
    { "token-needed", no_argument, NULL, O_NEEDED },
    { "connections", required_argument, NULL, O_CONNS },
    { "per-station", required_argument, NULL, O_STATION },
    { "dashboard", required_argument, NULL, O_DASHBOARD },
    { "dashboard-cert", required_argument, NULL, O_DASHBOARD_CERT },
    { "dashboard-key", required_argument, NULL, O_DASHBOARD_KEY },
    { "dashboard-clients", required_argument, NULL, O_DASHBOARD_CLIENTS },
    { "dashboard-crl", required_argument, NULL, O_DASHBOARD_CRL },
    { "out", required_argument, NULL, O_OUT },
    { "wait", required_argument, NULL, O_WAIT },
    { "json", no_argument, NULL, O_JSON },
    { NULL, 0, NULL, 0 },
};

/* 1 when the value fits. */
static int text_set(char *out, size_t out_len, const char *value)
{
    int len = snprintf(out, out_len, "%s", value);
    return value[0] != '\0' && len > 0 && (size_t)len < out_len;
}

static int number_set(unsigned *out, const char *value)
{
    size_t len = strlen(value);
    unsigned long number = len >= 1 && len <= 6 && strspn(value, "0123456789") == len ? strtoul(value, NULL, 10) : 0;
    *out = (unsigned)number;
    return number >= 1 && number <= 65536;
}

static int option_take(struct options *o, int letter, const char *value)
{
    switch (letter) {
    case O_OEM:
        o->oem = value;
        return 1;
    case O_LISTEN:
        return text_set(o->wish.listen, sizeof o->wish.listen, value);
    case O_LEDGER:
        return text_set(o->wish.ledger, sizeof o->wish.ledger, value);
    case O_TPM:
        return text_set(o->wish.tpm, sizeof o->wish.tpm, value);
    case O_NO_TPM:
        return text_set(o->wish.tpm, sizeof o->wish.tpm, "none");
    case O_MODULE:
        return text_set(o->wish.hsm.module, sizeof o->wish.hsm.module, value);
    case O_TOKEN:
        return text_set(o->wish.hsm.uri, sizeof o->wish.hsm.uri, value);
    case O_PIN:
        return text_set(o->wish.hsm.pin_file, sizeof o->wish.hsm.pin_file, value);
    case O_USER:
        o->daemon.user = value;
        return 1;
    case O_CONNS:
        return number_set(&o->daemon.limits.connections, value);
    case O_STATION:
        return number_set(&o->daemon.limits.per_station, value);
    case O_WAIT:
        return number_set(&o->wait, value);
    case O_DASHBOARD:
        o->daemon.dashboard = value;
        return 1;
    case O_DASHBOARD_CERT:
        o->daemon.dashboard_cert = value;
        return 1;
    case O_DASHBOARD_KEY:
        o->daemon.dashboard_key = value;
        return 1;
    case O_DASHBOARD_CLIENTS:
        o->daemon.dashboard_clients = value;
        return 1;
    case O_DASHBOARD_CRL:
        o->daemon.dashboard_crl = value;
        return 1;
    case O_OUT:
        o->out = value;
        return 1;
    default: /* those without a value */
        o->daemon.locked |= letter == O_LOCKED;
        o->daemon.token_needed |= letter == O_NEEDED;
        o->json |= letter == O_JSON;
        return 1;
    }
}

/* ---- the commands: `words` are the folder and what stands behind it ---- */

struct command {
    const char *name;
    int words;
    int options[11]; /* ended by 0 */
    int (*run)(const struct options *o, char *const *words, struct fault *fault);
};

static int run_init(const struct options *o, char *const *words, struct fault *fault)
{
    const struct folder_order order = { words[0], o->oem, &o->wish, &engine_tpm };
    if (o->oem == NULL) {
        return fault_set(fault, "whose appliance? --oem FILE is missing");
    }
    char digest[65];
    if (appliance_folder_init(&order, fault) != 0 || appliance_folder_request(words[0], digest, fault) != 0) {
        return -1;
    }
    (void)printf("appliance made in %s\nrequest SHA-256 %s: compare it with what the OEM sees\n"
                 "next: carry %s/request.pem to the OEM: windlass pki appliance\n",
                 words[0], digest, words[0]);
    return 0;
}

static int run_enrol(const struct options *o, char *const *words, struct fault *fault)
{
    (void)o;
    if (errand_owner(words[0], fault) != 0 || appliance_folder_enrol(words[0], words[1], &engine_tpm, fault) != 0) {
        return -1;
    }
    (void)printf("certificates filed in %s/pki\nnext: windlassd load %s PACKAGE\n", words[0], words[0]);
    return 0;
}

static int run_run(const struct options *o, char *const *words, struct fault *fault)
{
    struct daemon_options daemon = o->daemon;
    daemon.dir = words[0];
    return daemon_run(&daemon, fault);
}

static int run_load(const struct options *o, char *const *words, struct fault *fault)
{
    return errand_load(words[0], words[1], o->json, fault);
}

static int run_order(const struct options *o, char *const *words, struct fault *fault)
{
    return o->out == NULL ? fault_set(fault, "where to? --out FILE is missing") : errand_order(words[0], o->out, fault);
}

static int run_record(const struct options *o, char *const *words, struct fault *fault)
{
    return errand_record(words[0], words[1], o->json, fault);
}

static int run_status(const struct options *o, char *const *words, struct fault *fault)
{
    return errand_status(words[0], o->wait, o->json, fault);
}

static int run_metrics(const struct options *o, char *const *words, struct fault *fault)
{
    (void)o;
    return errand_metrics(words[0], fault);
}

static int run_reload(const struct options *o, char *const *words, struct fault *fault)
{
    return errand_ask(words[0], "reload", o->json, fault);
}

static int run_stop(const struct options *o, char *const *words, struct fault *fault)
{
    (void)o;
    return errand_stop(words[0], fault);
}

static const struct command commands[] = {
    { "init", 1, { O_OEM, O_LISTEN, O_LEDGER, O_TPM, O_NO_TPM, O_MODULE, O_TOKEN, O_PIN, 0 }, run_init },
    { "enrol", 2, { 0 }, run_enrol },
    { "run",
      1,
      { O_USER, O_LOCKED, O_NEEDED, O_CONNS, O_STATION, O_DASHBOARD, O_DASHBOARD_CERT, O_DASHBOARD_KEY,
        O_DASHBOARD_CLIENTS, O_DASHBOARD_CRL, 0 },
      run_run },
    { "load", 2, { O_JSON, 0 }, run_load },
    { "order", 1, { O_OUT, 0 }, run_order },
    { "record", 2, { O_JSON, 0 }, run_record },
    { "status", 1, { O_WAIT, O_JSON, 0 }, run_status },
    { "metrics", 1, { 0 }, run_metrics },
    { "reload", 1, { O_JSON, 0 }, run_reload },
    { "stop", 1, { 0 }, run_stop },
};

static int option_fits(const struct command *command, int letter)
{
    for (const int *at = command->options; *at != 0; at++) {
        if (*at == letter) {
            return 1;
        }
    }
    return 0;
}

/* DONE, or the exit code. */
static int options_read(const struct command *command, int argc, char **argv, struct options *o)
{
    int letter;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (letter == ':') {
            return usage(command->name, "a value is missing for", word);
        }
        if (letter == '?' || !option_fits(command, letter)) {
            return usage(command->name,
                         "there is no such option here:", letter != '?' && optarg == word ? argv[optind - 2] : word);
        }
        if (!option_take(o, letter, optarg)) {
            return usage(command->name, "this value cannot be:", optarg);
        }
    }
    if (argc - optind != command->words) {
        return argc - optind > command->words
                   ? usage(command->name, "one word too many:", argv[optind + command->words])
                   : usage(command->name, "a word is missing behind", argv[argc - 1]);
    }
    return DONE;
}

/* What every command may rely on: descriptors 0 to 2 are open, so that no secret file is taken for the log. */
static void process_prepare(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        (void)close(fd);
    }
}

static int command_run(const struct command *command, int argc, char **argv)
{
    struct options o = { .daemon = { .limits = server_limits_usual() } };
    struct fault fault = FAULT_NONE;
    int code = options_read(command, argc, argv, &o);
    if (code != DONE) {
        return code;
    }
    if (command->run(&o, argv + optind, &fault) != 0) {
        return fault_print(command->name, &fault);
    }
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? DONE : FAILED;
}

int main(int argc, char **argv)
{
    process_prepare();
    const char *verb = argc < 2 ? "" : argv[1];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0 ||
        (argc > 2 && strcmp(argv[2], "--help") == 0)) {
        return fputs(help, stdout) >= 0 && fflush(stdout) == 0 ? DONE : FAILED;
    }
    if (strcmp(verb, "--version") == 0) {
        return puts("windlassd " WINDLASS_VERSION) >= 0 && fflush(stdout) == 0 ? DONE : FAILED;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, verb) == 0) {
            return command_run(&commands[i], argc - 1, argv + 1);
        }
    }
    return usage("", "there is no command", verb);
}
