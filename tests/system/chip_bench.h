/* SPDX-License-Identifier: Apache-2.0 */
/* chip_bench: what the system tests of the virtual chip share: a chip in its own folder, its firmware's commands, a
 * debugger. Failures end the test. */
#ifndef TESTS_SYSTEM_CHIP_BENCH_H
#define TESTS_SYSTEM_CHIP_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "host/chip/array.h"
#include "host/chip/chip_client.h"
#include "wire/flashctl.h"

/* cmocka setup and teardown: a chip that is off, with the test firmware in its flash; its folder's path is longer than
 * a socket's name may be. */
int bench_setup(void **state);
int bench_setup_blank(void **state);
/* Stops the chip if it runs and removes everything; fails when the chip's process cannot be stopped. */
int bench_teardown(void **state);

/* The chip's folder. */
const char *bench_dir(void);
/* `chip run`, and the firmware's greeting awaited. */
void bench_start(void);
struct owner_report bench_start_with(const struct owner_options *options);
/* One line to the control socket, which is taken; gives the answer. */
const char *bench_control(const char *line);
/* A number of the status; -1 when null or missing. */
long bench_status(const char *field);
/* The state: "running", ..., or "off". */
const char *bench_state(void);
/* Waits for a state, at most 10 seconds. */
void bench_state_await(const char *state);
/* Waits until console.log holds `text` `count` times. */
void bench_console_await(const char *text, unsigned count);
/* What the array and the fuses hold now, from the files. */
void bench_flash_read(uint32_t off, void *out, size_t len);
void bench_flash_write(uint32_t off, const void *data, size_t len);
uint32_t bench_fuse_read(uint32_t word);
void bench_fuse_write(uint32_t word, uint32_t value);

/* Commands to the firmware (tests/system/fw/chip_fw.c), over the data link. */
void fw_connect(void);
void fw_disconnect(void);
void fw_send(const void *data, size_t len);
/* False when the link ends or nothing comes within the time limit. */
bool fw_receive(void *data, size_t len);
void fw_echo(uint8_t c);
/* Sends a controller request; gives its status. `answer` gets `answer_len` bytes after the status. */
uint8_t fw_request(uint8_t op, uint32_t address, const void *data, uint16_t len, void *answer, uint16_t answer_len);
/* As above, but no answer is awaited: the power goes. */
void fw_request_begin(uint8_t op, uint32_t address, const void *data, uint16_t len);
uint8_t fw_program(uint32_t off, const void *data, uint16_t len);
uint8_t fw_erase(uint32_t off);
uint8_t fw_blow(uint32_t word, uint32_t mask);
uint32_t fw_word_read(uint32_t address);
void fw_word_write(uint32_t address, uint32_t value);

/* Runs gdb-multiarch on the chip with these commands (NULL-terminated) and gives what it printed. */
const char *gdb_run(const char *const *commands);
/* Runs `windlass` with these arguments (NULL-terminated); gives the exit code; *out what it printed (stdout and
 * stderr). */
int windlass_run(const char *const *arguments, const char **out);

/* A debugger in bytes. */
int rsp_connect(void);
void rsp_send_raw(int fd, const void *data, size_t len);
/* Sends a packet and gives the body of the next packet (acknowledged), or NULL when the port closes or is silent for 5
 * seconds. */
const char *rsp_ask(int fd, const char *body);
const char *rsp_wait(int fd);
/* True when the other side closes within 5 seconds. */
bool rsp_is_closed(int fd);

#endif
