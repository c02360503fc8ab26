/* SPDX-License-Identifier: Apache-2.0 */
/* regs: addresses and registers of the MPS2 AN505 (Arm AN505, SSE-200 TRM) and of the Armv8-M core that this port
 * touches. */
#ifndef PORTS_MPS2_AN505_REGS_H
#define PORTS_MPS2_AN505_REGS_H

#include <stdint.h>

#define REG32(addr) (*(volatile uint32_t *)(addr))

/* CMSDK APB UART n, secure alias. */
#define UART_BASE(n) (0x50200000u + 0x1000u * (n))
#define UART_DATA 0x00u
#define UART_STATE 0x04u
#define UART_CTRL 0x08u
#define UART_INTCLEAR 0x0Cu
#define UART_BAUDDIV 0x10u
#define UART_STATE_TXFULL 1u
#define UART_STATE_RXFULL 2u
#define UART_CTRL_TX 1u
#define UART_CTRL_RX 2u
#define UART_CTRL_RXIRQ 8u
#define UART_RX_IRQ(n) (32u + 2u * (n))

#define UART_SECURE_CONSOLE 0u
#define UART_LINK 2u
#define UART_CONTROLLER 3u
#define UART_TRNG 4u

/* Secure access configuration of the SSE-200. */
#define SECCTL_SECRESPCFG REG32(0x50080010u)
#define SECCTL_NSCCFG REG32(0x50080014u)
#define SECCTL_APBNSPPCEXP1 REG32(0x50080084u)
#define SECCTL_APBNSPPCEXP2 REG32(0x50080088u)
#define PPCEXP2_FPGAIO (1u << 2)
#define PPCEXP1_UART1 (1u << 6)
#define PPCEXP1_UART2 (1u << 7)

/* FPGAIO, secure alias: bits 0 and 1 are the board's LEDs. */
#define FPGAIO_LED REG32(0x50302000u)

/* CMSDK APB timer on the 32 kHz clock, secure alias. */
#define S32KTIMER_CTRL REG32(0x5002F000u)
#define S32KTIMER_VALUE REG32(0x5002F004u)
#define S32KTIMER_RELOAD REG32(0x5002F008u)
#define S32KTIMER_INTCLEAR REG32(0x5002F00Cu) /* reads as the interrupt's status */
#define S32KTIMER_ENABLE 1u
#define S32KTIMER_INTERRUPT 8u
#define S32KTIMER_IRQ 2u

/* CMSDK APB watchdog on the 32 kHz clock; secure accesses only. */
#define WATCHDOG_LOAD REG32(0x5002E000u)
#define WATCHDOG_CTRL REG32(0x5002E008u)
#define WATCHDOG_INTCLEAR REG32(0x5002E00Cu)
#define WATCHDOG_LOCK REG32(0x5002EC00u)
#define WATCHDOG_UNLOCK 0x1ACCE551u
#define WATCHDOG_INTERRUPT 1u
#define WATCHDOG_RESET 2u

/* Memory protection controllers of SSRAM1 (flash), SSRAM2 (secure RAM), SSRAM3 (non-secure RAM). */
#define MPC_SSRAM1 0x58007000u
#define MPC_SSRAM2 0x58008000u
#define MPC_SSRAM3 0x58009000u
#define MPC_CTRL 0x00u
#define MPC_BLK_MAX 0x10u
#define MPC_BLK_CFG 0x14u
#define MPC_BLK_IDX 0x18u
#define MPC_BLK_LUT 0x1Cu
#define MPC_CTRL_SECRESP (1u << 4)
#define MPC_CTRL_AUTOINC (1u << 8)
#define MPC_CTRL_LOCKDOWN (1u << 31)

/* Core. */
#define NVIC_WORDS 3u
#define NVIC_ISER(n) REG32(0xE000E100u + 4u * (n))
#define NVIC_ICER(n) REG32(0xE000E180u + 4u * (n))
#define NVIC_ICPR(n) REG32(0xE000E280u + 4u * (n))
#define NVIC_ITNS(n) REG32(0xE000E380u + 4u * (n))
#define SCB_VTOR REG32(0xE000ED08u)
#define SCB_AIRCR REG32(0xE000ED0Cu)
#define SCB_SHCSR REG32(0xE000ED24u)
#define SCB_CFSR REG32(0xE000ED28u)
#define SCB_MMFAR REG32(0xE000ED34u)
#define SCB_BFAR REG32(0xE000ED38u)
#define SCB_NSACR REG32(0xE000ED8Cu)
#define SCB_NS_VTOR REG32(0xE002ED08u)
#define SAU_CTRL REG32(0xE000EDD0u)
#define SAU_RNR REG32(0xE000EDD8u)
#define SAU_RBAR REG32(0xE000EDDCu)
#define SAU_RLAR REG32(0xE000EDE0u)
#define SAU_SFSR REG32(0xE000EDE4u)
#define SAU_SFAR REG32(0xE000EDE8u)
#define MPU_CTRL REG32(0xE000ED94u)
#define MPU_RNR REG32(0xE000ED98u)
#define MPU_RBAR REG32(0xE000ED9Cu)
#define MPU_RLAR REG32(0xE000EDA0u)
#define MPU_MAIR0 REG32(0xE000EDC0u)

#define AIRCR_KEY 0x05FA0000u
#define AIRCR_PRIS (1u << 14)
#define AIRCR_SYSRESETREQS (1u << 3)
#define AIRCR_SYSRESETREQ (1u << 2)

static inline void core_barrier(void)
{
    __asm__ volatile("dsb 0xF\n\tisb 0xF" : : : "memory");
}

#endif
