/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of a decommissioning: the maker's order and the device's last token belong together, or it proves nothing.
 */
#include "tests/unit/test.h"

#include <string.h>

#include "host/lib/p256.h"
#include "host/sign1/ending.h"
#include "tests/unit/attest_maker.h"
#include "tests/unit/host_support.h"
#include "wire/command.h"
#include "wire/cose.h"

#define PROOF_MAX 2048

static const uint8_t uid[16] = { 1, 2, 3 };
static const uint8_t other_uid[16] = { 1, 2, 4 };
static const uint8_t nonce[32] = { 9 };
static struct hsm *hsm;
static uint8_t mastering[128]; /* two keys, as devices know them */
static uint8_t identity[64];
static uint8_t stranger[64];

/* What a proof is made of. */
struct scene {
    uint64_t what;
    const uint8_t *uid;
    const char *signer;
    const char *aad;
    const char *device;
    uint64_t lifecycle;
    int other_boot;
};

static const struct scene right = { ORDER_DECOMMISSION, uid, "mastering-next", COMMAND_AAD, "identity", 0x6000, 0 };

static size_t order_make(const struct scene *scene, struct bytes seed, uint8_t *out)
{
    struct fault fault = FAULT_NONE;
    uint8_t payload[COMMAND_MAX];
    uint8_t structure[2 * COMMAND_MAX];
    uint8_t digest[32];
    uint8_t key[64];
    uint8_t kid[8];
    uint8_t signature[64];
    const struct order order = { scene->what, bytes_of(scene->uid, 16), seed };
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, COMMAND_MAX);
    order_build(&order, &p);
    cose_sig_structure_build(bytes_of(scene->aad, strlen(scene->aad)), cbor_written(&p), &s);
    p256_sha256(cbor_written(&s), digest);
    support_check(hsm_key_public(hsm, scene->signer, key, &fault), &fault);
    support_check(hsm_sign(hsm, scene->signer, digest, signature, &fault), &fault);
    p256_kid(key, kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, sizeof kid),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &w);
    assert_int_equal(w.status, STATUS_OK);
    return w.len;
}

static size_t proof_make(const struct scene *scene, uint8_t *out)
{
    static const uint8_t other_seed[32] = { 0x77 };
    uint8_t order[COMMAND_MAX];
    uint8_t token[TOKEN_MAX];
    struct token_claims claims = attest_claims(identity, bytes_of(nonce, sizeof nonce));
    struct cbor_writer w = cbor_writer_of(out, PROOF_MAX);
    struct bytes seed = scene->other_boot ? bytes_of(other_seed, sizeof other_seed) : claims.seed;
    size_t order_len = order_make(scene, seed, order);
    claims.lifecycle = scene->lifecycle;
    const struct ending ending = { .order = bytes_of(order, order_len),
                                   .token = attest_token(hsm, scene->device, &claims, token) };
    ending_build(&ending, &w);
    assert_int_equal(w.status, STATUS_OK);
    return w.len;
}

/* 0 when the proof is taken for the device `uid`. */
static int proof_check(struct bytes proof, struct fault *fault)
{
    struct ending ending;
    if (ending_parse(proof, &ending, fault) != 0) {
        return -1;
    }
    if (memcmp(ending.uid.data, uid, sizeof uid) != 0) {
        return fault_set(fault, "for another device");
    }
    return ending_check(&ending, bytes_of(mastering, sizeof mastering), identity, fault);
}

static int group_setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    (void)support_folder_make();
    support_softhsm_start();
    hsm = support_token_open("oem");
    support_check(hsm_key_generate(hsm, "mastering", HSM_KEY_SIGN, mastering, &fault), &fault);
    support_check(hsm_key_generate(hsm, "mastering-next", HSM_KEY_SIGN, mastering + 64, &fault), &fault);
    support_check(hsm_key_generate(hsm, "identity", HSM_KEY_SIGN, identity, &fault), &fault);
    support_check(hsm_key_generate(hsm, "stranger", HSM_KEY_SIGN, stranger, &fault), &fault);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    support_folder_remove();
    return 0;
}

static void order_and_token_of_one_boot_prove_the_end(void **state)
{
    struct fault fault = FAULT_NONE;
    uint8_t proof[PROOF_MAX];
    (void)state;
    size_t len = proof_make(&right, proof);
    support_check(proof_check(bytes_of(proof, len), &fault), &fault);
}

static void what_does_not_belong_together_proves_nothing(void **state)
{
    struct {
        struct scene scene;
        const char *part;
    } cases[] = {
        { right, "another device" },        { right, "that it was secured" }, { right, "order to decommission" },
        { right, "order to decommission" }, { right, "signature" },           { right, "does not say" },
        { right, "does not say" },          { right, "another boot" },
    };
    (void)state;
    cases[0].scene.uid = other_uid;
    cases[1].scene.what = ORDER_DEBUG_SECURE;
    cases[2].scene.signer = "stranger";
    cases[3].scene.aad = "windlass grant";
    cases[4].scene.device = "stranger";
    cases[5].scene.lifecycle = 0x3000;
    cases[6].scene.lifecycle = 0x4000;
    cases[7].scene.other_boot = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = FAULT_NONE;
        uint8_t proof[PROOF_MAX];
        size_t len = proof_make(&cases[i].scene, proof);
        support_check_refused(proof_check(bytes_of(proof, len), &fault), &fault, cases[i].part);
    }
}

static void debug_rights_go_by_the_order_and_the_token_of_that_boot(void **state)
{
    struct {
        struct scene scene;
        const char *part; /* NULL: it is proved */
    } cases[] = { { right, NULL },
                  { right, NULL },
                  { right, "non-secure world" },
                  { right, "that it was secured" },
                  { right, "another boot" },
                  { right, "order to debug" },
                  { right, "signature" } };
    const size_t count = sizeof cases / sizeof cases[0];
    (void)state;
    for (size_t i = 0; i < count; i++) {
        cases[i].scene.what = ORDER_DEBUG_NONSECURE;
        cases[i].scene.lifecycle = 0x4000;
    }
    cases[1].scene.what = ORDER_DEBUG_SECURE;
    cases[1].scene.lifecycle = 0x3000;
    cases[2].scene.lifecycle = 0x3000;
    cases[3].scene.what = ORDER_DEBUG_SECURE;
    cases[4].scene.other_boot = 1;
    cases[5].scene.signer = "stranger";
    cases[6].scene.device = "stranger";
    for (size_t i = 0; i < count; i++) {
        struct fault fault = FAULT_NONE;
        uint8_t proof[PROOF_MAX];
        size_t len = proof_make(&cases[i].scene, proof);
        int checked = proof_check(bytes_of(proof, len), &fault);
        if (cases[i].part == NULL) {
            support_check(checked, &fault);
        } else {
            support_check_refused(checked, &fault, cases[i].part);
        }
    }
}

static void damaged_proof_proves_nothing(void **state)
{
    uint8_t proof[PROOF_MAX];
    (void)state;
    size_t len = proof_make(&right, proof);
    for (size_t i = 0; i < len; i++) {
        struct fault fault = FAULT_NONE;
        proof[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(proof_check(bytes_of(proof, len), &fault), -1);
        proof[i] ^= (uint8_t)(1u << i % 8);
        fault = FAULT_NONE;
        assert_int_equal(proof_check(bytes_of(proof, i), &fault), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_token_of_one_boot_prove_the_end),
        cmocka_unit_test(what_does_not_belong_together_proves_nothing),
        cmocka_unit_test(debug_rights_go_by_the_order_and_the_token_of_that_boot),
        cmocka_unit_test(damaged_proof_proves_nothing),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
