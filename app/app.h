/* SPDX-License-Identifier: Apache-2.0 */
/* app: the parts of the example application. main.c is where a product of your own begins. */
#ifndef APP_APP_H
#define APP_APP_H

#include <stddef.h>
#include <stdint.h>

_Noreturn void app_main(void);

/* The two UARTs of the non-secure world. */
enum app_uart { APP_UART_CONSOLE = 1, APP_UART_LINK = 2 };
void app_uart_open(enum app_uart uart);
/* From now on it receives, too, and wakes app_idle. */
void app_uart_listen(enum app_uart uart);
/* Waits until all is on its way. */
void app_uart_send(enum app_uart uart, const uint8_t *data, size_t len);
/* 1 when the UART took the byte; 0: it is busy now. */
int app_uart_put(enum app_uart uart, uint8_t byte);
/* Waits until the UART would take another byte. */
void app_uart_drain(enum app_uart uart);
/* 1 when a byte was there. */
int app_uart_take(enum app_uart uart, uint8_t *byte);
void app_print(const char *text);
void app_print_number(uint32_t number);

/* The output that says "running": the board's first LED. SBM takes it back when the device halts. */
void app_output_set(int on);

/* Feeds the watchdog from now on while the application idles, when SBM started one; else does nothing. */
void app_watchdog_serve(void);
/* Feeds it when its tick has come: to be called in every round of the loop. */
void app_watchdog_step(void);
/* Sleeps until something wakes the core: a received byte, or the watchdog's tick. */
void app_idle(void);

/* The data link: status, attestation, updates (docs/spec.md section 9). */
void app_link_open(void);
/* Takes one byte, when one is there, and answers a request that it completes. 0: nothing to do, the core may sleep. */
int app_link_step(void);
/* Serves the data link, and nothing else, for good. */
_Noreturn void app_link_serve(void);

/* The console: commands of a person (docs/manager.md section 8). */
void app_console_open(void);
/* Says or hears what it can without waiting. 0: nothing to do, the core may sleep. */
int app_console_step(void);
/* Says a line, in two parts, between what is typed and answered. */
void app_console_say(const char *who, const char *what);

/* Serves link, console and watchdog for good. */
_Noreturn void app_serve(void);

#endif
