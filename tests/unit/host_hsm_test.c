/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, with SoftHSM as the module: what works, and what is refused in words. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <dlfcn.h>

#include "host/lib/file.h"
#include "host/lib/hsm_room.h"
#include "tests/unit/host_support.h"

static const uint8_t digest[32] = { 1, 2, 3 };
static struct hsm *hsm;
static uint8_t sign_public[64];

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    (void)support_folder_make();
    support_softhsm_start();
    hsm = support_token_open("one");
    support_check(hsm_key_generate(hsm, "signer", HSM_KEY_SIGN, sign_public, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    support_folder_remove();
    return 0;
}

static int open_with(const char *module, const char *uri, const char *pin_file, struct fault *fault)
{
    struct hsm *other = NULL;
    struct hsm_config config = { module, uri, pin_file, -1 };
    int result = hsm_open(&config, &other, fault);
    hsm_close(other);
    return result;
}

static void signature_verifies_with_openssl(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    support_check(hsm_sign(hsm, "signer", digest, signature, &fault), &fault);
    assert_int_equal(support_verify(sign_public, digest, signature), 1);
    signature[40] ^= 1;
    assert_int_equal(support_verify(sign_public, digest, signature), 0);
}

static void generated_key_is_sealed_and_stays(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t again[64];
    support_check(hsm_key_check_sealed(hsm, "signer", &fault), &fault);
    assert_int_equal(hsm_key_exists(hsm, "signer", &fault), 1);
    assert_int_equal(hsm_key_exists(hsm, "nobody", &fault), 0);
    support_check(hsm_key_public(hsm, "signer", again, &fault), &fault);
    assert_memory_equal(again, sign_public, 64);
}

static void both_sides_of_an_agreement_get_the_same_secret(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t a[64];
    uint8_t b[64];
    uint8_t ab[32];
    uint8_t ba[32] = { 0 };
    support_check(hsm_key_generate(hsm, "agree-a", HSM_KEY_AGREE, a, &fault), &fault);
    support_check(hsm_key_generate(hsm, "agree-b", HSM_KEY_AGREE, b, &fault), &fault);
    support_check(hsm_agree(hsm, "agree-a", b, ab, &fault), &fault);
    support_check(hsm_agree(hsm, "agree-b", a, ba, &fault), &fault);
    assert_memory_equal(ab, ba, 32);
    support_check_refused(hsm_sign(hsm, "agree-a", digest, a, &fault), &fault, "may not be used for that");
}

static void leading_zero_of_a_secret_is_kept(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t own[64];
    uint8_t peer[64];
    uint8_t expected[32];
    uint8_t secret[32] = { 0xff };
    support_check(hsm_key_generate(hsm, "agree-zero", HSM_KEY_AGREE, own, &fault), &fault);
    support_peer_with_zero(own, peer, expected);
    support_check(hsm_agree(hsm, "agree-zero", peer, secret, &fault), &fault);
    assert_memory_equal(secret, expected, 32);
}

static void point_off_the_curve_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t peer[64] = { 5 };
    uint8_t own[64];
    uint8_t secret[32];
    support_check(hsm_key_generate(hsm, "agree-c", HSM_KEY_AGREE, own, &fault), &fault);
    support_check_refused(hsm_agree(hsm, "agree-c", peer, secret, &fault), &fault, "cannot agree");
}

static void label_that_is_taken_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    support_check_refused(hsm_key_generate(hsm, "signer", HSM_KEY_SIGN, key, &fault), &fault, "exists already");
    support_check(hsm_key_public(hsm, "signer", key, &(struct fault){ { 0 }, { 0 } }), &fault);
    assert_memory_equal(key, sign_public, 64);
}

static void key_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    support_check_refused(hsm_sign(hsm, "nobody", digest, signature, &fault), &fault, "there is no key 'nobody'");
}

static void wrong_pin_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    /* A login is shared by all sessions of a process: the open token must be closed for this. */
    hsm_close(hsm);
    hsm = NULL;
    support_write("wrong.pin", "12345678\n", 0600);
    support_check_refused(open_with("softhsm2", "pkcs11:token=one", support_path("wrong.pin"), &fault), &fault,
                          "the PIN is wrong");
    assert_null(strstr(fault.what, "12345678"));
    struct hsm_config config = { "softhsm2", "pkcs11:token=one", support_path("one.pin"), -1 };
    fault = FAULT_NONE;
    support_check(hsm_open(&config, &hsm, &fault), &fault);
}

static void pin_file_for_others_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_write("open.pin", "12345678\n", 0644);
    support_check_refused(open_with("softhsm2", "pkcs11:token=one", support_path("open.pin"), &fault), &fault,
                          "chmod 600");
    fault = FAULT_NONE;
    support_write("empty.pin", "\n", 0600);
    support_check_refused(open_with("softhsm2", "pkcs11:token=one", support_path("empty.pin"), &fault), &fault,
                          "first line must be the PIN");
    fault = FAULT_NONE;
    support_check_refused(open_with("softhsm2", "pkcs11:token=one", NULL, &fault), &fault, "wants a PIN");
}

static void token_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_check_refused(open_with("softhsm2", "pkcs11:token=two", support_path("one.pin"), &fault), &fault,
                          "there is no token 'two'; tokens there: 'one'");
}

static void module_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_check_refused(open_with("no-such-hsm", "pkcs11:token=one", NULL, &fault), &fault, "no-such-hsm");
    fault = FAULT_NONE;
    support_write("not-a-module.so", "text", 0600);
    support_check_refused(open_with(support_path("not-a-module.so"), "pkcs11:token=one", NULL, &fault), &fault,
                          "cannot load");
}

static void token_with_that_label_is_never_made_twice(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct stat info;
    support_check_refused(hsm_token_make("softhsm2", "one", support_path("second.pin"), &fault), &fault,
                          "exists already");
    assert_int_equal(stat(support_path("second.pin"), &info), -1);
    assert_int_equal(stat(support_path("one.pin"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* Initialises a token as hsm_token_make does, up to the moment before its user PIN. */
static void token_begin(const char *label, const char *pin)
{
    struct fault fault = FAULT_NONE;
    struct hsm_module *module;
    CK_SLOT_ID *slots;
    CK_ULONG count;
    unsigned char padded[32];
    support_check(hsm_module_open("softhsm2", &module, &fault), &fault);
    support_check(hsm_module_slots(module, 1, &slots, &count, &fault), &fault);
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        assert_int_equal(module->call->C_GetTokenInfo(slots[i], &info), CKR_OK);
        if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) {
            assert_int_equal(module->call->C_InitToken(slots[i], (unsigned char *)(uintptr_t)pin, strlen(pin), padded),
                             CKR_OK);
            break;
        }
    }
    free(slots);
    hsm_module_close(module);
}

static void token_cut_before_its_user_pin_is_finished(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    token_begin("half", "0123456789");
    support_write("half.pin", "0123456789\n", 0600);
    support_check_refused(open_with("softhsm2", "pkcs11:token=half", support_path("half.pin"), &fault), &fault,
                          "no user PIN");
    fault = FAULT_NONE;
    support_check(hsm_token_finish("softhsm2", "pkcs11:token=half", support_path("half.pin"), &fault), &fault);
    support_check(open_with("softhsm2", "pkcs11:token=half", support_path("half.pin"), &fault), &fault);
    support_check(hsm_token_finish("softhsm2", "pkcs11:token=half", support_path("half.pin"), &fault), &fault);
}

static CK_RV public_half_make(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *label)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE made;
    unsigned char curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    unsigned char point[2 + HSM_POINT_LEN] = { 0x04, HSM_POINT_LEN, 0x04 };
    CK_ATTRIBUTE attributes[] = {
        { CKA_CLASS, &class, sizeof class },    { CKA_KEY_TYPE, &type, sizeof type },
        { CKA_TOKEN, &yes, sizeof yes },        { CKA_LABEL, label, strlen((const char *)label) },
        { CKA_EC_PARAMS, curve, sizeof curve }, { CKA_EC_POINT, point, sizeof point },
    };
    memcpy(point + 3, sign_public, sizeof sign_public);
    return call->C_CreateObject(session, attributes, sizeof attributes / sizeof attributes[0], &made);
}

static void half_a_key_is_cleared_away_and_made_anew(void **state)
{
    (void)state;
    char label[] = "torn";
    uint8_t key[64];
    struct fault fault = FAULT_NONE;
    support_check(hsm_run(hsm, "make half a key", public_half_make, label, &fault), &fault);
    support_check_refused(hsm_key_generate(hsm, label, HSM_KEY_SIGN, key, &fault), &fault, "exists already");
    fault = FAULT_NONE;
    support_check(hsm_key_torn_drop(hsm, label, &fault), &fault);
    support_check(hsm_key_generate(hsm, label, HSM_KEY_SIGN, key, &fault), &fault);
    support_check(hsm_key_check_sealed(hsm, label, &fault), &fault);
}

static void pin_comes_from_a_descriptor(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t *pin;
    size_t len;
    int ends[2];
    struct hsm *other = NULL;
    support_check(file_read_secret(support_path("one.pin"), 100, &pin, &len, &fault), &fault);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], pin, len), (ssize_t)len);
    (void)close(ends[1]);
    struct hsm_config config = { "softhsm2", "pkcs11:token=one", NULL, ends[0] };
    support_check(hsm_open(&config, &other, &fault), &fault);
    (void)close(ends[0]);
    hsm_close(other);
    free(pin);
}

#define SIGNATURES 25

static void *sign_many(void *unused)
{
    (void)unused;
    uintptr_t good = 0;
    for (int i = 0; i < SIGNATURES; i++) {
        struct fault fault = FAULT_NONE;
        uint8_t signature[64];
        good +=
            hsm_sign(hsm, "signer", digest, signature, &fault) == 0 && support_verify(sign_public, digest, signature);
    }
    return (void *)good;
}

static void four_threads_sign_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, NULL), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *good;
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_int_equal((uintptr_t)good, SIGNATURES);
    }
}

/* The module as another user of the process would see it: the same library, so the same state. */
static CK_FUNCTION_LIST *module_calls(void)
{
    struct fault fault = FAULT_NONE;
    char path[512];
    CK_C_GetFunctionList get;
    CK_FUNCTION_LIST *call = NULL;
    support_check(hsm_module_find("softhsm2", path, sizeof path, &fault), &fault);
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(library);
    void *symbol = dlsym(library, "C_GetFunctionList");
    memcpy(&get, &symbol, sizeof get);
    assert_int_equal(get(&call), CKR_OK);
    (void)dlclose(library);
    return call;
}

/* Makes a pair as a careless tool would: not sensitive, extractable. The process is logged in already. */
static void extractable_key_make(const char *label)
{
    static const unsigned char p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    CK_FUNCTION_LIST *call = module_calls();
    CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE pair[2];
    void *name = (void *)(uintptr_t)label;
    CK_ATTRIBUTE public_half[] = { { CKA_TOKEN, &yes, 1 },
                                   { CKA_LABEL, name, strlen(label) },
                                   { CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof p256 } };
    CK_ATTRIBUTE private_half[] = { { CKA_TOKEN, &yes, 1 },
                                    { CKA_LABEL, name, strlen(label) },
                                    { CKA_PRIVATE, &yes, 1 },
                                    { CKA_SENSITIVE, &no, 1 },
                                    { CKA_EXTRACTABLE, &yes, 1 } };
    assert_int_equal(call->C_OpenSession(hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), CKR_OK);
    assert_int_equal(call->C_GenerateKeyPair(session, &mechanism, public_half, 3, private_half, 5, &pair[0], &pair[1]),
                     CKR_OK);
    assert_int_equal(call->C_CloseSession(session), CKR_OK);
}

static void extractable_key_is_not_called_sealed(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    extractable_key_make("loose");
    assert_int_equal(hsm_key_exists(hsm, "loose", &fault), 1);
    support_check_refused(hsm_key_check_sealed(hsm, "loose", &fault), &fault, "may be or could once be extracted");
}

static void two_keys_with_one_label_are_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    extractable_key_make("twin");
    extractable_key_make("twin");
    support_check_refused(hsm_sign(hsm, "twin", digest, signature, &fault), &fault, "more than one key");
}

static void lost_sessions_are_opened_anew(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    CK_FUNCTION_LIST *call = module_calls();
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    assert_int_equal(call->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        (void)call->C_CloseAllSessions(slots[i]);
    }
    support_check(hsm_sign(hsm, "signer", digest, signature, &fault), &fault);
    assert_int_equal(support_verify(sign_public, digest, signature), 1);
}

static void token_that_vanished_gives_a_clear_error(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    char command[256];
    (void)snprintf(command, sizeof command, "rm -rf %s/*", support_path("tokens"));
    assert_int_equal(system(command), 0);
    support_check_refused(hsm_sign(hsm, "signer", digest, signature, &fault), &fault, "");
    assert_true(strlen(fault.what) > 10);
}

/* By somebody else, who has the token open, too. */
static void key_that_was_made_anew_is_found_again(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct hsm *other = NULL;
    const struct hsm_config config = { "softhsm2", "pkcs11:token=one", support_path("one.pin"), -1 };
    uint8_t before[64];
    uint8_t after[64];
    uint8_t read[64];
    uint8_t signature[64];
    support_check(hsm_key_generate(hsm, "renewed", HSM_KEY_SIGN, before, &fault), &fault);
    support_check(hsm_sign(hsm, "renewed", digest, signature, &fault), &fault);
    support_check(hsm_open(&config, &other, &fault), &fault);
    support_check(hsm_key_torn_drop(other, "renewed", &fault), &fault);
    support_check(hsm_key_generate(other, "renewed", HSM_KEY_SIGN, after, &fault), &fault);
    support_check(hsm_sign(hsm, "renewed", digest, signature, &fault), &fault);
    assert_int_equal(support_verify(after, digest, signature), 1);
    support_check(hsm_key_public(hsm, "renewed", read, &fault), &fault);
    assert_memory_equal(read, after, 64);
    hsm_close(other);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    static uint8_t a[3000];
    static uint8_t b[3000];
    support_check(hsm_random(hsm, a, sizeof a, &fault), &fault);
    support_check(hsm_random(hsm, b, sizeof b, &fault), &fault);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + 2980, (uint8_t[20]){ 0 }, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_verifies_with_openssl),
        cmocka_unit_test(generated_key_is_sealed_and_stays),
        cmocka_unit_test(both_sides_of_an_agreement_get_the_same_secret),
        cmocka_unit_test(leading_zero_of_a_secret_is_kept),
        cmocka_unit_test(point_off_the_curve_is_refused),
        cmocka_unit_test(label_that_is_taken_is_refused),
        cmocka_unit_test(key_that_is_not_there_is_named),
        cmocka_unit_test(wrong_pin_is_refused),
        cmocka_unit_test(pin_file_for_others_is_refused),
        cmocka_unit_test(token_that_is_not_there_is_named),
        cmocka_unit_test(module_that_is_not_there_is_named),
        cmocka_unit_test(token_with_that_label_is_never_made_twice),
        cmocka_unit_test(token_cut_before_its_user_pin_is_finished),
        cmocka_unit_test(half_a_key_is_cleared_away_and_made_anew),
        cmocka_unit_test(pin_comes_from_a_descriptor),
        cmocka_unit_test(four_threads_sign_at_once),
        cmocka_unit_test(extractable_key_is_not_called_sealed),
        cmocka_unit_test(two_keys_with_one_label_are_refused),
        cmocka_unit_test(lost_sessions_are_opened_anew),
        cmocka_unit_test(key_that_was_made_anew_is_found_again),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(token_that_vanished_gives_a_clear_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
