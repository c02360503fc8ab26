/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device_order: `windlass device debug` and `windlass device decommission`: an order of the maker to the one device
 * that has just proved who it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/chip/chip_client.h"
#include "host/cli/cmd_device.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/master/order.h"
#include "host/sign1/ending.h"

#define PROOF_MAX (COMMAND_MAX + TOKEN_MAX + 16)

/* A device that is being ordered. */
struct ordered {
    struct project project;
    struct cert root;
    struct device_attestation attestation;
    char uid[33];
    struct master_order_bytes order;
};

static int ordered_open(struct smp_link *link, const struct device_options *options, struct ordered *o,
                        struct fault *fault)
{
    char path[600];
    if (project_open(options->project, &o->project, fault) != 0 ||
        project_path(&o->project, "pki/root.crt", path, sizeof path, fault) != 0 ||
        cert_read(path, &o->root, fault) != 0 || device_attest(link, &o->root, &o->attestation, fault) != 0) {
        return -1;
    }
    text_hex(o->attestation.uid, sizeof o->attestation.uid, o->uid);
    return 0;
}

/* Signs for this device in this boot, and sends. */
static int order_send(struct smp_link *link, const struct device_options *options, enum order_what what,
                      struct ordered *o, struct fault *fault)
{
    const struct order order = { (uint64_t)what, bytes_of(o->attestation.uid, sizeof o->attestation.uid),
                                 o->attestation.claims.seed };
    if (master_order(&o->project, &order, options->signed_by, &o->order, fault) != 0) {
        return -1;
    }
    return device_command(link, bytes_of(o->order.data, o->order.len), fault);
}

/* The file appears with the order and its proof, for: windlassd record. */
static int proof_write(const char *path, const struct ordered *o, struct bytes token, struct fault *fault)
{
    uint8_t proof[PROOF_MAX];
    struct cbor_writer w = cbor_writer_of(proof, sizeof proof);
    const struct ending ending = { .order = bytes_of(o->order.data, o->order.len), .token = token };
    ending_build(&ending, &w);
    return w.status == STATUS_OK ? file_write(path, cbor_written(&w), 0644, FILE_NEW_ONLY, fault)
                                 : fault_status(fault, "the proof", w.status);
}

/* ---- debug ---- */

static int rights_read(const char *text, enum order_what *what, struct fault *fault)
{
    if (text != NULL && strcmp(text, "non-secure") == 0) {
        *what = ORDER_DEBUG_NONSECURE;
        return 0;
    }
    if (text != NULL && strcmp(text, "secure") == 0) {
        *what = ORDER_DEBUG_SECURE;
        return 0;
    }
    (void)fault_set(fault, text == NULL ? "debug: with what rights?" : "debug: '%s' are no rights", text);
    return fault_hint(fault, "--rights non-secure for the application's world, --rights secure for the whole chip");
}

static void debug_print(const struct device_options *options, const struct ordered *o, enum order_what what)
{
    const char *rights = what == ORDER_DEBUG_SECURE ? "secure" : "non-secure";
    struct fault none = FAULT_NONE;
    unsigned port = 0;
    int here = options->chip != NULL && chip_debug_port(options->chip, &port, &none) == 0;
    if (options->json) {
        (void)printf("{\"uid\":\"%s\",\"rights\":\"%s\",\"gdb_port\":", o->uid, rights);
        (void)printf(here ? "%u}\n" : "null}\n", port);
        return;
    }
    (void)printf("the debug port of %s is open until the next reset: %s\n", o->uid,
                 what == ORDER_DEBUG_SECURE ? "the whole chip, without its keys" : "the non-secure world");
    if (here) {
        (void)printf("gdb: target remote 127.0.0.1:%u\n", port);
    }
}

/* In debug of the non-secure world the device says so itself; in debug of the whole chip it makes no token any more,
 * and what it said when it asked must do. */
static int debug_proof_write(struct smp_link *link, const struct device_options *options, enum order_what what,
                             struct ordered *o, struct fault *fault)
{
    struct device_attestation *now = &o->attestation;
    if (options->out == NULL) {
        return 0;
    }
    if (what == ORDER_DEBUG_NONSECURE && device_attest(link, &o->root, now, fault) != 0) {
        return fault_hint(fault, "the debug port is open; only the proof for the ledger is missing");
    }
    return proof_write(options->out, o, bytes_of(now->token, now->token_len), fault);
}

int device_debug_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    enum order_what what = ORDER_DEBUG_NONSECURE;
    if (rights_read(options->rights, &what, fault) != 0) {
        return -1;
    }
    struct ordered *o = calloc(1, sizeof *o);
    if (o == NULL) {
        return fault_set(fault, "no memory");
    }
    int result = ordered_open(link, options, o, fault);
    if (result == 0) {
        result = order_send(link, options, what, o, fault);
    }
    if (result == 0) {
        debug_print(options, o, what);
        result = debug_proof_write(link, options, what, o, fault);
    }
    free(o);
    return result;
}

/* ---- decommissioning ---- */

/* It cannot be undone: whoever orders it names the device, so that it is not another one that hangs on the line. */
static int uid_confirm(const struct device_options *options, const struct ordered *o, struct fault *fault)
{
    if (options->uid == NULL) {
        (void)fault_set(fault, "decommission: this ends the device %s for good", o->uid);
        return fault_hint(fault, "if that is meant: --uid %s", o->uid);
    }
    if (strcmp(options->uid, o->uid) != 0) {
        return fault_set(fault, "decommission: the device on this line is %s, not %s", o->uid, options->uid);
    }
    return 0;
}

/* The device itself, with the same key, says that it is decommissioned. */
static int end_attest(struct smp_link *link, struct ordered *o, struct device_attestation *last, struct fault *fault)
{
    if (device_attest(link, &o->root, last, fault) != 0) {
        return fault_hint(fault, "the order was obeyed; only its proof is missing");
    }
    if (memcmp(last->identity_key, o->attestation.identity_key, sizeof last->identity_key) != 0 ||
        last->claims.lifecycle != TOKEN_LIFECYCLE_DECOMMISSIONED) {
        return fault_set(fault, "decommission: the device does not say that it is decommissioned");
    }
    return 0;
}

static int decommission(struct smp_link *link, const struct device_options *options, struct ordered *o,
                        struct device_attestation *last, struct fault *fault)
{
    struct fault ignored = FAULT_NONE;
    if (ordered_open(link, options, o, fault) != 0 || uid_confirm(options, o, fault) != 0 ||
        order_send(link, options, ORDER_DECOMMISSION, o, fault) != 0) {
        return -1;
    }
    int result = end_attest(link, o, last, fault);
    if (result == 0 && options->out != NULL) {
        result = proof_write(options->out, o, bytes_of(last->token, last->token_len), fault);
    }
    (void)device_reset(link, &ignored); /* its next start erases what is left */
    return result;
}

int device_decommission_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    struct ordered *o = calloc(1, sizeof *o);
    struct device_attestation *last = calloc(1, sizeof *last);
    int result =
        o == NULL || last == NULL ? fault_set(fault, "no memory") : decommission(link, options, o, last, fault);
    if (result == 0) {
        (void)printf(options->json ? "{\"uid\":\"%s\",\"decommissioned\":true}\n"
                                   : "%s is decommissioned for good; it says so itself\n",
                     o->uid);
    }
    free(o);
    free(last);
    return result;
}
