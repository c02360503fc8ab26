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
#define FNC_RETURN 0xFEFFFFFFu
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

/* Where the next forged return goes: an EXC_RETURN or a FNC_RETURN value of one's own making. */
static volatile uint32_t forged;

static void forged_return(void)
{
    __asm__ volatile("bx %0" : : "r"(forged)); /* no exception is active, and no function of SBM has called */
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

/* A handler that returns where it does not come from. */
__attribute__((naked)) static void forged_handler(void)
{
    __asm__ volatile("ldr lr, %0\n\tbx lr" : : "m"(forged));
}

static void handler_forges(void)
{
    vector_set(VECTOR_SVC, forged_handler);
    __asm__ volatile("cpsie i\n\tsvc 0");
}

/* The timer goes off while SBM signs. */
static void call_interrupt(void (*handler)(void))
{
    static uint8_t token[1024];
    static uint8_t nonce[32];
    struct sbm_attest call = {
        .challenge = nonce, .challenge_len = 32, .token = token, .token_capacity = sizeof token
    };
    vector_set(VECTOR_SYSTICK, handler);
    SYST_RVR = 4000;
    SYST_CVR = 0;
    SYST_CSR = 7;
    __asm__ volatile("cpsie i" : : : "memory");
    (void)sbm_attest_token(&call);
}

static void fault_inside_a_call(void)
{
    call_interrupt(secure_read);
}

static void forged_inside_a_call(void)
{
    call_interrupt(forged_handler);
}

/* What runs once the call is abandoned: SBM takes no other call, and its stack gives no way back. */
static void abandoned(void)
{
    static struct sbm_status status;
    SYST_CSR = 0;
    if (sbm_status_read(&status, sizeof status) != PSA_ERROR_BAD_STATE) {
        app_print("[crashing] STILL ALIVE\n");
    }
    __asm__ volatile("bx %0" : : "r"(FNC_RETURN));
}

/* Returns to `abandoned` in the non-secure world, not to SBM, which it has interrupted. */
__attribute__((naked)) static void abandoning_handler(void)
{
    __asm__ volatile("sub sp, sp, #32\n\t"
                     "mov r0, %0\n\t"
                     "bic r0, r0, #1\n\t"
                     "str r0, [sp, #24]\n\t"
                     "mov r0, #0x01000000\n\t"
                     "str r0, [sp, #28]\n\t"
                     "mvn lr, #0x47\n\t" /* 0xFFFFFFB8 */
                     "bx lr"
                     :
                     : "r"(abandoned));
}

static void abandon_a_call(void)
{
    call_interrupt(abandoning_handler);
}

/* SBM does not wipe the floating-point registers: the application has none. */
static void floating_point(void)
{
    REG(0xE000ED88u) |= 0xFu << 20;                       /* CPACR: as far as NSACR lets it */
    __asm__ volatile("dsb\n\tisb\n\t.inst.w 0xEEF1FA10"); /* VMRS APSR_nzcv, FPSCR */
}

static const struct {
    const char *name;
    void (*code)(void);
    uint32_t fault;
    uint32_t forged;
} crashes[] = {
    { "secure read", secure_read, FAULT_SECURE, 0 },
    { "secure write", secure_write, FAULT_SECURE, 0 },
    { "jump into SBM", secure_jump, FAULT_SECURE, 0 },
    { "jump behind an entry point", entry_jump, FAULT_SECURE, 0 },
    { "undefined instruction", undefined, FAULT_CRASHED, 0 },
    { "floating point", floating_point, FAULT_CRASHED, 0 },
    { "lost stack", lost_stack, FAULT_SECURE, 0 },
    { "secure read in a handler", handler_read, FAULT_SECURE, 0 },
    { "secure read in a handler, inside a call", fault_inside_a_call, FAULT_SECURE, 0 },
    { "call abandoned by a handler", abandon_a_call, FAULT_CRASHED, 0 },
    { "forged exception return", forged_return, FAULT_SECURE, 0xFFFFFFB0u },
    { "forged function return", forged_return, FAULT_CRASHED, FNC_RETURN },
    { "function return in a handler", handler_forges, FAULT_CRASHED, FNC_RETURN },
    { "function return in a handler, inside a call", forged_inside_a_call, FAULT_CRASHED, FNC_RETURN },
    { "return of a secure exception", handler_forges, FAULT_SECURE, 0xFFFFFFF9u },
    { "return of a secure exception, inside a call", forged_inside_a_call, FAULT_SECURE, 0xFFFFFFF9u },
    { "return to the secure main stack", handler_forges, FAULT_SECURE, 0xFFFFFFF8u },
    { "return to the secure main stack, all registers", handler_forges, FAULT_SECURE, 0xFFFFFFD8u },
    { "return to the secure process stack", handler_forges, FAULT_SECURE, 0xFFFFFFFCu },
    { "return to the secure process stack, all registers", handler_forges, FAULT_SECURE, 0xFFFFFFDCu },
    { "return to the secure process stack, inside a call", forged_inside_a_call, FAULT_SECURE, 0xFFFFFFFCu },
    { "return to a secure handler", handler_forges, FAULT_SECURE, 0xFFFFFFF0u },
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
        forged = crashes[which].forged;
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
