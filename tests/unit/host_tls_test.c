/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS: who gets through, who does not, and what both sides are told. Two ends of a socket pair in one thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "tests/unit/host_support.h"
#include "tests/unit/tls_foreign.h"
#include "tests/unit/tls_maker.h"

#define HOST "127.0.0.1"

static int setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    maker_root("root");
    maker_root("other");
    maker_server("root", "appliance");
    maker_station("root", "line-1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    maker_end();
    support_folder_remove();
    return 0;
}

/* Both ends of a connection, each with its last step and fault. */
struct pair {
    struct tls_conn *server;
    struct tls_conn *client;
    enum tls_step server_step;
    enum tls_step client_step;
    struct fault server_fault;
    struct fault client_fault;
};

static void pair_open(struct pair *p, struct tls *server, struct tls *client, const char *host)
{
    int ends[2];
    struct fault fault = FAULT_NONE;
    memset(p, 0, sizeof *p);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    support_check(tls_conn_accept(server, ends[0], &p->server, &fault), &fault);
    support_check(tls_conn_connect(client, ends[1], host, &p->client, &fault), &fault);
    p->server_step = TLS_WANTS_READ;
    p->client_step = TLS_WANTS_READ;
    for (int i = 0; i < 20 && (p->server_step != TLS_DONE || p->client_step != TLS_DONE); i++) {
        if (p->client_step == TLS_WANTS_READ || p->client_step == TLS_WANTS_WRITE) {
            p->client_step = tls_conn_handshake(p->client, &p->client_fault);
        }
        if (p->server_step == TLS_WANTS_READ || p->server_step == TLS_WANTS_WRITE) {
            p->server_step = tls_conn_handshake(p->server, &p->server_fault);
        }
    }
}

static void pair_close(struct pair *p)
{
    tls_conn_close(p->server);
    tls_conn_close(p->client);
}

/* The client reads once: what the server thinks of it comes this way. */
static void pair_hear(struct pair *p)
{
    uint8_t byte;
    size_t got;
    p->client_step = tls_conn_read(p->client, &byte, 1, &got, &p->client_fault);
}

static struct tls *server_of(const char *root, const char *name, const char *crl)
{
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    const struct tls_config config = maker_config(root, name, crl);
    support_check(tls_server_open(&config, &tls, &fault), &fault);
    return tls;
}

static struct tls *client_of(const char *root, const char *name)
{
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    const struct tls_config config = maker_config(root, name, NULL);
    support_check(tls_client_open(&config, &tls, &fault), &fault);
    return tls;
}

static void both_sides_speak_and_know_each_other(void **state)
{
    (void)state;
    struct pair p;
    uint8_t in[8];
    size_t got;
    struct tls *server = server_of("root", "appliance", NULL);
    struct tls *client = client_of("root", "line-1");
    pair_open(&p, server, client, HOST);
    assert_int_equal(p.server_step, TLS_DONE);
    assert_int_equal(p.client_step, TLS_DONE);
    assert_string_equal(tls_conn_peer(p.server), "line-1");
    assert_string_equal(tls_conn_peer(p.client), "appliance");
    assert_int_equal(tls_conn_write(p.client, (const uint8_t *)"hello", 5, &got, &p.client_fault), TLS_DONE);
    assert_int_equal(got, 5);
    assert_int_equal(tls_conn_read(p.server, in, 2, &got, &p.server_fault), TLS_DONE);
    assert_int_equal(got, 2);
    assert_int_equal(tls_conn_pending(p.server), 1);
    assert_int_equal(tls_conn_read(p.server, in, sizeof in, &got, &p.server_fault), TLS_DONE);
    assert_int_equal(got, 3);
    assert_int_equal(tls_conn_read(p.server, in, sizeof in, &got, &p.server_fault), TLS_WANTS_READ);
    tls_conn_bye(p.client);
    assert_int_equal(tls_conn_read(p.server, in, sizeof in, &got, &p.server_fault), TLS_ENDED);
    pair_close(&p);
    tls_close(client);
    tls_close(server);
}

static void names_and_addresses_of_the_certificate_are_checked(void **state)
{
    (void)state;
    struct pair p;
    struct tls *server = server_of("root", "appliance", NULL);
    struct tls *client = client_of("root", "line-1");
    pair_open(&p, server, client, "appliance.example");
    assert_int_equal(p.client_step, TLS_DONE);
    pair_close(&p);
    static const char *const others[] = { "127.0.0.2", "other.example", "appliance", "::1" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        pair_open(&p, server, client, others[i]);
        assert_int_equal(p.client_step, TLS_BROKEN);
        support_check_refused(-1, &p.client_fault, "it is for another host");
        pair_close(&p);
    }
    tls_close(client);
    tls_close(server);
}

/* The server refuses it, for the reason `says`, and sends it this alert. */
static void foreign_is_refused(struct tls *server, const char *name, const char *says, int alert)
{
    struct foreign f;
    foreign_make(&f, name, TLS1_3_VERSION);
    foreign_run(&f, server);
    assert_int_equal(f.step, TLS_BROKEN);
    support_check_refused(-1, &f.fault, says);
    assert_int_equal(ERR_GET_REASON(f.heard), SSL_AD_REASON_OFFSET + alert);
    foreign_free(&f);
}

/* A client with a certificate that the server must not take; both are told why. */
static void refused_client(struct tls *server, const char *root, const char *name, const char *server_says,
                           const char *client_hears)
{
    struct pair p;
    struct tls *client = client_of(root, name);
    pair_open(&p, server, client, HOST);
    assert_int_equal(p.server_step, TLS_BROKEN);
    support_check_refused(-1, &p.server_fault, server_says);
    pair_hear(&p);
    assert_int_equal(p.client_step, TLS_BROKEN);
    support_check_refused(-1, &p.client_fault, client_hears);
    pair_close(&p);
    tls_close(client);
}

static void revoked_station_is_refused_and_told_so(void **state)
{
    (void)state;
    static const char *const revoked[] = { "line-2", NULL };
    struct pair p;
    maker_station("root", "line-2");
    maker_crl("root", "stations.crl", revoked, -60, 3600);
    struct tls *server = server_of("root", "appliance", "stations.crl");
    refused_client(server, "root", "line-2", "the certificate of 'line-2': it is revoked",
                   "our certificate is revoked");
    struct tls *client = client_of("root", "line-1");
    pair_open(&p, server, client, HOST);
    assert_int_equal(p.server_step, TLS_DONE);
    pair_close(&p);
    tls_close(client);
    tls_close(server);
}

static void station_revoked_while_connected_is_cut_after_a_reload(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    static const char *const revoked[] = { "line-1", NULL };
    struct pair p;
    struct fault fault = FAULT_NONE;
    maker_crl("root", "later.crl", none, -120, 3600);
    struct tls *server = server_of("root", "appliance", "later.crl");
    struct tls *client = client_of("root", "line-1");
    pair_open(&p, server, client, HOST);
    support_check(tls_conn_check(p.server, &fault), &fault);
    maker_crl("root", "later.crl", revoked, -60, 3600);
    support_check(tls_conn_check(p.server, &fault), &fault);
    support_check(tls_reload(server, &fault), &fault);
    support_check_refused(tls_conn_check(p.server, &fault), &fault, "it is revoked");
    pair_close(&p);
    tls_close(client);
    tls_close(server);
}

static void older_or_missing_list_does_not_replace_a_newer_one(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    static const char *const revoked[] = { "line-1", NULL };
    struct fault fault = FAULT_NONE;
    maker_crl("root", "back.crl", revoked, -60, 3600);
    struct tls *server = server_of("root", "appliance", "back.crl");
    maker_crl("root", "back.crl", none, -120, 3600);
    support_check_refused(tls_reload(server, &fault), &fault, "older than the revocation list in use");
    assert_int_equal(unlink(support_path("back.crl")), 0);
    fault = FAULT_NONE;
    support_check_refused(tls_reload(server, &fault), &fault, "or gone");
    refused_client(server, "root", "line-1", "it is revoked", "our certificate is revoked");
    tls_close(server);
}

static void list_of_another_root_is_refused(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    maker_crl("other", "foreign.crl", none, -60, 3600);
    const struct tls_config config = maker_config("root", "appliance", "foreign.crl");
    support_check_refused(tls_server_open(&config, &tls, &fault), &fault, "not signed by the root");
    assert_null(tls);
    support_write("foreign.crl", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", 0600);
    fault = FAULT_NONE;
    support_check_refused(tls_server_open(&config, &tls, &fault), &fault, "no certificate revocation list");
}

static void expired_list_stops_the_line_and_says_how_to_go_on(void **state)
{
    (void)state;
    static const char *const none[] = { NULL };
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    maker_crl("root", "old.crl", none, -7200, -3600);
    const struct tls_config config = maker_config("root", "appliance", "old.crl");
    support_check_refused(tls_server_open(&config, &tls, &fault), &fault, "the revocation list has expired");
    assert_non_null(strstr(fault.hint, "stations.crl"));
}

static void station_of_another_root_is_refused_and_told_so(void **state)
{
    (void)state;
    struct tls *server = server_of("root", "appliance", NULL);
    /* The stranger's client must believe the server's root to come so far: both in the name of "other". */
    struct tls *client = NULL;
    struct pair p;
    struct fault fault = FAULT_NONE;
    maker_station("other", "stranger");
    struct tls_config config = maker_config("other", "stranger", NULL);
    support_check(tls_client_open(&config, &client, &fault), &fault);
    pair_open(&p, server, client, HOST);
    assert_int_equal(p.client_step, TLS_BROKEN);
    support_check_refused(-1, &p.client_fault, "it was not issued by the root");
    assert_int_equal(p.server_step, TLS_BROKEN);
    support_check_refused(-1, &p.server_fault, "the other side refused the connection");
    pair_close(&p);
    tls_close(client);
    tls_close(server);
}

static void foreign_clients_are_refused_with_the_fitting_alert(void **state)
{
    (void)state;
    struct tls *server = server_of("root", "appliance", NULL);
    struct foreign f;
    maker_station("other", "stranger-2");
    foreign_is_refused(server, NULL, "it showed no certificate", SSL_AD_CERTIFICATE_REQUIRED);
    foreign_is_refused(server, "stranger-2", "the certificate of 'stranger-2': it was not issued by the root",
                       SSL_AD_UNKNOWN_CA);
    foreign_make(&f, "line-1", TLS1_2_VERSION);
    foreign_run(&f, server);
    assert_int_equal(f.step, TLS_BROKEN);
    support_check_refused(-1, &f.fault, "it does not speak TLS 1.3");
    assert_int_equal(ERR_GET_REASON(f.heard), SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION);
    foreign_free(&f);
    foreign_make(&f, "line-1", TLS1_3_VERSION);
    assert_int_equal(SSL_set_ciphersuites(f.ssl, "TLS_AES_256_GCM_SHA384"), 1);
    foreign_run(&f, server);
    assert_int_equal(f.step, TLS_BROKEN);
    support_check_refused(-1, &f.fault, "no cipher in common");
    foreign_free(&f);
    tls_close(server);
}

static void no_session_is_resumed(void **state)
{
    (void)state;
    struct tls *server = server_of("root", "appliance", NULL);
    struct foreign f;
    foreign_make(&f, "line-1", TLS1_3_VERSION);
    foreign_run(&f, server);
    assert_int_equal(f.step, TLS_DONE);
    assert_int_equal(SSL_SESSION_is_resumable(SSL_get_session(f.ssl)), 0);
    assert_int_equal(SSL_SESSION_get_max_early_data(SSL_get_session(f.ssl)), 0);
    foreign_free(&f);
    tls_close(server);
}

static void certificates_made_for_something_else_are_refused(void **state)
{
    (void)state;
    struct tls *tls = NULL;
    struct tls *server = server_of("root", "appliance", NULL);
    const struct maker_spec bad[] = {
        { .name = "signer", .use = MAKER_NEITHER, .from_s = -60, .to_s = 3600 },
        { .name = "server-2", .use = MAKER_SERVER, .from_s = -60, .to_s = 3600 },
        { .name = "expired", .use = MAKER_CLIENT, .from_s = -7200, .to_s = -3600 },
        { .name = "early", .use = MAKER_CLIENT, .from_s = 3600, .to_s = 7200 },
        { .name = "nameless", .cn = "", .use = MAKER_CLIENT, .from_s = -60, .to_s = 3600 },
        { .name = "hostile", .cn = "a\x1b[2J", .use = MAKER_CLIENT, .from_s = -60, .to_s = 3600 },
        { .name = "p384", .use = MAKER_CLIENT, .from_s = -60, .to_s = 3600, .curve = "P-384" },
    };
    static const char *const why[] = { "not made for this end", "not made for this end",
                                       "it has expired",        "it is not valid yet",
                                       "Subject name empty",    "its subject has no sound name",
                                       "not a P-256 key" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fault fault = FAULT_NONE;
        maker_cert("root", &bad[i]);
        const struct tls_config config = maker_config("root", bad[i].name, NULL);
        support_check_refused(tls_client_open(&config, &tls, &fault), &fault, why[i]);
        assert_null(tls);
        struct foreign f;
        foreign_make(&f, bad[i].name, TLS1_3_VERSION);
        foreign_run(&f, server);
        assert_int_equal(f.step, TLS_BROKEN);
        if (bad[i].curve == NULL) {
            support_check_refused(-1, &f.fault, why[i]);
        }
        foreign_free(&f);
    }
    tls_close(server);
}

static void key_that_others_may_read_or_that_is_anothers_is_refused(void **state)
{
    (void)state;
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    maker_station("root", "line-3");
    maker_station("root", "line-4");
    struct tls_config config = maker_config("root", "line-3", NULL);
    assert_int_equal(chmod(support_path("line-3.key"), 0640), 0);
    support_check_refused(tls_client_open(&config, &tls, &fault), &fault, "chmod 600");
    config.key = support_path("line-4.key");
    fault = FAULT_NONE;
    support_check_refused(tls_client_open(&config, &tls, &fault), &fault, "not the private key of");
    support_write("line-4.key", "nothing\n", 0600);
    fault = FAULT_NONE;
    support_check_refused(tls_client_open(&config, &tls, &fault), &fault, "no private key in PEM");
}

static void key_of_the_server_stays_in_its_token(void **state)
{
    (void)state;
    struct pair p;
    struct tls *tls = NULL;
    struct fault fault = FAULT_NONE;
    uint8_t key[64];
    uint8_t other[64];
    support_softhsm_start();
    struct hsm *hsm = support_token_open("line");
    support_check(hsm_key_generate(hsm, "appliance", HSM_KEY_SIGN, key, &fault), &fault);
    support_check(hsm_key_generate(hsm, "records", HSM_KEY_SIGN, other, &fault), &fault);
    const struct maker_spec spec = {
        .name = "in-token", .use = MAKER_SERVER, .from_s = -60, .to_s = 3600, .public_key = key
    };
    maker_cert("root", &spec);
    struct tls_config config = maker_config("root", "in-token", NULL);
    config.key = NULL;
    config.hsm = hsm;
    config.label = "records";
    support_check_refused(tls_server_open(&config, &tls, &fault), &fault, "not the certificate of the key 'records'");
    fault = FAULT_NONE;
    config.label = "appliance";
    support_check(tls_server_open(&config, &tls, &fault), &fault);
    struct tls *client = client_of("root", "line-1");
    for (int i = 0; i < 3; i++) {
        pair_open(&p, tls, client, HOST);
        assert_int_equal(p.client_step, TLS_DONE);
        assert_int_equal(p.server_step, TLS_DONE);
        pair_close(&p);
    }
    tls_close(client);
    tls_close(tls);
    hsm_close(hsm);
}

static void garbage_breaks_only_its_own_connection(void **state)
{
    (void)state;
    static const struct bytes junk[] = {
        { (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18 },
        { (const uint8_t *)"\x16\x03\x01\x00\x05hello", 10 },
        { (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
        { (const uint8_t *)"CONNECT a:1 HTTP/1.1\r\n\r\n", 24 },
    };
    struct tls *server = server_of("root", "appliance", NULL);
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        int ends[2];
        struct tls_conn *conn = NULL;
        struct fault fault = FAULT_NONE;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        support_check(tls_conn_accept(server, ends[0], &conn, &fault), &fault);
        assert_int_equal(write(ends[1], junk[i].data, junk[i].len), junk[i].len);
        (void)shutdown(ends[1], SHUT_WR);
        assert_int_equal(tls_conn_handshake(conn, &fault), TLS_BROKEN);
        assert_true(fault.what[0] != '\0');
        tls_conn_close(conn);
        (void)close(ends[1]);
    }
    tls_close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_speak_and_know_each_other),
        cmocka_unit_test(names_and_addresses_of_the_certificate_are_checked),
        cmocka_unit_test(revoked_station_is_refused_and_told_so),
        cmocka_unit_test(station_revoked_while_connected_is_cut_after_a_reload),
        cmocka_unit_test(older_or_missing_list_does_not_replace_a_newer_one),
        cmocka_unit_test(list_of_another_root_is_refused),
        cmocka_unit_test(expired_list_stops_the_line_and_says_how_to_go_on),
        cmocka_unit_test(station_of_another_root_is_refused_and_told_so),
        cmocka_unit_test(foreign_clients_are_refused_with_the_fitting_alert),
        cmocka_unit_test(no_session_is_resumed),
        cmocka_unit_test(certificates_made_for_something_else_are_refused),
        cmocka_unit_test(key_that_others_may_read_or_that_is_anothers_is_refused),
        cmocka_unit_test(key_of_the_server_stays_in_its_token),
        cmocka_unit_test(garbage_breaks_only_its_own_connection),
    };
    return cmocka_run_group_tests_name("host_tls", tests, setup, teardown);
}
