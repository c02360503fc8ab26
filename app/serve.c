/* SPDX-License-Identifier: Apache-2.0 */
/* serve: the example's one loop: data link, console and watchdog, each a little at a time. */
#include "app/app.h"

_Noreturn void app_serve(void)
{
    app_link_open();
    app_console_open();
    for (;;) {
        int is_busy = app_link_step();
        is_busy |= app_console_step();
        app_watchdog_step();
        if (!is_busy) {
            app_idle();
        }
    }
}
