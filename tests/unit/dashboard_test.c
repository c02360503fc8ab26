/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_test: who gets in, what is told, and how soon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "host/dashboard/feed.h"
#include "host/dashboard/login.h"
#include "tests/unit/dashboard_rig.h"
#include "tests/unit/host_support.h"
#include "tests/unit/test.h"

/* "Cookie: ...\r\n" of a login. */
static void log_in(char *out, size_t out_len)
{
    client_ask(rig_port, "POST /login", "", "token=" RIG_TOKEN, &rig_answer);
    assert_int_equal(rig_answer.status, 303);
    const char *value = strstr(rig_answer.text, "Set-Cookie: ");
    assert_non_null(value);
    (void)snprintf(out, out_len, "Cookie: %.*s\r\n", (int)strcspn(value + 12, ";"), value + 12);
}

static void nothing_is_told_without_a_login(void **state)
{
    static const char *const paths[] = { "/api/line",        "/api/line?after=1",
                                         "/api/unit?uid=57", "/api/certificate?uid=57",
                                         "/metrics",         "/nothing" };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        rig_get(paths[i], "");
        assert_int_equal(rig_answer.status, 401);
        assert_null(strstr(rig_answer.text, "gate-controller"));
    }
    rig_get("/", "");
    assert_int_equal(rig_answer.status, 401);
    assert_non_null(strstr(rig_answer.text, "name=\"token\""));
    rig_get("/api/line", "Authorization: Bearer " RIG_TOKEN "x\r\n");
    assert_int_equal(rig_answer.status, 401);
    rig_get("/api/line", "Authorization: Basic " RIG_TOKEN "\r\n");
    assert_int_equal(rig_answer.status, 401);
}

static void token_opens_for_programs(void **state)
{
    (void)state;
    rig_get("/api/line", RIG_BEARER);
    assert_int_equal(rig_answer.status, 200);
    json_t *root = rig_json();
    assert_string_equal(json_string_value(json_object_get(root, "product")), "gate-controller");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "package"), "quota")), 1000);
    assert_int_equal(json_array_size(json_object_get(root, "sockets")), 12);
    assert_int_equal(json_array_size(json_object_get(root, "minutes")), 60);
    json_decref(root);
    rig_get("/metrics", RIG_BEARER);
    assert_int_equal(rig_answer.status, 200);
    assert_non_null(strstr(client_body(&rig_answer), "windlass_asked_total "));
}

static void login_gives_a_cookie_that_opens(void **state)
{
    char cookie[200];
    (void)state;
    log_in(cookie, sizeof cookie);
    assert_non_null(strstr(rig_answer.text, "; HttpOnly; SameSite=Strict\r\n"));
    assert_null(strstr(rig_answer.text, RIG_TOKEN));
    rig_get("/", cookie);
    assert_int_equal(rig_answer.status, 200);
    assert_non_null(strstr(rig_answer.text, "id=\"sockets\""));
    rig_get("/api/line", cookie);
    assert_int_equal(rig_answer.status, 200);
    /* Any other digit in it, and it opens nothing: the rig_end and the code alike. */
    char *stop = strchr(cookie, '\r');
    for (char *at = strchr(cookie, '=') + 1; at < stop; at += 7) {
        char was = *at;
        *at = was == '1' ? '2' : '1';
        rig_get("/api/line", cookie);
        assert_int_equal(rig_answer.status, 401);
        *at = was;
    }
}

static void cookie_ends(void **state)
{
    struct fault fault = FAULT_NONE;
    struct login login;
    struct login other;
    char cookie[LOGIN_COOKIE_MAX];
    (void)state;
    support_check(login_open(&login, RIG_TOKEN, &fault), &fault);
    support_check(login_open(&other, RIG_TOKEN "2", &fault), &fault);
    assert_int_equal(login_cookie_make(&login, 1000, cookie), 0);
    assert_true(login_cookie_check(&login, cookie, 1000 + LOGIN_DAYS * 86400 - 1));
    assert_false(login_cookie_check(&login, cookie, 1000 + LOGIN_DAYS * 86400));
    assert_false(login_cookie_check(&other, cookie, 1000));
    assert_false(login_cookie_check(&login, "", 0));
    login_wipe(&login);
    login_wipe(&other);
}

/* One who waits gets all news; this must be in the first, or, where somebody was just asked for them, in the second. */
static void hear(const char *text)
{
    char path[64];
    json_int_t version = rig_version();
    for (unsigned news = 0; strstr(rig_answer.text, text) == NULL; news++) {
        assert_in_range(news, 0, 1);
        (void)snprintf(path, sizeof path, "/api/line?after=%lld", (long long)version);
        rig_get(path, RIG_BEARER);
        assert_int_equal(rig_answer.status, 200);
        version = rig_version_told();
    }
}

static void who_waits_hears_of_a_failure_at_once(void **state)
{
    (void)state;
    scene_fail(&rig_scene, "the socket is on fire");
    const unsigned long asked = atomic_load(&rig_scene.asked);
    hear("the socket is on fire");
    assert_in_range(atomic_load(&rig_scene.asked) - asked, 0, FEED_LATEST_MS / FEED_PERIOD_MS / 2); /* in time, too */
}

static void many_who_watch_ask_the_source_no_more_often(void **state)
{
    int fds[FEED_LISTENERS_MAX / 2];
    char text[200];
    (void)state;
    unsigned long asked = atomic_load(&rig_scene.asked);
    uint64_t begin_ms = feed_clock_ms();
    int len = snprintf(text, sizeof text,
                       "GET /api/line?after=%lld HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" RIG_BEARER "\r\n",
                       (long long)rig_version());
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = client_connect(rig_port);
        assert_true(client_send(fds[i], text, (size_t)len));
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        client_read(fds[i], &rig_answer);
        assert_int_equal(rig_answer.status, 200);
        (void)close(fds[i]);
    }
    uint64_t took_ms = feed_clock_ms() - begin_ms;
    assert_true(atomic_load(&rig_scene.asked) - asked <= took_ms / FEED_PERIOD_MS + 1);
}

static void source_that_fails_or_hangs_is_told(void **state)
{
    (void)state;
    scene_fault(&rig_scene, "the database is gone");
    hear("the database is gone");
    json_t *root = rig_json();
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "fault"), "what")),
                        "the database is gone");
    json_decref(root);
    rig_get("/health", "");
    assert_int_equal(rig_answer.status, 200);
    scene_hang(&rig_scene, 1);
    rig_get("/api/line", RIG_BEARER); /* the old one, at once */
    assert_int_equal(rig_answer.status, 200);
}

static void unit_is_found_by_its_beginning_and_however_it_is_written(void **state)
{
    (void)state;
    rig_get("/api/unit?uid=57", RIG_BEARER);
    json_t *root = rig_json();
    assert_int_equal(json_integer_value(json_object_get(root, "total")), 40);
    assert_int_equal(json_array_size(json_object_get(root, "units")), DASHBOARD_MATCHES_MAX);
    const char *uid = json_string_value(json_object_get(json_array_get(json_object_get(root, "units"), 4), "uid"));
    char path[128];
    (void)snprintf(path, sizeof path, "/api/unit?uid=%.2s:%.2s-%%20%s", uid, uid + 2, uid + 4);
    rig_get(path, RIG_BEARER);
    json_t *one = rig_json();
    assert_int_equal(json_integer_value(json_object_get(one, "total")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(one, "units"), 0), "number")),
                     5);
    (void)snprintf(path, sizeof path, "/api/certificate?uid=%s", uid);
    rig_get(path, RIG_BEARER);
    assert_int_equal(rig_answer.status, 200);
    assert_non_null(strstr(rig_answer.text, "-----BEGIN CERTIFICATE-----"));
    json_decref(one);
    json_decref(root);
}

static void token_file_is_made_once_and_for_its_owner_only(void **state)
{
    char first[DASHBOARD_TOKEN_MAX + 1];
    char again[DASHBOARD_TOKEN_MAX + 1];
    struct fault fault = FAULT_NONE;
    struct stat info;
    (void)state;
    (void)support_folder_make();
    support_check(dashboard_token_load(support_path("token"), first, &fault), &fault);
    assert_int_equal(strlen(first), 64);
    assert_int_equal(stat(support_path("token"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    support_check(dashboard_token_load(support_path("token"), again, &fault), &fault);
    assert_string_equal(first, again);
    assert_int_equal(chmod(support_path("token"), 0644), 0);
    support_check_refused(dashboard_token_load(support_path("token"), again, &fault), &fault, "others than its owner");
    support_write("weak", "password\n", 0600);
    fault = FAULT_NONE;
    support_check_refused(dashboard_token_load(support_path("weak"), again, &fault), &fault, "not a token");
    support_folder_remove();
}

/* A key and a certificate in the test's folder. */
static void identity_write(unsigned key_mode)
{
    const unsigned char *at = rig_scene.cert.der;
    X509 *x509 = d2i_X509(NULL, &at, (long)rig_scene.cert.len);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_true(X509_set_pubkey(x509, key));
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    FILE *file = fopen(support_path("crt"), "w");
    assert_true(PEM_write_X509(file, x509));
    assert_int_equal(fclose(file), 0);
    file = fopen(support_path("key"), "w");
    assert_true(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(support_path("key"), key_mode), 0);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static void tls_1_3_serves_and_marks_its_cookie_secure(void **state)
{
    struct fault fault = FAULT_NONE;
    struct dashboard_config config = rig_config("busy");
    (void)state;
    (void)support_folder_make();
    identity_write(0600);
    config.host = "0.0.0.0";
    config.certificate = support_path("crt");
    config.key = support_path("key");
    rig_begin(&config);
    client_ask_tls(rig_port, 0x0304, "GET /api/line", RIG_BEARER, &rig_answer);
    assert_int_equal(rig_answer.status, 200);
    client_ask_tls(rig_port, 0x0304, "POST /login", "Content-Length: 38\r\n\r\ntoken=" RIG_TOKEN, &rig_answer);
    assert_int_equal(rig_answer.status, 303);
    assert_non_null(strstr(rig_answer.text, "Set-Cookie: __Host-windlass="));
    assert_non_null(strstr(rig_answer.text, "; HttpOnly; SameSite=Strict; Secure\r\n"));
    client_ask_tls(rig_port, 0x0303, "GET /api/line", RIG_BEARER, &rig_answer);
    assert_int_equal(rig_answer.status, 0);
    client_ask(rig_port, "GET /api/line", RIG_BEARER, NULL, &rig_answer); /* plain HTTP to that rig_port */
    assert_int_equal(rig_answer.status, 0);
    dashboard_stop(rig_dashboard);
    identity_write(0644);
    support_check_refused(dashboard_start(&config, &rig_dashboard, &fault), &fault, "others than its owner");
    fault = FAULT_NONE;
    support_write("other", "no key\n", 0600);
    config.key = support_path("other");
    support_check_refused(dashboard_start(&config, &rig_dashboard, &fault), &fault, "cannot start");
    support_folder_remove();
    scene_close(&rig_scene);
}

static void stopping_ends_those_who_wait(void **state)
{
    char text[200];
    (void)state;
    (void)rig_begin_scene("empty");
    int fd = client_connect(rig_port);
    int len = snprintf(text, sizeof text, "GET /api/line?after=%lld HTTP/1.1\r\nHost: x\r\n" RIG_BEARER "\r\n",
                       (long long)rig_version());
    assert_true(client_send(fd, text, (size_t)len));
    (void)usleep(100000);
    uint64_t begin_ms = feed_clock_ms();
    dashboard_stop(rig_dashboard);
    assert_true(feed_clock_ms() - begin_ms < RIG_HELD_UP_MS);
    client_read(fd, &rig_answer);
    (void)close(fd);
    scene_close(&rig_scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_told_without_a_login, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(token_opens_for_programs, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(login_gives_a_cookie_that_opens, rig_busy, rig_end),
        cmocka_unit_test(cookie_ends),
        cmocka_unit_test_setup_teardown(who_waits_hears_of_a_failure_at_once, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(many_who_watch_ask_the_source_no_more_often, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(source_that_fails_or_hangs_is_told, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(unit_is_found_by_its_beginning_and_however_it_is_written, rig_busy, rig_end),
        cmocka_unit_test(token_file_is_made_once_and_for_its_owner_only),
        cmocka_unit_test(tls_1_3_serves_and_marks_its_cookie_secure),
        cmocka_unit_test(stopping_ends_those_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
