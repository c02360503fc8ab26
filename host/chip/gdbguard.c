/* SPDX-License-Identifier: Apache-2.0 */
/* gdbguard: see gdbguard.h. The windows are those that SBM opens before the application starts (section 3). */
#include "host/chip/gdbguard.h"

#include <stddef.h>

#include "host/chip/rsp.h"
#include "wire/layout.h"

#define REGISTER_PC_LAST 15u /* r0 to r12, sp, lr, pc; what is banked by world has other numbers */
#define REGISTER_XPSR 25u

static const struct {
    uint64_t address;
    uint64_t len;
} windows[] = { { LAYOUT_FLASH_NONSECURE_ADDR + LAYOUT_PRIMARY_OFF, LAYOUT_PRIMARY_LEN },
                { 0x28200000u, 0x200000u },
                { 0x40000000u, 0x10000000u } };

int gdbguard_is_nonsecure(uint64_t address, uint64_t len)
{
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        if (address >= windows[i].address && len <= windows[i].len &&
            address - windows[i].address <= windows[i].len - len) {
            return 1;
        }
    }
    return 0;
}

static enum gdbguard_verdict always(struct bytes args)
{
    (void)args;
    return GDBGUARD_ALLOWED;
}

static enum gdbguard_verdict never(struct bytes args)
{
    (void)args;
    return GDBGUARD_REFUSED;
}

static enum gdbguard_verdict when_nonsecure(struct bytes args)
{
    (void)args;
    return GDBGUARD_NONSECURE_STATE;
}

/* "<address>,<length>" and whatever follows. */
static enum gdbguard_verdict range(struct bytes args)
{
    const uint8_t *at = args.data;
    const uint8_t *end = args.data + args.len;
    uint64_t address;
    uint64_t len;
    if (!rsp_number_read(&at, end, UINT32_MAX, &address) || !rsp_character_read(&at, end, ',') ||
        !rsp_number_read(&at, end, UINT32_MAX, &len)) {
        return GDBGUARD_REFUSED;
    }
    return gdbguard_is_nonsecure(address, len) ? GDBGUARD_ALLOWED : GDBGUARD_REFUSED;
}

/* "<type>,<address>,<kind>" of a breakpoint. */
static enum gdbguard_verdict breakpoint(struct bytes args)
{
    return args.len > 2 && args.data[1] == ',' ? range(bytes_of(args.data + 2, args.len - 2)) : GDBGUARD_REFUSED;
}

/* "<number>", or "<number>=<value>". */
static enum gdbguard_verdict one_register(struct bytes args)
{
    const uint8_t *at = args.data;
    uint64_t number;
    if (!rsp_number_read(&at, args.data + args.len, UINT32_MAX, &number)) {
        return GDBGUARD_REFUSED;
    }
    return number <= REGISTER_PC_LAST || number == REGISTER_XPSR ? GDBGUARD_NONSECURE_STATE : GDBGUARD_REFUSED;
}

/* The first prefix that fits decides. "c" and "s" stand for themselves alone: with an address they would move the CPU.
 */
static const struct rule {
    const char *prefix;
    enum gdbguard_verdict (*judge)(struct bytes args);
} rules[] = {
    { "qSupported", always },
    { "qXfer:memory-map:read::", always },
    { "qXfer:features:read:", always },
    { "qRcmd,", always },
    { "QStartNoAckMode", always },
    { "qAttached", always },
    { "qCRC", never },
    { "qC", always },
    { "qfThreadInfo", always },
    { "qsThreadInfo", always },
    { "vCont", always },
    { "vKill", always },
    { "vFlash", never },
    { "H", always },
    { "T", always },
    { "?", always },
    { "D", always },
    { "k", always },
    { "m", range },
    { "M", range },
    { "X", range },
    { "Z", breakpoint },
    { "z", breakpoint },
    { "g", when_nonsecure },
    { "G", when_nonsecure },
    { "p", one_register },
    { "P", one_register },
};

static int begins(struct bytes packet, const char *prefix)
{
    size_t len = strlen(prefix);
    return packet.len >= len && memcmp(packet.data, prefix, len) == 0;
}

enum gdbguard_verdict gdbguard_check(struct bytes packet)
{
    if (packet.len == 1 && (packet.data[0] == 'c' || packet.data[0] == 's')) {
        return GDBGUARD_ALLOWED;
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (begins(packet, rules[i].prefix)) {
            size_t len = strlen(rules[i].prefix);
            return rules[i].judge(bytes_of(packet.data + len, packet.len - len));
        }
    }
    return GDBGUARD_UNKNOWN;
}
