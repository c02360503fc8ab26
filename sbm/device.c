/* SPDX-License-Identifier: Apache-2.0 */
/* device: see device.h. */
#include "sbm/device.h"

#include "sbm/log.h"

struct device device;

void device_log(const char *text, status_t status)
{
    port_log("[sbm] ");
    port_log(text);
    if (status != STATUS_OK) {
        port_log(": ");
        port_log(status_text(status));
    }
    port_log("\n");
}

void device_log_number(const char *text, uint64_t number)
{
    char digits[21];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    port_log("[sbm] ");
    port_log(text);
    port_log(digits + at);
    port_log("\n");
}

void device_log_address(const char *text, uint32_t address)
{
    char digits[11] = "0x";
    for (unsigned i = 0; i < 8; i++) {
        digits[2 + i] = "0123456789abcdef"[address >> (28 - 4 * i) & 15u];
    }
    digits[10] = '\0';
    port_log("[sbm] ");
    port_log(text);
    port_log(digits);
    port_log("\n");
}

void device_refuse(status_t why, uint64_t sequence)
{
    device.state.now.refused = why;
    device.state.now.refused_sequence = sequence;
    (void)log_append(LOG_REFUSED, why, sequence);
    device_log("refused", why);
}

void device_mended(enum sbm_place place)
{
    device.health[place] = SBM_HEALTH_MENDED;
    (void)log_append(LOG_HEALED, STATUS_OK, (uint64_t)place + 1);
}

void device_damaged(enum sbm_place place)
{
    device.health[place] = SBM_HEALTH_DAMAGED;
}
