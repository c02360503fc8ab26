/* SPDX-License-Identifier: Apache-2.0 */
/* action: see action.h. */
#include "host/station/action.h"

#include <time.h>

#include "host/station/flash_image.h"
#include "wire/flashctl.h"
#include "wire/layout.h"

#define COMMAND_MS 5000u
/* How many times longer than a debug port's command these may take. */
#define START_FACTOR 6u /* from reset to the agent's magic */
#define CLOSED_FACTOR 6u
#define CLOSED_PAUSE 3u /* between two looks at the port, in hundredths of a command's time */
#define CLOSED_PROBES 5 /* in a row: a chip in the middle of a reset may look closed for a moment */

typedef enum letter_trouble (*action_run)(struct action_bench *b, const struct letter_action *action,
                                          struct bytes *data, struct fault *fault);

void action_bench_open(struct action_bench *b, const struct station_job *job, struct letterbox *box)
{
    memset(b, 0, sizeof *b);
    b->job = job;
    b->command_ms = job->timeout_ms != 0 ? job->timeout_ms : COMMAND_MS;
    b->rsp.fd = -1;
    b->mailbox.rsp = &b->rsp;
    b->mailbox.addr = LAYOUT_MAILBOX_ADDR;
    b->box = box;
    frame_line_init(&b->line);
}

void action_bench_close(struct action_bench *b)
{
    rsp_close(&b->rsp);
    frame_line_close(&b->line);
}

/* ---- the debug port ---- */

static int reset_halt(struct action_bench *b, struct fault *fault)
{
    b->reset_fresh = rsp_monitor(&b->rsp, "reset halt", NULL, 0, fault) == 0;
    return b->reset_fresh ? 0 : -1;
}

static enum letter_trouble port_open(struct action_bench *b, struct fault *fault)
{
    struct rsp_map map;
    if (rsp_usable(&b->rsp)) {
        return LETTER_FINE;
    }
    if (b->job->target == NULL) {
        (void)fault_set(fault, "the chip has no debug port any more");
        return LETTER_TROUBLE_PORT;
    }
    if (rsp_connect(&b->rsp, b->job->target, b->command_ms, fault) != 0) {
        return LETTER_TROUBLE_PORT;
    }
    return reset_halt(b, fault) == 0 && rsp_map_read(&b->rsp, &map, fault) == 0 &&
                   rsp_map_flash_check(&map, LAYOUT_FLASH_SECURE_ADDR, LAYOUT_SBM_PACKAGE_OFF + LAYOUT_SBM_PACKAGE_LEN,
                                       FLASHCTL_SECTOR_LEN, fault) == 0
               ? LETTER_FINE
               : LETTER_TROUBLE_FLASH;
}

/* ---- flash ---- */

/* The name of a range for people. */
static const char *range_name(uint64_t off)
{
    return off == LAYOUT_BL1_OFF           ? "boot flash"
           : off == LAYOUT_SBM_A_OFF       ? "Secure Boot Manager, slot A"
           : off == LAYOUT_SBM_B_OFF       ? "Secure Boot Manager, slot B"
           : off == LAYOUT_SBM_PACKAGE_OFF ? "Secure Boot Manager, package"
                                           : "package slot";
}

/* What the appliance asks for must be flash, or this station does not do it. */
static int range_check(const struct letter_action *action, struct fault *fault)
{
    const uint64_t sector = FLASHCTL_SECTOR_LEN;
    int fits = action->offset % sector == 0 && action->erase_len % sector == 0 &&
               action->image_len % FLASHCTL_GRANULE_LEN == 0 && action->image_len <= action->erase_len &&
               action->offset <= FLASHCTL_FLASH_LEN && action->erase_len <= FLASHCTL_FLASH_LEN - action->offset;
    return fits ? 0 : fault_set(fault, "the appliance asks for flash that the chip does not have");
}

static enum letter_trouble image_do(struct action_bench *b, const struct letter_action *action, struct fault *fault)
{
    const struct image_source source = { b->box, letterbox_image_fetch };
    struct flash_image flash = {
        range_name(action->offset), (uint32_t)action->offset, (uint32_t)action->erase_len, { NULL, 0 }
    };
    uint8_t digest[32];
    const int writes = action->kind == LETTER_WRITE;
    memcpy(digest, action->digest.data, sizeof digest);
    struct image *image = image_cache_take(b->job->cache, digest, (size_t)action->image_len, &source, fault);
    if (image == NULL) {
        return LETTER_TROUBLE_IMAGE;
    }
    flash.image = image_bytes(image);
    int result = writes ? flash_image_write(&b->rsp, &flash, fault) : flash_image_check(&b->rsp, &flash, fault);
    image_cache_give(b->job->cache, image);
    return result == 0 ? LETTER_FINE : writes || !rsp_usable(&b->rsp) ? LETTER_TROUBLE_FLASH : LETTER_TROUBLE_DIFFERS;
}

static enum letter_trouble write_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                    struct fault *fault)
{
    (void)data;
    if (range_check(action, fault) != 0) {
        return LETTER_TROUBLE_CANNOT;
    }
    enum letter_trouble opened = port_open(b, fault);
    if (opened != LETTER_FINE) {
        return opened;
    }
    return !b->reset_fresh && reset_halt(b, fault) != 0 ? LETTER_TROUBLE_FLASH : image_do(b, action, fault);
}

static enum letter_trouble compare_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                      struct fault *fault)
{
    (void)data;
    if (range_check(action, fault) != 0) {
        return LETTER_TROUBLE_CANNOT;
    }
    enum letter_trouble opened = port_open(b, fault);
    return opened != LETTER_FINE ? opened : image_do(b, action, fault);
}

/* ---- the agent ---- */

/* From reset, so that the memory-mapped flash is fresh. */
static enum letter_trouble start_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                    struct fault *fault)
{
    (void)action;
    (void)data;
    enum letter_trouble opened = port_open(b, fault);
    if (opened != LETTER_FINE) {
        return opened;
    }
    if (reset_halt(b, fault) != 0 || mailbox_clear(&b->mailbox, fault) != 0) {
        return LETTER_TROUBLE_AGENT;
    }
    b->reset_fresh = 0;
    return mailbox_wait(&b->mailbox, b->command_ms * START_FACTOR, fault) == 0 ? LETTER_FINE : LETTER_TROUBLE_AGENT;
}

static int exchange(struct action_bench *b, const struct letter_action *action, struct bytes *data, struct fault *fault)
{
    unsigned timeout_ms = (unsigned)action->seconds * (b->command_ms * 1000u / COMMAND_MS);
    if (!rsp_usable(&b->rsp)) {
        return fault_set(fault, "there is no chip to ask: its debug port was not opened");
    }
    b->reset_fresh = 0;
    return mailbox_exchange(&b->mailbox, action->message, timeout_ms, data, fault);
}

/* Nothing more is to be done with a chip that refuses; what it says is the appliance's to read. */
static enum letter_trouble answer_look(struct bytes data, struct fault *fault)
{
    struct provision_answer answer;
    if (provision_answer_parse(data, &answer) != STATUS_OK || answer.status == 0) {
        return LETTER_FINE;
    }
    (void)fault_set(fault, "the chip refuses: %s", status_text((status_t)answer.status));
    return LETTER_TROUBLE_REFUSED;
}

static enum letter_trouble ask_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                  struct fault *fault)
{
    return exchange(b, action, data, fault) == 0 ? answer_look(*data, fault) : LETTER_TROUBLE_SILENT;
}

/* ---- the chip's own line ---- */

static enum letter_trouble frame_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                    struct fault *fault)
{
    const struct station_wire *wire = &b->job->wire;
    int fd = -1;
    if (wire->open == NULL) {
        (void)fault_set(fault, "this socket has no line to the chip");
        return LETTER_TROUBLE_CANNOT;
    }
    if (b->line.fd < 0) {
        if (wire->open(wire->context, &fd, fault) != 0) {
            return LETTER_TROUBLE_PORT;
        }
        frame_line_open(&b->line, fd);
    }
    unsigned timeout_ms = (unsigned)action->seconds * (b->command_ms * 1000u / COMMAND_MS);
    return frame_line_exchange(&b->line, action->message, timeout_ms, data, fault) == 0 ? LETTER_FINE
                                                                                        : LETTER_TROUBLE_SILENT;
}

/* ---- the lock ---- */

static int port_closed_wait(const struct action_bench *b, unsigned factor, struct fault *fault)
{
    const char *target = b->job->target;
    const unsigned pause_ms = b->command_ms * CLOSED_PAUSE / 100;
    const struct timespec pause = { pause_ms / 1000, (long)(pause_ms % 1000) * 1000000 };
    int64_t deadline_ms = rsp_clock_ms() + (int64_t)factor * b->command_ms;
    int closed = 0;
    while (target != NULL && closed < CLOSED_PROBES) {
        closed = rsp_port_probe(target, 2000) == RSP_PORT_CLOSED ? closed + 1 : 0;
        if (closed == 0 && rsp_clock_ms() >= deadline_ms) {
            (void)fault_set(fault, "the debug port was not seen closed after the lock");
            return fault_hint(fault, "do not ship this chip; run 'windlass provision' on it again");
        }
        if (closed < CLOSED_PROBES) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return 0;
}

/* The chip answers and resets with its debug port closed: whether the answer can still be read is a matter of luck. */
static enum letter_trouble lock_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                   struct fault *fault)
{
    struct fault inner = FAULT_NONE;
    int answered = exchange(b, action, data, &inner) == 0;
    if (answered && rsp_continue(&b->rsp, &inner) == 0) {
        /* It locks after its answer, while it runs: stay until the port drops us. */
        (void)rsp_packet_receive(&b->rsp, &inner);
    }
    int usable = rsp_usable(&b->rsp);
    rsp_close(&b->rsp);
    if (answered || !usable) {
        *data = answered ? *data : bytes_of(NULL, 0);
        return answer_look(*data, fault);
    }
    /* No answer, or the agent is gone because the chip has reset: only the port's state tells. */
    *data = bytes_of(NULL, 0);
    if (port_closed_wait(b, 1, &(struct fault){ { 0 }, { 0 } }) == 0) {
        return LETTER_FINE;
    }
    (void)fault_set(fault, "%s", inner.what);
    return LETTER_TROUBLE_SILENT;
}

static enum letter_trouble closed_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                     struct fault *fault)
{
    (void)action;
    (void)data;
    rsp_close(&b->rsp);
    frame_line_close(&b->line);
    return port_closed_wait(b, CLOSED_FACTOR, fault) == 0 ? LETTER_FINE : LETTER_TROUBLE_OPEN;
}

static enum letter_trouble token_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                                    struct fault *fault)
{
    const struct station_prover *prover = &b->job->prover;
    size_t len = 0;
    frame_line_close(&b->line); /* the device's data link may be the same wire */
    if (prover->prove != NULL &&
        prover->prove(prover->context, action->nonce, b->command_ms * CLOSED_FACTOR, b->token, &len, fault) != 0) {
        return LETTER_TROUBLE_TOKEN;
    }
    *data = bytes_of(b->token, len);
    return LETTER_FINE;
}

static const action_run runs[] = {
    [LETTER_WRITE] = write_do, [LETTER_START] = start_do, [LETTER_ASK] = ask_do,       [LETTER_COMPARE] = compare_do,
    [LETTER_FRAME] = frame_do, [LETTER_LOCK] = lock_do,   [LETTER_CLOSED] = closed_do, [LETTER_TOKEN] = token_do,
};

enum letter_trouble action_do(struct action_bench *b, const struct letter_action *action, struct bytes *data,
                              struct fault *fault)
{
    *data = bytes_of(NULL, 0);
    if (action->kind >= sizeof runs / sizeof runs[0] || runs[action->kind] == NULL) {
        (void)fault_set(fault, "the appliance asks for something that this station cannot do");
        return LETTER_TROUBLE_CANNOT;
    }
    return runs[action->kind](b, action, data, fault);
}
