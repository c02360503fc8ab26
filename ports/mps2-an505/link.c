/* SPDX-License-Identifier: Apache-2.0 */
/* link: the data link (UART 2) in the secure world's hands. While SBM works on a request, one byte waits in the UART
 * and the sender's others on its side. The receiver stays on: switched off, it would drop a byte that is on its way. */
#include "boot/port.h"
#include "ports/mps2-an505/regs.h"
#include "ports/mps2-an505/uart.h"

void port_link_open(void)
{
    SECCTL_APBNSPPCEXP1 &= ~PPCEXP1_UART2;
    uart_open(UART_LINK);
}

void port_link_send(const uint8_t *data, size_t len)
{
    uart_send(UART_LINK, data, len);
}

uint8_t port_link_receive(void)
{
    struct uart_listening saved;
    uart_listen_begin(UART_LINK, &saved);
    uint8_t byte = uart_receive(UART_LINK);
    uart_listen_pause(UART_LINK, &saved);
    return byte;
}
