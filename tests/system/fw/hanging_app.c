/* SPDX-License-Identifier: Apache-2.0 */
/* hanging_app: an application that starts well and then waits for what never comes: only a watchdog ends it. It sleeps,
 * because the virtual chip's time runs with its instructions, and much slower than a clock while it is busy. */
#include "app/app.h"

_Noreturn void app_main(void)
{
    app_uart_open(APP_UART_CONSOLE);
    app_print("[hanging] begins\n");
    app_output_set(1);
    for (;;) {
        __asm__ volatile("cpsid i\n\twfi" : : : "memory");
    }
}
