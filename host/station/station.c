/* SPDX-License-Identifier: Apache-2.0 */
/* station: see station.h. The flow of one chip, step by step. */
#include "host/station/station.h"

#include <stdlib.h>
#include <time.h>

#include "host/station/flash_image.h"
#include "host/station/letterbox.h"
#include "host/station/mailbox.h"
#include "wire/flashctl.h"
#include "wire/layout.h"

#define COMMAND_MS 5000u
/* How many times longer than a debug port's command these may take. */
#define START_FACTOR 6u /* from reset to the agent's magic */
#define ANSWER_FACTOR 12u
#define INSTALL_FACTOR 48u
#define CLOSED_FACTOR 6u
#define CLOSED_PROBES 5 /* in a row: a chip in the middle of a reset may look closed for a moment */

struct flow {
    const struct station_job *job;
    struct station_result *out;
    unsigned command_ms;
    struct rsp rsp;
    struct mailbox mailbox;
    struct letterbox box;
    uint8_t *boot;
    size_t boot_len;
    uint8_t *sbm[2]; /* for slot A and slot B */
    size_t sbm_len[2];
    uint8_t *sbm_package;
    size_t sbm_package_len;
    uint8_t *package;
    size_t package_len;
    /* From the letter after the proof of possession. */
    uint8_t items[4][2048]; /* policy, device, issuer and root certificate: STORE types 3 to 6 */
    size_t item_lens[4];
    uint8_t block[1024];
    size_t block_len;
    uint8_t nonce[32]; /* from the receipt's answer */
};

struct step {
    const char *name;
    int (*run)(struct flow *flow, struct fault *fault);
};

/* ---- what the appliance gives ---- */

static int images_fetch(struct flow *f, struct fault *fault)
{
    if (letterbox_image_fetch(&f->box, LETTER_IMAGE_BOOT, LAYOUT_BOOT_LEN, &f->boot, &f->boot_len, fault) != 0 ||
        letterbox_image_fetch(&f->box, LETTER_IMAGE_SBM_A, LAYOUT_SBM_LEN, &f->sbm[0], &f->sbm_len[0], fault) != 0 ||
        letterbox_image_fetch(&f->box, LETTER_IMAGE_SBM_B, LAYOUT_SBM_LEN, &f->sbm[1], &f->sbm_len[1], fault) != 0 ||
        letterbox_image_fetch(&f->box, LETTER_IMAGE_SBM_PACKAGE, LAYOUT_SBM_PACKAGE_LEN, &f->sbm_package,
                              &f->sbm_package_len, fault) != 0 ||
        letterbox_image_fetch(&f->box, LETTER_IMAGE_PACKAGE, LAYOUT_PACKAGE_LEN, &f->package, &f->package_len, fault) !=
            0) {
        return -1;
    }
    if (f->boot_len != LAYOUT_BOOT_LEN || f->sbm_len[0] != LAYOUT_SBM_LEN || f->sbm_len[1] != LAYOUT_SBM_LEN ||
        f->sbm_package_len != LAYOUT_SBM_PACKAGE_LEN) {
        return fault_set(fault, "the appliance's boot images have another size than the chip's layout");
    }
    return 0;
}

static struct flash_image boot_image(const struct flow *f)
{
    return (struct flash_image){ "boot flash", LAYOUT_BL1_OFF, LAYOUT_BOOT_LEN, bytes_of(f->boot, f->boot_len) };
}

static struct flash_image sbm_image(const struct flow *f, unsigned slot)
{
    return (struct flash_image){ slot == 0 ? "Secure Boot Manager, slot A" : "Secure Boot Manager, slot B",
                                 slot == 0 ? LAYOUT_SBM_A_OFF : LAYOUT_SBM_B_OFF, LAYOUT_SBM_LEN,
                                 bytes_of(f->sbm[slot], f->sbm_len[slot]) };
}

static struct flash_image sbm_package_image(const struct flow *f)
{
    return (struct flash_image){ "Secure Boot Manager, package", LAYOUT_SBM_PACKAGE_OFF, LAYOUT_SBM_PACKAGE_LEN,
                                 bytes_of(f->sbm_package, f->sbm_package_len) };
}

/* One after the other, until one does not go well. */
static int boot_images_do(struct flow *f,
                          int (*act)(struct rsp *rsp, const struct flash_image *image, struct fault *fault),
                          struct fault *fault)
{
    const struct flash_image images[] = { boot_image(f), sbm_image(f, 0), sbm_image(f, 1), sbm_package_image(f) };
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof images / sizeof images[0]; i++) {
        result = act(&f->rsp, &images[i], fault);
    }
    return result;
}

/* ---- the debug port ---- */

static int chip_reset_halt(struct flow *f, struct fault *fault)
{
    return rsp_monitor(&f->rsp, "reset halt", NULL, 0, fault);
}

static int port_open(struct flow *f, struct fault *fault)
{
    struct rsp_map map;
    if (rsp_connect(&f->rsp, f->job->target, f->command_ms, fault) != 0 || chip_reset_halt(f, fault) != 0 ||
        rsp_map_read(&f->rsp, &map, fault) != 0) {
        return -1;
    }
    return rsp_map_flash_check(&map, LAYOUT_FLASH_SECURE_ADDR, LAYOUT_SBM_PACKAGE_OFF + LAYOUT_SBM_PACKAGE_LEN,
                               FLASHCTL_SECTOR_LEN, fault);
}

static int boot_write(struct flow *f, struct fault *fault)
{
    return boot_images_do(f, flash_image_write, fault);
}

/* ---- the agent ---- */

static int chip_ask(struct flow *f, const struct provision_request *request, struct provision_answer *answer,
                    struct fault *fault)
{
    unsigned factor = request->op == PROVISION_INSTALL ? INSTALL_FACTOR : ANSWER_FACTOR;
    return mailbox_exchange(&f->mailbox, request, f->command_ms * factor, answer, fault);
}

/* From reset, so that the memory-mapped flash is fresh, to a HELLO. */
static int agent_start(struct flow *f, struct provision_answer *hello, struct fault *fault)
{
    const struct provision_request request = { .op = PROVISION_HELLO, .version = PROVISION_VERSION };
    if (chip_reset_halt(f, fault) != 0 || mailbox_clear(&f->mailbox, fault) != 0 ||
        mailbox_wait(&f->mailbox, f->command_ms * START_FACTOR, fault) != 0 ||
        chip_ask(f, &request, hello, fault) != 0) {
        return -1;
    }
    if (hello->version != PROVISION_VERSION) {
        return fault_set(fault, "the chip's provisioning agent speaks version %llu; this station speaks %d",
                         (unsigned long long)hello->version, PROVISION_VERSION);
    }
    return 0;
}

/* Copies what must outlive the next letter. */
static int copy_out(struct bytes in, uint8_t *out, size_t capacity, size_t *len, struct fault *fault)
{
    if (in.len == 0 || in.len > capacity) {
        return fault_set(fault, "the appliance's answer holds an item of %zu bytes", in.len);
    }
    memcpy(out, in.data, in.len);
    *len = in.len;
    return 0;
}

static int unit_take(struct flow *f, const struct letter_answer *a, struct fault *fault)
{
    const struct bytes items[4] = { a->policy, a->device_cert, a->issuer_cert, a->root_cert };
    for (size_t i = 0; i < 4; i++) {
        if (copy_out(items[i], f->items[i], sizeof f->items[i], &f->item_lens[i], fault) != 0) {
            return -1;
        }
    }
    f->out->number = a->number;
    f->out->package_sequence = a->package_sequence;
    if (copy_out(a->block, f->block, sizeof f->block, &f->block_len, fault) != 0 ||
        copy_out(a->device_cert, f->out->device_cert, sizeof f->out->device_cert, &f->out->device_cert_len, fault) !=
            0) {
        return -1;
    }
    return copy_out(a->update_cert, f->out->update_cert, sizeof f->out->update_cert, &f->out->update_cert_len, fault);
}

/* HELLO, MAKE_KEYS with the appliance's challenge, and the proof of possession to the appliance. */
static int keys_make(struct flow *f, struct fault *fault)
{
    struct provision_answer chip;
    struct letter_answer letter;
    if (agent_start(f, &chip, fault) != 0) {
        return -1;
    }
    memcpy(f->out->uid, chip.uid.data, sizeof f->out->uid);
    struct letter_request begin = { .op = LETTER_BEGIN,
                                    .uid = bytes_of(f->out->uid, sizeof f->out->uid),
                                    .lifecycle = chip.lifecycle,
                                    .sbm_sequence = chip.sbm_sequence };
    if (letterbox_ask(&f->box, &begin, &letter, fault) != 0) {
        return -1;
    }
    struct provision_request make = { .op = PROVISION_MAKE_KEYS, .challenge = letter.challenge };
    if (chip_ask(f, &make, &chip, fault) != 0) {
        return -1;
    }
    struct letter_request possession = { .op = LETTER_POSSESSION, .possession = chip.possession };
    return letterbox_ask(&f->box, &possession, &letter, fault) != 0 ? -1 : unit_take(f, &letter, fault);
}

static int items_store(struct flow *f, struct fault *fault)
{
    for (size_t i = 0; i < 4; i++) {
        struct provision_answer answer;
        struct provision_request request = { .op = PROVISION_STORE,
                                             .item = STORE_POLICY + i,
                                             .data = bytes_of(f->items[i], f->item_lens[i]) };
        if (chip_ask(f, &request, &answer, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/*
 * Key block and package as one image, padded to a granule. Written also when an earlier run left one: its key block
 * is another.
 */
static int package_write(struct flow *f, struct fault *fault)
{
    size_t len = f->block_len + f->package_len;
    size_t padded = (len + FLASHCTL_GRANULE_LEN - 1) / FLASHCTL_GRANULE_LEN * FLASHCTL_GRANULE_LEN;
    size_t erase = (len + FLASHCTL_SECTOR_LEN - 1) / FLASHCTL_SECTOR_LEN * FLASHCTL_SECTOR_LEN;
    if (erase > LAYOUT_PACKAGE_LEN) {
        return fault_set(fault, "key block and package (%zu bytes) do not fit the package slot (%u bytes)", len,
                         LAYOUT_PACKAGE_LEN);
    }
    uint8_t *image = malloc(padded);
    if (image == NULL) {
        return fault_set(fault, "no memory");
    }
    memset(image, 0xFF, padded);
    memcpy(image, f->block, f->block_len);
    memcpy(image + f->block_len, f->package, f->package_len);
    struct flash_image slot = { "package slot", LAYOUT_PACKAGE0_OFF, (uint32_t)erase, bytes_of(image, padded) };
    struct provision_answer hello;
    int result = chip_reset_halt(f, fault) != 0 || flash_image_write(&f->rsp, &slot, fault) != 0 ? -1 : 0;
    if (result == 0 && agent_start(f, &hello, fault) == 0) {
        result = memcmp(hello.uid.data, f->out->uid, sizeof f->out->uid) == 0
                     ? 0
                     : fault_set(fault, "another chip answers now: it was exchanged during the run");
    } else {
        result = -1;
    }
    free(image);
    return result;
}

static int package_install(struct flow *f, struct fault *fault)
{
    struct provision_answer answer;
    const struct provision_request request = { .op = PROVISION_INSTALL, .slot = 0 };
    if (chip_ask(f, &request, &answer, fault) != 0) {
        return -1;
    }
    if (answer.app_sequence != f->out->package_sequence) {
        return fault_set(fault, "the chip installed sequence number %llu instead of %llu",
                         (unsigned long long)answer.app_sequence, (unsigned long long)f->out->package_sequence);
    }
    return 0;
}

/* What the chip says goes to the appliance; what the debug port says is compared here. */
static int chip_check(struct flow *f, struct fault *fault)
{
    struct provision_answer chip;
    struct letter_answer letter;
    const struct provision_request request = { .op = PROVISION_CHECK };
    if (boot_images_do(f, flash_image_check, fault) != 0 || chip_ask(f, &request, &chip, fault) != 0) {
        return -1;
    }
    struct letter_request receipt = { .op = LETTER_RECEIPT,
                                      .items_digest = chip.items_digest,
                                      .boot_digest = chip.boot_digest,
                                      .sbm_digest = chip.sbm_digest,
                                      .app_sequence = chip.app_sequence };
    if (letterbox_ask(&f->box, &receipt, &letter, fault) != 0) {
        return -1;
    }
    memcpy(f->nonce, letter.nonce.data, sizeof f->nonce);
    return 0;
}

/* The chip answers and resets with its debug port closed: whether the answer can still be read is a matter of luck. */
static int chip_lock(struct flow *f, struct fault *fault)
{
    struct provision_answer answer;
    struct fault inner = FAULT_NONE;
    const struct provision_request request = { .op = PROVISION_LOCK, .lock_sectors = LAYOUT_BOOT_SECTORS };
    if (chip_ask(f, &request, &answer, &inner) != 0 && rsp_usable(&f->rsp)) {
        /* Refused, or the agent is gone because the chip has reset: only the port's state tells. */
        rsp_close(&f->rsp);
        if (station_port_closed_wait(f->job->target, f->command_ms, &(struct fault){ { 0 }, { 0 } }) == 0) {
            return 0;
        }
        return fault_set(fault, "%s", inner.what);
    }
    if (rsp_usable(&f->rsp) && rsp_continue(&f->rsp, &inner) == 0) {
        /* It locks after its answer, while it runs: stay until the port drops us. */
        (void)rsp_packet_receive(&f->rsp, &inner);
    }
    rsp_close(&f->rsp);
    return 0;
}

static int lock_verify(struct flow *f, struct fault *fault)
{
    uint8_t token[STATION_TOKEN_MAX];
    size_t token_len = 0;
    struct letter_answer letter;
    const struct station_prover *prover = &f->job->prover;
    unsigned timeout_ms = f->command_ms * CLOSED_FACTOR;
    if (station_port_closed_wait(f->job->target, timeout_ms, fault) != 0) {
        return -1;
    }
    /* A chip without power has no open port either: it must live, say that it is secured, and still be closed. */
    if (prover->prove != NULL && (prover->prove(prover->context, bytes_of(f->nonce, sizeof f->nonce), timeout_ms, token,
                                                &token_len, fault) != 0 ||
                                  station_port_closed_wait(f->job->target, timeout_ms, fault) != 0)) {
        return fault_hint(fault, "switch the chip on and run 'windlass provision' again: it resumes");
    }
    const struct letter_request request = { .op = LETTER_CLOSE, .token = bytes_of(token, token_len) };
    return letterbox_ask(&f->box, &request, &letter, fault);
}

int station_port_closed_wait(const char *target, unsigned timeout_ms, struct fault *fault)
{
    int64_t deadline_ms = rsp_clock_ms() + timeout_ms;
    int closed = 0;
    while (closed < CLOSED_PROBES) {
        struct timespec pause = { 0, 150 * 1000000L };
        closed = rsp_port_probe(target, 2000) == RSP_PORT_CLOSED ? closed + 1 : 0;
        if (closed == 0 && rsp_clock_ms() >= deadline_ms) {
            (void)fault_set(fault, "the debug port was not seen closed after the lock");
            return fault_hint(fault, "do not ship this chip; run 'windlass provision' on it again");
        }
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

static const struct step steps[] = {
    { "fetch images from the appliance", images_fetch },
    { "connect to the debug port", port_open },
    { "write boot flash and Secure Boot Manager", boot_write },
    { "make keys on the chip, prove them, certify", keys_make },
    { "store policy and certificates", items_store },
    { "write the application package", package_write },
    { "install the application", package_install },
    { "check what the chip holds", chip_check },
    { "lock boot flash and debug port", chip_lock },
    { "see it locked, close the record", lock_verify },
};

static int steps_run(struct flow *f, struct fault *fault)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const struct station_progress *p = &f->job->progress;
        if (p->tell != NULL) {
            p->tell(p->context, steps[i].name, STATION_BEGUN);
        }
        if (steps[i].run(f, fault) != 0) {
            return fault_hint(fault,
                              "check the chip's power and cable, then run 'windlass provision' again: it resumes, "
                              "and the chip is counted once");
        }
        if (p->tell != NULL) {
            p->tell(p->context, steps[i].name, STATION_DONE);
        }
    }
    return 0;
}

int station_provision(const struct station_job *job, struct station_result *out, struct fault *fault)
{
    struct flow *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return fault_set(fault, "no memory");
    }
    memset(out, 0, sizeof *out);
    f->job = job;
    f->out = out;
    f->command_ms = job->timeout_ms != 0 ? job->timeout_ms : COMMAND_MS;
    f->rsp.fd = -1;
    f->mailbox.rsp = &f->rsp;
    f->mailbox.addr = LAYOUT_MAILBOX_ADDR;
    f->box.carrier = job->carrier;
    int result = steps_run(f, fault);
    rsp_close(&f->rsp);
    free(f->boot);
    free(f->sbm[0]);
    free(f->sbm[1]);
    free(f->sbm_package);
    free(f->package);
    free(f);
    return result;
}
