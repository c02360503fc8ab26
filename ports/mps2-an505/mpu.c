/* SPDX-License-Identifier: Apache-2.0 */
/* mpu: see mpu.h. */
#include "ports/mps2-an505/mpu.h"

#include "ports/mps2-an505/regs.h"

#define MPU_RO_PRIVILEGED (2u << 1)
#define MPU_RW_PRIVILEGED (0u << 1)
#define MPU_XN 1u
#define MPU_ENABLE 1u
#define MPU_REGIONS 7u
#define REGION_ENTRIES 2u

/* Attribute 0: normal memory, write-back; attribute 1: device nGnRE. */
#define MAIR_VALUE 0x000004FFu

static const uint32_t regions[MPU_REGIONS][2] = {
    { 0x10000000u | MPU_RO_PRIVILEGED, 0x103FFFE0u | MPU_ENABLE },                      /* flash */
    { 0x38000000u | MPU_RW_PRIVILEGED | MPU_XN, 0x3803DFE0u | MPU_ENABLE },             /* secure RAM */
    { 0x3803E000u | MPU_RW_PRIVILEGED | MPU_XN, 0x3803EFE0u | MPU_ENABLE },             /* entry points */
    { 0x3803F000u | MPU_RW_PRIVILEGED | MPU_XN, 0x381FFFE0u | MPU_ENABLE },             /* secure RAM */
    { 0x28200000u | MPU_RW_PRIVILEGED | MPU_XN, 0x283FFFE0u | MPU_ENABLE },             /* non-secure RAM */
    { 0x00000000u | MPU_RO_PRIVILEGED | MPU_XN, 0x003FFFE0u | MPU_ENABLE },             /* the application's flash */
    { 0x40000000u | MPU_RW_PRIVILEGED | MPU_XN, 0x5FFFFFE0u | (1u << 1) | MPU_ENABLE }, /* devices */
};

void mpu_close(void)
{
    MPU_CTRL = 0;
    MPU_MAIR0 = MAIR_VALUE;
    for (uint32_t i = 0; i < MPU_REGIONS; i++) {
        MPU_RNR = i;
        MPU_RBAR = regions[i][0];
        MPU_RLAR = regions[i][1];
    }
    core_barrier();
    MPU_CTRL = 1;
    core_barrier();
}

void mpu_entries_close(void)
{
    MPU_RNR = REGION_ENTRIES;
    MPU_RBAR = (regions[REGION_ENTRIES][0] & ~MPU_XN) | MPU_RO_PRIVILEGED;
    core_barrier();
}

void mpu_flash_open(void)
{
    MPU_RNR = 0;
    MPU_RBAR = (regions[0][0] & ~MPU_RO_PRIVILEGED) | MPU_RW_PRIVILEGED;
    core_barrier();
}

void mpu_flash_close(void)
{
    MPU_RNR = 0;
    MPU_RBAR = regions[0][0];
    core_barrier();
}
