/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_host: see veneer_host.h. */
#include "sbm/veneer_host.h"

#include <stdint.h>
#include <string.h>

#include "sbm/veneer_guard.h"

static uintptr_t ram_first;
static size_t ram_len;

void veneer_host_open(void *first, size_t len)
{
    ram_first = (uintptr_t)first;
    ram_len = len;
}

int veneer_may_read(const void *p, size_t len)
{
    uintptr_t at = (uintptr_t)p - ram_first;
    return len == 0 || (at <= ram_len && len <= ram_len - at);
}

int veneer_may_write(void *p, size_t len)
{
    return len != 0 && veneer_may_read(p, len);
}

void veneer_copy(void *to, const void *from, size_t len)
{
    memcpy(to, from, len);
}
