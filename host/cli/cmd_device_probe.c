/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device_probe: `windlass device log`, `echo` and `peek`. */
#include <stdio.h>
#include <stdlib.h>

#include "base/words.h"
#include "host/cli/cmd_device.h"

#define LOG_ENTRIES_MAX 100000 /* a device that never ends lies */

static void log_entry_print(const struct device_log_entry *e, int json)
{
    const char *name = e->status == 0 ? "" : status_name((status_t)e->status);
    if (json) {
        (void)printf("{\"number\":%llu,\"boot\":%llu,\"kind\":\"%s\",\"status\":\"%s\",\"value\":%llu}\n",
                     (unsigned long long)e->number, (unsigned long long)e->boot, words_event(e->kind), name,
                     (unsigned long long)e->value);
    } else {
        (void)printf("%6llu  boot %-6llu %s %llu%s%s\n", (unsigned long long)e->number, (unsigned long long)e->boot,
                     words_event(e->kind), (unsigned long long)e->value, e->status == 0 ? "" : ": ",
                     e->status == 0 ? "" : status_text((status_t)e->status));
    }
}

int device_log_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    for (uint32_t i = 0; i < LOG_ENTRIES_MAX; i++) {
        struct device_log_entry entry;
        int result = device_log_read(link, i, &entry, fault);
        if (result <= 0) {
            return result;
        }
        log_entry_print(&entry, options->json);
    }
    return 0;
}

int device_echo_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    if (device_echo(link, options->extra, fault) != 0) {
        return -1;
    }
    (void)puts(options->json ? "{\"echo\":true}" : "the device answers");
    return 0;
}

int device_peek_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    char *end = NULL;
    unsigned long address = strtoul(options->extra, &end, 0);
    uint32_t value = 0;
    if (*end != '\0' || end == options->extra || address > UINT32_MAX) {
        return fault_set(fault, "peek: '%s' is not an address", options->extra);
    }
    if (device_peek(link, (uint32_t)address, &value, fault) != 0) {
        return -1;
    }
    (void)printf(options->json ? "{\"value\":%lu}\n" : "0x%08lx\n", (unsigned long)value);
    return 0;
}
