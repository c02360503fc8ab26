/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying a device's TLS session: devices that are honest, repeat, lie or never end, and servers that leave. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/device/device_tls.h"

/* How the device behind the link behaves. */
enum vice { HONEST, LOSES_ANSWERS, CLAIMS_TOO_MUCH, NEVER_ENDS, TALKS_TOO_MUCH, NO_TLS };

struct device {
    int fd;
    enum vice vice;
    unsigned steps;
    uint8_t from_server[4096];
    size_t from_server_len;
    pthread_t thread;
};

static void answer_write(struct device *d, uint32_t ack, uint32_t got, int end, struct cbor_writer *w)
{
    static const char hello[] = "hello server";
    static const char text[] = "answer\x1b\n";
    size_t sent = ack < sizeof hello - 1 ? ack : sizeof hello - 1;
    size_t told = got < sizeof text - 1 ? got : sizeof text - 1;
    int answered = d->from_server_len >= 5;
    struct bytes said = answered ? bytes_of(text + told, sizeof text - 1 - told) : bytes_of(text, 0);
    uint64_t state = end && !answered ? DEVICE_TLS_FAILED : answered ? DEVICE_TLS_DONE : DEVICE_TLS_HANDSHAKE;
    uint32_t off = (uint32_t)d->from_server_len + (d->vice == CLAIMS_TOO_MUCH ? 1000 : 0);
    if (d->vice == NEVER_ENDS) {
        state = DEVICE_TLS_HANDSHAKE;
    }
    if (d->vice == TALKS_TOO_MUCH) {
        said = bytes_of(hello, sizeof hello);
    }
    cbor_write_map(w, 6);
    cbor_write_tstr(w, "off");
    cbor_write_uint(w, off);
    cbor_write_tstr(w, "out");
    cbor_write_bstr(w, bytes_of(hello + sent, sizeof hello - 1 - sent));
    cbor_write_tstr(w, "why");
    cbor_write_tstr(w, state == DEVICE_TLS_FAILED ? "the connection was cut" : "");
    cbor_write_tstr(w, "code");
    cbor_write_uint(w, 0);
    cbor_write_tstr(w, "text");
    cbor_write_bstr(w, said);
    cbor_write_tstr(w, "state");
    cbor_write_uint(w, state);
}

static void step_serve(struct device *d, struct bytes body, struct cbor_writer *w)
{
    struct cbor_reader r = cbor_reader_of(body);
    assert_int_equal(cbor_read_map(&r).left, 5);
    (void)cbor_read_tstr(&r);
    struct bytes in = cbor_read_bstr(&r);
    (void)cbor_read_tstr(&r);
    uint32_t ack = (uint32_t)cbor_read_uint(&r);
    (void)cbor_read_tstr(&r);
    int end = cbor_read_bool(&r);
    (void)cbor_read_tstr(&r);
    uint32_t got = (uint32_t)cbor_read_uint(&r);
    (void)cbor_read_tstr(&r);
    uint64_t off = cbor_read_uint(&r);
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
    if (off == d->from_server_len && in.len <= sizeof d->from_server - d->from_server_len) {
        memcpy(d->from_server + off, in.data, in.len);
        d->from_server_len += in.len;
    }
    answer_write(d, ack, got, end, w);
}

static void packet_serve(struct device *d, struct bytes packet)
{
    uint8_t out[SMP_PACKET_MAX];
    uint8_t frames[SMP_ENCODED_MAX];
    struct smp_head head;
    struct bytes body;
    size_t len;
    if (smp_packet_parse(packet, &head, &body) != STATUS_OK) {
        return;
    }
    struct cbor_writer w = cbor_writer_of(out + SMP_HEAD_LEN, sizeof out - SMP_HEAD_LEN);
    if (d->vice == NO_TLS || head.command == 16) {
        cbor_write_map(&w, 1);
        cbor_write_tstr(&w, "rc");
        cbor_write_uint(&w, d->vice == NO_TLS ? 8 : 0);
    } else {
        step_serve(d, body, &w);
    }
    if (d->vice == LOSES_ANSWERS && d->steps++ % 2 == 0) {
        return;
    }
    head.op++;
    head.length = (uint16_t)w.len;
    smp_head_build(&head, out);
    if (smp_encode(bytes_of(out, SMP_HEAD_LEN + w.len), frames, sizeof frames, &len) == STATUS_OK) {
        (void)send(d->fd, frames, len, MSG_NOSIGNAL);
    }
}

static void *device_run(void *context)
{
    struct device *d = context;
    static struct smp_decoder decoder;
    uint8_t byte;
    memset(&decoder, 0, sizeof decoder);
    while (read(d->fd, &byte, 1) == 1) {
        struct bytes packet;
        if (smp_decode(&decoder, byte, &packet) == STATUS_OK) {
            packet_serve(d, packet);
        }
    }
    return NULL;
}

/* Carries a session between such a device and a server that says `server_says` and leaves. */
static int carry(enum vice vice, const char *server_says, struct device_tls_result *out, struct fault *fault)
{
    int line[2];
    int net[2];
    struct device d = { .vice = vice };
    struct smp_link link;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, net), 0);
    d.fd = line[1];
    smp_link_init(&link, line[0]);
    link.timeout_ms = 300;
    assert_int_equal(pthread_create(&d.thread, NULL, device_run, &d), 0);
    if (server_says != NULL) {
        assert_int_equal(send(net[1], server_says, strlen(server_says), 0), (ssize_t)strlen(server_says));
        (void)shutdown(net[1], SHUT_WR);
    }
    int result = device_tls_carry(&link, net[0], "server.example", 300, out, fault);
    char heard[64] = "";
    if (result == 0) {
        assert_int_equal(recv(net[1], heard, sizeof heard, MSG_DONTWAIT), 12);
        assert_string_equal(heard, "hello server");
    }
    (void)shutdown(line[0], SHUT_RDWR);
    (void)pthread_join(d.thread, NULL);
    smp_link_close(&link);
    (void)close(line[1]);
    (void)close(net[0]);
    (void)close(net[1]);
    return result;
}

static void session_is_carried_to_its_end(void **state)
{
    (void)state;
    struct device_tls_result result;
    struct fault fault = FAULT_NONE;
    assert_int_equal(carry(HONEST, "world", &result, &fault), 0);
    assert_int_equal(result.state, DEVICE_TLS_DONE);
    assert_string_equal(result.text, "answer?"); /* nothing that steers a terminal */
}

static void lost_answers_change_nothing(void **state)
{
    (void)state;
    struct device_tls_result result;
    struct fault fault = FAULT_NONE;
    assert_int_equal(carry(LOSES_ANSWERS, "world", &result, &fault), 0);
    assert_string_equal(result.text, "answer?");
}

static void server_that_leaves_is_told_to_the_device(void **state)
{
    (void)state;
    struct device_tls_result result;
    struct fault fault = FAULT_NONE;
    assert_int_equal(carry(HONEST, "wor", &result, &fault), 0);
    assert_int_equal(result.state, DEVICE_TLS_FAILED);
    assert_string_equal(result.why, "the connection was cut");
}

static void lying_and_endless_peers_are_left(void **state)
{
    (void)state;
    static const struct {
        enum vice vice;
        const char *server;
        const char *why;
    } cases[] = {
        { CLAIMS_TOO_MUCH, "world", "not sent" }, { NEVER_ENDS, "world", "the server has gone" },
        { TALKS_TOO_MUCH, "world", "says more" }, { NO_TLS, "world", "refuses" },
        { HONEST, NULL, "nothing moved" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct device_tls_result result;
        struct fault fault = FAULT_NONE;
        assert_int_equal(carry(cases[i].vice, cases[i].server, &result, &fault), -1);
        assert_non_null(strstr(fault.what, cases[i].why));
    }
}

static void damaged_answer_is_refused(void **state)
{
    (void)state;
    uint8_t answer[128];
    struct device d = { .vice = HONEST };
    struct device_tls_answer a;
    struct cbor_writer w = cbor_writer_of(answer, sizeof answer);
    answer_write(&d, 0, 0, 0, &w);
    assert_int_equal(device_tls_answer_parse(cbor_written(&w), &a), STATUS_OK);
    assert_int_equal(a.out.len, 12);
    for (size_t len = 0; len < w.len; len++) {
        assert_int_not_equal(device_tls_answer_parse(bytes_of(answer, len), &a), STATUS_OK);
    }
    answer[w.len - 1] = 0; /* no such state */
    assert_int_equal(device_tls_answer_parse(cbor_written(&w), &a), STATUS_BAD_ARGUMENT);
    answer[w.len - 1] = 6;
    assert_int_equal(device_tls_answer_parse(cbor_written(&w), &a), STATUS_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_is_carried_to_its_end),
        cmocka_unit_test(lost_answers_change_nothing),
        cmocka_unit_test(server_that_leaves_is_told_to_the_device),
        cmocka_unit_test(lying_and_endless_peers_are_left),
        cmocka_unit_test(damaged_answer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
