/* SPDX-License-Identifier: Apache-2.0 */
/* rsp_target: what is asked of the chip: run and halt, memory, flash, the server's own commands. */
#include "host/station/rsp.h"

#include <stdio.h>
#include <stdlib.h>

#define STRAY_MAX 16       /* stop replies that come late and are dropped */
#define OUTPUT_MAX 1024    /* console packets in one monitor command */
#define FLASH_FACTOR 12    /* flash commands may take this many times longer */
#define WRITE_HEAD_LEN 48u /* room for the command's own letters */

static struct bytes reply_of(const struct rsp *rsp)
{
    return bytes_of(rsp->decoder.data, rsp->decoder.len);
}

static int reply_is(const struct rsp *rsp, const char *text)
{
    return bytes_equal(reply_of(rsp), bytes_of(text, strlen(text)));
}

static int is_stop(struct bytes reply)
{
    return reply.len >= 3 && (reply.data[0] == 'S' || reply.data[0] == 'T') && gdb_hex_digit(reply.data[1]) >= 0 &&
           gdb_hex_digit(reply.data[2]) >= 0;
}

/* Exx or E.text: an odd number of characters, or a point, which no hexadecimal reply has. */
static int is_refusal(struct bytes reply)
{
    return reply.len >= 2 && reply.data[0] == 'E' && (reply.len % 2 == 1 || reply.data[1] == '.');
}

/* Sends a command and takes its reply; stop replies that were under way are dropped. */
static int command_run(struct rsp *rsp, struct bytes command, struct fault *fault)
{
    if (rsp->running) {
        return fault_set(fault, "debug port: the CPU is running");
    }
    if (rsp_packet_send(rsp, command, fault) != 0) {
        return -1;
    }
    for (int i = 0; i < STRAY_MAX; i++) {
        if (rsp_packet_receive(rsp, fault) != 0) {
            return -1;
        }
        if (!is_stop(reply_of(rsp))) {
            return 0;
        }
    }
    return rsp_give_up(rsp, fault, "the server does not stop telling that the CPU is halted");
}

/* What the server's error reply (Exx or E.text) says, with unprintable characters left out. */
static int refusal_set(const struct rsp *rsp, const char *doing, struct fault *fault)
{
    char text[96];
    size_t len = 0;
    for (size_t i = 1; i < rsp->decoder.len && len < sizeof text - 1; i++) {
        uint8_t c = rsp->decoder.data[i];
        text[len++] = c >= 32 && c < 127 ? (char)c : '?';
    }
    text[len] = '\0';
    return fault_set(fault, "debug port: %s: refused (error %s)", doing, text);
}

/* The reply must be OK. */
static int command_ok(struct rsp *rsp, struct bytes command, const char *doing, struct fault *fault)
{
    if (command_run(rsp, command, fault) != 0) {
        return -1;
    }
    if (reply_is(rsp, "OK")) {
        return 0;
    }
    if (rsp->decoder.len == 0) {
        return fault_set(fault, "debug port: %s: the server cannot do that", doing);
    }
    if (rsp->decoder.data[0] == 'E') {
        return refusal_set(rsp, doing, fault);
    }
    return rsp_give_up(rsp, fault, "%s: a reply that makes no sense", doing);
}

int rsp_continue(struct rsp *rsp, struct fault *fault)
{
    if (rsp->running) {
        return 0;
    }
    rsp_deadline_start(rsp, 1);
    if (rsp_packet_send(rsp, bytes_of("c", 1), fault) != 0) {
        return -1;
    }
    rsp->running = 1;
    return 0;
}

int rsp_halt(struct rsp *rsp, struct fault *fault)
{
    if (!rsp->running) {
        return 0;
    }
    rsp_deadline_start(rsp, 1);
    if (rsp_interrupt_send(rsp, fault) != 0) {
        return -1;
    }
    for (int i = 0; i < OUTPUT_MAX; i++) {
        if (rsp_packet_receive(rsp, fault) != 0) {
            return -1;
        }
        struct bytes reply = reply_of(rsp);
        if (is_stop(reply)) {
            rsp->running = 0;
            return 0;
        }
        if (reply.len > 0 && (reply.data[0] == 'W' || reply.data[0] == 'X')) {
            return rsp_give_up(rsp, fault, "the server says that the program has ended");
        }
        if (reply.len == 0 || reply.data[0] != 'O') {
            return rsp_give_up(rsp, fault, "halt: a reply that makes no sense");
        }
    }
    return rsp_give_up(rsp, fault, "halt: too much output");
}

/* One packet's worth of memory. The server may give fewer bytes than asked for, but not none. */
static int piece_read(struct rsp *rsp, uint32_t addr, uint8_t *out, size_t *len, struct fault *fault)
{
    char command[40];
    char doing[40];
    int n = snprintf(command, sizeof command, "m%x,%zx", addr, *len);
    (void)snprintf(doing, sizeof doing, "reading memory at 0x%08x", addr);
    if (command_run(rsp, bytes_of(command, (size_t)n), fault) != 0) {
        return -1;
    }
    struct bytes reply = reply_of(rsp);
    if (is_refusal(reply)) {
        return refusal_set(rsp, doing, fault);
    }
    size_t got = reply.len / 2;
    if (got == 0 || got > *len || gdb_hex_read(reply, out, got) != 0) {
        return rsp_give_up(rsp, fault, "%s: a reply that makes no sense", doing);
    }
    *len = got;
    return 0;
}

int rsp_memory_read(struct rsp *rsp, uint32_t addr, uint8_t *out, size_t len, struct fault *fault)
{
    size_t piece_max = (rsp->packet_max - 8) / 2;
    for (size_t done = 0; done < len;) {
        size_t piece = len - done < piece_max ? len - done : piece_max;
        rsp_deadline_start(rsp, 1);
        if (piece_read(rsp, addr + (uint32_t)done, out + done, &piece, fault) != 0) {
            return -1;
        }
        done += piece;
    }
    return 0;
}

int rsp_memory_write(struct rsp *rsp, uint32_t addr, struct bytes data, struct fault *fault)
{
    char command[GDB_PACKET_MAX + 1];
    size_t piece_max = (rsp->packet_max - WRITE_HEAD_LEN) / 2;
    while (data.len > 0) {
        size_t piece = data.len < piece_max ? data.len : piece_max;
        char doing[40];
        (void)snprintf(doing, sizeof doing, "writing memory at 0x%08x", addr);
        int n = snprintf(command, sizeof command, "M%x,%zx:", addr, piece);
        gdb_hex_write(bytes_of(data.data, piece), command + n);
        rsp_deadline_start(rsp, 1);
        if (command_ok(rsp, bytes_of(command, (size_t)n + 2 * piece), doing, fault) != 0) {
            return -1;
        }
        data = bytes_of(data.data + piece, data.len - piece);
        addr += (uint32_t)piece;
    }
    return 0;
}

int rsp_flash_erase(struct rsp *rsp, uint32_t addr, uint32_t len, struct fault *fault)
{
    char command[48];
    char doing[48];
    int n = snprintf(command, sizeof command, "vFlashErase:%x,%x", addr, len);
    (void)snprintf(doing, sizeof doing, "erasing flash at 0x%08x", addr);
    rsp_deadline_start(rsp, FLASH_FACTOR);
    return command_ok(rsp, bytes_of(command, (size_t)n), doing, fault);
}

int rsp_flash_write(struct rsp *rsp, uint32_t addr, struct bytes data, struct fault *fault)
{
    char command[GDB_PACKET_MAX];
    /* Escapes may double every byte; pieces stay whole program granules of any usual size. */
    size_t piece_max = ((rsp->packet_max - WRITE_HEAD_LEN) / 2) & ~(size_t)63;
    while (data.len > 0) {
        size_t piece = data.len < piece_max ? data.len : piece_max;
        char doing[48];
        (void)snprintf(doing, sizeof doing, "writing flash at 0x%08x", addr);
        int n = snprintf(command, sizeof command, "vFlashWrite:%x:", addr);
        memcpy(command + n, data.data, piece);
        rsp_deadline_start(rsp, FLASH_FACTOR);
        if (command_ok(rsp, bytes_of(command, (size_t)n + piece), doing, fault) != 0) {
            return -1;
        }
        data = bytes_of(data.data + piece, data.len - piece);
        addr += (uint32_t)piece;
    }
    return 0;
}

int rsp_flash_done(struct rsp *rsp, struct fault *fault)
{
    rsp_deadline_start(rsp, FLASH_FACTOR);
    return command_ok(rsp, bytes_of("vFlashDone", 10), "finishing the flash write", fault);
}

/* Appends decoded console output, as far as it fits. */
static int output_append(struct bytes hex, char *output, size_t capacity)
{
    uint8_t text[GDB_PACKET_MAX / 2];
    if (gdb_hex_read(hex, text, hex.len / 2) != 0) {
        return -1;
    }
    size_t used = output == NULL ? 0 : strlen(output);
    for (size_t i = 0; output != NULL && i < hex.len / 2 && used + 1 < capacity; i++) {
        output[used++] = text[i] == '\n' || (text[i] >= 32 && text[i] < 127) ? (char)text[i] : '?';
        output[used] = '\0';
    }
    return 0;
}

/* 1: the command's end; 0: more follows; -1: fault. */
static int monitor_reply_take(struct rsp *rsp, const char *doing, char *output, size_t capacity, struct fault *fault)
{
    struct bytes reply = reply_of(rsp);
    if (reply_is(rsp, "OK")) {
        return 1;
    }
    if (reply.len == 0) {
        return fault_set(fault, "debug port: %s: the server cannot do that", doing);
    }
    if (is_refusal(reply)) {
        return refusal_set(rsp, doing, fault);
    }
    int is_console = reply.data[0] == 'O';
    struct bytes hex = is_console ? bytes_of(reply.data + 1, reply.len - 1) : reply;
    if (!is_stop(reply) && output_append(hex, output, capacity) != 0) {
        return rsp_give_up(rsp, fault, "%s: a reply that makes no sense", doing);
    }
    return is_console || is_stop(reply) ? 0 : 1;
}

int rsp_monitor(struct rsp *rsp, const char *command, char *output, size_t capacity, struct fault *fault)
{
    char packet[256] = "qRcmd,";
    char doing[96];
    size_t len = strlen(command);
    if (len > 100) {
        return fault_set(fault, "debug port: a monitor command of %zu characters is too long", len);
    }
    gdb_hex_write(bytes_of(command, len), packet + strlen(packet));
    (void)snprintf(doing, sizeof doing, "monitor %.60s", command);
    if (output != NULL && capacity > 0) {
        output[0] = '\0';
    }
    rsp_deadline_start(rsp, FLASH_FACTOR);
    if (rsp->running || rsp_packet_send(rsp, bytes_of(packet, strlen(packet)), fault) != 0) {
        return fault_set(fault, "debug port: the CPU is running");
    }
    for (int i = 0; i < OUTPUT_MAX; i++) {
        if (rsp_packet_receive(rsp, fault) != 0) {
            return -1;
        }
        int end = monitor_reply_take(rsp, doing, output, capacity, fault);
        if (end != 0) {
            return end > 0 ? 0 : -1;
        }
    }
    return rsp_give_up(rsp, fault, "%s: too much output", doing);
}

/* Fetches the next piece of the map. 1: it was the last, 0: more, -1: fault. */
static int map_piece_read(struct rsp *rsp, uint8_t *xml, size_t *len, struct fault *fault)
{
    char command[64];
    int n = snprintf(command, sizeof command, "qXfer:memory-map:read::%zx,%zx", *len, rsp->packet_max - 16);
    rsp_deadline_start(rsp, 1);
    if (command_run(rsp, bytes_of(command, (size_t)n), fault) != 0) {
        return -1;
    }
    struct bytes reply = reply_of(rsp);
    if (reply.len == 0 || reply.data[0] == 'E') {
        return fault_set(fault, "debug port: the server gives no memory map");
    }
    size_t got = reply.len - 1;
    if ((reply.data[0] != 'm' && reply.data[0] != 'l') || (reply.data[0] == 'm' && got == 0) ||
        got > RSP_MAP_XML_MAX - *len) {
        return rsp_give_up(rsp, fault, "memory map: a reply that makes no sense");
    }
    memcpy(xml + *len, reply.data + 1, got);
    *len += got;
    return reply.data[0] == 'l';
}

int rsp_map_read(struct rsp *rsp, struct rsp_map *out, struct fault *fault)
{
    uint8_t *xml = malloc(RSP_MAP_XML_MAX);
    size_t len = 0;
    int last = xml == NULL ? fault_set(fault, "no memory") : 0;
    while (last == 0) {
        last = map_piece_read(rsp, xml, &len, fault);
    }
    int result = last < 0 ? -1 : rsp_map_parse(bytes_of(xml, len), out, fault);
    free(xml);
    return result;
}
