/* SPDX-License-Identifier: Apache-2.0 */
/* uart: the application's console and data link, and its output. */
#include <string.h>

#include "app/app.h"
#include "app/text.h"

#define UART_REG(uart, off) (*(volatile uint32_t *)(0x40200000u + 0x1000u * (uint32_t)(uart) + (off)))
#define UART_DATA 0x00u
#define UART_STATE 0x04u
#define UART_CTRL 0x08u
#define UART_INTCLEAR 0x0Cu
#define UART_BAUDDIV 0x10u
#define STATE_SENDING 1u
#define STATE_RECEIVED 2u
#define CTRL_TRANSMIT 0x01u
#define CTRL_RECEIVE 0x0Au /* with its interrupt */
#define FPGAIO_LED (*(volatile uint32_t *)0x40302000u)
#define NVIC_ISER1 (*(volatile uint32_t *)0xE000E104u)
#define NVIC_ICPR1 (*(volatile uint32_t *)0xE000E284u)

void app_uart_open(enum app_uart uart)
{
    UART_REG(uart, UART_BAUDDIV) = 16;
    UART_REG(uart, UART_CTRL) = CTRL_TRANSMIT;
}

void app_uart_listen(enum app_uart uart)
{
    UART_REG(uart, UART_CTRL) = CTRL_TRANSMIT | CTRL_RECEIVE;
    NVIC_ISER1 = 1u << (2u * (uint32_t)uart);
}

int app_uart_put(enum app_uart uart, uint8_t byte)
{
    if (UART_REG(uart, UART_STATE) & STATE_SENDING) {
        return 0;
    }
    UART_REG(uart, UART_DATA) = byte;
    return 1;
}

void app_uart_drain(enum app_uart uart)
{
    while (UART_REG(uart, UART_STATE) & STATE_SENDING) {
    }
}

void app_uart_send(enum app_uart uart, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        app_uart_drain(uart);
        UART_REG(uart, UART_DATA) = data[i];
    }
}

int app_uart_take(enum app_uart uart, uint8_t *byte)
{
    if ((UART_REG(uart, UART_STATE) & STATE_RECEIVED) == 0) {
        return 0;
    }
    *byte = (uint8_t)UART_REG(uart, UART_DATA);
    UART_REG(uart, UART_INTCLEAR) = 2;
    NVIC_ICPR1 = 1u << (2u * (uint32_t)uart);
    return 1;
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
    char room[TEXT_NUMBER_MAX];
    app_print(text_number(number, room));
}
