/* SPDX-License-Identifier: Apache-2.0 */
/* startup: vector table, memory and faults of a secure stage (BL1 and SBM alike), and the way from one stage into the
 * next. */
#include "boot/halt.h"
#include "boot/port.h"
#include "boot/stage.h"
#include "ports/mps2-an505/mpu.h"
#include "ports/mps2-an505/regs.h"
#include "ports/mps2-an505/uart.h"
#include "wire/layout.h"

#define STACK_SEAL 0xFEF5EDA5u
#define STACK_FILL 0xA5A5A5A5u

extern uint32_t linker_data_load[];
extern uint32_t linker_data_start[];
extern uint32_t linker_data_end[];
extern uint32_t linker_bss_start[];
extern uint32_t linker_bss_end[];
extern uint32_t linker_stack_limit[];
extern uint32_t linker_stack_top[];

_Noreturn void startup_reset(void);
void startup_fault(void);
_Noreturn void startup_fault_report(uint32_t exc_return);
void startup_nmi(void);
_Noreturn void startup_nmi_report(uint32_t exc_return);

static void memory_prepare(void)
{
    uint32_t *from = linker_data_load;
    for (uint32_t *to = linker_data_start; to < linker_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = linker_bss_start; to < linker_bss_end; to++) {
        *to = 0;
    }
}

/* Fills the unused stack, so that its deepest use can be seen, and seals its top (Arm's stack sealing advisory). The
 * process stack is not used: it is nothing but the seal. */
static void stack_prepare(void)
{
    uint32_t *here = (uint32_t *)__builtin_frame_address(0) - 16;
    for (uint32_t *p = linker_stack_limit; p < here; p++) {
        *(volatile uint32_t *)p = STACK_FILL;
    }
    linker_stack_top[0] = STACK_SEAL;
    linker_stack_top[1] = STACK_SEAL;
    __asm__ volatile("msr msplim, %0\n\t"
                     "msr psp, %1\n\t"
                     "msr psplim, %1"
                     :
                     : "r"(linker_stack_limit), "r"(linker_stack_top));
}

_Noreturn void startup_reset(void)
{
    __asm__ volatile("cpsid i" : : : "memory");
    memory_prepare();
    stack_prepare();
    mpu_close();
    SCB_SHCSR |= 1u << 16 | 1u << 17 | 1u << 18 | 1u << 19; /* MemManage, Bus, Usage, SecureFault */
    uart_open(UART_SECURE_CONSOLE);
    uart_open(UART_CONTROLLER);
    uart_open(UART_TRNG);
    stage_main();
}

/*
 * Faults arrive here with EXC_RETURN in lr. The old stack is not trusted: a fresh one gets a frame that returns from
 * the exception into startup_fault_report, in secure thread mode, where the flash driver can sleep for its answers (in
 * a fault handler no interrupt would wake it).
 */
__attribute__((naked)) void startup_fault(void)
{
    __asm__ volatile("ldr r3, =startup_fault_report\n\t"
                     "startup_report:\n\t"
                     "cpsid i\n\t"
                     "ldr r1, =linker_stack_top\n\t"
                     "sub r1, r1, #32\n\t"
                     "str lr, [r1, #0]\n\t" /* r0: EXC_RETURN */
                     "movs r2, #0\n\t"
                     "str r2, [r1, #20]\n\t" /* lr */
                     "bic r2, r3, #1\n\t"
                     "str r2, [r1, #24]\n\t" /* pc */
                     "mov r2, #0x01000000\n\t"
                     "str r2, [r1, #28]\n\t" /* xpsr: Thumb, thread mode */
                     "msr msp, r1\n\t"
                     "mvn lr, #6\n\t" /* EXC_RETURN 0xFFFFFFF9: secure, thread, main stack */
                     "bx lr");
}

/* NMI: the watchdog expired. Reported in the same way; the watchdog runs on and resets if that hangs, too. */
__attribute__((naked)) void startup_nmi(void)
{
    __asm__ volatile("ldr r3, =startup_nmi_report\n\t"
                     "b startup_report");
}

#define EXC_RETURN_SECURE 0x40u
#define EXC_RETURN_PSP 0x04u
#define FRAME_PC 6
#define NONSECURE_RAM_FIRST 0x28200000u
#define NONSECURE_RAM_LEN 0x00200000u

/* Where the application was, from the frame on its own stack; 0 when that stack is nowhere. */
static uint32_t application_pc(uint32_t exc_return)
{
    uint32_t stack;
    if (exc_return & EXC_RETURN_PSP) {
        __asm__ volatile("mrs %0, psp_ns" : "=r"(stack));
    } else {
        __asm__ volatile("mrs %0, msp_ns" : "=r"(stack));
    }
    if (stack % 4 != 0 || stack - NONSECURE_RAM_FIRST > NONSECURE_RAM_LEN - 32) {
        return 0;
    }
    return ((const uint32_t *)stack)[FRAME_PC];
}

/* Returns once: a fault while a fault was reported ends in sleep, and no driver is trusted any more. */
static void reports_count(void)
{
    static volatile uint32_t reports;
    reports++;
    if (reports == 2) {
        halt_wipe();
    }
    if (reports > 1) {
        port_sleep();
    }
}

_Noreturn void startup_nmi_report(uint32_t exc_return)
{
    reports_count();
    stage_fault(STATUS_BOOT_WATCHDOG, (exc_return & EXC_RETURN_SECURE) == 0 ? application_pc(exc_return) : 0);
}

_Noreturn void startup_fault_report(uint32_t exc_return)
{
    reports_count();
    int from_nonsecure = (exc_return & EXC_RETURN_SECURE) == 0;
    uint32_t sfsr = SAU_SFSR;
    uint32_t cfsr = SCB_CFSR;
    uint32_t where = from_nonsecure ? application_pc(exc_return) : 0;
    if (sfsr != 0) {
        stage_fault(STATUS_BOOT_SECURE_FAULT, sfsr & 0x40u ? SAU_SFAR : where);
    }
    if (from_nonsecure && (cfsr & 0xFF00u) != 0) {
        stage_fault(STATUS_BOOT_SECURE_FAULT, cfsr & 0x8000u ? SCB_BFAR : where);
    }
    stage_fault(from_nonsecure ? STATUS_BOOT_APPLICATION_FAULT : STATUS_BOOT_FAULT, cfsr & 0x80u ? SCB_MMFAR : where);
}

__attribute__((section(".vectors"), used)) const void *const startup_vectors[16] = {
    linker_stack_top,
    (const void *)startup_reset,
    (const void *)startup_nmi,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
    (const void *)startup_fault,
};

void port_log(const char *text)
{
    uart_send(UART_SECURE_CONSOLE, (const uint8_t *)text, strlen(text));
}

volatile uint8_t *port_mailbox(void)
{
    return (volatile uint8_t *)LAYOUT_MAILBOX_ADDR;
}

_Noreturn void port_reset(void)
{
    core_barrier();
    SCB_AIRCR = AIRCR_KEY | AIRCR_PRIS | AIRCR_SYSRESETREQS | AIRCR_SYSRESETREQ;
    core_barrier();
    port_sleep();
}

_Noreturn void port_sleep(void)
{
    __asm__ volatile("cpsid i" : : : "memory");
    for (unsigned i = 0; i < NVIC_WORDS; i++) {
        NVIC_ICER(i) = 0xFFFFFFFFu;
    }
    for (;;) {
        __asm__ volatile("wfi" : : : "memory");
    }
}
