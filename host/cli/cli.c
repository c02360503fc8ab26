/* SPDX-License-Identifier: Apache-2.0 */
/* cli: see cli.h. What is shown may hold names from files, devices and certificates: nothing in it steers the terminal.
 */
#include "host/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/text.h"

int cli_fault(const char *command, const struct fault *fault)
{
    char what[sizeof fault->what];
    char hint[sizeof fault->hint];
    text_clean(fault->what, what, sizeof what);
    text_clean(fault->hint, hint, sizeof hint);
    (void)fflush(stdout);
    (void)fprintf(stderr, "windlass %s: error: %s\n", command, what);
    if (hint[0] != '\0') {
        (void)fprintf(stderr, "hint: %s\n", hint);
    } else {
        (void)fprintf(stderr, "hint: 'windlass %s --help' tells what it takes\n", command);
    }
    return CLI_FAILED;
}

int cli_usage(const char *command, const char *format, ...)
{
    char text[512];
    char clean[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text, clean, sizeof clean);
    (void)fprintf(stderr, "windlass %s: error: %s\nhint: windlass %s --help\n", command, clean, command);
    return CLI_USAGE;
}

int cli_option_wrong(const char *command, char *const argv[], int letter)
{
    const char *word = argv[optind - 1];
    if (letter == ':') {
        return cli_usage(command, "option '%s' needs a value", word);
    }
    if (letter == '?' && strncmp(word, "--", 2) == 0 && strchr(word, '=') != NULL && optopt != 0) {
        return cli_usage(command, "option '%s' takes no value", word);
    }
    if (letter == '?' && optopt > 0 && optopt < 128) {
        return cli_usage(command, "there is no option '-%c'", optopt);
    }
    /* An option that another verb has: its value may stand behind it. */
    return cli_usage(command, "there is no option '%s' here",
                     letter != '?' && word == optarg ? argv[optind - 2] : word);
}

int cli_finish(const char *command, int code)
{
    struct fault fault = FAULT_NONE;
    int lost = ferror(stdout) != 0;
    errno = 0;
    lost |= fflush(stdout) != 0;
    if (!lost || code != CLI_DONE) {
        return code;
    }
    if (errno == EPIPE) {
        return CLI_FAILED;
    }
    (void)(errno != 0 ? fault_errno(&fault, "cannot write the output") : fault_set(&fault, "cannot write the output"));
    (void)fault_hint(&fault, "what the command does is done; only what it says is lost");
    return cli_fault(command, &fault);
}
