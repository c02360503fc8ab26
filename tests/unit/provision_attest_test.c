/* SPDX-License-Identifier: Apache-2.0 */
/* A device's attestation: a genuine one is recognised; replayed, forged, borrowed, changed and damaged ones are not. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "host/device/device.h"
#include "tests/unit/attest_maker.h"
#include "tests/unit/host_support.h"

struct maker {
    struct hsm *hsm;
    struct cert root;
    struct cert issuing;
    struct cert device;
};

static void cert_of(struct maker *m, enum cert_kind kind, const char *label, const struct cert *issuer,
                    const char *signer, struct cert *out)
{
    struct fault fault = FAULT_NONE;
    struct cert_spec spec = { .kind = kind, .organisation = "Test Works", .common_name = label, .years = 5 };
    spec.serial_number = kind == CERT_DEVICE ? "30313233343536373839616263646566" : NULL;
    support_check(hsm_key_generate(m->hsm, label, HSM_KEY_SIGN, spec.public_key, &fault), &fault);
    support_check(cert_issue(&spec, issuer, m->hsm, signer, out, &fault), &fault);
}

static int maker_setup(void **state)
{
    struct maker *m = calloc(1, sizeof *m);
    (void)support_folder_make();
    support_softhsm_start();
    m->hsm = support_token_open("token");
    cert_of(m, CERT_ROOT, "root", NULL, "root", &m->root);
    cert_of(m, CERT_ISSUING, "issuing", &m->root, "root", &m->issuing);
    cert_of(m, CERT_DEVICE, "device", &m->issuing, "issuing", &m->device);
    *state = m;
    return 0;
}

static int maker_teardown(void **state)
{
    struct maker *m = *state;
    hsm_close(m->hsm);
    free(m);
    support_folder_remove();
    return 0;
}

static const struct bytes right_nonce = { (const uint8_t *)"12345678901234567890123456789012", 32 };

/* The answer of a device with that token. */
static struct bytes answer_make(const struct maker *m, struct bytes token, uint8_t *out)
{
    struct cbor_writer w = cbor_writer_of(out, SMP_BODY_MAX);
    cbor_write_map(&w, 2);
    cbor_write_tstr(&w, "certs");
    cbor_write_array(&w, 2);
    cbor_write_bstr(&w, bytes_of(m->device.der, m->device.len));
    cbor_write_bstr(&w, bytes_of(m->issuing.der, m->issuing.len));
    cbor_write_tstr(&w, "token");
    cbor_write_bstr(&w, token);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static struct token_claims right_claims(const struct maker *m, struct bytes nonce)
{
    uint8_t key[64];
    struct fault fault = FAULT_NONE;
    support_check(hsm_key_public(m->hsm, "device", key, &fault), &fault);
    return attest_claims(key, nonce);
}

static struct bytes signed_answer(struct maker *m, const char *label, const struct token_claims *claims, uint8_t *out)
{
    uint8_t token[TOKEN_MAX];
    return answer_make(m, attest_token(m->hsm, label, claims, token), out);
}

static void genuine_device_is_recognised(void **state)
{
    struct maker *m = *state;
    struct device_attestation attestation;
    struct fault fault = FAULT_NONE;
    uint8_t out[SMP_BODY_MAX];
    const size_t lens[] = { 32, 48, 64 };
    uint8_t nonce[64] = { 7 };
    for (size_t i = 0; i < 3; i++) {
        struct token_claims claims = right_claims(m, bytes_of(nonce, lens[i]));
        struct bytes answer = signed_answer(m, "device", &claims, out);
        support_check(device_attest_check(answer, bytes_of(nonce, lens[i]), &m->root, &attestation, &fault), &fault);
        assert_memory_equal(attestation.uid, "0123456789abcdef", 16);
        assert_int_equal(attestation.claims.lifecycle, TOKEN_LIFECYCLE_SECURED);
        assert_int_equal(attestation.claims.parts[TOKEN_APP].version, claims.parts[TOKEN_APP].version);
        assert_memory_equal(attestation.claims.seed.data, claims.seed.data, TOKEN_SEED_LEN);
    }
}

static void replayed_forged_and_borrowed_tokens_are_refused(void **state)
{
    struct maker *m = *state;
    struct device_attestation attestation;
    struct cert other_root;
    struct fault fault = FAULT_NONE;
    uint8_t out[SMP_BODY_MAX];
    struct token_claims claims = right_claims(m, bytes_of("x2345678901234567890123456789012", 32));
    struct bytes answer = signed_answer(m, "device", &claims, out);
    support_check_refused(device_attest_check(answer, right_nonce, &m->root, &attestation, &fault), &fault, "replay");
    fault = FAULT_NONE;
    claims.nonce = right_nonce;
    answer = signed_answer(m, "issuing", &claims, out);
    support_check_refused(device_attest_check(answer, right_nonce, &m->root, &attestation, &fault), &fault,
                          "signature");
    fault = FAULT_NONE;
    cert_of(m, CERT_ROOT, "root2", NULL, "root2", &other_root);
    answer = signed_answer(m, "device", &claims, out);
    assert_int_equal(device_attest_check(answer, right_nonce, &other_root, &attestation, &fault), -1);
}

/* Right in everything, but its certificate names no unique ID: the ledger could not be asked for it. */
static void device_without_a_unique_id_is_refused(void **state)
{
    static const char *const serials[] = { "30313233343536373839616263646", "3031323334353637383961626364656g",
                                           "3031323334353637383961626364656666", "30313233343536373839616263646546" };
    struct maker *m = *state;
    uint8_t out[SMP_BODY_MAX];
    struct token_claims claims = right_claims(m, right_nonce);
    for (size_t i = 0; i < 4; i++) {
        struct device_attestation attestation;
        struct fault fault = FAULT_NONE;
        struct cert_spec spec = { .kind = CERT_DEVICE, .organisation = "Test Works", .common_name = "device" };
        spec.serial_number = serials[i];
        support_check(hsm_key_public(m->hsm, "device", spec.public_key, &fault), &fault);
        support_check(cert_issue(&spec, &m->issuing, m->hsm, "issuing", &m->device, &fault), &fault);
        struct bytes answer = signed_answer(m, "device", &claims, out);
        int result = device_attest_check(answer, right_nonce, &m->root, &attestation, &fault);
        if (i < 3) {
            support_check_refused(result, &fault, "names no unique ID");
        } else {
            support_check(result, &fault);
        }
    }
}

static void claims_that_a_device_does_not_make_are_refused(void **state)
{
    struct maker *m = *state;
    uint8_t out[SMP_BODY_MAX];
    uint8_t other_instance[TOKEN_INSTANCE_LEN] = { 1, 2 };
    uint8_t other_type[TOKEN_INSTANCE_LEN];
    struct token_claims right = right_claims(m, right_nonce);
    struct token_claims wrong[5] = { right, right, right, right, right };
    memcpy(other_type, right.instance.data, sizeof other_type);
    other_type[0] = 2;
    wrong[0].instance = bytes_of(other_instance, sizeof other_instance);
    wrong[1].instance = bytes_of(other_type, sizeof other_type);
    wrong[2].client = 0;
    wrong[3].lifecycle = 0x10000;
    wrong[4].nonce = bytes_of(right_nonce.data, 31);
    for (size_t i = 0; i < 5; i++) {
        struct device_attestation attestation;
        struct fault fault = FAULT_NONE;
        struct bytes answer = signed_answer(m, "device", &wrong[i], out);
        assert_int_equal(device_attest_check(answer, wrong[i].nonce, &m->root, &attestation, &fault), -1);
    }
}

/* One claim of the map, as it is encoded. */
struct claim {
    struct bytes key;
    struct bytes value;
};
#define CLAIMS 8

static void claims_split(struct bytes encoded, struct claim out[CLAIMS])
{
    struct cbor_reader r = cbor_reader_of(encoded);
    assert_int_equal(cbor_read_map(&r).left, CLAIMS);
    for (size_t i = 0; i < CLAIMS; i++) {
        out[i].key = cbor_skip(&r);
        out[i].value = cbor_skip(&r);
    }
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
}

/* Signs the claims with `skip` left out (or CLAIMS), `twice` doubled (or CLAIMS); gives what the host says. */
static int edited_check(struct maker *m, const struct claim *claims, size_t skip, size_t twice)
{
    uint8_t encoded[TOKEN_MAX];
    uint8_t token[TOKEN_MAX];
    uint8_t out[SMP_BODY_MAX];
    struct device_attestation attestation;
    struct fault fault = FAULT_NONE;
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    cbor_write_map(&w, CLAIMS - (skip < CLAIMS ? 1u : 0u) + (twice < CLAIMS ? 1u : 0u));
    for (size_t i = 0; i < CLAIMS; i++) {
        for (int n = 0; n < (i == skip ? 0 : i == twice ? 2 : 1); n++) {
            cbor_write_raw(&w, claims[i].key);
            cbor_write_raw(&w, claims[i].value);
        }
    }
    struct bytes answer = answer_make(m, attest_sign(m->hsm, "device", cbor_written(&w), token), out);
    return device_attest_check(answer, right_nonce, &m->root, &attestation, &fault);
}

static void every_claim_missing_or_doubled_is_refused(void **state)
{
    struct maker *m = *state;
    uint8_t encoded[TOKEN_CLAIMS_MAX];
    struct claim claims[CLAIMS];
    struct token_claims right = right_claims(m, right_nonce);
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    token_claims_build(&right, &w);
    claims_split(cbor_written(&w), claims);
    assert_int_equal(edited_check(m, claims, CLAIMS, CLAIMS), 0);
    for (size_t i = 0; i < CLAIMS; i++) {
        assert_int_equal(edited_check(m, claims, i, CLAIMS), -1);
        assert_int_equal(edited_check(m, claims, CLAIMS, i), -1);
        struct claim swapped[CLAIMS];
        memcpy(swapped, claims, sizeof swapped);
        swapped[i] = claims[(i + 1) % CLAIMS];
        swapped[(i + 1) % CLAIMS] = claims[i];
        assert_int_equal(edited_check(m, swapped, CLAIMS, CLAIMS), -1);
    }
}

/* What the claims say may change to another right value under a right signature; never to something else. */
static void claims_with_any_damaged_byte_parse_to_what_they_encode(void **state)
{
    struct maker *m = *state;
    uint8_t encoded[TOKEN_CLAIMS_MAX];
    uint8_t again[TOKEN_CLAIMS_MAX];
    struct token_claims right = right_claims(m, right_nonce);
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    size_t refused = 0;
    token_claims_build(&right, &w);
    for (size_t i = 0; i < 8 * w.len; i++) {
        struct token_claims claims;
        encoded[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (token_claims_parse(cbor_written(&w), &claims) == STATUS_OK) {
            struct cbor_writer a = cbor_writer_of(again, sizeof again);
            token_claims_build(&claims, &a);
            assert_true(bytes_equal(cbor_written(&a), cbor_written(&w)));
        } else {
            refused++;
        }
        encoded[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    assert_true(refused > 500); /* all that is not a value */
}

static void token_with_any_damaged_byte_is_refused(void **state)
{
    struct maker *m = *state;
    uint8_t out[SMP_BODY_MAX];
    struct token_claims claims = right_claims(m, right_nonce);
    struct bytes answer = signed_answer(m, "device", &claims, out);
    for (size_t i = 0; i < answer.len; i++) {
        struct device_attestation attestation;
        struct fault fault = FAULT_NONE;
        out[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(device_attest_check(answer, right_nonce, &m->root, &attestation, &fault), -1);
        out[i] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t len = 0; len < answer.len; len += 7) {
        struct device_attestation attestation;
        struct fault fault = FAULT_NONE;
        assert_int_equal(device_attest_check(bytes_of(out, len), right_nonce, &m->root, &attestation, &fault), -1);
    }
}

#define ATTEST_TEST(name) cmocka_unit_test_setup_teardown(name, maker_setup, maker_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTEST_TEST(genuine_device_is_recognised),
        ATTEST_TEST(replayed_forged_and_borrowed_tokens_are_refused),
        ATTEST_TEST(device_without_a_unique_id_is_refused),
        ATTEST_TEST(claims_that_a_device_does_not_make_are_refused),
        ATTEST_TEST(every_claim_missing_or_doubled_is_refused),
        ATTEST_TEST(claims_with_any_damaged_byte_parse_to_what_they_encode),
        ATTEST_TEST(token_with_any_damaged_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
