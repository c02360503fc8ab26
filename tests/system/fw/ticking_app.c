/* SPDX-License-Identifier: Apache-2.0 */
/* ticking_app: an application with a fast timer interrupt, as every operating system has one, that uses SBM's services
 * meanwhile; then it goes on as the example does. */
#include "app/app.h"
#include "psa/update.h"
#include "windlass/sbm.h"

#define REG(addr) (*(volatile uint32_t *)(addr))
#define SYST_CSR REG(0xE000E010u)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)
#define SCB_ICSR REG(0xE000ED04u)
#define SCB_VTOR REG(0xE000ED08u)
#define ICSR_PENDSVSET (1u << 28)
#define VECTOR_PENDSV 14
#define VECTOR_SYSTICK 15
#define PERIOD 400u /* processor cycles */
#define BLOCKS 24u

static volatile uint32_t ticks;
static volatile uint32_t switches;

static void tick(void)
{
    ticks++;
    SCB_ICSR = ICSR_PENDSVSET;
}

static void context_switch(void)
{
    switches++;
}

static void timer_start(void)
{
    static const void *table[16] __attribute__((aligned(128)));
    table[VECTOR_PENDSV] = (const void *)context_switch;
    table[VECTOR_SYSTICK] = (const void *)tick;
    SCB_VTOR = (uint32_t)table;
    SYST_RVR = PERIOD - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* processor clock, interrupt, on */
    __asm__ volatile("cpsie i" : : : "memory");
}

/* 1 when every call did what it should. */
static int services_use(void)
{
    static uint8_t block[512];
    static uint8_t token[1024];
    static uint8_t nonce[32];
    struct sbm_attest call = {
        .challenge = nonce, .challenge_len = 32, .token = token, .token_capacity = sizeof token
    };
    int good = psa_fwu_start(0, NULL, 0) == PSA_SUCCESS;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        good &= psa_fwu_write(0, i * sizeof block, block, sizeof block) == PSA_SUCCESS;
    }
    good &= psa_fwu_cancel(0) == PSA_SUCCESS && psa_fwu_clean(0) == PSA_SUCCESS;
    return good & (sbm_attest_token(&call) == PSA_SUCCESS);
}

_Noreturn void app_main(void)
{
    app_uart_open(APP_UART_CONSOLE);
    timer_start();
    app_print("[ticking] begins\n");
    int good = services_use();
    uint32_t seen = ticks;
    for (volatile uint32_t i = 0; i < 200000; i++) {
    }
    good &= ticks > seen && switches > 0;
    app_print(good ? "[ticking] all done while the timer ticks\n" : "[ticking] something is missing\n");
    SYST_CSR = 0;
    __asm__ volatile("cpsid i" : : : "memory");
    app_link_serve();
}
