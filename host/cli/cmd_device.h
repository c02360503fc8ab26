/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device: verbs of `windlass device` that have a file of their own. */
#ifndef HOST_CLI_CMD_DEVICE_H
#define HOST_CLI_CMD_DEVICE_H

#include "host/device/device.h"

#define DEVICE_EXPECT_MAX 8

struct device_options {
    const char *chip;  /* folder of a virtual chip, or NULL */
    const char *port;  /* tty, or NULL */
    const char *extra; /* FILE or TEXT */
    const char *project;
    const char *ledger; /* attest: file, appliance's folder or database; NULL: ledger.db of the project */
    const char *expect[DEVICE_EXPECT_MAX]; /* packages that the device should run */
    size_t expect_count;
    const char *connect;   /* HOST:PORT of a server, or NULL */
    const char *name;      /* that the server's certificate must bear; NULL: HOST */
    const char *rights;    /* debug: "non-secure" or "secure", or NULL */
    const char *uid;       /* decommission: of the device that is meant, or NULL */
    const char *signed_by; /* label of a mastering key; NULL: the current one */
    const char *out;       /* decommission: file for the proof, or NULL */
    unsigned wait_s;
    int json;
};

int device_attest_run(struct smp_link *link, const struct device_options *options, struct fault *fault);
int device_debug_run(struct smp_link *link, const struct device_options *options, struct fault *fault);
int device_decommission_run(struct smp_link *link, const struct device_options *options, struct fault *fault);
int device_log_run(struct smp_link *link, const struct device_options *options, struct fault *fault);
int device_echo_run(struct smp_link *link, const struct device_options *options, struct fault *fault);
int device_peek_run(struct smp_link *link, const struct device_options *options, struct fault *fault);
int device_tls_run(struct smp_link *link, const struct device_options *options, struct fault *fault);

#endif
