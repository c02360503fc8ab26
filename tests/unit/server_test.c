/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's server with an engine that echoes, over real sockets: letters, limits, deadlines, and peers that mean
 * harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/host_support.h"
#include "tests/unit/server_rig.h"
#include "tests/unit/tls_maker.h"

static int up(void **state)
{
    (void)state;
    const struct server_limits limits = rig_limits();
    rig_up(&limits);
    return 0;
}

static int down(void **state)
{
    (void)state;
    rig_down();
    return 0;
}

static void letters_are_answered_in_their_order(void **state)
{
    (void)state;
    struct tls_conn *conn = rig_connect(rig.station_tls);
    rig_say(conn, "one");
    rig_hear(conn, "line-1one");
    rig_say(conn, "two");
    rig_say(conn, "three");
    rig_say(conn, "four");
    rig_hear(conn, "line-1two");
    rig_hear(conn, "line-1three");
    rig_hear(conn, "line-1four");
    assert_int_equal(metrics_get(&rig.metrics, METRIC_CONNECTIONS), 1);
    tls_conn_bye(conn);
    rig_wait(METRIC_END_BYE, 1);
    tls_conn_close(conn);
}

static void longest_letter_passes_both_ways(void **state)
{
    (void)state;
    static uint8_t letter[SERVER_LETTER_MAX];
    static uint8_t in[SERVER_LETTER_MAX];
    size_t len = 0;
    struct fault fault = FAULT_NONE;
    struct tls_conn *conn = rig_connect(rig.station_tls);
    memset(letter, 'B', sizeof letter);
    support_check(tls_letter_send(conn, bytes_of(letter, sizeof letter), RIG_PATIENCE_MS, &fault), &fault);
    support_check(tls_letter_receive(conn, in, sizeof in, &len, RIG_PATIENCE_MS, &fault), &fault);
    assert_int_equal(len, SERVER_LETTER_MAX);
    tls_conn_close(conn);
}

static void too_long_or_empty_letter_ends_its_connection(void **state)
{
    (void)state;
    static const uint8_t heads[2][4] = { { 0, 0, 0x60, 0x01 }, { 0, 0, 0, 0 } };
    for (size_t i = 0; i < 2; i++) {
        size_t put = 0;
        struct fault fault = FAULT_NONE;
        struct tls_conn *conn = rig_connect(rig.station_tls);
        assert_int_equal(tls_conn_write(conn, heads[i], 4, &put, &fault), TLS_DONE);
        rig_hear(conn, i == 0 ? "NO: a letter of 24577 bytes was announced; 1 to 24576 are allowed"
                              : "NO: a letter of 0 bytes was announced; 1 to 24576 are allowed");
        rig_hear_end(conn);
        tls_conn_close(conn);
    }
    assert_int_equal(metrics_get(&rig.metrics, METRIC_END_GARBAGE), 2);
}

static void engine_without_an_answer_ends_only_that_connection(void **state)
{
    (void)state;
    struct tls_conn *conn = rig_connect(rig.station_tls);
    struct tls_conn *other = rig_connect(rig.station_tls);
    rig_say(conn, "X");
    rig_hear(conn, "NO: the appliance has no answer to this letter");
    rig_hear_end(conn);
    rig_say(other, "still");
    rig_hear(other, "line-1still");
    tls_conn_close(conn);
    tls_conn_close(other);
}

static void station_that_the_engine_does_not_want_is_told_so(void **state)
{
    (void)state;
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    const struct tls_config config = maker_config("root", "unwelcome", NULL);
    support_check(tls_client_open(&config, &tls, &fault), &fault);
    struct tls_conn *conn = rig_connect(tls);
    rig_hear(conn, "NO: the appliance does not serve this station now");
    rig_hear_end(conn);
    tls_conn_close(conn);
    tls_close(tls);
    atomic_fetch_sub(&rig.open_states, 1); /* no close comes for an open that failed */
}

struct crowd {
    pthread_t thread;
    unsigned done;
};

static void *crowd_work(void *context)
{
    struct crowd *c = context;
    struct tls_conn *conn = NULL;
    struct fault fault = FAULT_NONE;
    uint8_t in[64];
    size_t len;
    if (tls_letter_connect(rig.station_tls, rig.address, RIG_PATIENCE_MS, &conn, &fault) != 0) {
        return NULL;
    }
    for (unsigned i = 0; i < 20; i++) {
        if (tls_letter_send(conn, bytes_of("work", 4), RIG_PATIENCE_MS, &fault) == 0 &&
            tls_letter_receive(conn, in, sizeof in, &len, RIG_PATIENCE_MS, &fault) == 0 && len == 10) {
            c->done++;
        }
    }
    tls_conn_close(conn);
    return NULL;
}

static void sixty_four_work_at_once(void **state)
{
    (void)state;
    static struct crowd crowd[64];
    struct server_limits limits = rig_limits();
    limits.pending = 64;
    limits.handshake_ms = RIG_PATIENCE_MS;
    limits.letter_ms = RIG_PATIENCE_MS;
    rig_up(&limits);
    for (size_t i = 0; i < 64; i++) {
        crowd[i].done = 0;
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, crowd_work, &crowd[i]), 0);
    }
    for (size_t i = 0; i < 64; i++) {
        (void)pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].done, 20);
    }
    rig_wait(METRIC_LETTERS, 64 * 20);
    rig_down();
}

static void silent_connections_keep_no_station_out_and_are_closed(void **state)
{
    (void)state;
    int silent[100];
    for (size_t i = 0; i < 100; i++) {
        silent[i] = rig_silent_connect();
    }
    assert_true(rig_slowest_letter(10) < RIG_HELD_UP_MS);
    rig_wait(METRIC_END_CROWDED, 50);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(rig_closed_in_time(silent[i]), 1);
        (void)close(silent[i]);
    }
    /* All the others were late. */
    rig_wait(METRIC_END_HANDSHAKE_LATE, 20);
}

static void garbage_hurts_nobody(void **state)
{
    (void)state;
    int fds[50];
    for (size_t i = 0; i < 50; i++) {
        fds[i] = rig_silent_connect();
        (void)!write(fds[i], "\x16\x03\x03\x40\x00 GET / HTTP/1.1\r\n\r\n\xff\xff\xff\xff\xff\xff\xff", 30);
    }
    assert_true(rig_slowest_letter(10) < RIG_HELD_UP_MS);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(rig_closed_in_time(fds[i]), 1);
        (void)close(fds[i]);
    }
}

static void slow_writers_hurt_nobody_and_are_cut(void **state)
{
    (void)state;
    struct tls_conn *slow[20]; /* more than there are workers */
    struct fault fault = FAULT_NONE;
    size_t put;
    for (size_t i = 0; i < 20; i++) {
        slow[i] = rig_connect(rig.station_tls);
        assert_int_equal(tls_conn_write(slow[i], (const uint8_t *)"\0\0\1\0x", 5, &put, &fault), TLS_DONE);
    }
    assert_true(rig_slowest_letter(10) < RIG_HELD_UP_MS);
    rig_wait(METRIC_END_LETTER_LATE, 20);
    for (size_t i = 0; i < 20; i++) {
        tls_conn_close(slow[i]);
    }
}

static void slow_readers_hurt_nobody_and_are_cut(void **state)
{
    (void)state;
    struct tls_conn *slow[12];
    const int little = 2048;
    struct fault fault = FAULT_NONE;
    size_t put = 1;
    for (size_t i = 0; i < 12; i++) {
        slow[i] = rig_connect(rig.station_tls);
        (void)setsockopt(tls_conn_fd(slow[i]), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
        /* Asks for far more than the network between them can hold. */
        for (unsigned n = 0; n < 400; n++) {
            if (tls_conn_write(slow[i], (const uint8_t *)"\0\0\0\1B", 5, &put, &fault) != TLS_DONE) {
                break;
            }
        }
    }
    assert_true(rig_slowest_letter(10) < RIG_HELD_UP_MS);
    rig_wait(METRIC_END_LETTER_LATE, 12);
    for (size_t i = 0; i < 12; i++) {
        tls_conn_close(slow[i]);
    }
}

static void idle_station_is_let_go(void **state)
{
    (void)state;
    struct server_limits limits = rig_limits();
    limits.idle_ms = 300;
    rig_up(&limits);
    struct tls_conn *conn = rig_connect(rig.station_tls);
    rig_say(conn, "one");
    rig_hear(conn, "line-1one");
    rig_hear_end(conn);
    rig_wait(METRIC_END_IDLE, 1);
    tls_conn_close(conn);
    rig_down();
}

static void one_station_cannot_take_all_places(void **state)
{
    (void)state;
    struct server_limits limits = rig_limits();
    struct tls_conn *conns[4];
    limits.per_station = 3;
    rig_up(&limits);
    for (size_t i = 0; i < 4; i++) {
        conns[i] = rig_connect(rig.station_tls);
        if (i < 3) {
            rig_say(conns[i], "in");
            rig_hear(conns[i], "line-1in");
        }
    }
    rig_hear(conns[3], "NO: this station has 3 connections already, which is its limit");
    rig_hear_end(conns[3]);
    tls_conn_close(conns[3]);
    tls_conn_close(conns[0]);
    rig_wait(METRIC_END_BROKEN, 1);
    conns[0] = rig_connect(rig.station_tls);
    rig_say(conns[0], "again");
    rig_hear(conns[0], "line-1again");
    for (size_t i = 0; i < 3; i++) {
        tls_conn_close(conns[i]);
    }
    rig_down();
}

static void flood_from_one_address_is_slowed_down(void **state)
{
    (void)state;
    struct server_limits limits = rig_limits();
    int fds[30];
    limits.burst = 10;
    limits.rate = 5;
    rig_up(&limits);
    for (size_t i = 0; i < 30; i++) {
        fds[i] = rig_silent_connect();
    }
    rig_wait(METRIC_ACCEPTED, 30);
    assert_in_range(metrics_get(&rig.metrics, METRIC_END_FLOOD), 5, 20);
    for (size_t i = 0; i < 30; i++) {
        (void)close(fds[i]);
    }
    (void)usleep(400000);
    assert_true(rig_slowest_letter(3) < RIG_HELD_UP_MS);
    rig_down();
}

static void *stop_later(void *context)
{
    (void)context;
    while (atomic_load(&rig.in_hand) == 0) {
        (void)usleep(1000);
    }
    server_stop(rig.server, 2000);
    return NULL;
}

static void stop_finishes_the_letter_in_hand(void **state)
{
    (void)state;
    pthread_t thread;
    struct tls_conn *idle = rig_connect(rig.station_tls);
    struct tls_conn *conn = rig_connect(rig.station_tls);
    rig_say(idle, "here");
    rig_hear(idle, "line-1here");
    assert_int_equal(pthread_create(&thread, NULL, stop_later, NULL), 0);
    rig_say(conn, "S");
    rig_hear(conn, "line-1S");
    rig_hear_end(conn);
    rig_hear_end(idle);
    (void)pthread_join(thread, NULL);
    assert_int_equal(metrics_get(&rig.metrics, METRIC_END_STOPPED), 2);
    tls_conn_close(conn);
    tls_conn_close(idle);
}

/* A new list, and it is loaded. */
static void list_load(const char *revoked)
{
    const char *const names[] = { revoked, NULL };
    struct fault fault = FAULT_NONE;
    maker_crl("root", "stations.crl", names, -60, 3600);
    support_check(tls_reload(rig.server_tls, &fault), &fault);
}

static void revoked_station_is_let_go_at_the_reload(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct tls_conn *conn = rig_connect(rig.station_tls);
    struct tls_conn *never = rig_connect(rig.station_tls); /* said nothing yet */
    rig_say(conn, "one");
    rig_hear(conn, "line-1one");
    support_check(tls_reload(rig.server_tls, &fault), &fault); /* nothing has changed */
    rig_say(conn, "two");
    rig_hear(conn, "line-1two");
    list_load("line-1");
    rig_hear_end(conn);
    rig_hear_end(never);
    rig_wait(METRIC_END_CERTIFICATE, 2);
    list_load(NULL);
    tls_conn_close(conn);
    tls_conn_close(never);
}

static void revoked_station_hears_the_answer_to_the_letter_in_hand(void **state)
{
    (void)state;
    struct tls_conn *conn = rig_connect(rig.station_tls);
    atomic_store(&rig.held, 1);
    rig_say(conn, "Held");
    rig_wait(METRIC_WORKING, 1);
    list_load("line-1");
    (void)usleep(500000); /* the keeper looks around more often */
    atomic_store(&rig.held, 0);
    rig_hear(conn, "line-1Held");
    rig_hear_end(conn);
    rig_wait(METRIC_END_CERTIFICATE, 1);
    list_load(NULL);
    tls_conn_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(letters_are_answered_in_their_order, up, down),
        cmocka_unit_test_setup_teardown(longest_letter_passes_both_ways, up, down),
        cmocka_unit_test_setup_teardown(too_long_or_empty_letter_ends_its_connection, up, down),
        cmocka_unit_test_setup_teardown(engine_without_an_answer_ends_only_that_connection, up, down),
        cmocka_unit_test_setup_teardown(station_that_the_engine_does_not_want_is_told_so, up, down),
        cmocka_unit_test(sixty_four_work_at_once),
        cmocka_unit_test_setup_teardown(silent_connections_keep_no_station_out_and_are_closed, up, down),
        cmocka_unit_test_setup_teardown(garbage_hurts_nobody, up, down),
        cmocka_unit_test_setup_teardown(slow_writers_hurt_nobody_and_are_cut, up, down),
        cmocka_unit_test_setup_teardown(slow_readers_hurt_nobody_and_are_cut, up, down),
        cmocka_unit_test(idle_station_is_let_go),
        cmocka_unit_test(one_station_cannot_take_all_places),
        cmocka_unit_test(flood_from_one_address_is_slowed_down),
        cmocka_unit_test_setup_teardown(stop_finishes_the_letter_in_hand, up, down),
        cmocka_unit_test_setup_teardown(revoked_station_is_let_go_at_the_reload, up, down),
        cmocka_unit_test_setup_teardown(revoked_station_hears_the_answer_to_the_letter_in_hand, up, down),
    };
    return cmocka_run_group_tests_name("server", tests, rig_begin, rig_end);
}
