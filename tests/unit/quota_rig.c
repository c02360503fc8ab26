/* SPDX-License-Identifier: Apache-2.0 */
/* quota_rig: see quota_rig.h. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static EVP_PKEY *maker;
static uint8_t maker_public[64];

/* ---- the maker ---- */

const uint8_t *rig_quota_key(void)
{
    if (maker == NULL) {
        uint8_t point[65];
        size_t len = 0;
        maker = EVP_EC_gen("P-256");
        assert_non_null(maker);
        assert_int_equal(EVP_PKEY_get_octet_string_param(maker, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len), 1);
        memcpy(maker_public, point + 1, 64);
    }
    return maker_public;
}

static int maker_sign(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault)
{
    (void)context;
    (void)fault;
    uint8_t der[80];
    const uint8_t *at = der;
    size_t len = sizeof der;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(maker, NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &len, digest, 32), 1);
    EVP_PKEY_CTX_free(ctx);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32), 32);
    ECDSA_SIG_free(pair);
    return 0;
}

struct tpm_signer rig_signer(void)
{
    (void)rig_quota_key();
    return (struct tpm_signer){ maker_sign, NULL };
}

const char *rig_ca(void)
{
    return support_path("ca.pem");
}

/* ---- TPMs ---- */

static void program_run(char *const argv[])
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)freopen("/dev/null", "w", stdout);
        (void)freopen("/dev/null", "w", stderr);
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void ca_prepare(void)
{
    char text[1200];
    const char *ca = support_path("ca");
    assert_int_equal(mkdir(ca, 0700), 0);
    (void)snprintf(text, sizeof text,
                   "statedir = %s\nsigningkey = %s/signkey.pem\nissuercert = %s/issuercert.pem\ncertserial = "
                   "%s/certserial\n",
                   ca, ca, ca, ca);
    support_write("localca.conf", text, 0600);
    support_write("localca.options", "", 0600);
    (void)snprintf(text, sizeof text,
                   "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s\ncreate_certs_tool_options = "
                   "%s\nactive_pcr_banks = sha256\n",
                   support_path("localca.conf"), support_path("localca.options"));
    support_write("setup.conf", text, 0600);
}

static void ca_publish(void)
{
    char text[8192];
    size_t len = 0;
    const char *const files[2] = { "ca/swtpm-localca-rootca-cert.pem", "ca/issuercert.pem" };
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(support_path(files[i]), "r");
        assert_non_null(file);
        len += fread(text + len, 1, sizeof text - 1 - len, file);
        (void)fclose(file);
    }
    text[len] = '\0';
    support_write("ca.pem", text, 0600);
}

void rig_tpm_make(struct rig_tpm *tpm, const char *name)
{
    char state[160];
    char config[160];
    int first = access(support_path("ca.pem"), F_OK) != 0;
    memset(tpm, 0, sizeof *tpm);
    (void)snprintf(tpm->name, sizeof tpm->name, "%s", name);
    (void)snprintf(tpm->tcti, sizeof tpm->tcti, "swtpm:path=%.100s.sock", support_path(name));
    if (first) {
        ca_prepare();
    }
    assert_int_equal(mkdir(support_path(name), 0700), 0);
    (void)snprintf(state, sizeof state, "%s", support_path(name));
    (void)snprintf(config, sizeof config, "%s", support_path("setup.conf"));
    program_run((char *[]){ "swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert", "--pcr-banks", "sha256",
                            "--config", config, NULL });
    if (first) {
        ca_publish();
    }
}

static void tpm_exec(const struct rig_tpm *tpm)
{
    char state[160];
    char server[180];
    char control[180];
    (void)snprintf(state, sizeof state, "dir=%.100s", support_path(tpm->name));
    (void)snprintf(server, sizeof server, "type=unixio,path=%.140s", tpm->tcti + strlen("swtpm:path="));
    (void)snprintf(control, sizeof control, "%.160s.ctrl", server);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)freopen("/dev/null", "w", stderr);
    (void)execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control,
                 "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

/* 1 once it answers on its control socket: then it listens on the other one, too. */
static int tpm_answers(const char *control)
{
    static const uint8_t get_capability[4] = { 0, 0, 0, 1 };
    uint8_t answer[8];
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%.107s", control);
    int answers = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                  write(fd, get_capability, sizeof get_capability) == (ssize_t)sizeof get_capability &&
                  read(fd, answer, sizeof answer) > 0;
    (void)close(fd);
    return answers;
}

void rig_tpm_start(struct rig_tpm *tpm)
{
    char control[180];
    const char *path = tpm->tcti + strlen("swtpm:path=");
    (void)snprintf(control, sizeof control, "%.160s.ctrl", path);
    (void)unlink(path);
    (void)unlink(control);
    tpm->pid = fork();
    if (tpm->pid == 0) {
        tpm_exec(tpm);
    }
    int answers = 0;
    for (int tries = 0; tries < 2000 && !answers; tries++) {
        assert_int_equal(waitpid(tpm->pid, NULL, WNOHANG), 0);
        (void)usleep(5000);
        answers = tpm_answers(control);
    }
    assert_true(answers);
}

void rig_tpm_kill(struct rig_tpm *tpm)
{
    if (tpm->pid > 0) {
        (void)kill(tpm->pid, SIGKILL);
        (void)waitpid(tpm->pid, NULL, 0);
        tpm->pid = 0;
    }
}

void rig_link_open(struct rig_tpm *tpm, struct quota_link *link)
{
    struct fault fault = FAULT_NONE;
    support_check(quota_link_open(link, tpm->tcti, 20, &fault), &fault);
}

/* ---- an appliance ---- */

struct quota_config rig_config(const struct rig *rig)
{
    struct quota_config config = { .tcti = rig->tpm->tcti, .folder = rig->folder, .seconds = 20 };
    memcpy(config.quota_key, rig_quota_key(), 64);
    return config;
}

void rig_reopen(struct rig *rig)
{
    struct fault fault = FAULT_NONE;
    struct quota_config config = rig_config(rig);
    support_check(quota_open(&config, &rig->quota, &fault), &fault);
}

void rig_close(struct rig *rig)
{
    quota_close(rig->quota);
    rig->quota = NULL;
}

void rig_enrol(struct rig *rig, struct rig_tpm *tpm)
{
    struct fault fault = FAULT_NONE;
    char name[32];
    memset(rig, 0, sizeof *rig);
    memset(rig->transport, 0x5A, sizeof rig->transport);
    memset(rig->certificate, tpm->name[0], sizeof rig->certificate);
    rig->tpm = tpm;
    (void)snprintf(name, sizeof name, "%s.folder", tpm->name);
    (void)snprintf(rig->folder, sizeof rig->folder, "%s", support_path(name));
    if (access(rig->folder, F_OK) != 0) {
        assert_int_equal(mkdir(rig->folder, 0700), 0);
    }
    struct quota_config config = rig_config(rig);
    support_check(quota_make(&config, &fault), &fault);
    rig_reopen(rig);
    support_check(quota_enrolment_build(rig->quota, rig->block, &rig->block_len, &fault), &fault);
    support_check(
        tpm_enrolment_check(bytes_of(rig->block, rig->block_len), rig_ca(), rig_quota_key(), &rig->enrolment, &fault),
        &fault);
}

void rig_order(struct rig *rig, struct tpm_order *order)
{
    struct fault fault = FAULT_NONE;
    uint8_t text[QUOTA_ORDER_MAX];
    size_t len;
    const struct bytes certificate = bytes_of(rig->certificate, sizeof rig->certificate);
    support_check(quota_order_build(rig->quota, rig->transport, certificate, text, &len, &fault), &fault);
    support_check(tpm_order_check(bytes_of(text, len), &rig->enrolment, rig->transport, certificate, order, &fault),
                  &fault);
}

struct bytes rig_answer(struct rig *rig, const struct tpm_order *order, uint32_t units, uint8_t *refill)
{
    struct fault fault = FAULT_NONE;
    struct tpm_refill made;
    const struct tpm_grant grant = { rig->last_limit, units, rig_quota_key(), rig_signer() };
    support_check(tpm_refill_build(order, &grant, &made, &fault), &fault);
    rig->last_limit = made.limit;
    memcpy(refill, made.bytes, made.len);
    return bytes_of(refill, made.len);
}

struct bytes rig_refill(struct rig *rig, uint32_t units, uint8_t *refill)
{
    struct tpm_order order;
    rig_order(rig, &order);
    return rig_answer(rig, &order, units, refill);
}

void rig_give(struct rig *rig, uint32_t units)
{
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    support_check(quota_refill(rig->quota, rig_refill(rig, units, refill), &fault), &fault);
}

uint32_t rig_spend(struct rig *rig)
{
    struct fault fault = FAULT_NONE;
    uint8_t digest[32];
    uint8_t signature[64];
    uint32_t count = 0;
    memset(digest, 0x77, sizeof digest);
    support_check(quota_sign(rig->quota, digest, signature, &count, &fault), &fault);
    assert_int_equal(support_verify(rig->enrolment.grant_key, digest, signature), 1);
    return count;
}
