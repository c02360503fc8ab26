/* SPDX-License-Identifier: Apache-2.0 */
/* words: see words.h. */
#include "base/words.h"

#define COUNT_OF(texts) (sizeof(texts) / sizeof(texts)[0])
#define TEXT_OF(texts, number) ((number) < COUNT_OF(texts) ? (texts)[number] : "unknown")

const char *words_lifecycle(uint64_t lifecycle)
{
    static const char *const texts[] = { "open", "provisioning", "secured", "decommissioned" };
    return TEXT_OF(texts, lifecycle);
}

const char *words_reason(uint64_t reason)
{
    static const char *const texts[] = { "unknown",
                                         "normal",
                                         "a new application was installed",
                                         "went back to the application before",
                                         "reinstalled after damage",
                                         "a fault",
                                         "restarted after a fault" };
    return TEXT_OF(texts, reason);
}

const char *words_place(uint64_t place)
{
    static const char *const texts[] = { "provisioned items", "boot state", "storage", "counters",
                                         "spare boot manager" };
    return TEXT_OF(texts, place);
}

const char *words_health(uint64_t health)
{
    static const char *const texts[] = { "sound", "one copy was damaged, mended from the other", "damaged" };
    return TEXT_OF(texts, health);
}

const char *words_event(uint64_t kind)
{
    static const char *const texts[] = { "unknown",
                                         "package refused",
                                         "application installed",
                                         "went back to the application before",
                                         "application reinstalled after damage",
                                         "application confirmed",
                                         "healed",
                                         "fault",
                                         "halt",
                                         "recovery requested",
                                         "recovery entered",
                                         "a new boot manager was written, slot",
                                         "key retired",
                                         "locked",
                                         "obeyed an order" };
    return TEXT_OF(texts, kind);
}
