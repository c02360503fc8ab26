/* SPDX-License-Identifier: Apache-2.0 */
/* channel_appliance: the appliance's end, with its key in a token, and a chip with the certificate of a silicon vendor:
 * what it takes, and what it says when it does not. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/credential.h"
#include "crypto/crypto.h"
#include "host/appliance/channel.h"
#include "host/chip/vendor.h"
#include "host/sign1/credential.h"
#include "tests/unit/host_support.h"
#include "wire/provision_msg.h"

static const uint8_t uid[16] = { 0xAB, 1, 2, 3 };
static const uint8_t product[16] = { 7 };
static struct hsm *hsm;
static struct hsm *oem;
static uint8_t channel_key[64], mastering_key[64];
static uint8_t cwt[CREDENTIAL_MAX];
static struct vendor_identity identity; /* of the chip */
static struct cert vendor;
static struct channel_side side;
static struct channel appliance;
static struct edhoc chip;
static struct record_channel chip_records;
static struct schedule_party chip_own;
static struct channel_message message;

static void credential_put(uint64_t expires)
{
    struct fault fault = FAULT_NONE;
    size_t len = 0;
    const struct edhoc_claims claims = { bytes_of("line 1", 6),     expires,
                                         bytes_of(channel_key, 32), bytes_of(channel_key + 32, 32),
                                         bytes_of(product, 16),     bytes_of(product, 16) };
    support_check(credential_make(oem, "mastering", &claims, cwt, &len, &fault), &fault);
    side.credential = bytes_of(cwt, len);
}

static void vendor_read(const char *pem)
{
    struct fault fault = FAULT_NONE;
    support_write("vendor.pem", pem, 0600);
    support_check(cert_read(support_path("vendor.pem"), &vendor, &fault), &fault);
    (void)remove(support_path("vendor.pem"));
}

static void chip_make(const char *vendor_dir)
{
    static const uint8_t c_r[] = { 0x01 };
    struct fault fault = FAULT_NONE;
    support_check(vendor_identity_make(uid, vendor_dir, &identity, &fault), &fault);
    const uint8_t *at = identity.page + FLASHCTL_VENDOR_HEAD_LEN;
    size_t len = bytes_read_le16(identity.page + 4);
    chip_own = (struct schedule_party){ .c_r = bytes_of(c_r, 1),
                                        .id_cred = bytes_of(at, len),
                                        .cred = bytes_of(at + 3, len - 3) };
}

static int group_setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    (void)support_folder_make();
    support_softhsm_start();
    hsm = support_token_open("appliance");
    support_check(hsm_key_generate(hsm, "channel", HSM_KEY_SIGN, channel_key, &fault), &fault);
    oem = support_token_open("oem");
    support_check(hsm_key_generate(oem, "mastering", HSM_KEY_SIGN, mastering_key, &fault), &fault);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    side = (struct channel_side){ .hsm = hsm, .key = "channel", .vendors = &vendor, .vendor_count = 1 };
    credential_put(UINT32_MAX);
    chip_make(NULL);
    vendor_read(identity.issuer);
    channel_close(&appliance);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    hsm_close(oem);
    support_folder_remove();
    return 0;
}

/* The chip's side: takes what is in `message` and puts its answer there. */
static status_t chip_turn(void)
{
    uint8_t digest[32], signature[64], key[64];
    struct bytes in = bytes_of(message.data + 1, message.len - 1);
    const struct credential_trust trust = {
        { bytes_of(mastering_key, 64), 0 }, bytes_of(product, 16), bytes_of(product, 16), 1
    };
    status_t status;
    static uint8_t out[EDHOC_MESSAGE_MAX];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    if (message.data[0] == 0xF5) {
        status = edhoc_message_1_open(&chip, in);
        status = status == STATUS_OK ? edhoc_message_2_begin(&chip, &chip_own, digest) : status;
        status = status == STATUS_OK ? crypto_p256_sign(identity.private_key, digest, signature) : status;
        status = status == STATUS_OK ? edhoc_message_2_finish(&chip, &chip_own, signature, &w) : status;
    } else {
        assert_int_equal(message.data[0], 0x01);
        status = edhoc_message_3_open(&chip, in);
        status = status == STATUS_OK ? credential_check(chip.peer.cred, &trust, key) : status;
        status = status == STATUS_OK ? edhoc_message_3_check(&chip, key) : status;
        status = status == STATUS_OK ? edhoc_message_4_make(&chip, &w) : status;
        status = status == STATUS_OK ? record_channel_open(&chip_records, &chip, RECORD_LABEL_FROM_CHIP) : status;
    }
    memcpy(message.data, out, w.len);
    message.len = w.len;
    return status;
}

static int answer_take(struct fault *fault)
{
    static struct channel_message in;
    in = message;
    return channel_continue(&appliance, &side, bytes_of(in.data, in.len), &message, fault);
}

/* From message_1 on, which is in `message`. */
static int shake_on(struct fault *fault)
{
    assert_int_equal(chip_turn(), STATUS_OK);
    if (answer_take(fault) != 0) {
        return -1;
    }
    assert_int_equal(chip_turn(), STATUS_OK);
    return answer_take(fault);
}

static int shake(struct fault *fault)
{
    *fault = FAULT_NONE;
    return channel_begin(&appliance, &side, &message, fault) != 0 ? -1 : shake_on(fault);
}

static void a_chip_of_a_known_vendor_gets_a_channel(void **state)
{
    struct fault fault;
    static struct channel_message request, plain;
    uint8_t answer[64];
    size_t len = 0;
    (void)state;
    support_check(shake(&fault), &fault);
    assert_int_equal(appliance.stage, CHANNEL_OPEN);
    assert_memory_equal(appliance.unique_id, uid, 16);
    support_check(channel_seal(&appliance, bytes_of("question", 8), &request, &fault), &fault);
    assert_int_equal(record_open(&chip_records, bytes_of(request.data, request.len), plain.data, &len), STATUS_OK);
    assert_memory_equal(plain.data, "question", 8);
    struct cbor_writer w = cbor_writer_of(answer, sizeof answer);
    assert_int_equal(record_seal(&chip_records, bytes_of("reply", 5), &w), STATUS_OK);
    answer[w.len - 1] ^= 1;
    support_check_refused(channel_open(&appliance, cbor_written(&w), &plain, &fault), &fault, "authentication tag");
    answer[w.len - 1] ^= 1;
    fault = FAULT_NONE;
    support_check(channel_open(&appliance, cbor_written(&w), &plain, &fault), &fault);
    assert_int_equal(plain.len, 5);
    fault = FAULT_NONE;
    support_check_refused(channel_open(&appliance, cbor_written(&w), &plain, &fault), &fault, "not the next record");
}

static void a_chip_of_an_unknown_vendor_is_refused(void **state)
{
    struct fault fault;
    (void)state;
    chip_make(NULL); /* another stand-in vendor, of the same name */
    support_check_refused(shake(&fault), &fault, "no silicon vendor");
    assert_int_equal(appliance.stage, CHANNEL_CLOSED);
}

static void one_of_several_vendors_is_enough(void **state)
{
    struct fault fault;
    struct cert both[2];
    (void)state;
    both[0] = vendor;
    chip_make(NULL);
    vendor_read(identity.issuer);
    both[1] = vendor;
    side.vendors = both;
    side.vendor_count = 2;
    support_check(shake(&fault), &fault);
}

/* The maker may name a CA of one kind of chips, and not the root above it. */
static void vendors_ca_below_another_is_enough(void **state)
{
    struct fault fault;
    char command[1024];
    const char *dir = support_path("vendor");
    (void)state;
    (void)snprintf(
        command, sizeof command,
        "cd %s && mkdir vendor && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
        "/CN=above -days 9 -keyout vendor/above.key -out vendor/above.crt 2>/dev/null && openssl req -new "
        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=below -keyout vendor/ca.key -out "
        "vendor/ca.csr 2>/dev/null && printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,"
        "keyCertSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid:always\\n' >vendor/ext && "
        "openssl x509 -req -in vendor/ca.csr -CA vendor/above.crt -CAkey vendor/above.key -CAcreateserial "
        "-days 9 -extfile vendor/ext -out vendor/ca.crt 2>/dev/null && chmod 600 vendor/ca.key",
        support_path("."));
    assert_int_equal(system(command), 0); /* NOLINT: the command is a constant of this file */
    chip_make(dir);
    vendor_read(identity.issuer);
    support_check(shake(&fault), &fault);
}

/* Certificate and unique ID of a right chip, and a key of his own. */
static void a_cloned_chip_is_refused(void **state)
{
    struct fault fault;
    uint8_t other[64];
    (void)state;
    assert_int_equal(crypto_p256_generate(identity.private_key, other), STATUS_OK);
    support_check_refused(shake(&fault), &fault, "does not prove its certificate");
    assert_int_equal(appliance.stage, CHANNEL_CLOSED);
}

static void a_damaged_certificate_is_refused(void **state)
{
    struct fault fault;
    (void)state;
    identity.page[FLASHCTL_VENDOR_HEAD_LEN + 200] ^= 1;
    support_check_refused(shake(&fault), &fault, "");
    assert_int_equal(appliance.stage, CHANNEL_CLOSED);
}

static void what_the_chip_says_is_told_to_people(void **state)
{
    struct fault fault = FAULT_NONE;
    struct cbor_writer w = cbor_writer_of(message.data, sizeof message.data);
    (void)state;
    support_check(channel_begin(&appliance, &side, &message, &fault), &fault);
    edhoc_error_build("status 113", &w);
    message.len = w.len;
    support_check_refused(answer_take(&fault), &fault, "status 113: secure channel: the credential has expired");
    fault = FAULT_NONE;
    support_check(channel_begin(&appliance, &side, &message, &fault), &fault);
    w = cbor_writer_of(message.data, sizeof message.data);
    edhoc_suites_build(&w);
    message.len = w.len;
    support_check_refused(answer_take(&fault), &fault, "no cipher suite in common");
    fault = FAULT_NONE;
    support_check_refused(answer_take(&fault), &fault, "not under way");
}

/* Somebody repeated an old message before ours; the chip's right answer comes, too. */
static void what_the_chip_says_of_an_old_message_is_passed_over(void **state)
{
    struct fault fault = FAULT_NONE;
    struct channel_message late;
    struct channel_message next;
    struct cbor_writer w = cbor_writer_of(late.data, sizeof late.data);
    (void)state;
    support_check(channel_begin(&appliance, &side, &message, &fault), &fault);
    edhoc_error_build("status 093", &w);
    for (unsigned times = 0; times < 3; times++) {
        assert_int_equal(channel_continue(&appliance, &side, cbor_written(&w), &next, &fault), 1);
        assert_int_equal(appliance.stage, CHANNEL_WAITS_2);
    }
    fault = FAULT_NONE;
    support_check(shake_on(&fault), &fault);
    assert_int_equal(appliance.stage, CHANNEL_OPEN);
}

static void nothing_is_sealed_before_the_channel_is_open(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check_refused(channel_seal(&appliance, bytes_of("x", 1), &message, &fault), &fault, "not in this state");
    fault = FAULT_NONE;
    support_check_refused(channel_open(&appliance, bytes_of("x", 1), &message, &fault), &fault, "not in this state");
}

static void a_credential_that_is_not_right_is_told_before_a_chip_refuses_it(void **state)
{
    struct fault fault = FAULT_NONE;
    struct edhoc_claims claims;
    uint8_t other[64];
    (void)state;
    credential_put(5000);
    support_check(credential_read(side.credential, mastering_key, 5000, &claims, &fault), &fault);
    assert_int_equal(claims.expires, 5000);
    assert_memory_equal(claims.x.data, channel_key, 32);
    support_check_refused(credential_read(side.credential, mastering_key, 5001, &claims, &fault), &fault, "expired");
    fault = FAULT_NONE;
    support_check(hsm_key_public(hsm, "channel", other, &fault), &fault);
    support_check_refused(credential_read(side.credential, other, 1, &claims, &fault), &fault, "does not trust");
    for (size_t i = 0; i < side.credential.len; i++) {
        fault = FAULT_NONE;
        cwt[i] ^= 4;
        assert_int_equal(credential_read(side.credential, mastering_key, 1, &claims, &fault), -1);
        cwt[i] ^= 4;
    }
    const struct edhoc_claims nameless = {
        .expires = 1, .x = claims.x, .y = claims.y, .vendor = claims.vendor, .class_id = claims.class_id
    };
    uint8_t out[CREDENTIAL_MAX];
    size_t len = 0;
    fault = FAULT_NONE;
    support_check_refused(credential_make(oem, "mastering", &nameless, out, &len, &fault), &fault, "claims");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_chip_of_a_known_vendor_gets_a_channel, setup),
        cmocka_unit_test_setup(a_chip_of_an_unknown_vendor_is_refused, setup),
        cmocka_unit_test_setup(one_of_several_vendors_is_enough, setup),
        cmocka_unit_test_setup(vendors_ca_below_another_is_enough, setup),
        cmocka_unit_test_setup(a_cloned_chip_is_refused, setup),
        cmocka_unit_test_setup(a_damaged_certificate_is_refused, setup),
        cmocka_unit_test_setup(what_the_chip_says_is_told_to_people, setup),
        cmocka_unit_test_setup(a_credential_that_is_not_right_is_told_before_a_chip_refuses_it, setup),
        cmocka_unit_test_setup(what_the_chip_says_of_an_old_message_is_passed_over, setup),
        cmocka_unit_test_setup(nothing_is_sealed_before_the_channel_is_open, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
