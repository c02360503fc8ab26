/* SPDX-License-Identifier: Apache-2.0 */
/* The key ceremony: specs that make no sense, tokens that hold something else, and runs that were cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/pki/pki.h"
#include "tests/unit/host_support.h"

static struct project project;
static char steps[16384];

static void step_note(void *context, const char *line)
{
    (void)context;
    size_t used = strlen(steps);
    (void)snprintf(steps + used, sizeof steps - used, "%s\n", line);
}

static const struct pki_listener listener = { step_note, NULL };

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    (void)support_folder_make();
    (void)unsetenv("SOFTHSM2_CONF");
    steps[0] = '\0';
    struct pki_scaffold scaffold = { support_path("p"), "sensor", NULL, NULL };
    support_check(pki_scaffold_make(&scaffold, &listener, &fault), &fault);
    support_check(project_open(support_path("p"), &project, &fault), &fault);
    steps[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_folder_remove();
    return 0;
}

static int create(struct fault *fault)
{
    steps[0] = '\0';
    return pki_create(&project, "spec", pki_spec_ceremony(), &listener, fault);
}

static size_t problems(void)
{
    static struct pki_row rows[PKI_KEYS_MAX];
    struct fault fault = FAULT_NONE;
    struct pki_spec spec;
    size_t bad = 0;
    support_check(pki_spec_of_project(&project, &spec, &fault), &fault);
    support_check(pki_survey(&project, &spec, rows, &fault), &fault);
    for (size_t i = 0; i < spec.count; i++) {
        bad += rows[i].problem[0] != '\0';
    }
    return bad;
}

static void spec_refused(const char *text, const char *part, const char *line)
{
    struct fault fault = FAULT_NONE;
    struct pki_spec spec;
    support_check_refused(pki_spec_parse("s.yaml", bytes_of(text, strlen(text)), &spec, &fault), &fault, part);
    support_check_refused(-1, &fault, line);
}

#define ROOT "keys:\n  - { label: r, token: oem, certificate: root, name: R }\n"

static void specs_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    spec_refused("", "empty", "s.yaml:1:");
    spec_refused("keys: []\n", "too few", "s.yaml:1:");
    spec_refused("keys: [a]\n", "must be a list of", "s.yaml:1:");
    spec_refused("keys:\n  - { label: a, token: oem, certificate: signing, issuer: r, name: A }\n", "is the root",
                 "s.yaml:2:");
    spec_refused(ROOT "  - { label: r, token: oem, certificate: signing, issuer: r, name: A }\n", "stands twice",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: b, token: oem, certificate: root, name: A }\n", "is the root", "s.yaml:3:");
    spec_refused(ROOT "  - { label: b, token: oem, certificate: signing, issuer: x, name: A }\n", "is not the root",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: b, token: oem, certificate: signing, name: A }\n", "issuer' is missing",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: b, token: hsm, certificate: signing, issuer: r, name: A }\n", "one of: oem",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: ../b, token: oem, certificate: signing, issuer: r, name: A }\n", "is not a label",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: quota, token: oem, certificate: agreement, issuer: r, name: A }\n", "another kind",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: transport, token: appliance, certificate: agreement, issuer: r, name: A }\n",
                 "an appliance makes its keys itself", "s.yaml:3:");
    spec_refused(ROOT "  - { label: b, token: oem, certificate: issuing, issuer: r, name: A }\n", "one of: root",
                 "s.yaml:3:");
    spec_refused(ROOT "  - { label: b, labl: oem }\n", "did you mean 'label'?", "s.yaml:3:");
}

static void spec_without_a_needed_key_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_check_refused(pki_create(&project, "s.yaml", bytes_of(ROOT, strlen(ROOT)), &listener, &fault), &fault,
                          "the key 'root' is missing");
}

static void spec_cut_anywhere_makes_no_ceremony(void **state)
{
    (void)state;
    struct bytes whole = pki_spec_ceremony();
    for (size_t len = 0; len + 1 < whole.len; len += 7) {
        struct fault fault = FAULT_NONE;
        support_check_refused(pki_create(&project, "s.yaml", bytes_of(whole.data, len), &listener, &fault), &fault,
                              "s.yaml");
    }
    assert_string_equal(steps, "");
}

static void ceremony_makes_all_and_repeats_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct stat before;
    struct stat after;
    support_check(create(&fault), &fault);
    assert_int_equal(problems(), 0);
    assert_non_null(strstr(steps, "made key 'quota'"));
    assert_int_equal(stat(support_path("p/pki/root.crt"), &before), 0);
    support_check(create(&fault), &fault);
    assert_int_equal(stat(support_path("p/pki/root.crt"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_non_null(strstr(steps, "nothing was left to do"));
    assert_null(strstr(steps, "made"));
}

/* The power fails right after each thing that was made. */
static void step_cut(void *context, const char *line)
{
    (void)context;
    if (strncmp(line, "made ", 5) == 0 || strncmp(line, "issued ", 7) == 0) {
        _exit(7);
    }
}

static int ceremony_in_child(void)
{
    const struct pki_listener cutting = { step_cut, NULL };
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct fault fault = FAULT_NONE;
        _exit(pki_create(&project, "spec", pki_spec_ceremony(), &cutting, &fault) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void ceremony_cut_after_every_step_goes_on(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    int cuts = 0;
    int code = ceremony_in_child();
    for (; code == 7; code = ceremony_in_child()) {
        cuts++;
    }
    assert_int_equal(code, 0);
    assert_int_equal(cuts, 1 + 7 + 7); /* token, keys, certificates */
    support_check(create(&fault), &fault);
    assert_non_null(strstr(steps, "nothing was left to do"));
    assert_int_equal(problems(), 0);
}

/* The key is there and its certificate is not, because a cut came between the two. */
static void key_without_certificate_is_finished_only_when_begun_here(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct hsm *hsm;
    uint8_t key[64];
    support_check(create(&fault), &fault);
    assert_int_equal(unlink(support_path("p/pki/mastering.crt")), 0);
    support_check_refused(create(&fault), &fault, "that this ceremony did not make");
    fault = FAULT_NONE;
    support_write("p/pki/transcript.part", "2026-01-01T00:00:00Z begin mastering\n2026", 0644);
    support_check(project_hsm_open(&project, PROJECT_OEM, &hsm, &fault), &fault);
    support_check(hsm_key_public(hsm, "mastering", key, &fault), &fault);
    hsm_close(hsm);
    support_check(create(&fault), &fault);
    assert_non_null(strstr(steps, "going on with it"));
    assert_int_equal(problems(), 0);
}

static void certificate_without_its_key_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    char command[256];
    support_check(create(&fault), &fault);
    (void)snprintf(command, sizeof command, "cp %s %s", support_path("p/pki/firmware.crt"),
                   support_path("p/pki/mastering.crt"));
    assert_int_equal(system(command), 0);
    support_check_refused(create(&fault), &fault, "certifies another key");
    assert_int_equal(problems(), 1);
    fault = FAULT_NONE;
    (void)snprintf(command, sizeof command, "rm -rf %s/* %s", support_path("p/hsm/tokens"),
                   support_path("p/hsm/oem.pin"));
    assert_int_equal(system(command), 0);
    support_check_refused(create(&fault), &fault, "has no key 'root'");
}

static void other_spec_for_a_ceremony_under_way_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    char text[8192];
    struct bytes spec = pki_spec_ceremony();
    support_check(create(&fault), &fault);
    (void)snprintf(text, sizeof text, "%.*s# other\n", (int)spec.len, (const char *)spec.data);
    support_check_refused(pki_create(&project, "s", bytes_of(text, strlen(text)), &listener, &fault), &fault,
                          "another key spec");
}

static void transcript_names_every_key_and_no_secret(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    static char transcript[65536];
    char pin[64];
    support_check(create(&fault), &fault);
    FILE *file = fopen(support_path("p/pki/transcript.txt"), "r");
    assert_non_null(file);
    transcript[fread(transcript, 1, sizeof transcript - 1, file)] = '\0';
    (void)fclose(file);
    file = fopen(support_path("p/hsm/oem.pin"), "r");
    assert_non_null(file);
    pin[fread(pin, 1, 24, file)] = '\0';
    (void)fclose(file);
    assert_int_equal(strlen(pin), 24);
    assert_null(strstr(transcript, pin));
    assert_null(strstr(steps, pin));
    assert_non_null(strstr(transcript, "made key 'root'"));
    assert_non_null(strstr(transcript, "issued pki/quota.crt"));
    assert_int_equal(access(support_path("p/pki/transcript.part"), F_OK), -1);
}

static void development_key_cannot_stand_in_for_production(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert leaf;
    struct cert root;
    uint8_t key[64];
    support_check(create(&fault), &fault);
    support_check(cert_read(support_path("p/pki/dev-firmware.crt"), &leaf, &fault), &fault);
    support_check(cert_read(support_path("p/pki/root.crt"), &root, &fault), &fault);
    support_check_refused(cert_check(&leaf, NULL, &root, CERT_SIGNING, key, &fault), &fault, "another CA");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_that_make_no_sense_are_refused),
        TEST(spec_without_a_needed_key_is_refused),
        TEST(spec_cut_anywhere_makes_no_ceremony),
        TEST(ceremony_makes_all_and_repeats_nothing),
        TEST(ceremony_cut_after_every_step_goes_on),
        TEST(key_without_certificate_is_finished_only_when_begun_here),
        TEST(certificate_without_its_key_is_refused),
        TEST(other_spec_for_a_ceremony_under_way_is_refused),
        TEST(transcript_names_every_key_and_no_secret),
        TEST(development_key_cannot_stand_in_for_production),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
