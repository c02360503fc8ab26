/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip_fw: firmware for the tests of the virtual chip. It obeys commands on the data UART, so that a test can do with
 * the chip what firmware can do, and tells each controller answer on the console. e <byte> gives the byte back q <n>
 * <m> <n bytes>                   sends n (u16) bytes to the flash controller, gives m (u16) bytes of its answer back
 *   r <address>                           gives the word at an address back
 *   w <address> <word>                    writes a word
 *   z                                     asks for a reset
 *   x                                     locks up
 */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_BASE(n) (0x50200000u + 0x1000u * (n))
#define UART_DATA(n) REGISTER(UART_BASE(n) + 0x0u)
#define UART_STATE(n) REGISTER(UART_BASE(n) + 0x4u)
#define UART_CTRL(n) REGISTER(UART_BASE(n) + 0x8u)
#define UART_INT(n) REGISTER(UART_BASE(n) + 0xCu)
#define UART_BAUD(n) REGISTER(UART_BASE(n) + 0x10u)
#define NVIC_ISER1 REGISTER(0xE000E104u)
#define NVIC_ICPR1 REGISTER(0xE000E284u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)

#define CONSOLE 0u
#define LINK 2u
#define CONTROLLER 3u
/* Receive interrupt of UART n: IRQ 32 + 2n. */
#define IRQ_BIT(n) (1u << (2u * (n)))

void fw_start(void);

static void uart_open(unsigned n)
{
    UART_BAUD(n) = 16;
    UART_CTRL(n) = 0xB; /* transmit, receive, receive interrupt */
    NVIC_ISER1 = IRQ_BIT(n);
}

static void uart_send(unsigned n, uint8_t c)
{
    while ((UART_STATE(n) & 1u) != 0) {
    }
    UART_DATA(n) = c;
}

/* QEMU fills the register only while the CPU sleeps. */
static uint8_t uart_receive(unsigned n)
{
    while ((UART_STATE(n) & 2u) == 0) {
        __asm__ volatile("wfi" ::: "memory");
    }
    uint8_t c = (uint8_t)UART_DATA(n);
    UART_INT(n) = 2;
    NVIC_ICPR1 = IRQ_BIT(n);
    return c;
}

static void text_print(const char *text)
{
    while (*text != '\0') {
        uart_send(CONSOLE, (uint8_t)*text++);
    }
}

static void hex_print(uint8_t v)
{
    uart_send(CONSOLE, (uint8_t) "0123456789ABCDEF"[v >> 4]);
    uart_send(CONSOLE, (uint8_t) "0123456789ABCDEF"[v & 15]);
}

static uint32_t link_number(unsigned bytes)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint32_t)uart_receive(LINK) << (8 * i);
    }
    return v;
}

/* The request arrives whole before it is passed on, as a driver would send it. */
static void request_pass(void)
{
    static uint8_t request[8 + 4096];
    uint32_t count = link_number(2);
    uint32_t answer_len = link_number(2);
    for (uint32_t i = 0; i < count; i++) {
        request[i % sizeof request] = uart_receive(LINK);
    }
    for (uint32_t i = 0; i < count; i++) {
        uart_send(CONTROLLER, request[i % sizeof request]);
    }
    for (uint32_t i = 0; i < answer_len; i++) {
        uint8_t c = uart_receive(CONTROLLER);
        if (i == 0) {
            text_print("[fw] ");
            uart_send(CONSOLE, request[0]);
            text_print(" answered ");
            hex_print(c);
            text_print("\n");
        }
        uart_send(LINK, c);
    }
}

static void word_read(void)
{
    uint32_t v = REGISTER(link_number(4));
    for (unsigned i = 0; i < 4; i++) {
        uart_send(LINK, (uint8_t)(v >> (8 * i)));
    }
}

static void command_run(void)
{
    uint32_t address;
    switch (uart_receive(LINK)) {
    case 'e':
        uart_send(LINK, uart_receive(LINK));
        break;
    case 'q':
        request_pass();
        break;
    case 'r':
        word_read();
        break;
    case 'w':
        address = link_number(4);
        REGISTER(address) = link_number(4);
        break;
    case 'z':
        SCB_AIRCR = 0x05FA0004u;
        break;
    case 'x':
        __asm__ volatile("cpsid f\n udf #0");
        break;
    default:
        break;
    }
}

void fw_start(void)
{
    __asm__ volatile("cpsid i");
    uart_open(CONSOLE);
    uart_open(LINK);
    uart_open(CONTROLLER);
    text_print("[fw] ready\n");
    for (;;) {
        command_run();
    }
}

static void fault(void)
{
    __asm__ volatile("udf #1");
}

extern uint32_t stack_top[];

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = { stack_top, fw_start, fault, fault };
