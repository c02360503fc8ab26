/* SPDX-License-Identifier: Apache-2.0 */
/* product.yaml: a good one is read in full; each kind of mistake is named with its line and its mend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "host/lib/project.h"
#include "tests/unit/host_support.h"
#include "wire/policy.h"

static const char good[] = "product: greenhouse-sensor\n"
                           "organisation: Example Devices\n"
                           "vendor_domain: devices.example\n"
                           "chip: mps2-an505\n"
                           "boot:\n"
                           "  policy: sealed\n"
                           "  on_damage: halt\n"
                           "  trial_boots: 3\n"
                           "  on_halt: recovery\n"
                           "  watchdog_seconds: 3600\n"
                           "  outputs: { mask: 3, level: 1 }\n"
                           "certificates:\n"
                           "  ca_years: 25\n"
                           "hsm:\n"
                           "  oem: { module: softhsm2, token: \"pkcs11:token=windlass-oem\", pin_file: hsm/oem.pin }\n"
                           "  development: { module: /opt/hsm/lib.so, token: \"pkcs11:token=windlass-dev\" }\n";

static int parse(const char *text, size_t len, struct profile *out, struct fault *fault)
{
    return profile_parse("p.yaml", (const uint8_t *)text, len, out, fault);
}

/* The good profile with `old` replaced by `new`. */
static void refused(const char *old, const char *new, const char *part, const char *line)
{
    char text[sizeof good + 4096];
    struct fault fault = FAULT_NONE;
    struct profile profile;
    const char *at = strstr(good, old);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, new, at + strlen(old));
    support_check_refused(parse(text, strlen(text), &profile, &fault), &fault, part);
    support_check_refused(-1, &fault, line);
    assert_int_equal(profile.product[0], 0);
    assert_true(fault.hint[0] != '\0');
}

static void good_profile_is_read(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct profile p;
    support_check(parse(good, strlen(good), &p, &fault), &fault);
    assert_string_equal(p.product, "greenhouse-sensor");
    assert_string_equal(p.organisation, "Example Devices");
    assert_string_equal(p.chip, "mps2-an505");
    assert_int_equal(p.boot_policy, POLICY_BOOT_SEALED);
    assert_int_equal(p.on_damage, POLICY_DAMAGE_HALT);
    assert_int_equal(p.trial_boots, 3);
    assert_int_equal(p.on_halt, POLICY_HALT_RECOVERY);
    assert_int_equal(p.watchdog_seconds, 3600);
    assert_int_equal(p.outputs_mask, 3);
    assert_int_equal(p.outputs_level, 1);
    assert_int_equal(p.ca_years, 25);
    assert_string_equal(p.hsm[PROJECT_OEM].pin_file, "hsm/oem.pin");
    assert_string_equal(p.hsm[PROJECT_DEVELOPMENT].pin_file, "");
    assert_string_equal(p.hsm[PROJECT_DEVELOPMENT].uri, "pkcs11:token=windlass-dev");
}

/* As projects had it whose appliance was the maker's own. */
static void token_of_an_appliance_is_refused_with_what_to_do(void **state)
{
    (void)state;
    refused("  development:", "  appliance: { module: softhsm2, token: \"pkcs11:token=a\" }\n  development:",
            "hsm.appliance: has no place here any more", "p.yaml:16:");
    refused("  development:", "  appliance: {}\n  development:", "remove this line", "p.yaml:16:");
    refused("  oem:", "  oems:", "did you mean 'oem'?", "p.yaml:15:");
}

/* The expected values were computed with another program (Python's uuid module). */
static void uuids_are_version_5_of_domain_and_product(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct profile p;
    static const uint8_t vendor[16] = { 0x0b, 0x71, 0xc8, 0xd5, 0xf5, 0x35, 0x57, 0xc1,
                                        0xb6, 0xa0, 0xf2, 0x32, 0x7a, 0x46, 0x79, 0xc2 };
    static const uint8_t class_id[16] = { 0x39, 0x36, 0xe8, 0x73, 0x41, 0xca, 0x5b, 0x27,
                                          0x89, 0x64, 0x73, 0xda, 0x71, 0x12, 0xea, 0x88 };
    static const uint8_t sbm[16] = { 0x20, 0xd4, 0xee, 0x80, 0x2d, 0x3a, 0x5b, 0xd8,
                                     0x91, 0xd6, 0xa5, 0xa6, 0x7f, 0x84, 0xfa, 0xaf };
    support_check(parse(good, strlen(good), &p, &fault), &fault);
    assert_memory_equal(p.vendor_uuid, vendor, 16);
    assert_memory_equal(p.class_uuid, class_id, 16);
    assert_memory_equal(p.sbm_class_uuid, sbm, 16);
}

static void without_a_word_about_it_a_halt_waits_and_nothing_is_watched_or_set(void **state)
{
    static const char from[] = "  on_halt:";
    char text[sizeof good];
    struct fault fault = FAULT_NONE;
    struct profile p;
    (void)state;
    const char *at = strstr(good, from);
    (void)snprintf(text, sizeof text, "%.*s%s", (int)(at - good), good, strstr(good, "certificates:"));
    support_check(parse(text, strlen(text), &p, &fault), &fault);
    assert_int_equal(p.on_halt, POLICY_HALT_WAIT);
    assert_int_equal(p.watchdog_seconds, 0);
    assert_int_equal(p.outputs_mask, 0);
    assert_int_equal(p.outputs_level, 0);
}

static void debug_opens_never_unless_the_profile_says_so(void **state)
{
    static const char *const words[] = { "", "  debug: never\n", "  debug: open\n", "  debug: erase\n" };
    static const unsigned meant[] = { POLICY_DEBUG_NEVER, POLICY_DEBUG_NEVER, POLICY_DEBUG_OPEN, POLICY_DEBUG_ERASE };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[sizeof good + 64];
        struct fault fault = FAULT_NONE;
        struct profile p;
        const char *at = strstr(good, "certificates:");
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, words[i], at);
        support_check(parse(text, strlen(text), &p, &fault), &fault);
        assert_int_equal(p.debug, meant[i]);
    }
    refused("certificates:", "  debug: always\ncertificates:", "never, open, erase", "p.yaml:12:");
}

static void ends_of_a_halt_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    refused("on_halt: recovery", "on_halt: explode", "wait, reset, recovery", "p.yaml:9:");
    refused("watchdog_seconds: 3600", "watchdog_seconds: 3601", "out of range", "p.yaml:10:");
    refused("level: 1", "level: 4", "not in mask", "p.yaml:11:");
    refused("mask: 3", "mask: 536870912", "out of range", "p.yaml:11:");
    refused(", level: 1", "", "level", "p.yaml:11:");
}

static void unknown_key_names_the_nearest(void **state)
{
    (void)state;
    refused("organisation:", "organization:", "did you mean 'organisation'?", "p.yaml:2:");
    refused("  policy:", "  polcy:", "did you mean 'policy'?", "p.yaml:6:");
    refused("chip:", "colour: blue\nchip:", "known here: product", "p.yaml:4:");
    refused("pin_file: hsm/oem.pin", "pinfile: x", "did you mean 'pin_file'?", "p.yaml:15:");
}

static void duplicate_key_is_refused(void **state)
{
    (void)state;
    refused("chip:", "product: other\nchip:", "stands twice", "p.yaml:4:");
    refused("  trial_boots: 3", "  trial_boots: 3\n  trial_boots: 4", "stands twice", "p.yaml:9:");
}

static void missing_key_is_named(void **state)
{
    (void)state;
    refused("chip: mps2-an505\n", "", "'chip' is missing", "p.yaml:1:");
    refused("  trial_boots: 3\n", "", "'boot.trial_boots' is missing", "p.yaml:6:");
    refused("token: \"pkcs11:token=windlass-oem\",", "", "'hsm.oem.token' is missing", "p.yaml:15:");
}

static void wrong_type_is_refused(void **state)
{
    (void)state;
    refused("product: greenhouse-sensor", "product: 17", "must be text", "p.yaml:1:");
    refused("product: greenhouse-sensor", "product: null", "must be text", "p.yaml:1:");
    refused("product: greenhouse-sensor", "product:", "is empty", "p.yaml:1:");
    refused("product: greenhouse-sensor", "product: [a]", "must be a single value", "p.yaml:1:");
    refused("trial_boots: 3", "trial_boots: three", "must be a whole number", "p.yaml:8:");
    refused("trial_boots: 3", "trial_boots: \"3\"", "must be a whole number", "p.yaml:8:");
    refused("trial_boots: 3", "trial_boots: 0x3", "must be a whole number", "p.yaml:8:");
    refused("boot:\n  policy: sealed\n  on_damage: halt\n  trial_boots: 3\n  on_halt: recovery\n"
            "  watchdog_seconds: 3600\n  outputs: { mask: 3, level: 1 }\n",
            "boot: sealed\n", "must be a group", "p.yaml:5:");
}

static void value_out_of_range_is_refused(void **state)
{
    (void)state;
    refused("trial_boots: 3", "trial_boots: 0", "from 1 to 15", "p.yaml:8:");
    refused("trial_boots: 3", "trial_boots: 16", "from 1 to 15", "p.yaml:8:");
    refused("trial_boots: 3", "trial_boots: 99999999999999999999", "from 1 to 15", "p.yaml:8:");
    refused("ca_years: 25", "ca_years: 51", "from 1 to 50", "p.yaml:13:");
    refused("policy: sealed", "policy: none", "one of: signature, sealed", "p.yaml:6:");
    refused("chip: mps2-an505", "chip: z80", "one of: mps2-an505", "p.yaml:4:");
    refused("greenhouse-sensor", "\"green house\"", "not a product name", "p.yaml:1:");
    refused("greenhouse-sensor", "a123456789012345678901234567890123456789x", "too long", "p.yaml:1:");
    refused("devices.example", "Devices.example", "not a domain name", "p.yaml:3:");
    refused("devices.example", "localhost", "not a domain name", "p.yaml:3:");
    refused("devices.example", "a..example", "not a domain name", "p.yaml:3:");
    refused("Example Devices", "\"a\\nb\"", "control character", "p.yaml:2:");
}

static void token_is_checked(void **state)
{
    (void)state;
    refused("pkcs11:token=windlass-oem", "windlass-oem", "does not begin with 'pkcs11:'", "p.yaml:15:");
    refused("/opt/hsm/lib.so", "hsm/lib.so", "relative path", "p.yaml:16:");
    refused("/opt/hsm/lib.so, token: \"pkcs11:token=windlass-dev", "softhsm2, token: \"pkcs11:token=windlass-oem",
            "the same token as hsm.oem", "p.yaml:16:");
}

static void yaml_tricks_are_refused(void **state)
{
    (void)state;
    refused("product: greenhouse-sensor", "product: &a greenhouse-sensor", "an anchor", "p.yaml:1:");
    refused("Example Devices", "*a", "an alias", "p.yaml:2:");
    refused("Example Devices", "!!str x", "a tag", "p.yaml:2:");
    refused("chip: mps2-an505", "chip: [[[[[[[[1]]]]]]]]", "too deep", "p.yaml:4:");
    refused("token=windlass-dev\" }\n", "token=x\" }\n---\na: b\n", "second document", "p.yaml:17:");
    refused("Example Devices", "\xff\xfe", "not UTF-8", "p.yaml:2:");
    refused("Example Devices", "a\x01z", "not UTF-8 text", "p.yaml:2:");
    refused("Example Devices", "\"open", "not YAML", "p.yaml:");
}

static void profile_cut_anywhere_is_refused_with_its_line(void **state)
{
    (void)state;
    size_t whole = strlen(good) - 1; /* the last newline may be missing */
    for (size_t len = 0; len < whole; len++) {
        struct fault fault = FAULT_NONE;
        struct profile p;
        int result = parse(good, len, &p, &fault);
        if (result != -1 || strncmp(fault.what, "p.yaml:", 7) != 0 || strtol(fault.what + 7, NULL, 10) < 1) {
            fail_msg("cut at %zu: %d %s", len, result, fault.what);
        }
    }
}

static void oversized_profile_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct profile p;
    size_t len = 65537;
    char *text = (char *)malloc(len);
    assert_non_null(text);
    memset(text, '#', len);
    support_check_refused(parse(text, len, &p, &fault), &fault, "at most 65536");
    free(text);
}

static void every_flipped_byte_is_survived(void **state)
{
    (void)state;
    char text[sizeof good];
    for (size_t i = 0; i < strlen(good); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct fault fault = FAULT_NONE;
            struct profile p;
            memcpy(text, good, sizeof good);
            text[i] = (char)(text[i] ^ (1 << bit));
            if (parse(text, strlen(good), &p, &fault) != 0) {
                assert_int_equal(strncmp(fault.what, "p.yaml:", 7), 0);
            }
        }
    }
}

/* Writes the good profile as `name`, with the boot policy that there is. */
static void signature_profile_write(const char *name)
{
    char text[sizeof good + 16];
    const char *at = strstr(good, "sealed");
    (void)snprintf(text, sizeof text, "%.*ssignature%s", (int)(at - good), good, at + strlen("sealed"));
    support_write(name, text, 0644);
}

static void project_with_the_sealed_policy_is_opened(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct project project;
    (void)support_folder_make();
    support_write("product.yaml", good, 0644);
    support_check(project_open(support_path("."), &project, &fault), &fault);
    assert_int_equal(project.profile.boot_policy, POLICY_BOOT_SEALED);
    support_folder_remove();
}

static void moved_project_finds_its_tokens(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct project project;
    char conf[4096];
    (void)support_folder_make();
    assert_int_equal(mkdir(support_path("one"), 0755), 0);
    signature_profile_write("one/product.yaml");
    support_check(project_softhsm_setup(support_path("one"), &fault), &fault);
    assert_int_equal(rename(support_path("one"), support_path("two")), 0);
    support_check(project_open(support_path("two"), &project, &fault), &fault);
    support_check(project_softhsm_use(&project, &fault), &fault);
    assert_string_equal(project.dir, support_path("two"));
    assert_string_equal(project.profile.hsm[PROJECT_OEM].pin_file, support_path("two/hsm/oem.pin"));
    FILE *file = fopen(support_path("two/hsm/softhsm2.conf"), "r");
    assert_non_null(file);
    conf[fread(conf, 1, sizeof conf - 1, file)] = '\0';
    (void)fclose(file);
    assert_non_null(strstr(conf, support_path("two/hsm/tokens")));
    support_write("two/hsm/softhsm2.conf", "directories.tokendir = /elsewhere\n", 0644);
    support_check(project_open(support_path("two"), &project, &fault), &fault);
    support_check(project_softhsm_use(&project, &fault), &fault);
    file = fopen(support_path("two/hsm/softhsm2.conf"), "r");
    assert_non_null(file);
    conf[fread(conf, 1, sizeof conf - 1, file)] = '\0';
    (void)fclose(file);
    assert_string_equal(conf, "directories.tokendir = /elsewhere\n");
    (void)unsetenv("SOFTHSM2_CONF");
    support_folder_remove();
}

static void folder_without_profile_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct project project;
    (void)support_folder_make();
    support_check_refused(project_open(support_path("."), &project, &fault), &fault, "windlass init");
    fault = FAULT_NONE;
    support_check_refused(project_open(support_path("nowhere"), &project, &fault), &fault, "nowhere");
    support_folder_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_profile_is_read),
        cmocka_unit_test(token_of_an_appliance_is_refused_with_what_to_do),
        cmocka_unit_test(uuids_are_version_5_of_domain_and_product),
        cmocka_unit_test(without_a_word_about_it_a_halt_waits_and_nothing_is_watched_or_set),
        cmocka_unit_test(debug_opens_never_unless_the_profile_says_so),
        cmocka_unit_test(ends_of_a_halt_that_do_not_exist_are_refused),
        cmocka_unit_test(unknown_key_names_the_nearest),
        cmocka_unit_test(duplicate_key_is_refused),
        cmocka_unit_test(missing_key_is_named),
        cmocka_unit_test(wrong_type_is_refused),
        cmocka_unit_test(value_out_of_range_is_refused),
        cmocka_unit_test(token_is_checked),
        cmocka_unit_test(yaml_tricks_are_refused),
        cmocka_unit_test(profile_cut_anywhere_is_refused_with_its_line),
        cmocka_unit_test(oversized_profile_is_refused),
        cmocka_unit_test(every_flipped_byte_is_survived),
        cmocka_unit_test(project_with_the_sealed_policy_is_opened),
        cmocka_unit_test(moved_project_finds_its_tokens),
        cmocka_unit_test(folder_without_profile_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
