/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment of appliances and stations: the files that go to and fro between maker and appliance, what each side
 * refuses, and revocation as openssl sees it. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/appliance/folder.h"
#include "host/lib/cert_crl.h"
#include "host/lib/file.h"
#include "host/pki/enrol.h"
#include "tests/unit/host_support.h"

static struct project project;
static const char *const hosts[] = { "127.0.0.1", "appliance.example", NULL };

/* Each side has its own SoftHSM folder, as on two machines: what was set for the other one is forgotten. */
static void side_change(void)
{
    (void)unsetenv("SOFTHSM2_CONF");
}

static int shell(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command); /* NOLINT: the command is a constant of this file */
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void oem_make(void)
{
    struct fault fault = FAULT_NONE;
    const struct pki_scaffold scaffold = { support_path("p"), "sensor", NULL, NULL };
    side_change();
    support_check(pki_scaffold_make(&scaffold, NULL, &fault), &fault);
    support_check(project_open(support_path("p"), &project, &fault), &fault);
    support_check(pki_create(&project, "spec", pki_spec_ceremony(), NULL, &fault), &fault);
}

static int init(const char *dir, struct fault *fault)
{
    const struct folder_order order = { support_path(dir), support_path("p/pki/public.pem"), NULL, NULL };
    side_change();
    return appliance_folder_init(&order, fault);
}

static int issue(const char *request, const char *name, struct fault *fault)
{
    const struct pki_appliance_order order = { support_path(request), name, hosts, 3, NULL, 0, 0 };
    side_change();
    return pki_appliance_issue(&project, &order, NULL, fault);
}

static int renew(const char *request, const char *name, struct fault *fault)
{
    const struct pki_appliance_order order = { support_path(request), name, hosts, 7, NULL, 0, 1 };
    side_change();
    return pki_appliance_issue(&project, &order, NULL, fault);
}

static int enrol(const char *dir, const char *answer, struct fault *fault)
{
    side_change();
    return appliance_folder_enrol(support_path(dir), support_path(answer), NULL, fault);
}

static int maker_revoke(const char *name, struct fault *fault)
{
    side_change();
    return pki_revoke(&project, name, NULL, fault);
}

static int folder_check(const char *dir, struct appliance_folder *out, struct fault *fault)
{
    struct hsm *hsm = NULL;
    side_change();
    int result = appliance_folder_open(support_path(dir), out, &hsm, fault);
    hsm_close(hsm);
    return result;
}

/* Keys are slow to make: maker and appliance are made once, and each test begins with a copy of both. */
static int group_setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    (void)support_folder_make();
    oem_make();
    support_check(init("a", &fault), &fault);
    support_check(issue("a/request.pem", "factory-1", &fault), &fault);
    return shell("cd %s && mkdir kept && mv a p kept", support_path("."));
}

static int setup(void **state)
{
    (void)state;
    return shell("cd %s && cp -a kept/a kept/p .", support_path("."));
}

static int teardown(void **state)
{
    (void)state;
    return shell("cd %s && find . -mindepth 1 -maxdepth 1 ! -name kept -exec rm -r {} +", support_path("."));
}

static int group_teardown(void **state)
{
    (void)state;
    support_folder_remove();
    return 0;
}

static void an_appliance_is_certified_and_its_folder_opens(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct appliance_folder folder;
    support_check_refused(folder_check("a", &folder, &fault), &fault, "windlassd enrol");
    fault = FAULT_NONE;
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(folder_check("a", &folder, &fault), &fault);
    assert_int_equal(folder.trust.mastering_len, 128);
    assert_int_equal(folder.trust.tpm, 0);
    assert_memory_equal(folder.trust.grant_key, folder.provisioner_key, 64);
    assert_string_equal(folder.settings.listen, "0.0.0.0:7443");
}

static void openssl_agrees_with_what_was_issued(void **state)
{
    (void)state;
    const char *p = support_path("p/pki");
    assert_int_equal(shell("openssl verify -x509_strict -CAfile %s/root.crt %s/appliances/factory-1/issuing.crt "
                           ">/dev/null 2>&1",
                           p, p),
                     0);
    assert_int_equal(
        shell("openssl verify -x509_strict -purpose sslserver -verify_ip 127.0.0.1 -verify_hostname "
              "appliance.example -CAfile %s/root.crt %s/appliances/factory-1/appliance.crt >/dev/null 2>&1",
              p, p),
        0);
    assert_int_equal(shell("openssl x509 -in %s/appliances/factory-1/issuing.crt -noout -text | grep -q pathlen:0", p),
                     0);
    assert_int_equal(
        shell(
            "openssl x509 -in %s/appliances/factory-1/issuing.crt -noout -subject | grep -q 'sensor issuing factory-1'",
            p),
        0);
    assert_int_equal(shell("openssl req -in %s -noout -verify >/dev/null 2>&1", support_path("a/request.pem")), 0);
}

static void nothing_secret_is_in_the_files_that_travel(void **state)
{
    (void)state;
    assert_int_not_equal(shell("grep -l 'PRIVATE' %s %s >/dev/null", support_path("a/request.pem"),
                               support_path("p/pki/appliances/factory-1.pem")),
                         0);
}

static void a_second_init_leaves_the_keys_alone(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_check_refused(init("a", &fault), &fault, "exists already");
}

/* The power fails before the request is written: the keys that were made are taken again. */
static void an_init_that_was_cut_goes_on_with_its_keys(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t *before = NULL;
    uint8_t *after = NULL;
    size_t len = 0;
    size_t len_after = 0;
    support_check(file_read(support_path("a/request.pem"), 65536, &before, &len, &fault), &fault);
    assert_int_equal(unlink(support_path("a/request.pem")), 0);
    support_check_refused(init("a", &fault), &fault, "did not make");
    fault = FAULT_NONE;
    support_write("a/init.begun", "", 0600);
    support_check(init("a", &fault), &fault);
    support_check(file_read(support_path("a/request.pem"), 65536, &after, &len_after, &fault), &fault);
    /* Signatures differ; the transport key's block has none, and must be the same. */
    const char *key = strstr((char *)before, "BEGIN PUBLIC KEY");
    const char *again = strstr((char *)after, "BEGIN PUBLIC KEY");
    assert_non_null(key);
    assert_non_null(again);
    assert_memory_equal(key, again, 150);
    free(before);
    free(after);
    support_check(issue("a/request.pem", "factory-1", &fault), &fault);
}

static void another_appliances_answer_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_check(init("b", &fault), &fault);
    support_check_refused(enrol("b", "p/pki/appliances/factory-1.pem", &fault), &fault, "is not the certified one");
}

/* A right certificate of another key, each in the place of each. */
static void a_folder_with_a_certificate_of_a_key_that_the_token_lacks_stays_closed(void **state)
{
    static const char *const labels[] = { "issuing", "transport", "provisioner", "records", "appliance", "channel" };
    struct fault fault = FAULT_NONE;
    struct appliance_folder folder;
    (void)state;
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(init("b", &fault), &fault);
    support_check(issue("b/request.pem", "factory-2", &fault), &fault);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        const char *dir = support_path(".");
        assert_int_equal(
            shell("cd %s && cp -a a/pki kept.pki && cp p/pki/appliances/factory-2/%s.crt a/pki/", dir, labels[i]), 0);
        fault = FAULT_NONE;
        support_check_refused(folder_check("a", &folder, &fault), &fault, "is not the certified one");
        support_check_refused(-1, &fault, labels[i]);
        assert_int_equal(shell("cd %s && rm -r a/pki && mv kept.pki a/pki", dir), 0);
    }
    fault = FAULT_NONE;
    support_check(folder_check("a", &folder, &fault), &fault);
}

static void another_request_under_a_taken_name_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_check(init("b", &fault), &fault);
    support_check_refused(issue("b/request.pem", "factory-1", &fault), &fault, "for another key");
    fault = FAULT_NONE;
    support_check_refused(issue("b/request.pem", "root", &fault), &fault, "is the name of a key");
    fault = FAULT_NONE;
    support_check_refused(issue("b/request.pem", "../x", &fault), &fault, "is not a name");
}

/* Each block of the request taken out, and each byte of its base64 lines changed at a few places. */
static void a_damaged_request_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t *text = NULL;
    size_t len = 0;
    size_t refused = 0;
    support_check(file_read(support_path("a/request.pem"), 65536, &text, &len, &fault), &fault);
    for (size_t at = 60; at < len; at += 97) {
        const uint8_t was = text[at];
        text[at] = was == 'A' ? 'B' : 'A';
        fault = FAULT_NONE;
        support_check(file_write(support_path("bad.pem"), bytes_of(text, len), 0644, FILE_REPLACE, &fault), &fault);
        fault = FAULT_NONE;
        int result = issue("bad.pem", "factory-9", &fault);
        refused += result != 0;
        text[at] = was;
    }
    free(text);
    assert_true(refused >= 15);
}

static void an_answer_of_another_maker_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    const struct pki_scaffold scaffold = { support_path("q"), "sensor", NULL, NULL };
    struct project other;
    side_change();
    support_check(pki_scaffold_make(&scaffold, NULL, &fault), &fault);
    support_check(project_open(support_path("q"), &other, &fault), &fault);
    support_check(pki_create(&other, "spec", pki_spec_ceremony(), NULL, &fault), &fault);
    const struct pki_appliance_order order = { support_path("a/request.pem"), "factory-1", hosts, 3, NULL, 0, 0 };
    support_check(pki_appliance_issue(&other, &order, NULL, &fault), &fault);
    support_check_refused(enrol("a", "q/pki/appliances/factory-1.pem", &fault), &fault, "of another maker");
}

static void a_station_is_certified_for_calling_and_nothing_else(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert root;
    struct cert cert;
    uint8_t key[64];
    assert_int_equal(shell("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout %s "
                           "-out %s 2>/dev/null",
                           support_path("s.key"), support_path("s.csr")),
                     0);
    const struct pki_station_order order = { support_path("s.csr"), "line-1", 1 };
    side_change();
    support_check(pki_station_issue(&project, &order, NULL, &fault), &fault);
    support_check(cert_read(support_path("p/pki/root.crt"), &root, &fault), &fault);
    support_check(cert_read(support_path("p/pki/stations/line-1.crt"), &cert, &fault), &fault);
    support_check(cert_check(&cert, NULL, &root, CERT_STATION, key, &fault), &fault);
    support_check_refused(cert_check(&cert, NULL, &root, CERT_SERVER, key, &fault), &fault, "extended key usage");
    fault = FAULT_NONE;
    support_check_refused(cert_check(&cert, NULL, &root, CERT_SIGNING, key, &fault), &fault, "extended key usage");
    assert_int_equal(shell("openssl verify -x509_strict -purpose sslclient -CAfile %s %s >/dev/null 2>&1",
                           support_path("p/pki/root.crt"), support_path("p/pki/stations/line-1.crt")),
                     0);
}

static void openssl_reads_the_revocation_list_and_refuses_who_is_on_it(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    char p[256];
    (void)snprintf(p, sizeof p, "%s", support_path("p/pki"));
    static const char *const names[] = { "line-1", "line-2" };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            shell("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "
                  "%s -out %s 2>/dev/null",
                  support_path("s.key"), support_path("s.csr")),
            0);
        const struct pki_station_order order = { support_path("s.csr"), names[i], 1 };
        support_check(pki_station_issue(&project, &order, NULL, &fault), &fault);
    }
    support_check(maker_revoke("line-1", &fault), &fault);
    support_check(maker_revoke("line-1", &fault), &fault);
    assert_int_equal(
        shell("openssl crl -in %s/stations.crl -CAfile %s/root.crt -noout 2>&1 | grep -q 'verify OK'", p, p), 0);
    assert_int_equal(shell("openssl crl -in %s/stations.crl -noout -text | grep -A1 'CRL Number' | grep -q ' 1 *$'", p),
                     0);
    assert_int_not_equal(shell("openssl verify -crl_check -CRLfile %s/stations.crl -CAfile %s/root.crt "
                               "%s/stations/line-1.crt >/dev/null 2>&1",
                               p, p, p),
                         0);
    assert_int_equal(shell("openssl verify -crl_check -CRLfile %s/stations.crl -CAfile %s/root.crt "
                           "%s/stations/line-2.crt >/dev/null 2>&1",
                           p, p, p),
                     0);
    support_check(maker_revoke("factory-1", &fault), &fault);
    assert_int_equal(shell("openssl crl -in %s/stations.crl -noout -text | grep -A1 'CRL Number' | grep -q ' 2 *$'", p),
                     0);
    assert_int_not_equal(shell("openssl verify -crl_check -CRLfile %s/stations.crl -CAfile %s/root.crt "
                               "%s/stations/line-1.crt >/dev/null 2>&1",
                               p, p, p),
                         0);
    support_check_refused(maker_revoke("nobody", &fault), &fault, "called 'nobody'");
}

static void renewed_certificates_keep_name_and_keys_and_the_old_ones_stay(void **state)
{
    (void)state;
    static const char *const labels[] = { "issuing", "transport", "provisioner", "records", "appliance", "channel" };
    struct fault fault = FAULT_NONE;
    struct appliance_folder before;
    struct appliance_folder after;
    char p[256];
    (void)snprintf(p, sizeof p, "%s", support_path("p/pki/appliances/factory-1"));
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(folder_check("a", &before, &fault), &fault);
    support_check(renew("a/request.pem", "factory-1", &fault), &fault);
    support_check(renew("a/request.pem", "factory-1", &fault), &fault);
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(folder_check("a", &after, &fault), &fault);
    assert_memory_equal(before.trust.transport_key, after.trust.transport_key, 64);
    assert_memory_equal(before.provisioner_key, after.provisioner_key, 64);
    assert_true(before.trust.issuing.len != after.trust.issuing.len ||
                memcmp(before.trust.issuing.der, after.trust.issuing.der, after.trust.issuing.len) != 0);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        assert_int_equal(
            shell("cd %s && openssl verify -CAfile ../../root.crt %s.crt %s.1.crt %s.2.crt >/dev/null 2>&1", p,
                  labels[i], labels[i], labels[i]),
            0);
        assert_int_not_equal(shell("cd %s && cmp -s %s.crt %s.1.crt", p, labels[i], labels[i]), 0);
    }
    assert_int_equal(
        shell("cd %s && test ! -e issuing.3.crt && openssl x509 -in issuing.crt -noout -checkend $((6*365*86400)) "
              ">/dev/null && ! openssl x509 -in issuing.1.crt -noout -checkend $((6*365*86400)) >/dev/null",
              p),
        0);
    support_check(maker_revoke("factory-1", &fault), &fault);
    assert_int_equal(shell("test $(openssl crl -in %s -noout -text | grep -c 'Serial Number:') = 18",
                           support_path("p/pki/stations.crl")),
                     0);
}

static void nobody_renews_with_keys_of_his_own(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct fault refusal = FAULT_NONE;
    support_check(init("b", &fault), &fault);
    support_check_refused(renew("b/request.pem", "factory-1", &refusal), &refusal, "for another key");
    assert_int_not_equal(access(support_path("p/pki/appliances/factory-1/issuing.1.crt"), F_OK), 0);
}

static void list_carry(void)
{
    assert_int_equal(shell("cp %s %s", support_path("p/pki/stations.crl"), support_path("a/pki/stations.crl")), 0);
}

static void a_revoked_mastering_key_counts_no_more(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct appliance_folder folder;
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(maker_revoke("mastering", &fault), &fault);
    list_carry();
    support_check(folder_check("a", &folder, &fault), &fault);
    assert_int_equal(folder.trust.mastering_len, 64);
}

static void a_revoked_appliance_stays_closed(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct appliance_folder folder;
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(maker_revoke("factory-1", &fault), &fault);
    list_carry();
    support_check_refused(folder_check("a", &folder, &fault), &fault, "was revoked");
}

static void a_list_that_was_changed_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct appliance_folder folder;
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    support_check(maker_revoke("mastering", &fault), &fault);
    assert_int_equal(
        shell("openssl crl -in %s -outform DER -out %s", support_path("p/pki/stations.crl"), support_path("crl.der")),
        0);
    uint8_t *der = NULL;
    size_t len = 0;
    support_check(file_read(support_path("crl.der"), 65536, &der, &len, &fault), &fault);
    for (size_t at = 0; at < len; at += 5) {
        struct cert_crl crl = { der, len };
        fault = FAULT_NONE;
        der[at] ^= 1;
        support_check(cert_crl_write(support_path("a/pki/stations.crl"), &crl, &fault), &fault);
        support_check_refused(folder_check("a", &folder, &fault), &fault, "stations.crl");
        der[at] ^= 1;
    }
    free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_appliance_is_certified_and_its_folder_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(openssl_agrees_with_what_was_issued, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_secret_is_in_the_files_that_travel, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_init_leaves_the_keys_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(an_init_that_was_cut_goes_on_with_its_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(another_appliances_answer_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_with_a_certificate_of_a_key_that_the_token_lacks_stays_closed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_request_under_a_taken_name_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_request_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_of_another_maker_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_station_is_certified_for_calling_and_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(openssl_reads_the_revocation_list_and_refuses_who_is_on_it, setup, teardown),
        cmocka_unit_test_setup_teardown(renewed_certificates_keep_name_and_keys_and_the_old_ones_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_renews_with_keys_of_his_own, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revoked_mastering_key_counts_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revoked_appliance_stays_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_list_that_was_changed_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
