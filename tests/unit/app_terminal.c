/* SPDX-License-Identifier: Apache-2.0 */
/* app_terminal: see app_terminal.h. */
#include "tests/unit/app_terminal.h"

#include "app/app.h"
#include "ports/sim/sim.h"
#include "sbm/service.h"
#include "sbm/service_crypto.h"
#include "sbm/veneer_host.h"
#include "tests/unit/test.h"

char terminal_out[TERMINAL_MAX + 1];
size_t terminal_out_len;
unsigned terminal_slowness = 1;
unsigned terminal_waits;
static const uint8_t *typed;
static size_t typed_left;
static unsigned offers;

void terminal_open(const void *text, size_t len)
{
    typed = text;
    typed_left = len;
    terminal_out_len = 0;
    terminal_out[0] = '\0';
    terminal_waits = 0;
    veneer_host_open(NULL, SIZE_MAX);
}

size_t terminal_left(void)
{
    return typed_left;
}

static void said(uint8_t byte)
{
    assert_true(terminal_out_len < TERMINAL_MAX);
    terminal_out[terminal_out_len++] = (char)byte;
    terminal_out[terminal_out_len] = '\0';
}

void app_uart_listen(enum app_uart uart)
{
    assert_int_equal(uart, APP_UART_CONSOLE);
}

int app_uart_put(enum app_uart uart, uint8_t byte)
{
    assert_int_equal(uart, APP_UART_CONSOLE);
    if (++offers % terminal_slowness != 0) {
        return 0;
    }
    said(byte);
    return 1;
}

void app_uart_send(enum app_uart uart, const uint8_t *data, size_t len)
{
    assert_int_equal(uart, APP_UART_CONSOLE);
    terminal_waits++;
    for (size_t i = 0; i < len; i++) {
        said(data[i]);
    }
}

void app_uart_drain(enum app_uart uart)
{
    assert_int_equal(uart, APP_UART_CONSOLE);
}

int app_uart_take(enum app_uart uart, uint8_t *byte)
{
    assert_int_equal(uart, APP_UART_CONSOLE);
    if (typed_left == 0) {
        return 0;
    }
    *byte = *typed++;
    typed_left--;
    return 1;
}

psa_status_t sbm_status_read(struct sbm_status *status, size_t status_len)
{
    assert_int_equal(status_len, sizeof *status);
    service_status_read(status);
    return PSA_SUCCESS;
}

psa_status_t sbm_log_read(uint32_t index, struct sbm_log_entry *entry)
{
    return service_log_read(index, entry);
}

psa_status_t sbm_certificate_read(uint32_t which, uint8_t *out, size_t capacity, size_t *len)
{
    return service_certificate(which, out, capacity, len);
}

int32_t sbm_crypto_call(struct sbm_crypto_call *call)
{
    return service_crypto_call(call);
}

psa_status_t psa_fwu_query(psa_fwu_component_t component, psa_fwu_component_info_t *info)
{
    return service_update_query(component, info);
}

psa_status_t psa_fwu_accept(void)
{
    return service_update_accept();
}

psa_status_t psa_fwu_reject(psa_status_t error)
{
    return service_update_reject(error);
}

psa_status_t psa_fwu_request_reboot(void)
{
    port_reset();
}
