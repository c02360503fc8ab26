/* SPDX-License-Identifier: Apache-2.0 */
/* A device's proof of identity: a genuine one is recognised; replayed, forged, borrowed and damaged ones are not. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/cbor.h"
#include "host/device/device.h"
#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "tests/unit/host_support.h"
#include "wire/cose.h"

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

/* The answer of a device: claims over `nonce` and `uid`, signed with `label`. */
static struct bytes proof_make(struct maker *m, const char *label, struct bytes nonce, const char *uid, uint8_t *out)
{
    static uint8_t payload[256];
    static uint8_t structure[512];
    static uint8_t token[512];
    uint8_t ueid[17] = { 1 };
    uint8_t digest[32];
    uint8_t signature[64];
    struct fault fault = FAULT_NONE;
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer t = cbor_writer_of(token, sizeof token);
    struct cbor_writer w = cbor_writer_of(out, SMP_BODY_MAX);
    memcpy(ueid + 1, uid, 16);
    cbor_write_map(&p, 3);
    cbor_write_uint(&p, 10);
    cbor_write_bstr(&p, nonce);
    cbor_write_uint(&p, 256);
    cbor_write_bstr(&p, bytes_of(ueid, 17));
    cbor_write_uint(&p, 2395);
    cbor_write_uint(&p, 0x3000);
    cose_sig_structure_build(bytes_of(NULL, 0), cbor_written(&p), &s);
    p256_sha256(cbor_written(&s), digest);
    support_check(hsm_sign(m->hsm, label, digest, signature, &fault), &fault);
    const struct cose_sign1 c = { .payload = cbor_written(&p), .signature = bytes_of(signature, 64) };
    cose_sign1_build(&c, &t);
    cbor_write_map(&w, 2);
    cbor_write_tstr(&w, "certs");
    cbor_write_array(&w, 2);
    cbor_write_bstr(&w, bytes_of(m->device.der, m->device.len));
    cbor_write_bstr(&w, bytes_of(m->issuing.der, m->issuing.len));
    cbor_write_tstr(&w, "token");
    cbor_write_bstr(&w, cbor_written(&t));
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static void genuine_device_is_recognised(void **state)
{
    struct maker *m = *state;
    struct device_proof proof;
    struct fault fault = FAULT_NONE;
    uint8_t out[SMP_BODY_MAX];
    struct bytes nonce = bytes_of("12345678901234567890123456789012", 32);
    struct bytes answer = proof_make(m, "device", nonce, "0123456789abcdef", out);
    support_check(device_proof_check(answer, nonce, &m->root, &proof, &fault), &fault);
    assert_memory_equal(proof.uid, "0123456789abcdef", 16);
    assert_int_equal(proof.lifecycle, 0x3000);
}

static void replayed_forged_and_borrowed_proofs_are_refused(void **state)
{
    struct maker *m = *state;
    struct device_proof proof;
    struct cert other_root;
    struct fault fault = FAULT_NONE;
    uint8_t out[SMP_BODY_MAX];
    struct bytes nonce = bytes_of("12345678901234567890123456789012", 32);
    struct bytes other = bytes_of("x2345678901234567890123456789012", 32);
    struct bytes answer = proof_make(m, "device", other, "0123456789abcdef", out);
    support_check_refused(device_proof_check(answer, nonce, &m->root, &proof, &fault), &fault, "replay");
    fault = FAULT_NONE;
    answer = proof_make(m, "issuing", nonce, "0123456789abcdef", out);
    support_check_refused(device_proof_check(answer, nonce, &m->root, &proof, &fault), &fault, "signature");
    fault = FAULT_NONE;
    answer = proof_make(m, "device", nonce, "0123456789abcdeX", out);
    support_check_refused(device_proof_check(answer, nonce, &m->root, &proof, &fault), &fault, "different devices");
    fault = FAULT_NONE;
    cert_of(m, CERT_ROOT, "root2", NULL, "root2", &other_root);
    answer = proof_make(m, "device", nonce, "0123456789abcdef", out);
    assert_int_equal(device_proof_check(answer, nonce, &other_root, &proof, &fault), -1);
}

static void proof_with_any_damaged_byte_is_refused(void **state)
{
    struct maker *m = *state;
    uint8_t out[SMP_BODY_MAX];
    struct bytes nonce = bytes_of("12345678901234567890123456789012", 32);
    struct bytes answer = proof_make(m, "device", nonce, "0123456789abcdef", out);
    for (size_t i = 0; i < answer.len; i++) {
        struct device_proof proof;
        struct fault fault = FAULT_NONE;
        out[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(device_proof_check(answer, nonce, &m->root, &proof, &fault), -1);
        out[i] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t len = 0; len < answer.len; len += 7) {
        struct device_proof proof;
        struct fault fault = FAULT_NONE;
        assert_int_equal(device_proof_check(bytes_of(out, len), nonce, &m->root, &proof, &fault), -1);
    }
}

#define PROOF_TEST(name) cmocka_unit_test_setup_teardown(name, maker_setup, maker_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROOF_TEST(genuine_device_is_recognised),
        PROOF_TEST(replayed_forged_and_borrowed_proofs_are_refused),
        PROOF_TEST(proof_with_any_damaged_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
