/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 URIs that name a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/hsm_uri.h"
#include "tests/unit/host_support.h"

static void refused(const char *text, const char *part)
{
    struct fault fault = FAULT_NONE;
    struct hsm_uri uri;
    support_check_refused(hsm_uri_parse(text, &uri, &fault), &fault, part);
    assert_int_equal(uri.token[0], 0);
}

static void every_attribute_is_read(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct hsm_uri uri;
    const char *text = "pkcs11:token=My%20token%21;manufacturer=M;model=mo;serial=0a;slot-id=17";
    support_check(hsm_uri_parse(text, &uri, &fault), &fault);
    assert_string_equal(uri.token, "My token!");
    assert_string_equal(uri.manufacturer, "M");
    assert_string_equal(uri.model, "mo");
    assert_string_equal(uri.serial, "0a");
    assert_int_equal(uri.has_slot_id, 1);
    assert_int_equal(uri.slot_id, 17);
}

static void percent_encoding_is_strict(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct hsm_uri uri;
    support_check(hsm_uri_parse("pkcs11:token=%41", &uri, &fault), &fault);
    assert_string_equal(uri.token, "A");
    support_check(hsm_uri_parse("pkcs11:token=a%c3%A4", &uri, &fault), &fault);
    assert_string_equal(uri.token, "a\xc3\xa4");
    refused("pkcs11:token=%4", "two hexadecimal digits");
    refused("pkcs11:token=%", "two hexadecimal digits");
    refused("pkcs11:token=%4g", "two hexadecimal digits");
    refused("pkcs11:token=%4;serial=1", "two hexadecimal digits");
    refused("pkcs11:token=a%00b", "zero byte");
    refused("pkcs11:token=a b", "percent-encoded");
    refused("pkcs11:token=a\"b", "percent-encoded");
}

static void bad_forms_are_refused(void **state)
{
    (void)state;
    refused("", "does not begin with");
    refused("PKCS11:token=a", "does not begin with");
    refused("pkcs11:", "no '='");
    refused("pkcs11:token=a;", "no '='");
    refused("pkcs11:token=", "empty");
    refused("pkcs11:token", "no '='");
    refused("pkcs11:token=a;token=b", "stands twice");
    refused("pkcs11:slot-id=1;slot-id=1", "stands twice");
    refused("pkcs11:slot-id=x", "decimal number");
    refused("pkcs11:slot-id=99999999999999999999999", "too large");
    refused("pkcs11:tokens=a", "unknown attribute");
    refused("pkcs11:object=a", "here a token is named");
    refused("pkcs11:token=123456789012345678901234567890123", "longer");
    refused("pkcs11:serial=12345678901234567", "longer");
}

static void pin_in_a_uri_is_refused_and_not_shown(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct hsm_uri uri;
    support_check_refused(hsm_uri_parse("pkcs11:token=a?pin-value=geheim", &uri, &fault), &fault, "pin_file");
    assert_null(strstr(fault.what, "geheim"));
    assert_null(strstr(fault.hint, "geheim"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attribute_is_read),
        cmocka_unit_test(percent_encoding_is_strict),
        cmocka_unit_test(bad_forms_are_refused),
        cmocka_unit_test(pin_in_a_uri_is_refused_and_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
