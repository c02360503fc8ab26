/* SPDX-License-Identifier: Apache-2.0 */
/* uart: the application's console and data link, and its output. */
#include <string.h>

#include "app/app.h"

#define UART_REG(uart, off) (*(volatile uint32_t *)(0x40200000u + 0x1000u * (uint32_t)(uart) + (off)))
#define UART_DATA 0x00u
#define UART_STATE 0x04u
#define UART_CTRL 0x08u
#define UART_INTCLEAR 0x0Cu
#define UART_BAUDDIV 0x10u
#define FPGAIO_LED (*(volatile uint32_t *)0x40302000u)
#define NVIC_ISER1 (*(volatile uint32_t *)0xE000E104u)
#define NVIC_ICPR1 (*(volatile uint32_t *)0xE000E284u)

void app_uart_open(enum app_uart uart)
{
    UART_REG(uart, UART_BAUDDIV) = 16;
    UART_REG(uart, UART_CTRL) =
        uart == APP_UART_LINK ? 0x0Bu : 0x01u; /* transmit; the link also receives, with interrupt */
    if (uart == APP_UART_LINK) {
        NVIC_ISER1 = 1u << (2u * (uint32_t)uart);
    }
}

void app_uart_send(enum app_uart uart, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        while (UART_REG(uart, UART_STATE) & 1u) {
        }
        UART_REG(uart, UART_DATA) = data[i];
    }
}

uint8_t app_uart_receive(enum app_uart uart)
{
    while ((UART_REG(uart, UART_STATE) & 2u) == 0) {
        app_idle();
    }
    uint8_t byte = (uint8_t)UART_REG(uart, UART_DATA);
    UART_REG(uart, UART_INTCLEAR) = 2;
    NVIC_ICPR1 = 1u << (2u * (uint32_t)uart);
    return byte;
}

void app_output_set(int on)
{
    FPGAIO_LED = on ? 1 : 0;
}

void app_print(const char *text)
{
    app_uart_send(APP_UART_CONSOLE, (const uint8_t *)text, strlen(text));
}

void app_print_number(uint32_t number)
{
    char digits[11];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    app_print(digits + at);
}
