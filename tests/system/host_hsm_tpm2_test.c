/* SPDX-License-Identifier: Apache-2.0 */
/* The same code with another module: a TPM 2.0 (swtpm) through tpm2-pkcs11. It has no ECDH, which must be said and not
 * guessed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/lib/cert.h"
#include "tests/unit/host_support.h"

/* tpm2-pkcs11 1.9 leaks the public point in each C_SignInit; what this project allocates is still checked. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libtpm2_pkcs11.so\n";
}

static pid_t tpm;
static struct hsm *hsm;
static uint8_t signer[64];
static const uint8_t digest[32] = { 7, 7, 7 };

static void tpm_exec(void)
{
    char state[128];
    char server[160];
    char control[160];
    (void)snprintf(state, sizeof state, "dir=%.100s", support_path("tpm"));
    (void)snprintf(server, sizeof server, "type=unixio,path=%.100s", support_path("tpm.sock"));
    (void)snprintf(control, sizeof control, "type=unixio,path=%.100s", support_path("tpm.sock.ctrl"));
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)freopen("/dev/null", "w", stderr);
    (void)execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control,
                 "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

static void tpm_wait(void)
{
    struct stat info;
    for (int tries = 0; tries < 500 && stat(support_path("tpm.sock"), &info) != 0; tries++) {
        assert_int_equal(waitpid(tpm, NULL, WNOHANG), 0);
        (void)usleep(10000);
    }
    assert_int_equal(stat(support_path("tpm.sock"), &info), 0);
}

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    char tcti[160];
    (void)support_folder_make();
    assert_int_equal(mkdir(support_path("tpm"), 0700), 0);
    assert_int_equal(mkdir(support_path("store"), 0700), 0);
    (void)snprintf(tcti, sizeof tcti, "swtpm:path=%.100s", support_path("tpm.sock"));
    (void)setenv("TPM2_PKCS11_TCTI", tcti, 1);
    (void)setenv("TPM2_PKCS11_STORE", support_path("store"), 1);
    (void)setenv("TPM2_PKCS11_LOG_LEVEL", "0", 1);
    (void)setenv("TSS2_LOG", "all+none", 1);
    tpm = fork();
    if (tpm == 0) {
        tpm_exec();
    }
    tpm_wait();
    const char *pin = support_path("tpm.pin");
    struct hsm_config config = { "tpm2", "pkcs11:token=windlass-oem", pin, -1 };
    support_check(hsm_token_make("tpm2", "windlass-oem", pin, &fault), &fault);
    support_check(hsm_open(&config, &hsm, &fault), &fault);
    support_check(hsm_key_generate(hsm, "firmware", HSM_KEY_SIGN, signer, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hsm_close(hsm);
    if (tpm > 0) {
        (void)kill(tpm, SIGTERM);
        (void)waitpid(tpm, NULL, 0);
    }
    support_folder_remove();
    return 0;
}

static void tpm_signature_verifies_with_openssl(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    support_check(hsm_sign(hsm, "firmware", digest, signature, &fault), &fault);
    assert_int_equal(support_verify(signer, digest, signature), 1);
    signature[5] ^= 0x10;
    assert_int_equal(support_verify(signer, digest, signature), 0);
}

static void tpm_key_is_sealed_and_its_label_taken(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    support_check(hsm_key_check_sealed(hsm, "firmware", &fault), &fault);
    assert_int_equal(hsm_key_exists(hsm, "firmware", &fault), 1);
    support_check(hsm_key_public(hsm, "firmware", key, &fault), &fault);
    assert_memory_equal(key, signer, 64);
    support_check_refused(hsm_key_generate(hsm, "firmware", HSM_KEY_SIGN, key, &fault), &fault, "exists already");
}

static void key_survives_closing_the_token(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    struct hsm_config config = { "tpm2", "pkcs11:token=windlass-oem", support_path("tpm.pin"), -1 };
    hsm_close(hsm);
    hsm = NULL;
    support_check(hsm_open(&config, &hsm, &fault), &fault);
    support_check(hsm_key_public(hsm, "firmware", key, &fault), &fault);
    assert_memory_equal(key, signer, 64);
}

static void agreement_without_ecdh_is_refused_in_words(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    support_check_refused(hsm_key_generate(hsm, "transport", HSM_KEY_AGREE, key, &fault), &fault, "CKM_ECDH1_DERIVE");
}

static void tpm_signs_a_root_certificate(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert root;
    uint8_t key[64];
    struct cert_spec spec = { .kind = CERT_ROOT, .organisation = "Example", .common_name = "root", .years = 2 };
    memcpy(spec.public_key, signer, 64);
    support_check(cert_issue(&spec, NULL, hsm, "firmware", &root, &fault), &fault);
    support_check(cert_check(&root, NULL, &root, CERT_ROOT, key, &fault), &fault);
}

static void wrong_pin_of_the_tpm_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct hsm *other = NULL;
    hsm_close(hsm);
    hsm = NULL;
    support_write("wrong.pin", "not-the-pin\n", 0600);
    struct hsm_config config = { "tpm2", "pkcs11:token=windlass-oem", support_path("wrong.pin"), -1 };
    support_check_refused(hsm_open(&config, &other, &fault), &fault, "the PIN is wrong");
}

static void tpm_that_is_gone_gives_an_error(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    struct hsm_config config = { "tpm2", "pkcs11:token=windlass-oem", support_path("tpm.pin"), -1 };
    support_check(hsm_open(&config, &hsm, &fault), &fault);
    (void)kill(tpm, SIGKILL);
    (void)waitpid(tpm, NULL, 0);
    tpm = 0;
    support_check_refused(hsm_sign(hsm, "firmware", digest, signature, &fault), &fault, "token 'windlass-oem'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tpm_signature_verifies_with_openssl),
        cmocka_unit_test(tpm_key_is_sealed_and_its_label_taken),
        cmocka_unit_test(key_survives_closing_the_token),
        cmocka_unit_test(agreement_without_ecdh_is_refused_in_words),
        cmocka_unit_test(tpm_signs_a_root_certificate),
        cmocka_unit_test(wrong_pin_of_the_tpm_is_refused),
        cmocka_unit_test(tpm_that_is_gone_gives_an_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
