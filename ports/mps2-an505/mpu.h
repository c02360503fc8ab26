/* SPDX-License-Identifier: Apache-2.0 */
/* mpu: the secure world's own memory rules: flash is read-only, RAM and devices never execute. */
#ifndef PORTS_MPS2_AN505_MPU_H
#define PORTS_MPS2_AN505_MPU_H

void mpu_close(void);
/* The page of entry points becomes read-only and executable. */
void mpu_entries_close(void);
/* Around the flash driver's copy into the memory-mapped view, and nowhere else. */
void mpu_flash_open(void);
void mpu_flash_close(void);

#endif
