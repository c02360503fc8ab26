/* SPDX-License-Identifier: Apache-2.0 */
/* main: the example application. It prints who it is, asks SBM for the device's status through a veneer, and serves the
 * data link and the console. */
#include "app/app.h"
#include "windlass/sbm.h"

#ifndef APP_VERSION
#define APP_VERSION "0"
#endif

static void status_print(void)
{
    struct sbm_status status;
    if (sbm_status_read(&status, sizeof status) != PSA_SUCCESS) {
        app_print("[app] SBM does not answer\n");
        return;
    }
    app_print("[app] SBM says: sequence ");
    app_print_number(status.app_sequence);
    app_print(status.trial ? ", on trial, boot " : ", confirmed, boot ");
    app_print_number(status.boots);
    app_print("\n");
}

_Noreturn void app_main(void)
{
    app_uart_open(APP_UART_CONSOLE);
    app_print("[app] greenhouse sensor, version " APP_VERSION "\n");
    status_print();
    app_output_set(1);
    app_watchdog_serve();
    app_serve();
}
