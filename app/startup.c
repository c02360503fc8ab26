/* SPDX-License-Identifier: Apache-2.0 */
/* startup: vector table and memory of a non-secure application. Nothing here needs changing for a product of your own.
 */
#include <stdint.h>

#include "app/app.h"

extern uint32_t app_data_load[];
extern uint32_t app_data_start[];
extern uint32_t app_data_end[];
extern uint32_t app_bss_start[];
extern uint32_t app_bss_end[];
extern uint32_t app_stack_top[];

_Noreturn void app_reset(void);

_Noreturn void app_reset(void)
{
    __asm__ volatile("cpsid i" : : : "memory"); /* no handlers: the UARTs only wake the core */
    uint32_t *from = app_data_load;
    for (uint32_t *to = app_data_start; to < app_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = app_bss_start; to < app_bss_end; to++) {
        *to = 0;
    }
    app_main();
}

__attribute__((section(".vectors"), used))
const void *const app_vectors[16] = { app_stack_top, (const void *)app_reset };
