/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota_rate: units a second through quota_sign, and how many the TPM itself does of the same commands, sent as
 * bytes; by turns, in one run, against a swtpm of its own. Prints "<name> <value>" lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <tss2/tss2_tctildr.h>

#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

#define ROUNDS 5
#define UNITS 300

static double now_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* TPM 2.0 Part 3: TPM2_StartAuthSession, TPM2_PolicySecret, TPM2_Sign, ready but for the session's handle. */
static uint8_t start[43] = { 0x80, 0x01, 0, 0, 0, 43, 0, 0, 0x01, 0x76, 0x40, 0, 0, 0x07, 0x40, 0, 0, 0x07, 0, 16 };
static uint8_t secret[41] = { 0x80, 0x02, 0, 0, 0, 41, 0, 0, 0x01, 0x51, 0x01, 0x50, 0,
                              0x10, 0,    0, 0, 0, 0,  0, 0, 9,    0x40, 0,    0,    0x09 };
static uint8_t sign[71] = { 0x80, 0x02, 0, 0, 0, 71, 0, 0, 0x01, 0x5D, 0x81, 0x50, 0,
                            0x10, 0,    0, 0, 9, 0,  0, 0, 0,    0,    0,    0x01 };

static void commands_prepare(void)
{
    memcpy(start + 38, (const uint8_t[]){ 0x01, 0x00, 0x10, 0x00, 0x0B }, 5);
    sign[28] = 32;
    memset(sign + 29, 0x77, 32);
    memcpy(sign + 61, (const uint8_t[]){ 0x00, 0x10, 0x80, 0x24, 0x40, 0x00, 0x00, 0x07, 0x00, 0x00 }, 10);
}

static void command(TSS2_TCTI_CONTEXT *tcti, const uint8_t *bytes, size_t len, uint8_t answer[4096])
{
    size_t answer_len = 4096;
    assert_int_equal(Tss2_Tcti_Transmit(tcti, len, bytes), 0);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &answer_len, answer, TSS2_TCTI_TIMEOUT_BLOCK), 0);
    assert_memory_equal(answer + 6, "\0\0\0\0", 4);
}

static double raw_round(struct rig_tpm *tpm)
{
    uint8_t answer[4096];
    TSS2_TCTI_CONTEXT *tcti = NULL;
    assert_int_equal(Tss2_TctiLdr_Initialize(tpm->tcti, &tcti), 0);
    double begin = now_seconds();
    command(tcti, start, sizeof start, answer);
    memcpy(secret + 14, answer + 10, 4);
    memcpy(sign + 18, answer + 10, 4);
    for (int i = 0; i < UNITS; i++) {
        command(tcti, secret, sizeof secret, answer);
        command(tcti, sign, sizeof sign, answer);
    }
    double taken = now_seconds() - begin;
    Tss2_TctiLdr_Finalize(&tcti);
    return taken;
}

static double quota_round(struct rig *rig)
{
    static const uint8_t digest[32] = { 0x77 };
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    uint32_t count;
    rig_reopen(rig);
    double begin = now_seconds();
    for (int i = 0; i < UNITS; i++) {
        support_check(quota_sign(rig->quota, digest, signature, &count, &fault), &fault);
    }
    double taken = now_seconds() - begin;
    rig_close(rig);
    return taken;
}

static void measure(void **state)
{
    (void)state;
    static struct rig_tpm tpm;
    static struct rig rig;
    double raw = 0;
    double ours = 0;
    (void)support_folder_make();
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_start(&tpm);
    rig_enrol(&rig, &tpm);
    rig_give(&rig, 2 * ROUNDS * UNITS);
    rig_close(&rig);
    commands_prepare();
    for (int i = 0; i < ROUNDS; i++) {
        raw += raw_round(&tpm);
        ours += quota_round(&rig);
    }
    rig_tpm_kill(&tpm);
    support_folder_remove();
    (void)printf("quota.tpm_units_per_second %.1f\nquota.units_per_second %.1f\nquota.ratio %.3f\n",
                 ROUNDS * UNITS / raw, ROUNDS * UNITS / ours, raw / ours);
}

/* Run as a cmocka test, so that a step that fails ends it with a reason. */
int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(measure) };
    return cmocka_run_group_tests_name("quota_rate", tests, NULL, NULL);
}
