/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_attack_test: what guessers, hostile clients and hostile names do not reach. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/dashboard/feed.h"
#include "host/dashboard/guard.h"
#include "host/dashboard/login.h"
#include "tests/unit/dashboard_rig.h"
#include "tests/unit/host_support.h"
#include "tests/unit/test.h"

static void guessing_is_slowed_down_for_its_address_only(void **state)
{
    struct sockaddr_in guesser = { .sin_family = AF_INET, .sin_addr.s_addr = 1 };
    struct sockaddr_in worker = { .sin_family = AF_INET, .sin_addr.s_addr = 2 };
    struct fault fault = FAULT_NONE;
    struct login login;
    (void)state;
    for (int i = 0; i < LOGIN_TRIES; i++) {
        client_ask(rig_port, "POST /login", "", "token=wrong", &rig_answer);
        assert_int_equal(rig_answer.status, 303);
        assert_null(strstr(rig_answer.text, "Set-Cookie"));
    }
    client_ask(rig_port, "POST /login", "", "token=" RIG_TOKEN, &rig_answer);
    if (strstr(rig_answer.text, "Set-Cookie") != NULL) { /* a new minute has just begun */
        client_ask(rig_port, "POST /login", "", "token=wrong", &rig_answer);
        assert_non_null(strstr(rig_answer.text, "#wrong"));
    } else {
        assert_non_null(strstr(rig_answer.text, "#blocked"));
        rig_get("/api/line", RIG_BEARER);
        assert_int_equal(rig_answer.status, 429);
    }
    support_check(login_open(&login, RIG_TOKEN, &fault), &fault);
    for (int i = 0; i < LOGIN_TRIES; i++) {
        assert_false(login_is_blocked(&login, (const struct sockaddr *)&guesser, 600));
        login_failed(&login, (const struct sockaddr *)&guesser, 600);
    }
    assert_true(login_is_blocked(&login, (const struct sockaddr *)&guesser, 659));
    assert_false(login_is_blocked(&login, (const struct sockaddr *)&guesser, 660));
    assert_false(login_is_blocked(&login, (const struct sockaddr *)&worker, 600));
    login_wipe(&login);
}

static void it_can_only_be_read(void **state)
{
    static const char *const lines[] = { "POST /",      "PUT /api/line",   "DELETE /api/unit?uid=57", "PATCH /",
                                         "OPTIONS /",   "TRACE /api/line", "POST /api/line",          "POST /metrics",
                                         "LOCK /login", "get /api/line" };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        client_ask(rig_port, lines[i], RIG_BEARER, NULL, &rig_answer);
        assert_int_equal(rig_answer.status, 405);
        assert_true(client_has_header(&rig_answer, "Allow: GET, HEAD"));
    }
    client_ask(rig_port, "HEAD /api/line", RIG_BEARER, NULL, &rig_answer);
    assert_int_equal(rig_answer.status, 200);
    assert_string_equal(client_body(&rig_answer), "");
}

static void every_answer_has_the_headers_that_confine_it(void **state)
{
    static const char *const paths[] = { "/",         "/login",  "/app.css",  "/app.js",
                                         "/icon.svg", "/health", "/api/line", "/no" };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof paths / sizeof paths[0]; i++) {
        rig_get(paths[i / 2], i % 2 == 0 ? "" : RIG_BEARER);
        assert_non_null(strstr(rig_answer.text, "Content-Security-Policy: default-src 'none'; script-src 'self'; "));
        assert_null(strstr(rig_answer.text, "unsafe"));
        assert_true(client_has_header(&rig_answer, "X-Content-Type-Options: nosniff"));
        assert_true(client_has_header(&rig_answer, "X-Frame-Options: DENY"));
        assert_true(client_has_header(&rig_answer, "Cache-Control: no-store"));
        assert_true(client_has_header(&rig_answer, "Referrer-Policy: no-referrer"));
    }
}

static void what_is_no_unique_id_is_refused(void **state)
{
    static const char *const paths[] = { "/api/unit",
                                         "/api/unit?uid=",
                                         "/api/unit?uid=%3Cscript%3E",
                                         "/api/unit?uid=5g",
                                         "/api/unit?uid=%00",
                                         "/api/unit?uid=000000000000000000000000000000000",
                                         "/api/unit?uid=57%27%20OR%201=1",
                                         "/api/certificate?uid=57" };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        rig_get(paths[i], RIG_BEARER);
        assert_int_equal(rig_answer.status, 400);
        json_decref(rig_json());
    }
    rig_get("/api/certificate?uid=00000000000000000000000000000000", RIG_BEARER);
    assert_int_equal(rig_answer.status, 404);
}

static void texts_from_outside_stay_texts(void **state)
{
    (void)state;
    rig_get("/api/line", RIG_BEARER);
    json_t *root = rig_json();
    json_t *last = json_array_get(json_object_get(root, "failures"), 0);
    assert_string_equal(json_string_value(json_object_get(last, "hint")), SCENE_HOSTILE);
    /* Bytes that are no text, steer a terminal or turn the direction of writing do not rig_get through. */
    const char *appliance = json_string_value(json_object_get(root, "appliance"));
    assert_memory_equal(appliance, "???[31m???", 10);
    assert_true(client_has_header(&rig_answer, "Content-Type: application/json"));
    json_decref(root);
}

static void plain_http_is_served_at_loopback_only(void **state)
{
    struct fault fault = FAULT_NONE;
    struct dashboard *none = NULL;
    struct dashboard_config config = rig_config("empty");
    (void)state;
    config.host = "0.0.0.0";
    support_check_refused(dashboard_start(&config, &none, &fault), &fault, "does not serve plain HTTP");
    config.host = "::";
    fault = FAULT_NONE;
    support_check_refused(dashboard_start(&config, &none, &fault), &fault, "does not serve plain HTTP");
    assert_null(none);
    scene_close(&rig_scene);
}

static void weak_token_is_refused(void **state)
{
    static const char *const tokens[] = { NULL, "", "short", "0123456789abcdef0123456789abcde",
                                          "0123456789abcdef 0123456789abcdef" };
    struct dashboard *none = NULL;
    struct dashboard_config config = rig_config("empty");
    (void)state;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct fault fault = FAULT_NONE;
        config.token = tokens[i];
        support_check_refused(dashboard_start(&config, &none, &fault), &fault, "token is not one");
    }
    scene_close(&rig_scene);
}

/* One request of `len` bytes: `head`, then as many of `fill`. */
static void flood(const char *head, char fill, size_t len)
{
    char *text = malloc(len);
    int fd = client_connect(rig_port);
    assert_non_null(text);
    memset(text, fill, len);
    memcpy(text, head, strlen(head));
    (void)client_send(fd, text, len);
    client_read(fd, &rig_answer);
    (void)close(fd);
    free(text);
}

static void oversized_and_broken_requests_end_and_hurt_nobody(void **state)
{
    (void)state;
    flood("GET /", 'a', 1u << 20);
    assert_true(rig_answer.status == 0 || (rig_answer.status >= 400 && rig_answer.status < 500));
    flood("GET / HTTP/1.1\r\nHost: x\r\nA: ", 'a', 1u << 20);
    assert_true(rig_answer.status == 0 || (rig_answer.status >= 400 && rig_answer.status < 500));
    flood("POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1048000\r\n\r\ntoken=", 'a',
          1u << 20);
    assert_true(rig_answer.status == 0 || strstr(rig_answer.text, "Set-Cookie") == NULL);
    flood("\x16\x03\x01 no HTTP \r\n\r\n", '\n', 200);
    assert_true(rig_answer.status == 0 || rig_answer.status == 400);
    rig_get("/api/line", RIG_BEARER);
    assert_int_equal(rig_answer.status, 200);
}

static void clients_that_say_nothing_hold_up_nobody(void **state)
{
    int fds[100];
    (void)state;
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = client_connect(rig_port);
        assert_true(client_send(fds[i], "GET /api/line HT", i % 16));
    }
    uint64_t begin_ms = feed_clock_ms();
    rig_get("/api/line", RIG_BEARER);
    assert_int_equal(rig_answer.status, 200);
    assert_true(feed_clock_ms() - begin_ms < RIG_HELD_UP_MS);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        (void)close(fds[i]);
    }
}

static void client_that_drips_is_cut_and_one_that_finishes_is_not(void **state)
{
    static struct guard guard;
    int slow[2];
    int good[2];
    char byte;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, slow), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, good), 0);
    guard_open(&guard);
    uintptr_t slow_place = guard_enter(&guard, slow[0]);
    uintptr_t good_place = guard_enter(&guard, good[0]);
    assert_true(slow_place != 0 && good_place != 0);
    for (size_t i = 0; i < 2; i++) {
        guard.places[i].since_ms -= GUARD_SECONDS * 1000u + 1u; /* so much time went by */
    }
    guard_renew(&guard, good_place);
    guard_sweep(&guard);
    assert_int_equal(recv(slow[1], &byte, 1, 0), 0);
    assert_int_equal(recv(good[1], &byte, 1, 0), -1);
    guard_leave(&guard, slow_place);
    guard_leave(&guard, good_place);
    guard_close(&guard);
    for (size_t i = 0; i < 2; i++) {
        (void)close(slow[i]);
        (void)close(good[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(guessing_is_slowed_down_for_its_address_only, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(it_can_only_be_read, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(every_answer_has_the_headers_that_confine_it, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(what_is_no_unique_id_is_refused, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(texts_from_outside_stay_texts, rig_hostile, rig_end),
        cmocka_unit_test(client_that_drips_is_cut_and_one_that_finishes_is_not),
        cmocka_unit_test(plain_http_is_served_at_loopback_only),
        cmocka_unit_test(weak_token_is_refused),
        cmocka_unit_test_setup_teardown(oversized_and_broken_requests_end_and_hurt_nobody, rig_busy, rig_end),
        cmocka_unit_test_setup_teardown(clients_that_say_nothing_hold_up_nobody, rig_busy, rig_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
