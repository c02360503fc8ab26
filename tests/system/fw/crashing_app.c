/* SPDX-License-Identifier: Apache-2.0 */
/* crashing_app: an application that crashes in another way at every second start, and says at the start after it what
 * SBM wrote down. At the end it goes on as the example does. */
#include <string.h>

#include "app/app.h"
#include "psa/update.h"
#include "windlass/sbm.h"

#define REG(addr) (*(volatile uint32_t *)(addr))
#define SECURE_RAM 0x38000000u
#define SBM_CODE 0x10021400u
#define SYST_CSR REG(0xE000E010u)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)
#define SCB_VTOR REG(0xE000ED08u)
#define VECTOR_SVC 11
#define VECTOR_SYSTICK 15
#define FAULT_CRASHED 79
#define FAULT_SECURE 85
#define REASON_AFTER_FAULT 6

static void secure_read(void)
{
    (void)REG(SECURE_RAM);
}

static void secure_write(void)
{
    REG(SECURE_RAM) = 0;
}

static void secure_jump(void)
{
    __asm__ volatile("bx %0" : : "r"(SBM_CODE | 1u));
}

/* Behind the first instruction of an entry point: its first is the only way in. */
static void entry_jump(void)
{
    __asm__ volatile("bx %0" : : "r"((uint32_t)(void *)sbm_status_read + 4u));
}

static void undefined(void)
{
    __asm__ volatile("udf #0");
}

static void forged_return(void)
{
    __asm__ volatile("bx %0" : : "r"(0xFFFFFFB0u)); /* no exception is active */
}

static void lost_stack(void)
{
    __asm__ volatile("msr msp, %0\n\tudf #0" : : "r"(SECURE_RAM + 0x100u));
}

static void vector_set(unsigned number, void (*handler)(void))
{
    static const void *table[16] __attribute__((aligned(128)));
    table[number] = (const void *)handler;
    SCB_VTOR = (uint32_t)table;
}

static void handler_read(void)
{
    vector_set(VECTOR_SVC, secure_read);
    __asm__ volatile("cpsie i\n\tsvc 0");
}

/* A handler that returns into the secure world, where it does not come from. */
__attribute__((naked)) static void forged_handler(void)
{
    __asm__ volatile("mvn lr, #0x06\n\tbx lr"); /* 0xFFFFFFF9 */
}

static void handler_forges(void)
{
    vector_set(VECTOR_SVC, forged_handler);
    __asm__ volatile("cpsie i\n\tsvc 0");
}

/* The timer goes off while SBM signs, and its handler faults. */
static void fault_inside_a_call(void)
{
    static uint8_t token[1024];
    static uint8_t nonce[32];
    struct sbm_attest call = {
        .challenge = nonce, .challenge_len = 32, .token = token, .token_capacity = sizeof token
    };
    vector_set(VECTOR_SYSTICK, secure_read);
    SYST_RVR = 4000;
    SYST_CVR = 0;
    SYST_CSR = 7;
    __asm__ volatile("cpsie i" : : : "memory");
    (void)sbm_attest_token(&call);
}

static const struct {
    const char *name;
    void (*code)(void);
    uint32_t fault;
} crashes[] = {
    { "secure read", secure_read, FAULT_SECURE },
    { "secure write", secure_write, FAULT_SECURE },
    { "jump into SBM", secure_jump, FAULT_SECURE },
    { "jump behind an entry point", entry_jump, FAULT_SECURE },
    { "undefined instruction", undefined, FAULT_CRASHED },
    { "forged exception return", forged_return, FAULT_SECURE },
    { "lost stack", lost_stack, FAULT_SECURE },
    { "secure read in a handler", handler_read, FAULT_SECURE },
    { "handler that returns elsewhere", handler_forges, FAULT_SECURE },
    { "secure read in a handler, inside a call", fault_inside_a_call, FAULT_SECURE },
};
#define CRASHES (sizeof crashes / sizeof crashes[0])

/* Starts 1, 3, 5 ... crash; starts 2, 4, 6 ... look at what came of it and reset. */
_Noreturn void app_main(void)
{
    struct sbm_status status;
    app_uart_open(APP_UART_CONSOLE);
    (void)sbm_status_read(&status, sizeof status);
    uint32_t which = (status.boots - 1) / 2;
    if (which >= CRASHES) {
        app_print("[crashing] done\n");
        app_link_serve();
    }
    app_print("[crashing] ");
    app_print(crashes[which].name);
    if (status.boots % 2 == 1) {
        app_print("\n");
        crashes[which].code();
        app_print("[crashing] STILL ALIVE\n");
    } else {
        int right = status.reason == REASON_AFTER_FAULT && status.fault == crashes[which].fault;
        app_print(right ? ": recorded\n" : ": NOT AS IT SHOULD BE, fault ");
        if (!right) {
            app_print_number(status.fault);
            app_print("\n");
        }
    }
    (void)psa_fwu_request_reboot();
    for (;;) {
    }
}
