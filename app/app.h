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
void app_uart_send(enum app_uart uart, const uint8_t *data, size_t len);
/* Sleeps until a byte comes. */
uint8_t app_uart_receive(enum app_uart uart);
void app_print(const char *text);
void app_print_number(uint32_t number);

/* The output that says "running": the board's first LED. SBM takes it back when the device halts. */
void app_output_set(int on);

/* Feeds the watchdog from now on while the application idles, when SBM started one; else does nothing. */
void app_watchdog_serve(void);
/* Sleeps until something wakes the core: a received byte, or the watchdog's tick. */
void app_idle(void);

/* Serves the data link for good: status, attestation, updates (docs/spec.md section 9). */
_Noreturn void app_link_serve(void);

#endif
