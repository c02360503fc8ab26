/* SPDX-License-Identifier: Apache-2.0 */
/* What a debugger with rights for the non-secure world may ask: what is there, and nothing of the secure world. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "host/chip/gdbguard.h"

static enum gdbguard_verdict verdict(const char *packet)
{
    return gdbguard_check(bytes_of(packet, strlen(packet)));
}

static void windows_of_the_non_secure_world_are_exact(void **state)
{
    static const struct {
        uint64_t first;
        uint64_t last;
    } windows[] = { { 0x00080000, 0x0017FFFF }, { 0x28200000, 0x283FFFFF }, { 0x40000000, 0x4FFFFFFF } };
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        uint64_t len = windows[i].last - windows[i].first + 1;
        assert_int_equal(gdbguard_is_nonsecure(windows[i].first, len), 1);
        assert_int_equal(gdbguard_is_nonsecure(windows[i].last, 1), 1);
        assert_int_equal(gdbguard_is_nonsecure(windows[i].first - 1, 1), 0);
        assert_int_equal(gdbguard_is_nonsecure(windows[i].first, len + 1), 0);
        assert_int_equal(gdbguard_is_nonsecure(windows[i].last, 2), 0);
        assert_int_equal(gdbguard_is_nonsecure(windows[i].first + 1, UINT64_MAX), 0);
        assert_int_equal(gdbguard_is_nonsecure(windows[i].first | 0x10000000, 4), 0); /* its secure alias */
    }
}

static void memory_is_read_and_written_in_the_windows_only(void **state)
{
    static const char *const allowed[] = { "m80000,10",      "m28200000,4",   "m40201000,4",
                                           "M28200000,1:00", "X28200000,0:",  "Z0,80010,2",
                                           "z1,80010,2",     "Z2,28200000,4", "m17ffff,1" };
    static const char *const refused[] = { "m0,4",
                                           "m10080000,4",
                                           "m17ffff,2",
                                           "m38000000,4",
                                           "m50203000,4",
                                           "m8000,10",
                                           "M38000000,1:00",
                                           "X50203000,1:D",
                                           "Z0,10021000,2",
                                           "Z2,38000000,4",
                                           "z1,10021000,2",
                                           "mffffffff,ffffffff",
                                           "m",
                                           "m80000",
                                           "m100000000,4",
                                           "Z0",
                                           "Z0,",
                                           "vFlashErase:80000,1000",
                                           "vFlashWrite:80000:x",
                                           "vFlashDone",
                                           "qCRC:10000000,10" };
    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        assert_int_equal(verdict(allowed[i]), GDBGUARD_ALLOWED);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(verdict(refused[i]), GDBGUARD_REFUSED);
    }
}

static void registers_are_those_of_the_non_secure_state(void **state)
{
    static const char *const by_state[] = { "g", "G00", "p0", "pf", "Pe=01000000", "p19" };
    char packet[8];
    (void)state;
    for (size_t i = 0; i < sizeof by_state / sizeof by_state[0]; i++) {
        assert_int_equal(verdict(by_state[i]), GDBGUARD_NONSECURE_STATE);
    }
    for (unsigned number = 16; number < 200; number++) {
        (void)snprintf(packet, sizeof packet, "p%x", number);
        assert_int_equal(verdict(packet), number == 25 ? GDBGUARD_NONSECURE_STATE : GDBGUARD_REFUSED);
    }
    assert_int_equal(verdict("p"), GDBGUARD_REFUSED);
    assert_int_equal(verdict("P"), GDBGUARD_REFUSED);
}

static void running_and_asking_who_is_there_is_allowed(void **state)
{
    static const char *const allowed[] = {
        "?", "c", "s", "vCont;c", "vCont?", "Hg0", "D", "k", "qSupported:x", "qRcmd,72", "qC", "QStartNoAckMode"
    };
    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        assert_int_equal(verdict(allowed[i]), GDBGUARD_ALLOWED);
    }
}

/* Among them the emulator's own: memory by physical address, and stepping in another way. */
static void what_is_not_on_the_list_is_unknown(void **state)
{
    static const char *const unknown[] = { "Qqemu.PhyMemMode:1",
                                           "qqemu.PhyMemMode",
                                           "Qqemu.sstep=0",
                                           "c10021000",
                                           "s10021000",
                                           "C05",
                                           "S05",
                                           "vRun;x",
                                           "vAttach;1",
                                           "!",
                                           "R",
                                           "b",
                                           "QNonStop:1",
                                           "x80000,4",
                                           "" };
    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_int_equal(verdict(unknown[i]), GDBGUARD_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_the_non_secure_world_are_exact),
        cmocka_unit_test(memory_is_read_and_written_in_the_windows_only),
        cmocka_unit_test(registers_are_those_of_the_non_secure_state),
        cmocka_unit_test(running_and_asking_who_is_there_is_allowed),
        cmocka_unit_test(what_is_not_on_the_list_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
