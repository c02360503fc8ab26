/* SPDX-License-Identifier: Apache-2.0 */
/* uart: the CMSDK UARTs of the secure world. Receiving sleeps until a byte is there. */
#ifndef PORTS_MPS2_AN505_UART_H
#define PORTS_MPS2_AN505_UART_H

#include <stddef.h>
#include <stdint.h>

void uart_open(unsigned n);
void uart_send(unsigned n, const uint8_t *data, size_t len);
/* Only between uart_listen_begin and uart_listen_end. */
uint8_t uart_receive(unsigned n);

/* While listening, only this UART's receive interrupt can wake the core, and no handler runs. */
struct uart_listening {
    uint32_t primask;
    uint32_t enabled[3];
};
void uart_listen_begin(unsigned n, struct uart_listening *saved);
void uart_listen_end(unsigned n, const struct uart_listening *saved);
/* As uart_listen_end, but the receiver stays on: a byte that has come waits in it, and keeps the next one out. */
void uart_listen_pause(unsigned n, const struct uart_listening *saved);

#endif
