/* SPDX-License-Identifier: Apache-2.0 */
/* chip_debug: see chip_debug.h. The firmware's time stands still while a packet is served. */
#include "tests/crash/chip_debug.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/station/gdb_packet.h"
#include "tests/crash/chip_net.h"
#include "wire/flashctl.h"
#include "wire/layout.h"
#include "wire/provision_msg.h"

#define READ_MAX 4096u

static const char memory_map[] = "<memory-map><memory type=\"flash\" start=\"0x10000000\" length=\"0x400000\">"
                                 "<property name=\"blocksize\">0x1000</property></memory></memory-map>";

static int listen_fd = -1;
static int fd = -1;
static int no_ack;
static struct gdb_decoder decoder;

/* What one packet asks of flash or fuses, for sim_run. */
static struct {
    uint32_t addr;
    struct bytes data;
    uint32_t erase_len;
    status_t status;
} flash_job;

/* ---- the line ---- */

void chip_debug_open(void)
{
    listen_fd = chip_net_listen(&room->debug_port);
}

void chip_debug_close(void)
{
    chip_net_close(&fd);
    chip_net_close(&listen_fd);
    room->debug_port = 0;
}

static void packet_send(struct bytes content)
{
    static uint8_t out[2 * GDB_PACKET_MAX + 4];
    size_t len = gdb_packet_encode(content, out, sizeof out);
    if (len == 0 || chip_net_send(fd, out, len) != 0) {
        chip_net_close(&fd);
    }
}

static void text_send(const char *text)
{
    packet_send(bytes_of(text, strlen(text)));
}

/* 1: an interrupt came, 0: a packet is in the decoder. Waits for the next client when there is none. */
static int packet_await(void)
{
    for (;;) {
        uint8_t byte;
        if (fd < 0) {
            fd = chip_net_accept(listen_fd);
            memset(&decoder, 0, sizeof decoder);
            no_ack = 0;
        }
        if (recv(fd, &byte, 1, 0) != 1) {
            chip_net_close(&fd);
        } else if (decoder.state == 0 && byte == 0x03) {
            return 1;
        } else if (gdb_packet_decode(&decoder, byte) == GDB_EVENT_PACKET) {
            if (!no_ack) {
                (void)chip_net_send(fd, "+", 1);
            }
            return 0;
        }
    }
}

/* ---- memory and flash ---- */

static void memory_read(uint32_t addr, uint32_t len)
{
    static uint8_t bytes[READ_MAX];
    static char hex[2 * READ_MAX + 1];
    len = len < READ_MAX ? len : READ_MAX;
    if (addr - LAYOUT_MAILBOX_ADDR <= sizeof room->sim.mailbox - len) {
        memcpy(bytes, (const uint8_t *)room->sim.mailbox + (addr - LAYOUT_MAILBOX_ADDR), len);
    } else if (addr - LAYOUT_FLASH_SECURE_ADDR <= FLASHCTL_FLASH_LEN - len) {
        for (uint32_t i = 0; i < len; i++) {
            uint32_t at = chip_place(addr - LAYOUT_FLASH_SECURE_ADDR + i);
            bytes[i] = at == UINT32_MAX ? room->sim.map.erased : room->sim.flash[at];
        }
    } else {
        text_send("E14");
        return;
    }
    gdb_hex_write(bytes_of(bytes, len), hex);
    text_send(hex);
}

static void memory_write(uint32_t addr, uint32_t len, struct bytes hex)
{
    uint32_t at = addr - LAYOUT_MAILBOX_ADDR;
    int fits = at <= sizeof room->sim.mailbox && len <= sizeof room->sim.mailbox - at;
    text_send(fits && gdb_hex_read(hex, (uint8_t *)room->sim.mailbox + at, len) == 0 ? "OK" : "E14");
}

/* For sim_run: the power may go at each operation. */
static void flash_run(void)
{
    const uint32_t granule = FLASHCTL_GRANULE_LEN;
    const uint32_t off = flash_job.addr - LAYOUT_FLASH_SECURE_ADDR;
    const uint32_t len = (uint32_t)flash_job.data.len;
    flash_job.status = STATUS_OK;
    for (uint32_t i = 0; i < flash_job.erase_len && flash_job.status == STATUS_OK; i += FLASHCTL_SECTOR_LEN) {
        flash_job.status = chip_place(off + i) == UINT32_MAX ? STATUS_OK : port_flash_erase(off + i);
    }
    if (len > 0 && flash_job.status == STATUS_OK) {
        flash_job.status = chip_place(off + len - 1) == UINT32_MAX || len % granule != 0
                               ? STATUS_FLASH_RANGE
                               : port_flash_program(off, flash_job.data.data, len);
    }
}

/* Only a CPU that was just reset has its flash written. */
static void flash_do(int inside)
{
    if (inside) {
        text_send("E01");
        return;
    }
    if (sim_run(&room->sim, flash_run) == SIM_POWER_CUT) {
        _exit(0);
    }
    text_send(flash_job.status == STATUS_OK ? "OK" : "E02");
}

/* ---- commands ---- */

static int begins(const char *text)
{
    return decoder.len >= strlen(text) && memcmp(decoder.data, text, strlen(text)) == 0;
}

static void other_serve(void)
{
    char piece[sizeof memory_map + 1] = "l";
    if (begins("qSupported")) {
        text_send("PacketSize=2000;qXfer:memory-map:read+");
    } else if (begins("QStartNoAckMode")) {
        text_send("OK");
        no_ack = 1;
    } else if (begins("qXfer:memory-map:read")) {
        memcpy(piece + 1, memory_map, sizeof memory_map);
        text_send(piece);
    } else if (begins("vFlashDone")) {
        text_send("OK");
    } else {
        text_send(begins("?") ? "T05thread:01;" : "");
    }
}

static void command_serve(int inside)
{
    char text[96] = { 0 };
    unsigned addr = 0;
    unsigned len = 0;
    int at = 0;
    memcpy(text, decoder.data, decoder.len < 95 ? decoder.len : 95);
    flash_job.erase_len = 0;
    flash_job.data = bytes_of(NULL, 0);
    if (sscanf(text, "m%x,%x", &addr, &len) == 2) {
        memory_read(addr, len);
    } else if (sscanf(text, "M%x,%x:%n", &addr, &len, &at) == 2 && at > 0) {
        memory_write(addr, len, bytes_of(decoder.data + at, decoder.len - (size_t)at));
    } else if (sscanf(text, "vFlashErase:%x,%x", &addr, &len) == 2) {
        flash_job.addr = addr;
        flash_job.erase_len = len;
        flash_do(inside);
    } else if (sscanf(text, "vFlashWrite:%x:%n", &addr, &at) == 1 && at > 0) {
        flash_job.addr = addr;
        flash_job.data = bytes_of(decoder.data + at, decoder.len - (size_t)at);
        flash_do(inside);
    } else {
        other_serve();
    }
}

enum chip_debug_end chip_debug_serve(int inside)
{
    for (;;) {
        if (packet_await()) {
            text_send("T02thread:01;");
        } else if (decoder.len == 1 && decoder.data[0] == 'c') {
            return CHIP_DEBUG_GO;
        } else if (begins("qRcmd,")) {
            text_send("OK");
            return CHIP_DEBUG_RESET;
        } else {
            command_serve(inside);
        }
    }
}
