/* SPDX-License-Identifier: Apache-2.0 */
/* gdbpacket: see gdbpacket.h. */
#include "host/chip/gdbpacket.h"

#include <stdio.h>
#include <string.h>

#include "host/chip/gdbguard.h"
#include "wire/layout.h"

/* Leaves room for the emulator's own limit of 4096. */
#define PACKET_SIZE 0xf80
#define READ_MAX (PACKET_SIZE / 2)
#define REFRESH_CHUNK 1024u

static const struct bytes go_on = { (const uint8_t *)"c", 1 };

static struct bytes bytes_of_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

static bool body_is(struct bytes body, const char *text)
{
    return bytes_equal(body, bytes_of_text(text));
}

/* Stops a running CPU for a moment. *resume: let it run again afterwards. A stop that was due anyway is told to the
 * client instead. */
static int cpu_pause(struct gdbsession *g, bool *resume)
{
    struct bytes why;
    *resume = false;
    if (gdbsession_cpu_connect(g) != 0) {
        return -1;
    }
    if (!g->cpu.running) {
        return 0;
    }
    if (cpulink_halt(&g->cpu, &why) != 0) {
        cpulink_close(&g->cpu);
        return -1;
    }
    /* "T02": our own interruption. */
    *resume = why.len >= 3 && why.data[1] == '0' && why.data[2] == '2';
    g->held = !*resume;
    if (!*resume && g->waiting) {
        g->waiting = false;
        gdbsession_answer(g, why);
    }
    return 0;
}

static void cpu_unpause(struct gdbsession *g, bool resume)
{
    if (resume && cpulink_resume(&g->cpu, go_on) != 0) {
        cpulink_close(&g->cpu);
    }
}

/* Asks the CPU; 0 and the answer, a view into the debug server. */
static int cpu_ask(struct gdbsession *g, struct bytes packet, struct bytes *answer)
{
    bool resume = false;
    if (cpu_pause(g, &resume) != 0) {
        return -1;
    }
    if (cpulink_exchange(&g->cpu, packet, answer) != 0) {
        cpulink_close(&g->cpu);
        return -1;
    }
    cpu_unpause(g, resume);
    return 0;
}

static void packet_forward(struct gdbsession *g, struct bytes body)
{
    struct bytes answer;
    if (cpu_ask(g, body, &answer) == 0) {
        gdbsession_answer(g, answer);
    } else {
        /* A CPU in lockup stands still, and a debugger that comes later must be able to reset it. */
        gdbsession_answer_text(g, g->cpu_gone && body_is(body, "?") ? "S04" : "E01");
    }
}

static void chunk_refresh(struct gdbsession *g, uint32_t off, uint32_t len)
{
    uint8_t packet[32 + 2 * REFRESH_CHUNK];
    struct bytes answer;
    int head = snprintf((char *)packet, 32, "M%x,%x:", LAYOUT_FLASH_SECURE_ADDR + off, len);
    rsp_hex_write(g->vflash.array->flash + off, len, packet + head);
    if (cpulink_exchange(&g->cpu, bytes_of(packet, (size_t)head + 2 * len), &answer) != 0) {
        cpulink_close(&g->cpu);
    }
}

/* The CPU's view of flash follows the array at the next reset at the latest; where the CPU's security state allows, it
 * does so now. */
static void view_refresh(struct gdbsession *g)
{
    uint32_t off;
    uint32_t len;
    bool resume = false;
    if (!vflash_changed_take(&g->vflash, &off, &len) || cpu_pause(g, &resume) != 0) {
        return;
    }
    for (uint32_t at = 0; at < len && g->cpu.fd >= 0; at += REFRESH_CHUNK) {
        chunk_refresh(g, off + at, len - at < REFRESH_CHUNK ? len - at : REFRESH_CHUNK);
    }
    cpu_unpause(g, resume);
}

static void erase_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    const char *answer = vflash_erase(&g->vflash, args);
    view_refresh(g);
    gdbsession_answer_text(g, answer);
}

static void write_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    const char *answer = vflash_write(&g->vflash, args);
    view_refresh(g);
    gdbsession_answer_text(g, answer);
}

static void done_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    (void)args;
    const char *answer = vflash_done(&g->vflash);
    view_refresh(g);
    gdbsession_answer_text(g, answer);
}

/* "<address>,<length>" at *at. */
static bool range_read(const uint8_t **at, const uint8_t *end, uint64_t *address, uint64_t *len)
{
    return rsp_number_read(at, end, UINT32_MAX, address) && rsp_character_read(at, end, ',') &&
           rsp_number_read(at, end, UINT32_MAX, len);
}

static void read_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    const uint8_t *at = args.data;
    const uint8_t *end = args.data + args.len;
    uint64_t address;
    uint64_t len;
    uint32_t off = 0;
    if (!range_read(&at, end, &address, &len) || at != end) {
        gdbsession_answer_text(g, "E01");
    } else if (vflash_place_of(address, 1, &off) == VFLASH_INSIDE) {
        uint8_t hex[2 * READ_MAX];
        size_t most = FLASHCTL_FLASH_LEN - off < READ_MAX ? FLASHCTL_FLASH_LEN - off : READ_MAX;
        size_t count = len < most ? (size_t)len : most;
        rsp_hex_write(g->vflash.array->flash + off, count, hex);
        gdbsession_answer(g, bytes_of(hex, 2 * count));
    } else {
        packet_forward(g, body);
    }
}

/* M and X: never into flash. */
static void poke_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    const uint8_t *at = args.data;
    uint64_t address;
    uint64_t len;
    uint32_t off;
    if (!range_read(&at, args.data + args.len, &address, &len) ||
        vflash_place_of(address, len, &off) != VFLASH_OUTSIDE) {
        gdbsession_answer_text(g, "E01");
    } else {
        packet_forward(g, body);
    }
}

static void supported_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    char text[160];
    (void)body;
    (void)args;
    (void)snprintf(text, sizeof text,
                   "PacketSize=%x;qXfer:memory-map:read+;qXfer:features:read+;QStartNoAckMode+;vContSupported+",
                   PACKET_SIZE);
    gdbsession_answer_text(g, text);
}

static void memory_map_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    const uint8_t *at = args.data;
    uint64_t off;
    uint64_t len;
    uint8_t answer[1 + READ_MAX];
    size_t total = strlen(vflash_memory_map);
    (void)body;
    if (!range_read(&at, args.data + args.len, &off, &len) || at != args.data + args.len || off > total) {
        gdbsession_answer_text(g, "E01");
        return;
    }
    size_t left = total - (size_t)off;
    size_t count = len < READ_MAX ? (size_t)len : READ_MAX;
    count = left < count ? left : count;
    answer[0] = count == left ? 'l' : 'm';
    memcpy(answer + 1, vflash_memory_map + off, count);
    gdbsession_answer(g, bytes_of(answer, 1 + count));
}

static void no_ack_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    (void)args;
    gdbsession_answer_text(g, "OK");
    g->acks = false;
}

static void halt_command(struct gdbsession *g)
{
    bool resume;
    int result = cpu_pause(g, &resume);
    g->held = result == 0;
    gdbsession_answer_text(g, g->held ? "OK" : "E01");
}

static void monitor_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    uint8_t text[128] = { 0 };
    (void)body;
    if (args.len > 2 * (sizeof text - 1) || !rsp_hex_read(args.data, args.len, text)) {
        gdbsession_answer_text(g, "E01");
        return;
    }
    struct bytes command = bytes_of(text, args.len / 2);
    if (body_is(command, "reset") || body_is(command, "reset run")) {
        g->wish = GDBSESSION_RESET_RUN;
    } else if (body_is(command, "reset halt") || body_is(command, "reset init")) {
        g->wish = GDBSESSION_RESET_HALT;
    } else if (body_is(command, "halt")) {
        halt_command(g);
    } else if (body_is(command, "help")) {
        gdbsession_print(g, "reset run   reset the chip and let it run (also: reset)\n"
                            "reset halt  reset the chip; the CPU stops before its first instruction\n"
                            "halt        stop the CPU\n");
        gdbsession_answer_text(g, "OK");
    } else {
        gdbsession_print(g, "no such command: try 'monitor help'\n");
        gdbsession_answer_text(g, "E01");
    }
}

static void resume_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    bool resume = false;
    (void)args;
    if (g->waiting || cpu_pause(g, &resume) != 0 || cpulink_resume(&g->cpu, body) != 0) {
        gdbsession_answer_text(g, "E01");
        return;
    }
    g->waiting = true;
    g->held = false;
}

static bool breakpoint_same(const struct gdbsession_breakpoint *b, struct bytes args)
{
    return b->len != 0 && bytes_equal(bytes_of(b->body + 1, b->len - 1), args);
}

/* Z and z: the CPU does it; we remember, because a reset makes a new CPU. */
static void breakpoint_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    struct bytes answer;
    if (cpu_ask(g, body, &answer) != 0) {
        gdbsession_answer_text(g, "E01");
        return;
    }
    struct gdbsession_breakpoint *place = NULL;
    for (size_t i = 0; i < GDBSESSION_BREAKPOINTS; i++) {
        struct gdbsession_breakpoint *b = &g->breakpoints[i];
        b->len = breakpoint_same(b, args) ? 0 : b->len;
        place = b->len == 0 ? b : place;
    }
    if (body.data[0] == 'Z' && body_is(answer, "OK") && place != NULL && body.len <= sizeof place->body) {
        memcpy(place->body, body.data, body.len);
        place->len = body.len;
    }
    gdbsession_answer(g, answer);
}

void gdbpacket_breakpoints_restore(struct gdbsession *g)
{
    struct bytes answer;
    for (size_t i = 0; i < GDBSESSION_BREAKPOINTS; i++) {
        struct gdbsession_breakpoint *b = &g->breakpoints[i];
        if (b->len != 0 && cpulink_exchange(&g->cpu, bytes_of(b->body, b->len), &answer) != 0) {
            cpulink_close(&g->cpu);
            return;
        }
    }
}

static void detach_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    (void)args;
    gdbsession_answer_text(g, "OK");
    gdbsession_drop(g);
}

/* 'k' has no answer. A chip is not killed by its debugger: it runs on. */
static void kill_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    (void)args;
    gdbsession_drop(g);
}

static void unsupported_run(struct gdbsession *g, struct bytes body, struct bytes args)
{
    (void)body;
    (void)args;
    gdbsession_answer_text(g, "");
}

struct handler {
    const char *prefix;
    void (*run)(struct gdbsession *g, struct bytes body, struct bytes args);
};

static const struct handler handlers[] = {
    { "qSupported", supported_run },
    { "qXfer:memory-map:read::", memory_map_run },
    { "qRcmd,", monitor_run },
    { "QStartNoAckMode", no_ack_run },
    { "vFlashErase:", erase_run },
    { "vFlashWrite:", write_run },
    { "vFlashDone", done_run },
    { "vKill", detach_run },
    { "vCont;", resume_run },
    { "vRun", unsupported_run },
    { "vAttach", unsupported_run },
    { "!", unsupported_run },
    { "R", unsupported_run },
    { "b", unsupported_run },
    { "k", kill_run },
    { "D", detach_run },
    { "m", read_run },
    { "M", poke_run },
    { "X", poke_run },
    { "Z", breakpoint_run },
    { "z", breakpoint_run },
    { "c", resume_run },
    { "C", resume_run },
    { "s", resume_run },
    { "S", resume_run },
};

/* 1 when the CPU stands in the non-secure state: there, and only there, its program counter is in that world. */
static int cpu_is_nonsecure(struct gdbsession *g)
{
    struct bytes answer;
    uint8_t pc[4];
    return cpu_ask(g, bytes_of_text("pf"), &answer) == 0 && answer.len == 2 * sizeof pc &&
           rsp_hex_read(answer.data, answer.len, pc) && gdbguard_is_nonsecure(bytes_read_le32(pc), 2);
}

/* 1 when the debugger's rights allow the packet; else it is answered. */
static int guard_pass(struct gdbsession *g, struct bytes body)
{
    enum gdbguard_verdict verdict = gdbguard_check(body);
    if (verdict == GDBGUARD_NONSECURE_STATE && cpu_is_nonsecure(g)) {
        verdict = GDBGUARD_ALLOWED;
    }
    if (verdict != GDBGUARD_ALLOWED) {
        gdbsession_answer_text(g, verdict == GDBGUARD_UNKNOWN ? "" : "E01");
    }
    return verdict == GDBGUARD_ALLOWED;
}

void gdbpacket_run(struct gdbsession *g, struct bytes body)
{
    if (g->vflash.array->debug_rights == FLASHCTL_DEBUG_NONSECURE && !guard_pass(g, body)) {
        return;
    }
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        size_t len = strlen(handlers[i].prefix);
        if (body.len >= len && memcmp(body.data, handlers[i].prefix, len) == 0) {
            handlers[i].run(g, body, bytes_of(body.data + len, body.len - len));
            return;
        }
    }
    packet_forward(g, body);
}

void gdbpacket_interrupt(struct gdbsession *g)
{
    if (g->cpu.fd >= 0 && g->cpu.running && cpulink_interrupt(&g->cpu) == 0) {
        g->waiting = true;
    }
}
