/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console: the application's console UART, for a person: a prompt, a line, an answer. It never waits for the line: what
 * it says goes out byte by byte between the other work, and it listens when all is said.
 */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

/* No answer is longer: console_put waits for the line where more is to be said at once. */
#define CONSOLE_OUT_MAX 2048u

/* What a command does after its answer. */
enum console_wish {
    CONSOLE_NOTHING = 0,
    CONSOLE_LIST, /* console_list_next, until it gives 0 */
    CONSOLE_RESET /* the device, when all is said */
};

/* ---- for the commands ---- */

/* '\n' goes out as CR LF. */
void console_put(const char *text);
void console_put_number(uint64_t number);
void console_put_hex(const uint8_t *data, size_t len);

/* Obeys a line without spaces around it, not empty, printable. */
enum console_wish console_command_run(const char *line);
/* Says record `index` of the list; 0 when there is none. */
int console_list_next(uint32_t index);

#endif
