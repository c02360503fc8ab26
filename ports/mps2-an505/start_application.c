/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start_application: closes the secure world and jumps. SAU, NSC window, memory and peripheral protection controllers
 * and interrupt targets are set here, once; the memory protection controllers are then locked until reset.
 */
#include <arm_cmse.h>

#include "boot/port.h"
#include "boot/stage.h"
#include "ports/mps2-an505/mpu.h"
#include "ports/mps2-an505/regs.h"
#include "wire/layout.h"

#define NONSECURE_RAM_FIRST 0x28200000u
#define NONSECURE_RAM_LAST 0x283FFFFFu

typedef void __attribute__((cmse_nonsecure_call)) application_entry(void);

void port_application_ram(uint32_t *first, uint32_t *last)
{
    *first = NONSECURE_RAM_FIRST;
    *last = NONSECURE_RAM_LAST + 1;
}

extern const void *const startup_vectors[16];

unsigned port_sbm_slot(void)
{
    return (uint32_t)startup_vectors >= port_sbm_run_addr(1) ? 1 : 0;
}

static void sau_region(uint32_t number, uint32_t first, uint32_t last, uint32_t callable)
{
    SAU_RNR = number;
    SAU_RBAR = first & ~31u;
    SAU_RLAR = (last & ~31u) | callable << 1 | 1u;
}

static void sau_close(void)
{
    uint32_t primary = LAYOUT_FLASH_NONSECURE_ADDR + LAYOUT_PRIMARY_OFF;
    sau_region(0, primary, primary + LAYOUT_PRIMARY_LEN - 1, 0);
    sau_region(1, LAYOUT_ENTRIES_ADDR, LAYOUT_ENTRIES_ADDR + LAYOUT_ENTRIES_LEN - 1, 1);
    sau_region(2, NONSECURE_RAM_FIRST, NONSECURE_RAM_LAST, 0);
    sau_region(3, 0x40000000u, 0x4FFFFFFFu, 0);
    SAU_CTRL = 1;
    SECCTL_NSCCFG = 2;     /* the RAM window may hold entry points; SAU says where */
    SECCTL_SECRESPCFG = 1; /* a blocked access is a bus fault, not a silent zero */
}

/* Marks [first, last] (offsets in the controller's memory) non-secure and everything else secure, then locks. */
static void mpc_close(uint32_t base, uint32_t len, uint32_t first, uint32_t last)
{
    uint32_t block_len = 1u << ((REG32(base + MPC_BLK_CFG) & 0xFu) + 5);
    REG32(base + MPC_CTRL) = MPC_CTRL_SECRESP | MPC_CTRL_AUTOINC;
    REG32(base + MPC_BLK_IDX) = 0;
    for (uint32_t at = 0; at < len;) {
        uint32_t word = 0;
        for (uint32_t bit = 0; bit < 32; bit++, at += block_len) {
            word |= at >= first && at <= last ? 1u << bit : 0;
        }
        REG32(base + MPC_BLK_LUT) = word;
    }
    REG32(base + MPC_CTRL) = MPC_CTRL_SECRESP | MPC_CTRL_AUTOINC | MPC_CTRL_LOCKDOWN;
}

static void peripherals_close(void)
{
    SECCTL_APBNSPPCEXP1 = PPCEXP1_UART1 | PPCEXP1_UART2;
    SECCTL_APBNSPPCEXP2 = PPCEXP2_FPGAIO;
    for (unsigned i = 0; i < NVIC_WORDS; i++) {
        NVIC_ICER(i) = 0xFFFFFFFFu;
        NVIC_ICPR(i) = 0xFFFFFFFFu;
    }
    NVIC_ITNS(1) = 1u << (UART_RX_IRQ(1) - 32) | 1u << (UART_RX_IRQ(2) - 32);
    SCB_AIRCR = AIRCR_KEY | AIRCR_PRIS | AIRCR_SYSRESETREQS;
    SCB_NSACR = 0; /* no floating point, no coprocessor: SBM does not wipe their registers */
}

_Noreturn void port_start_application(uint32_t addr)
{
    const uint32_t *vectors = (const uint32_t *)(LAYOUT_FLASH_SECURE_ADDR + addr); /* still secure here */
    uint32_t stack = vectors[0];
    uint32_t entry = vectors[1];
    stage_entries_write((uint32_t *)LAYOUT_ENTRIES_ADDR, LAYOUT_ENTRIES_LEN);
    mpu_entries_close();
    mpc_close(MPC_SSRAM1, 4u << 20, LAYOUT_PRIMARY_OFF, LAYOUT_PRIMARY_OFF + LAYOUT_PRIMARY_LEN - 1);
    mpc_close(MPC_SSRAM2, 2u << 20, 1, 0);
    mpc_close(MPC_SSRAM3, 2u << 20, 0, (2u << 20) - 1);
    sau_close();
    peripherals_close();
    core_barrier();
    SCB_NS_VTOR = addr;
    __asm__ volatile("msr msplim_ns, %1\n\t"
                     "msr msp_ns, %0\n\t"
                     "msr control_ns, %1\n\t"
                     "cpsie i"
                     :
                     : "r"(stack), "r"(0)
                     : "memory");
    application_entry *go = (application_entry *)cmse_nsfptr_create(entry);
    go();
    __asm__ volatile("cpsid i" : : : "memory");
    stage_fault(STATUS_BOOT_APPLICATION_FAULT, 0); /* an application does not return */
}
