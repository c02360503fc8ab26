/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsp: a client of the GDB Remote Serial Protocol over TCP: QEMU, OpenOCD, J-Link, pyOCD and the virtual chip speak it.
 * The server is not trusted: every wait has a deadline, every reply is checked, and after a reply that makes no sense
 * the connection is given up.
 */
#ifndef HOST_STATION_RSP_H
#define HOST_STATION_RSP_H

#include "host/lib/fault.h"
#include "host/station/rsp_map.h"
#include "host/station/gdb_packet.h"

struct rsp {
    int fd; /* -1: given up or closed */
    int no_ack;
    int peer_closed;     /* the connection ended because the other side closed it */
    int running;         /* the CPU was continued and no stop was seen yet */
    unsigned timeout_ms; /* for one command */
    size_t packet_max;   /* what the server takes in one packet */
    int64_t deadline_ms; /* of the command under way, monotonic clock */
    size_t in_at;
    size_t in_len;
    uint8_t in[4096];
    uint8_t out[2 * GDB_PACKET_MAX + 4];
    struct gdb_decoder decoder;
};

/*
 * Connects to "host:port" ("[::1]:port" for IPv6) within the timeout and agrees on the protocol. The CPU is halted
 * then. A connection that the server drops at once is tried again for half a second.
 */
int rsp_connect(struct rsp *rsp, const char *target, unsigned timeout_ms, struct fault *fault);
/* As rsp_connect over a connected socket, which it then owns also on failure. */
int rsp_attach(struct rsp *rsp, int fd, unsigned timeout_ms, struct fault *fault);
enum rsp_port { RSP_PORT_OPEN, RSP_PORT_CLOSED, RSP_PORT_UNKNOWN };
/*
 * Whether a debug port answers: CLOSED only when the connection is refused or dropped at once; a server that is
 * silent is UNKNOWN.
 */
enum rsp_port rsp_port_probe(const char *target, unsigned timeout_ms);
/* Safe on one that failed. */
void rsp_close(struct rsp *rsp);
/* 1 while the connection can be used. */
int rsp_usable(const struct rsp *rsp);

/* Lets the CPU run; only rsp_halt is allowed until it is halted. */
int rsp_continue(struct rsp *rsp, struct fault *fault);
/* Stops the CPU. Does nothing when it is stopped. Fault when the server says that the program has ended. */
int rsp_halt(struct rsp *rsp, struct fault *fault);
/* Memory as the CPU sees it, `len` bytes at `addr`. */
int rsp_memory_read(struct rsp *rsp, uint32_t addr, uint8_t *out, size_t len, struct fault *fault);
int rsp_memory_write(struct rsp *rsp, uint32_t addr, struct bytes data, struct fault *fault);
/*
 * Flash through vFlashErase, vFlashWrite and vFlashDone. Erase takes whole sectors. What was written is sure only
 * after rsp_flash_done.
 */
int rsp_flash_erase(struct rsp *rsp, uint32_t addr, uint32_t len, struct fault *fault);
int rsp_flash_write(struct rsp *rsp, uint32_t addr, struct bytes data, struct fault *fault);
int rsp_flash_done(struct rsp *rsp, struct fault *fault);
/*
 * A command for the server itself ("reset halt"). Its output goes to `output` (`capacity` bytes, cut off, always
 * ended with NUL) when not NULL.
 */
int rsp_monitor(struct rsp *rsp, const char *command, char *output, size_t capacity, struct fault *fault);
/* Reads the server's memory map. */
int rsp_map_read(struct rsp *rsp, struct rsp_map *out, struct fault *fault);

/* ---- for rsp_target.c ---- */

/* Starts the clock of a command: `factor` times the usual timeout. */
void rsp_deadline_start(struct rsp *rsp, unsigned factor);
int rsp_packet_send(struct rsp *rsp, struct bytes content, struct fault *fault);
/* The next packet, in rsp->decoder. */
int rsp_packet_receive(struct rsp *rsp, struct fault *fault);
int rsp_interrupt_send(struct rsp *rsp, struct fault *fault);
/* Sets the fault and gives the connection up. Returns -1. */
int rsp_give_up(struct rsp *rsp, struct fault *fault, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A monotonic clock in milliseconds. */
int64_t rsp_clock_ms(void);

#endif
