/* SPDX-License-Identifier: Apache-2.0 */
/* The application's console: a person types, SBM's own services on a simulated board answer. */
#include <stdio.h>

#include "tests/unit/test.h"

#include "app/app.h"
#include "app/console.h"
#include "base/words.h"
#include "sbm/log.h"
#include "tests/unit/app_terminal.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 3000u
#define PACKAGE_MAX 16384u
#define NOISE_LEN 100000u

static struct maker maker;
static struct sim provisioned_machine;
static struct sim machine;
static uint8_t package[PACKAGE_MAX];
static uint8_t noise[NOISE_LEN];

static size_t package_make(uint64_t sequence)
{
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    size_t block_len;
    return maker_package_write(&spec, package, sizeof package, &block_len);
}

static void update_send(uint64_t sequence)
{
    rig_update_set(bytes_of(package, package_make(sequence)));
    assert_int_equal(sim_run(&machine, rig_update_run), SIM_RETURNED);
}

static void console_open_run(void)
{
    app_console_open();
    while (app_console_step()) {
    }
}

static void boot(uint64_t sequence)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
    terminal_open("", 0);
    assert_int_equal(sim_run(&machine, console_open_run), SIM_RETURNED);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    sim_make(&provisioned_machine, 512, 16, 0xFF);
    maker_geometry(&provisioned_machine);
    maker_provision(&maker, &provisioned_machine, package, package_make(1));
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = provisioned_machine;
    terminal_slowness = 1;
    boot(1);
    return 0;
}

static void step_run(void)
{
    while (app_console_step()) {
    }
}

/* What is said after the person typed that. */
static const char *type_bytes(const void *typed, size_t len)
{
    terminal_open(typed, len);
    assert_int_equal(sim_run(&machine, step_run), SIM_RETURNED);
    assert_int_equal(terminal_left(), 0);
    return terminal_out;
}

static const char *type(const char *text)
{
    return type_bytes(text, strlen(text));
}

static void assert_says(const char *all, const char *part)
{
    if (strstr(all, part) == NULL) {
        fail_msg("'%s' does not hold '%s'", all, part);
    }
}

static void assert_hides(const char *all, const char *part)
{
    if (strstr(all, part) != NULL) {
        fail_msg("'%s' holds '%s'", all, part);
    }
}

static void help_names_every_command(void **state)
{
    static const char *const names[] = { "help", "status", "log", "update", "confirm", "reject", "reset", "identity" };
    char help[TERMINAL_MAX + 1];
    (void)state;
    (void)snprintf(help, sizeof help, "%s", type("help\r"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[40];
        (void)snprintf(line, sizeof line, "\n%-19s", names[i]);
        assert_says(help, line);
        if (strcmp(names[i], "reset") != 0) {
            (void)snprintf(line, sizeof line, "%s\r", names[i]);
            assert_hides(type(line), "there is no command");
        }
    }
}

static void status_tells_what_sbm_tells(void **state)
{
    struct sbm_status s;
    char line[100];
    (void)state;
    service_status_read(&s);
    device.health[SBM_PLACE_STATE] = SBM_HEALTH_SOUND;
    const char *out = type("status\r");
    assert_says(out, "application        1, confirmed\r\n");
    device.sbm_slot = 1;
    (void)snprintf(line, sizeof line, "boot manager       %u in slot B, confirmed\r\n", (unsigned)s.sbm_sequence);
    assert_says(type("status\r"), line);
    (void)snprintf(line, sizeof line, "lifecycle          %s\r\n", words_lifecycle(s.lifecycle));
    assert_says(out, line);
    (void)snprintf(line, sizeof line, "boots              %u\r\n", (unsigned)s.boots);
    assert_says(out, line);
    assert_says(out, "this boot          normal\r\n");
    assert_says(out, "last refusal       none\r\n");
    assert_says(out, "boot state         sound\r\n");
    device.health[SBM_PLACE_STATE] = SBM_HEALTH_MENDED;
    device.health[SBM_PLACE_SPARE] = SBM_HEALTH_DAMAGED;
    out = type("status\r");
    assert_says(out, "boot state         one copy was damaged, mended from the other\r\n");
    assert_says(out, "spare boot manager damaged\r\n");
}

static void update_on_trial_is_confirmed(void **state)
{
    (void)state;
    assert_says(type("update\r"), "application        ready for an update\r\n");
    update_send(2);
    assert_says(type("update\r"), "application        an update is installed at the next reset\r\n");
    assert_says(type("update\r"), "pending            2\r\n");
    boot(2);
    assert_says(type("status\r"), "application        2, on trial: 'confirm' keeps it\r\n");
    assert_says(type("update\r"), "application        on trial: 'confirm' keeps it, 'reject' gives it up\r\n");
    assert_says(type("confirm\r"), "confirmed: what runs stays\r\n");
    assert_int_equal(device.state.now.trial, 0);
    assert_int_equal(device.state.now.counter, 2);
    assert_says(type("status\r"), "application        2, confirmed\r\n");
    assert_says(type("confirm\r"), "refused: nothing is on trial\r\n");
    boot(2);
}

static void update_on_trial_is_rejected(void **state)
{
    (void)state;
    update_send(2);
    boot(2);
    assert_says(type("reject\r"), "rejected: 'reset' brings back what ran before\r\n");
    assert_says(type("update\r"), "application        rejected: the one before comes back at the next reset\r\n");
    assert_says(type("confirm\r"), "refused: nothing is on trial\r\n");
    boot(1);
    assert_says(type("status\r"), "this boot          went back to the application before\r\n");
    assert_says(type("reject\r"), "refused: nothing is on trial, and nothing waits to be installed\r\n");
}

static void update_that_waits_is_given_up(void **state)
{
    (void)state;
    update_send(2);
    assert_says(type("reject\r"), "the update that waited is given up\r\n");
    boot(1);
}

static void refusal_is_told_in_words(void **state)
{
    (void)state;
    update_send(2);
    boot(2);
    (void)type("confirm\r");
    update_send(1);
    assert_says(type("status\r"), "last refusal       1: older than the installed version allows\r\n");
    assert_says(type("update\r"), "  last refusal     older than the installed version allows\r\n");
}

static void log_lists_every_event_newest_first(void **state)
{
    char part[100];
    (void)state;
    update_send(2);
    boot(2);
    (void)type("confirm\r");
    for (unsigned i = 0; i < 20; i++) {
        update_send(1);
    }
    const char *at = type("log\r");
    uint32_t count = log_count();
    assert_true(count >= 22);
    assert_says(at, "application confirmed 2\r\n");
    for (uint32_t i = 0; i < count; i++) {
        struct sbm_log_entry entry;
        assert_int_equal(service_log_read(i, &entry), PSA_SUCCESS);
        (void)snprintf(part, sizeof part, "\n%u  boot %u  %s %llu", (unsigned)entry.number, (unsigned)entry.boot,
                       words_event(entry.kind), (unsigned long long)entry.value);
        at = strstr(at, part);
        assert_non_null(at);
        at++;
    }
    assert_says(at, "\r\n> ");
}

static void hex_write(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", data[i]);
    }
}

static void identity_is_the_devices_own_and_nothing_secret(void **state)
{
    static uint8_t certificate[SBM_CERTIFICATE_MAX];
    struct crypto_sha256 hash;
    const uint8_t uncompressed = 4;
    uint8_t digest[32];
    char hex[65];
    size_t len;
    (void)state;
    hex_write(machine.unique_id, 16, hex);
    assert_says(type("identity\r"), hex);
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, bytes_of(&uncompressed, 1));
    crypto_sha256_add(&hash, bytes_of(maker.identity.open, 64));
    crypto_sha256_finish(&hash, digest);
    hex_write(digest, sizeof digest, hex);
    assert_says(terminal_out, "instance ID        01");
    assert_says(terminal_out, hex);
    assert_int_equal(service_certificate(0, certificate, sizeof certificate, &len), PSA_SUCCESS);
    crypto_sha256(bytes_of(certificate, len), digest);
    hex_write(digest, sizeof digest, hex);
    assert_says(terminal_out, hex);
    hex_write(maker.identity.secret, 32, hex);
    hex[16] = '\0';
    assert_hides(type("status\rlog\rupdate\ridentity\rhelp\r"), hex);
}

static void unknown_command_gets_a_hint(void **state)
{
    (void)state;
    assert_string_equal(type("frobnicate now\r"),
                        "frobnicate now\r\nthere is no command 'frobnicate now'; try 'help'\r\n> ");
    assert_string_equal(type("STATUS\r"), "STATUS\r\nthere is no command 'STATUS'; try 'help'\r\n> ");
    assert_string_equal(type("  \r\n\n"), "  \r\n> \r\n> ");
    assert_says(type("  status  \r"), "lifecycle");
}

static void reset_comes_after_its_answer(void **state)
{
    static const char typed[] = "reset\rhelp\r";
    (void)state;
    terminal_open(typed, sizeof typed - 1);
    terminal_slowness = 3;
    assert_int_equal(sim_run(&machine, step_run), SIM_RESET);
    assert_string_equal(terminal_out, "reset\r\nthe device resets\r\n");
    assert_int_equal(terminal_left(), strlen("help\r"));
}

static void slow_line_loses_nothing_and_nobody_waits_for_it(void **state)
{
    static const char typed[] = "help\rstatus\rlog\rupdate\ridentity\r";
    static char fast[TERMINAL_MAX + 1];
    (void)state;
    (void)snprintf(fast, sizeof fast, "%s", type(typed));
    terminal_slowness = 7;
    assert_string_equal(type(typed), fast);
    assert_int_equal(terminal_waits, 0);
}

static void say_run(void)
{
    app_console_say("[app] ", "it rains");
    step_run();
}

static void message_keeps_what_is_being_typed(void **state)
{
    (void)state;
    (void)type("sta");
    terminal_open("", 0);
    assert_int_equal(sim_run(&machine, say_run), SIM_RETURNED);
    assert_string_equal(terminal_out, "\r\n[app] it rains\r\n> sta");
    assert_says(type("tus\r"), "lifecycle");
    assert_int_equal(sim_run(&machine, say_run), SIM_RETURNED);
    assert_says(terminal_out, "\r\n> \r\n[app] it rains\r\n> ");
}

static void more_than_fits_is_said_all_the_same(void **state)
{
    static char fill[3 * CONSOLE_OUT_MAX];
    (void)state;
    memset(fill, 'x', sizeof fill - 1);
    terminal_open("", 0);
    console_put(fill);
    console_put("end");
    assert_int_equal(sim_run(&machine, step_run), SIM_RETURNED);
    assert_int_equal(terminal_out_len, sizeof fill - 1 + 3);
    assert_says(terminal_out, "xend");
}

static void line_that_is_no_text_is_refused_and_not_obeyed(void **state)
{
    (void)state;
    update_send(2);
    boot(2);
    assert_says(type_bytes("con\0firm\r", 9), "refused: the line held a character that is not printable ASCII\r\n> ");
    assert_says(type("con\x1b[Dfirm\r"), "refused: the line held");
    assert_int_equal(device.state.now.trial, 1);
    memset(noise, 'c', sizeof noise - 1);
    noise[sizeof noise - 1] = '\r';
    assert_says(type_bytes(noise, sizeof noise), "refused: a line has at most 64 characters\r\n> ");
    assert_true(terminal_out_len < 200);
    assert_says(type("confirm\r"), "confirmed");
}

/* Only what a terminal shows, and the steps of an echo. */
static void assert_is_text(void)
{
    for (size_t i = 0; i < terminal_out_len; i++) {
        unsigned char c = (unsigned char)terminal_out[i];
        assert_true((c >= 0x20 && c <= 0x7E) || c == '\r' || c == '\n' || c == '\b');
    }
}

static void any_bytes_change_nothing_and_the_console_answers_after(void **state)
{
    static struct sim before;
    uint32_t x = 2463534242u;
    (void)state;
    before = machine;
    for (unsigned round = 0; round < 20; round++) {
        for (size_t i = 0; i < NOISE_LEN; i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            noise[i] = (uint8_t)(x >> 11);
            if (x % 3 == 0) {
                noise[i] = (uint8_t) " helpstauodcnifrmjgy\r\n\b\x15"[(x >> 8) % 24];
            }
        }
        for (size_t at = 0; at < NOISE_LEN; at += 1000) {
            (void)type_bytes(noise + at, 1000);
            assert_is_text();
        }
    }
    assert_memory_equal(machine.flash, before.flash, sizeof machine.flash);
    assert_int_equal(machine.operations, before.operations);
    assert_says(type("\rstatus\r"), "lifecycle");
}

#define TRUTH(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(help_names_every_command),
        TRUTH(status_tells_what_sbm_tells),
        TRUTH(update_on_trial_is_confirmed),
        TRUTH(update_on_trial_is_rejected),
        TRUTH(update_that_waits_is_given_up),
        TRUTH(refusal_is_told_in_words),
        TRUTH(log_lists_every_event_newest_first),
        TRUTH(identity_is_the_devices_own_and_nothing_secret),
        TRUTH(unknown_command_gets_a_hint),
        TRUTH(reset_comes_after_its_answer),
        TRUTH(slow_line_loses_nothing_and_nobody_waits_for_it),
        TRUTH(message_keeps_what_is_being_typed),
        TRUTH(more_than_fits_is_said_all_the_same),
        TRUTH(line_that_is_no_text_is_refused_and_not_obeyed),
        TRUTH(any_bytes_change_nothing_and_the_console_answers_after),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
