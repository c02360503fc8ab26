/* SPDX-License-Identifier: Apache-2.0 */
/* Device certificates from a form: they are what cert_issue gives, and what it refuses is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/ledger/audit_cert.h"
#include "host/lib/cert_form.h"
#include "tests/unit/host_support.h"

#define UID "00112233445566778899aabbccddeeff"
#define OTHER_UID "ffeeddccbbaa99887766554433221100"

static struct hsm *hsm;
static uint8_t device_key[64];
static struct cert root;
static struct cert issuing;
static struct cert_form forms[2];
static const enum cert_kind kinds[2] = { CERT_DEVICE, CERT_DEVICE_UPDATE };

static struct cert_spec spec_of(enum cert_kind kind, const char *name, const uint8_t public_key[64])
{
    struct cert_spec spec = { .kind = kind, .organisation = "Example Devices", .common_name = name, .years = 25 };
    memcpy(spec.public_key, public_key, 64);
    if (kind == CERT_DEVICE || kind == CERT_DEVICE_UPDATE) {
        spec.serial_number = UID;
    }
    return spec;
}

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    (void)support_folder_make();
    support_softhsm_start();
    hsm = support_token_open("one");
    support_check(hsm_key_generate(hsm, "root", HSM_KEY_SIGN, key, &fault), &fault);
    struct cert_spec spec = spec_of(CERT_ROOT, "root", key);
    support_check(cert_issue(&spec, NULL, hsm, "root", &root, &fault), &fault);
    support_check(hsm_key_generate(hsm, "issuing", HSM_KEY_SIGN, key, &fault), &fault);
    spec = spec_of(CERT_ISSUING, "issuing", key);
    support_check(cert_issue(&spec, &root, hsm, "root", &issuing, &fault), &fault);
    support_check(hsm_key_generate(hsm, "device", HSM_KEY_SIGN, device_key, &fault), &fault);
    for (size_t i = 0; i < 2; i++) {
        spec = spec_of(kinds[i], "sensor", device_key);
        support_check(cert_form_make(&spec, &issuing, hsm, &forms[i], &fault), &fault);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    support_folder_remove();
    return 0;
}

/* What is signed, but for number and beginning. */
static struct bytes tbs_masked(const struct cert_form *form, struct cert *cert)
{
    struct audit_cert read;
    assert_int_equal(audit_cert_read(bytes_of(cert->der, cert->len), &read), 0);
    uint8_t *tbs = cert->der + (read.tbs.data - cert->der);
    memset(tbs + form->number_at, 0, 16);
    memset(tbs + form->begin_at, 0, 13);
    return read.tbs;
}

static void form_gives_what_issuing_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fault fault = FAULT_NONE;
        struct cert issued;
        struct cert filled;
        uint8_t key[64];
        const struct cert_spec spec = spec_of(kinds[i], "sensor", device_key);
        support_check(cert_issue(&spec, &issuing, hsm, "issuing", &issued, &fault), &fault);
        support_check(cert_form_issue(&forms[i], &spec, hsm, "issuing", &filled, &fault), &fault);
        support_check(cert_check(&filled, &issuing, &root, kinds[i], key, &fault), &fault);
        assert_memory_equal(key, device_key, 64);
        assert_true(bytes_equal(tbs_masked(&forms[i], &issued), tbs_masked(&forms[i], &filled)));
    }
}

static void each_certificate_has_its_own_number_and_names_its_device(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert certs[2];
    char serial[64];
    struct cert_spec spec = spec_of(CERT_DEVICE, "sensor", device_key);
    for (size_t i = 0; i < 2; i++) {
        support_check(cert_form_issue(&forms[0], &spec, hsm, "issuing", &certs[i], &fault), &fault);
        spec.serial_number = OTHER_UID;
    }
    support_check(cert_serial_number(&certs[0], serial, sizeof serial, &fault), &fault);
    assert_string_equal(serial, UID);
    support_check(cert_serial_number(&certs[1], serial, sizeof serial, &fault), &fault);
    assert_string_equal(serial, OTHER_UID);
    assert_memory_not_equal(certs[0].der + 4 + forms[0].number_at, certs[1].der + 4 + forms[0].number_at, 16);
}

static void refused(const struct cert_form *form, const struct cert_spec *spec, const char *key, const char *part)
{
    struct fault fault = FAULT_NONE;
    struct cert out;
    support_check_refused(cert_form_issue(form, spec, hsm, key, &out, &fault), &fault, part);
    assert_int_equal(out.len, 0);
}

static void wrong_key_name_time_or_issuer_is_refused(void **state)
{
    (void)state;
    struct cert_spec spec = spec_of(CERT_DEVICE, "sensor", device_key);
    static struct cert_form form;
    form = forms[0];
    spec.public_key[3] ^= 1;
    refused(&form, &spec, "issuing", "not a point");
    spec.public_key[3] ^= 1;
    spec.serial_number = "0011";
    refused(&form, &spec, "issuing", "32 characters");
    spec.serial_number = UID;
    refused(&form, &spec, "root", "does not verify");
    form.issuer_end = time(NULL) - 1;
    refused(&form, &spec, "issuing", "not valid now");
    form = forms[0];
    form.issuer_begin = time(NULL) + 100;
    refused(&form, &spec, "issuing", "not valid now");
    memset(&form, 0, sizeof form);
    refused(&form, &spec, "issuing", "no form");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_gives_what_issuing_gives),
        cmocka_unit_test(each_certificate_has_its_own_number_and_names_its_device),
        cmocka_unit_test(wrong_key_name_time_or_issuer_is_refused),
    };
    return cmocka_run_group_tests_name("host_cert_form", tests, setup, teardown);
}
