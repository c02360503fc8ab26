/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quota when the way to the TPM breaks: before and after every command of every operation, one after the other; an
 * appliance that is killed; a TPM that does not answer; many callers at once.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static struct rig_tpm tpm;     /* as it is */
static struct rig_tpm cut_tpm; /* the same behind the breaker */
static struct rig rig;

/* ---- the breaker: passes commands on, and hangs up at one of them ---- */

enum break_kind { BREAK_BEFORE, BREAK_AFTER, BREAK_SILENT, BREAK_RATE };

static struct {
    int listener;
    pthread_t thread;
    atomic_int end;
    atomic_int left; /* commands until the break; -1: none */
    atomic_int kind;
    atomic_int broken; /* breaks that happened */
    atomic_int passed; /* commands since the last reset */
    char inner[108];
} breaker;

static int socket_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.107s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int read_full(int fd, uint8_t *out, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = read(fd, out + at, len - at);
        if (got <= 0) {
            return 0;
        }
        at += (size_t)got;
    }
    return 1;
}

/* One command or answer; its length, or 0. */
static size_t packet_read(int fd, uint8_t out[4096])
{
    if (!read_full(fd, out, 10)) {
        return 0;
    }
    size_t len = (size_t)out[2] << 24 | (size_t)out[3] << 16 | (size_t)out[4] << 8 | out[5];
    return len >= 10 && len <= 4096 && read_full(fd, out + 10, len - 10) ? len : 0;
}

static int packet_write(int fd, const uint8_t *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* 1: go on with this client. */
static int packet_pass(int client, int inner)
{
    static const uint8_t rate[10] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0x20 };
    uint8_t data[4096];
    size_t len = packet_read(client, data);
    if (len == 0) {
        return 0;
    }
    (void)atomic_fetch_add(&breaker.passed, 1);
    int breaks = atomic_load(&breaker.left) >= 0 && atomic_fetch_sub(&breaker.left, 1) == 0;
    int kind = breaks ? atomic_load(&breaker.kind) : -1;
    (void)atomic_fetch_add(&breaker.broken, breaks);
    if (kind == BREAK_BEFORE) {
        return 0;
    }
    if (kind == BREAK_RATE) {
        return packet_write(client, rate, sizeof rate);
    }
    if (!packet_write(inner, data, len)) {
        return 0;
    }
    len = packet_read(inner, data);
    if (len == 0 || kind == BREAK_AFTER) {
        return 0;
    }
    return kind == BREAK_SILENT ? 1 : packet_write(client, data, len);
}

static void *breaker_run(void *unused)
{
    (void)unused;
    while (!atomic_load(&breaker.end)) {
        struct pollfd wait = { .fd = breaker.listener, .events = POLLIN };
        if (poll(&wait, 1, 20) <= 0) {
            continue;
        }
        int client = accept4(breaker.listener, NULL, NULL, SOCK_CLOEXEC);
        int inner = socket_to(breaker.inner);
        while (client >= 0 && inner >= 0 && packet_pass(client, inner)) {
        }
        (void)close(inner);
        (void)close(client);
    }
    return NULL;
}

static void breaker_start(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char control[200];
    char own_control[200];
    atomic_store(&breaker.left, -1);
    (void)snprintf(breaker.inner, sizeof breaker.inner, "%.107s", tpm.tcti + strlen("swtpm:path="));
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.107s", support_path("cut.sock"));
    (void)snprintf(control, sizeof control, "%s.ctrl", breaker.inner);
    (void)snprintf(own_control, sizeof own_control, "%s.ctrl", address.sun_path);
    assert_int_equal(symlink(control, own_control), 0);
    breaker.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(breaker.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(breaker.listener, 4), 0);
    assert_int_equal(pthread_create(&breaker.thread, NULL, breaker_run, NULL), 0);
    cut_tpm = tpm;
    (void)snprintf(cut_tpm.tcti, sizeof cut_tpm.tcti, "swtpm:path=%s", address.sun_path);
}

static void break_at(int command, enum break_kind kind)
{
    atomic_store(&breaker.kind, (int)kind);
    atomic_store(&breaker.broken, 0);
    atomic_store(&breaker.left, command);
}

/* Ends it; 1 when it broke. */
static int break_end(void)
{
    atomic_store(&breaker.left, -1);
    return atomic_load(&breaker.broken);
}

static int group_setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_start(&tpm);
    breaker_start();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    atomic_store(&breaker.end, 1);
    (void)pthread_join(breaker.thread, NULL);
    (void)close(breaker.listener);
    rig_tpm_kill(&tpm);
    support_folder_remove();
    return 0;
}

static struct quota_facts facts_now(void)
{
    struct fault fault = FAULT_NONE;
    struct quota_facts facts;
    support_check(quota_facts(rig.quota, &facts, &fault), &fault);
    return facts;
}

/* ---- each operation, cut at each command ---- */

static void making_cut_at_any_command_can_be_repeated(void **state)
{
    (void)state;
    int cuts = 0;
    rig.tpm = &cut_tpm;
    (void)snprintf(rig.folder, sizeof rig.folder, "%s", support_path("tpm.folder"));
    assert_int_equal(mkdir(rig.folder, 0700), 0);
    struct quota_config config = rig_config(&rig);
    for (int command = 0;; command++) {
        struct fault fault = FAULT_NONE;
        break_at(command, command % 2 == 0 ? BREAK_BEFORE : BREAK_AFTER);
        int result = quota_make(&config, &fault);
        if (!break_end()) {
            support_check(result, &fault);
            break;
        }
        support_check_refused(result, &fault, "TPM");
        cuts++;
    }
    assert_true(cuts >= 10);
    rig_enrol(&rig, &cut_tpm);
}

/* Cut at the command so many after the start of a session; gives how many units that cost. */
static uint32_t unit_cut(int command, enum break_kind kind)
{
    static const uint8_t digest[32] = { 5 };
    uint8_t signature[64];
    struct fault fault = FAULT_NONE;
    uint32_t count = 0;
    struct quota_facts before = facts_now();
    break_at(command, kind);
    support_check_refused(quota_sign(rig.quota, digest, signature, &count, &fault), &fault, "TPM");
    assert_int_equal(break_end(), 1);
    struct quota_facts after = facts_now();
    assert_int_equal(after.strays - before.strays, after.count - before.count);
    assert_int_equal(rig_spend(&rig), after.count + 1);
    return after.count - before.count;
}

/* From the moment that the TPM has authorised, the unit is gone. The first has start, authorise, sign; the next ones
 * find a session. */
static void unit_cut_at_any_command_is_counted_or_not_signed(void **state)
{
    (void)state;
    rig_give(&rig, 40);
    for (unsigned kind = BREAK_BEFORE; kind <= BREAK_AFTER; kind++) {
        for (int command = 0; command < 3; command++) {
            rig_close(&rig);
            rig_reopen(&rig);
            assert_int_equal(unit_cut(command, kind), command == 2 || (command == 1 && kind == BREAK_AFTER));
        }
        for (int command = 0; command < 2; command++) {
            assert_int_equal(unit_cut(command, kind), command == 1 || kind == BREAK_AFTER);
        }
    }
}

static void session_that_the_tpm_forgot_is_begun_anew(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct quota_config config = rig_config(&rig);
    struct quota *other = NULL;
    rig_give(&rig, 3);
    const uint32_t strays = facts_now().strays;
    const uint32_t count = rig_spend(&rig);
    support_check(quota_open(&config, &other, &fault), &fault); /* drops the sessions that it finds */
    quota_close(other);
    (void)atomic_exchange(&breaker.passed, 0);
    assert_int_equal(rig_spend(&rig), count + 1);
    assert_int_equal(atomic_exchange(&breaker.passed, 0), 4); /* refused, start, authorise, sign */
    assert_int_equal(rig_spend(&rig), count + 2);
    assert_int_equal(atomic_load(&breaker.passed), 2);
    assert_int_equal(facts_now().strays, strays);
}

static void order_and_refill_cut_at_any_command_go_on(void **state)
{
    (void)state;
    int orders = 0;
    int refills = 0;
    for (int command = 0;; command++) {
        struct fault fault = FAULT_NONE;
        struct tpm_order order;
        uint8_t text[QUOTA_ORDER_MAX];
        uint8_t refill[TPM_CHECK_REFILL_MAX];
        size_t len;
        int cut = 0;
        struct quota_facts before = facts_now();
        break_at(command, command % 2 == 0 ? BREAK_BEFORE : BREAK_AFTER);
        (void)quota_order_build(rig.quota, rig.transport, bytes_of(rig.certificate, sizeof rig.certificate), text, &len,
                                &fault);
        orders += cut = break_end();
        assert_int_equal(facts_now().count, before.count);
        rig_order(&rig, &order);
        struct bytes answer = rig_answer(&rig, &order, 3, refill);
        break_at(command, command % 2 == 0 ? BREAK_AFTER : BREAK_BEFORE);
        struct fault second = FAULT_NONE;
        int result = quota_refill(rig.quota, answer, &second);
        int refill_cut = break_end();
        refills += refill_cut;
        struct quota_facts after = facts_now();
        assert_true(after.limit == before.limit ||
                    (after.limit == rig.last_limit && after.count == rig.last_limit - 3));
        if (result != 0) {
            struct fault third = FAULT_NONE;
            result = quota_refill(rig.quota, answer, &third); /* taken now, or the session is gone: said so */
            assert_true(result == 0 || strstr(third.what, "the TPM does not know the order's session") != NULL);
        }
        if (result == 0) {
            assert_int_equal(facts_now().limit, rig.last_limit);
        }
        if (!cut && !refill_cut) {
            break;
        }
    }
    assert_true(orders >= 5 && refills >= 5);
    rig_give(&rig, 1);
    assert_int_equal(rig_spend(&rig), rig.last_limit);
}

static void credential_cut_at_any_command_opens_later(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    int cuts = 0;
    support_check(tpm_credential_build(&rig.enrolment, bytes_of(rig.certificate, sizeof rig.certificate), credential,
                                       &len, &fault),
                  &fault);
    for (int command = 0;; command++) {
        struct fault unsaid = FAULT_NONE;
        break_at(command, command % 2 == 0 ? BREAK_BEFORE : BREAK_AFTER);
        int result =
            quota_credential_open(rig.quota, bytes_of(credential, len), certificate, &certificate_len, &unsaid);
        if (!break_end()) {
            support_check(result, &unsaid);
            break;
        }
        cuts++;
    }
    assert_true(cuts >= 5);
    assert_memory_equal(certificate, rig.certificate, sizeof rig.certificate);
}

/* ---- bad answers ---- */

static void tpm_that_spares_its_memory_is_asked_again(void **state)
{
    (void)state;
    rig_give(&rig, 3);
    for (int command = 0; command < 3; command++) {
        rig_close(&rig);
        rig_reopen(&rig); /* start, authorise, sign */
        struct quota_facts before = facts_now();
        break_at(command, BREAK_RATE);
        assert_int_equal(rig_spend(&rig), before.count + 1);
        assert_int_equal(break_end(), 1);
    }
}

static void tpm_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    static const uint8_t digest[32] = { 6 };
    uint8_t signature[64];
    uint32_t count;
    struct fault fault = FAULT_NONE;
    struct timespec begin;
    struct timespec end;
    struct quota *quick = NULL;
    struct quota_config config = rig_config(&rig);
    rig_give(&rig, 3);
    rig_close(&rig);
    config.seconds = 1;
    support_check(quota_open(&config, &quick, &fault), &fault);
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    break_at(1, BREAK_SILENT);
    support_check_refused(quota_sign(quick, digest, signature, &count, &fault), &fault, "does not answer");
    assert_int_equal(break_end(), 1);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - begin.tv_sec < 60); /* half of the usual patience */
    struct fault again = FAULT_NONE;
    support_check(quota_sign(quick, digest, signature, &count, &again), &again);
    quota_close(quick);
    rig_reopen(&rig);
}

/* ---- many, and killed ---- */

#define CALLERS 4
#define UNITS_EACH 25

static void *units_take(void *out)
{
    uint32_t *counts = out;
    for (int i = 0; i < UNITS_EACH; i++) {
        struct fault fault = FAULT_NONE;
        uint8_t digest[32] = { (uint8_t)i };
        uint8_t signature[64];
        if (quota_sign(rig.quota, digest, signature, &counts[i], &fault) != 0 ||
            support_verify(rig.enrolment.grant_key, digest, signature) != 1) {
            counts[i] = 0;
        }
    }
    return NULL;
}

static void callers_at_once_get_one_unit_each(void **state)
{
    (void)state;
    static uint32_t counts[CALLERS][UNITS_EACH];
    uint8_t seen[CALLERS * UNITS_EACH] = { 0 };
    pthread_t threads[CALLERS];
    rig_give(&rig, CALLERS * UNITS_EACH);
    const uint32_t first = facts_now().count + 1;
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, units_take, counts[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    for (int i = 0; i < CALLERS * UNITS_EACH; i++) {
        uint32_t at = counts[i / UNITS_EACH][i % UNITS_EACH] - first;
        assert_true(at < sizeof seen && !seen[at]);
        seen[at] = 1;
    }
}

static void killed_child(int out)
{
    struct quota_config config = rig_config(&rig);
    struct fault fault = FAULT_NONE;
    struct quota *quota = NULL;
    uint8_t digest[32] = { 8 };
    uint8_t signature[64];
    uint32_t count;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (quota_open(&config, &quota, &fault) == 0) {
        while (quota_sign(quota, digest, signature, &count, &fault) == 0 && write(out, &count, sizeof count) > 0) {
        }
    }
    _exit(0);
}

static void killed_appliance_loses_one_unit_at_most(void **state)
{
    (void)state;
    rig_give(&rig, 100000);
    for (int round = 0; round < 12; round++) {
        int pipes[2];
        uint32_t count = 0;
        uint32_t next;
        const uint32_t before = facts_now().count;
        rig_close(&rig);
        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        pid_t pid = fork();
        if (pid == 0) {
            killed_child(pipes[1]);
        }
        (void)close(pipes[1]);
        (void)usleep((useconds_t)(20000 + round * 1700));
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        while (read(pipes[0], &next, sizeof next) == (ssize_t)sizeof next) {
            count = next;
        }
        (void)close(pipes[0]);
        rig_reopen(&rig);
        uint32_t counted = facts_now().count;
        count = count == 0 ? before : count;
        assert_true(counted >= count && counted <= count + 1);
        assert_int_equal(rig_spend(&rig), counted + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_cut_at_any_command_can_be_repeated),
        cmocka_unit_test(unit_cut_at_any_command_is_counted_or_not_signed),
        cmocka_unit_test(session_that_the_tpm_forgot_is_begun_anew),
        cmocka_unit_test(order_and_refill_cut_at_any_command_go_on),
        cmocka_unit_test(credential_cut_at_any_command_opens_later),
        cmocka_unit_test(tpm_that_spares_its_memory_is_asked_again),
        cmocka_unit_test(tpm_that_does_not_answer_is_given_up),
        cmocka_unit_test(callers_at_once_get_one_unit_each),
        cmocka_unit_test(killed_appliance_loses_one_unit_at_most),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
