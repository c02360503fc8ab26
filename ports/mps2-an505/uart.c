/* SPDX-License-Identifier: Apache-2.0 */
/* uart: see uart.h. */
#include "ports/mps2-an505/uart.h"

#include "ports/mps2-an505/regs.h"

void uart_open(unsigned n)
{
    REG32(UART_BASE(n) + UART_BAUDDIV) = 16;
    REG32(UART_BASE(n) + UART_CTRL) = UART_CTRL_TX;
}

void uart_send(unsigned n, const uint8_t *data, size_t len)
{
    volatile uint32_t *state = &REG32(UART_BASE(n) + UART_STATE);
    volatile uint32_t *out = &REG32(UART_BASE(n) + UART_DATA);
    const uint8_t *end = data + len;
    if (len == 0) {
        return;
    }
    do { /* the test stands at the end: an image is sent byte by byte through here */
        while (*state & UART_STATE_TXFULL) {
        }
        *out = *data++;
    } while (data != end);
}

uint8_t uart_receive(unsigned n)
{
    unsigned irq = UART_RX_IRQ(n);
    while ((REG32(UART_BASE(n) + UART_STATE) & UART_STATE_RXFULL) == 0) {
        __asm__ volatile("wfi" : : : "memory");
    }
    uint8_t byte = (uint8_t)REG32(UART_BASE(n) + UART_DATA);
    REG32(UART_BASE(n) + UART_INTCLEAR) = 2;
    NVIC_ICPR(irq / 32) = 1u << (irq % 32);
    return byte;
}

void uart_listen_begin(unsigned n, struct uart_listening *saved)
{
    unsigned irq = UART_RX_IRQ(n);
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(saved->primask) : : "memory");
    for (unsigned i = 0; i < NVIC_WORDS; i++) {
        saved->enabled[i] = NVIC_ISER(i);
        NVIC_ICER(i) = 0xFFFFFFFFu;
    }
    REG32(UART_BASE(n) + UART_CTRL) = UART_CTRL_TX | UART_CTRL_RX | UART_CTRL_RXIRQ;
    NVIC_ISER(irq / 32) = 1u << (irq % 32);
}

void uart_listen_pause(unsigned n, const struct uart_listening *saved)
{
    unsigned irq = UART_RX_IRQ(n);
    NVIC_ICER(irq / 32) = 1u << (irq % 32);
    NVIC_ICPR(irq / 32) = 1u << (irq % 32);
    for (unsigned i = 0; i < NVIC_WORDS; i++) {
        NVIC_ISER(i) = saved->enabled[i];
    }
    __asm__ volatile("msr primask, %0" : : "r"(saved->primask) : "memory");
}

void uart_listen_end(unsigned n, const struct uart_listening *saved)
{
    REG32(UART_BASE(n) + UART_CTRL) = UART_CTRL_TX;
    uart_listen_pause(n, saved);
}
