/* SPDX-License-Identifier: Apache-2.0 */
/* An appliance with a TPM and its maker, with the files that go to and fro: enrolment, order, refill. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/appliance/folder.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/pki/enrol.h"
#include "host/pki/refill.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static struct project project;
static struct rig_tpm tpm;
static struct rig_tpm other_tpm;
static const char *const hosts[] = { "127.0.0.1", NULL };

/* Each side has its own SoftHSM folder, as on two machines. */
static void side_change(void)
{
    (void)unsetenv("SOFTHSM2_CONF");
}

/* ---- the appliance ---- */

static struct quota_config config_of(const struct folder_tpm_place *place)
{
    struct quota_config config = { .tcti = place->settings->tpm, .folder = place->folder, .seconds = 20 };
    memcpy(config.quota_key, place->quota_key, sizeof config.quota_key);
    return config;
}

static int tpm_enrolment(const struct folder_tpm_place *place, uint8_t *out, size_t *out_len, struct fault *fault)
{
    struct quota *quota = NULL;
    const struct quota_config config = config_of(place);
    if (quota_make(&config, fault) != 0 || quota_open(&config, &quota, fault) != 0) {
        return -1;
    }
    int result = quota_enrolment_build(quota, out, out_len, fault);
    quota_close(quota);
    return result;
}

static int tpm_credential(const struct folder_tpm_place *place, struct bytes credential, struct cert *grant,
                          struct fault *fault)
{
    uint8_t der[QUOTA_CERTIFICATE_MAX];
    size_t len = 0;
    struct quota *quota = NULL;
    const struct quota_config config = config_of(place);
    if (quota_open(&config, &quota, fault) != 0) {
        return -1;
    }
    int result = quota_credential_open(quota, credential, der, &len, fault);
    quota_close(quota);
    return result != 0 ? -1 : cert_parse(bytes_of(der, len), grant, fault);
}

static const struct folder_tpm way = { tpm_enrolment, tpm_credential };

static void init(const char *dir, const struct rig_tpm *with)
{
    struct fault fault = FAULT_NONE;
    struct folder_settings wish;
    const struct folder_order order = { support_path(dir), support_path("p/pki/public.pem"), &wish, &way };
    memset(&wish, 0, sizeof wish);
    (void)snprintf(wish.tpm, sizeof wish.tpm, "%s", with->tcti);
    side_change();
    support_check(appliance_folder_init(&order, &fault), &fault);
}

static int enrol(const char *dir, const char *answer, struct fault *fault)
{
    side_change();
    return appliance_folder_enrol(support_path(dir), support_path(answer), &way, fault);
}

/* What the daemon does with an enrolled folder: its quota, and what an order is bound to. */
struct opened {
    struct appliance_folder folder;
    struct quota *quota;
    uint8_t transport[32];
};

static void open_folder(const char *dir, struct opened *out)
{
    struct fault fault = FAULT_NONE;
    struct hsm *hsm = NULL;
    char folder[600];
    uint8_t point[65] = { 0x04 };
    side_change();
    support_check(appliance_folder_open(support_path(dir), &out->folder, &hsm, &fault), &fault);
    hsm_close(hsm);
    (void)snprintf(folder, sizeof folder, "%s/tpm", out->folder.dir);
    struct quota_config config = { .tcti = out->folder.settings.tpm, .folder = folder, .seconds = 20 };
    memcpy(config.quota_key, out->folder.trust.quota_key, 64);
    support_check(quota_open(&config, &out->quota, &fault), &fault);
    support_check(cert_public_key(&out->folder.transport, point + 1, &fault), &fault);
    p256_sha256(bytes_of(point, sizeof point), out->transport);
}

static void order_write(struct opened *from, const char *name)
{
    struct fault fault = FAULT_NONE;
    uint8_t order[QUOTA_ORDER_MAX];
    size_t len;
    const struct bytes grant = bytes_of(from->folder.grant.der, from->folder.grant.len);
    support_check(quota_order_build(from->quota, from->transport, grant, order, &len, &fault), &fault);
    support_check(file_write(support_path(name), bytes_of(order, len), 0644, FILE_REPLACE, &fault), &fault);
}

/* ---- the maker ---- */

static int issue(const char *request, const char *name, const char *ca, struct fault *fault)
{
    const struct pki_appliance_order order = { support_path(request), name, hosts, 3, ca, 0, 0 };
    side_change();
    return pki_appliance_issue(&project, &order, NULL, fault);
}

static int answer(const char *name, const char *order_file, uint32_t units, uint8_t *refill, size_t *len,
                  struct fault *fault)
{
    const struct pki_refill_order order = { name, support_path(order_file), units };
    side_change();
    return pki_refill_make(&project, &order, refill, len, fault);
}

static void limit_is(const char *text)
{
    struct fault fault = FAULT_NONE;
    uint8_t *found;
    size_t len;
    support_check(file_read(support_path("p/pki/appliances/factory-1/limit.txt"), 64, &found, &len, &fault), &fault);
    assert_string_equal((const char *)found, text);
    free(found);
}

static int group_setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    (void)support_folder_make();
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_make(&other_tpm, "other");
    rig_tpm_start(&tpm);
    rig_tpm_start(&other_tpm);
    const struct pki_scaffold scaffold = { support_path("p"), "sensor", NULL, NULL };
    side_change();
    support_check(pki_scaffold_make(&scaffold, NULL, &fault), &fault);
    support_check(project_open(support_path("p"), &project, &fault), &fault);
    support_check(pki_create(&project, "spec", pki_spec_ceremony(), NULL, &fault), &fault);
    init("a", &tpm);
    init("b", &other_tpm);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    rig_tpm_kill(&tpm);
    rig_tpm_kill(&other_tpm);
    support_folder_remove();
    return 0;
}

/* ---- */

static void appliance_with_a_tpm_needs_the_ca_of_its_maker(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct fault again = FAULT_NONE;
    support_check_refused(issue("a/request.pem", "factory-1", NULL, &fault), &fault, "--tpm-ca");
    support_check_refused(issue("a/request.pem", "factory-1", support_path("p/pki/root.crt"), &again), &again,
                          "EK certificate");
    assert_int_not_equal(access(support_path("p/pki/appliances/factory-1/grant.crt"), F_OK), 0);
    assert_int_not_equal(access(support_path("p/pki/appliances/factory-1.pem"), F_OK), 0);
}

static void appliance_with_a_tpm_is_enrolled_and_gets_its_units(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct opened a;
    struct quota_facts facts;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    uint8_t key[64];
    size_t len;
    static const uint32_t limits[2] = { 3, 5 };
    static const char *const texts[2] = { "3\n", "5\n" };
    support_check(issue("a/request.pem", "factory-1", rig_ca(), &fault), &fault);
    support_check(issue("a/request.pem", "factory-1", rig_ca(), &fault), &fault);
    support_check(enrol("a", "p/pki/appliances/factory-1.pem", &fault), &fault);
    assert_int_equal(pki_appliance_has_tpm(&project, "factory-1"), 1);
    assert_int_equal(pki_appliance_has_tpm(&project, "factory-2"), 0);
    open_folder("a", &a);
    support_check(cert_public_key(&a.folder.grant, key, &fault), &fault);
    for (int i = 0; i < 2; i++) {
        order_write(&a, "order.cbor");
        support_check(answer("factory-1", "order.cbor", i == 0 ? 3 : 2, refill, &len, &fault), &fault);
        limit_is(texts[i]);
        support_check(quota_refill(a.quota, bytes_of(refill, len), &fault), &fault);
        support_check(quota_facts(a.quota, &facts, &fault), &fault);
        assert_int_equal(facts.limit, limits[i]);
        assert_memory_equal(facts.grant_key, key, 64);
    }
    quota_close(a.quota);
}

static void enrolment_of_one_tpm_is_not_for_another(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct fault again = FAULT_NONE;
    support_check_refused(enrol("b", "p/pki/appliances/factory-1.pem", &fault), &fault, "");
    support_check_refused(issue("b/request.pem", "factory-1", rig_ca(), &again), &again, "exists already");
}

static void order_of_another_appliance_gives_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct opened b;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    size_t len;
    support_check(issue("b/request.pem", "factory-2", rig_ca(), &fault), &fault);
    support_check(enrol("b", "p/pki/appliances/factory-2.pem", &fault), &fault);
    open_folder("b", &b);
    order_write(&b, "order-b.cbor");
    quota_close(b.quota);
    struct fault refusal = FAULT_NONE;
    support_check_refused(answer("factory-1", "order-b.cbor", 9, refill, &len, &refusal), &refusal,
                          "another appliance's");
    limit_is("5\n");
}

static void forgotten_limit_is_not_guessed(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    size_t len;
    struct opened a;
    static const char *const damaged[] = { "", "5", "-5\n", "5 \n", "five\n", "99999999999\n", "5\n6\n" };
    open_folder("a", &a);
    order_write(&a, "order.cbor");
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct fault refusal = FAULT_NONE;
        support_write("p/pki/appliances/factory-1/limit.txt", damaged[i], 0644);
        support_check_refused(answer("factory-1", "order.cbor", 1, refill, &len, &refusal), &refusal, "limit.txt");
    }
    /* The maker's count is above the TPM's: what it gives starts there. */
    support_write("p/pki/appliances/factory-1/limit.txt", "90\n", 0644);
    support_check(answer("factory-1", "order.cbor", 1, refill, &len, &fault), &fault);
    limit_is("91\n");
    struct quota_facts facts;
    support_check(quota_refill(a.quota, bytes_of(refill, len), &fault), &fault);
    support_check(quota_facts(a.quota, &facts, &fault), &fault);
    assert_int_equal(facts.count, 90);
    assert_int_equal(facts.limit, 91);
    quota_close(a.quota);
}

static void one_tpm_has_one_name(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct fault none = FAULT_NONE;
    support_check_refused(issue("a/request.pem", "factory-9", rig_ca(), &fault), &fault,
                          "that of the appliance 'factory-1' already");
    assert_int_not_equal(access(support_path("p/pki/appliances/factory-9/issuing.crt"), F_OK), 0);
    assert_int_not_equal(access(support_path("p/pki/appliances/factory-9/tpm.cbor"), F_OK), 0);
    side_change();
    support_check(pki_revoke(&project, "factory-1", NULL, &none), &none);
    support_check(issue("a/request.pem", "factory-9", rig_ca(), &none), &none);
    uint8_t *limit = NULL;
    size_t len = 0;
    support_check(file_read(support_path("p/pki/appliances/factory-9/limit.txt"), 64, &limit, &len, &none), &none);
    assert_int_equal(len, 3); /* what the TPM was given under its old name stays given */
    assert_memory_equal(limit, "91\n", 3);
    free(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appliance_with_a_tpm_needs_the_ca_of_its_maker),
        cmocka_unit_test(appliance_with_a_tpm_is_enrolled_and_gets_its_units),
        cmocka_unit_test(enrolment_of_one_tpm_is_not_for_another),
        cmocka_unit_test(order_of_another_appliance_gives_nothing),
        cmocka_unit_test(forgotten_limit_is_not_guessed),
        cmocka_unit_test(one_tpm_has_one_name),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
