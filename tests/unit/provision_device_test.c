/* SPDX-License-Identifier: Apache-2.0 */
/* The device link's client against devices that answer right, refuse, repeat, lie or stay silent. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cbor.h"
#include "host/device/device.h"
#include "tests/unit/host_support.h"

/* ---- a device on the other end of a socket pair ---- */

struct device {
    int fd;
    pthread_t thread;
    unsigned requests;
    unsigned drop;          /* so many requests get no answer */
    int stale;              /* a wrong answer goes before the right one */
    int noise;              /* bytes that are no frame go before */
    struct bytes canned;    /* the answer to everything, when set */
    uint8_t received[8192]; /* by upload */
    size_t received_len;
    uint64_t refuse_at_end; /* status number, or 0 */
};

static void pair_write(struct cbor_writer *w, const char *key, uint64_t value)
{
    cbor_write_tstr(w, key);
    cbor_write_uint(w, value);
}

static void upload_serve(struct device *d, struct bytes body, struct cbor_writer *w)
{
    struct cbor_reader r = cbor_reader_of(body);
    struct cbor_map map = cbor_read_map(&r);
    struct bytes text;
    struct bytes data = { NULL, 0 };
    static uint64_t total;
    int64_t number;
    uint64_t off = 0;
    while (cbor_map_next_any(&map, &number, &text)) {
        if (text.len == 4) {
            data = cbor_read_bstr(&r);
        } else if (text.data[0] == 'o') {
            off = cbor_read_uint(&r);
        } else {
            total = cbor_read_uint(&r);
        }
    }
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
    if (off == d->received_len && off + data.len <= sizeof d->received) {
        memcpy(d->received + off, data.data, data.len);
        d->received_len += data.len;
    }
    if (d->received_len == total && d->refuse_at_end != 0) {
        char reason[64];
        int len = snprintf(reason, sizeof reason, "%u: what the device says", (unsigned)d->refuse_at_end);
        cbor_write_map(w, 2);
        pair_write(w, "rc", 1);
        cbor_write_tstr(w, "rsn");
        cbor_write_tstr_bytes(w, bytes_of(reason, (size_t)len));
    } else {
        cbor_write_map(w, 2);
        pair_write(w, "rc", 0);
        pair_write(w, "off", d->received_len);
    }
}

static void packet_send(struct device *d, struct smp_head head, struct bytes body)
{
    uint8_t packet[SMP_PACKET_MAX];
    uint8_t frames[SMP_ENCODED_MAX];
    size_t len = 0;
    head.length = (uint16_t)body.len;
    smp_head_build(&head, packet);
    memcpy(packet + SMP_HEAD_LEN, body.data, body.len);
    assert_int_equal(smp_encode(bytes_of(packet, SMP_HEAD_LEN + body.len), frames, sizeof frames, &len), STATUS_OK);
    assert_int_equal(send(d->fd, frames, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void request_serve(struct device *d, const struct smp_head *in, struct bytes body)
{
    uint8_t out[SMP_BODY_MAX];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    struct smp_head head = *in;
    if (d->requests++ < d->drop) {
        return;
    }
    if (d->canned.data != NULL) {
        cbor_write_raw(&w, d->canned);
        memcpy(d->received, body.data, body.len);
        d->received_len = body.len;
    } else if (in->group == SMP_GROUP_IMAGE) {
        upload_serve(d, body, &w);
    } else if (in->group == SMP_GROUP_OS && in->command == 0) {
        cbor_write_raw(&w, body);
        out[2] = 'r';
    } else {
        cbor_write_map(&w, 1);
        pair_write(&w, "rc", 0);
    }
    head.op = (uint8_t)(in->op + 1);
    if (d->noise) {
        assert_int_equal(send(d->fd, "boot...\r\n\x06\x09????\n", 16, MSG_NOSIGNAL), 16);
    }
    if (d->stale) {
        struct smp_head other = head;
        other.sequence--;
        packet_send(d, other, bytes_of("\xA1\x62rc\x05", 5));
    }
    packet_send(d, head, cbor_written(&w));
}

static void *device_thread(void *context)
{
    struct device *d = context;
    struct smp_decoder *decoder = calloc(1, sizeof *decoder);
    uint8_t in[512];
    ssize_t n;
    while ((n = recv(d->fd, in, sizeof in, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            struct bytes packet;
            struct bytes body;
            struct smp_head head;
            if (smp_decode(decoder, in[i], &packet) == STATUS_OK &&
                smp_packet_parse(packet, &head, &body) == STATUS_OK) {
                request_serve(d, &head, body);
            }
        }
    }
    free(decoder);
    return NULL;
}

static void device_start(struct device *d, struct smp_link *link)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    d->fd = fds[0];
    smp_link_init(link, fds[1]);
    link->timeout_ms = 1500;
    assert_int_equal(pthread_create(&d->thread, NULL, device_thread, d), 0);
}

static void device_stop(struct device *d, struct smp_link *link)
{
    smp_link_close(link);
    (void)pthread_join(d->thread, NULL);
    (void)close(d->fd);
}

/* ---- the line ---- */

static void answer_is_found_among_noise_and_old_answers_and_after_losses(void **state)
{
    struct device d = { .noise = 1, .stale = 1, .drop = 2 };
    struct smp_link link;
    struct fault fault = FAULT_NONE;
    (void)state;
    device_start(&d, &link);
    support_check(device_echo(&link, "hello", &fault), &fault);
    assert_int_equal(d.requests, 3);
    support_check(device_reset(&link, &fault), &fault);
    support_check(device_confirm(&link, &fault), &fault);
    device_stop(&d, &link);
}

static void silent_device_is_left_after_all_tries(void **state)
{
    struct device d = { .drop = UINT32_MAX };
    struct smp_link link;
    struct fault fault = FAULT_NONE;
    (void)state;
    device_start(&d, &link);
    link.timeout_ms = 30;
    support_check_refused(device_echo(&link, "hello", &fault), &fault, "does not answer");
    device_stop(&d, &link);
    assert_int_equal(d.requests, link.tries);
}

static void closed_line_is_said_at_once(void **state)
{
    struct device d = { 0 };
    struct smp_link link;
    struct fault fault = FAULT_NONE;
    (void)state;
    device_start(&d, &link);
    assert_int_equal(shutdown(d.fd, SHUT_RDWR), 0);
    support_check_refused(device_echo(&link, "hello", &fault), &fault, "device link");
    device_stop(&d, &link);
}

/* ---- update ---- */

static void update_arrives_whole_also_when_packets_are_lost(void **state)
{
    struct device d = { .drop = 1 };
    struct smp_link link;
    struct fault fault = FAULT_NONE;
    uint8_t update[5000];
    (void)state;
    for (size_t i = 0; i < sizeof update; i++) {
        update[i] = (uint8_t)(i * 31 + (i >> 8));
    }
    device_start(&d, &link);
    support_check(device_update(&link, bytes_of(update, sizeof update), NULL, &fault), &fault);
    device_stop(&d, &link);
    assert_int_equal(d.received_len, sizeof update);
    assert_memory_equal(d.received, update, sizeof update);
}

static void refused_update_tells_the_devices_own_reason(void **state)
{
    struct device d = { .refuse_at_end = STATUS_SUIT_ROLLBACK };
    struct smp_link link;
    struct fault fault = FAULT_NONE;
    uint8_t update[3000] = { 1 };
    (void)state;
    device_start(&d, &link);
    support_check_refused(device_update(&link, bytes_of(update, sizeof update), NULL, &fault), &fault,
                          status_text(STATUS_SUIT_ROLLBACK));
    assert_non_null(strstr(fault.what, "SUIT_ROLLBACK"));
    device_stop(&d, &link);
}

static void device_that_does_not_get_on_is_left(void **state)
{
    static const char *const answers[] = { "\xA2\x62rc\x00\x63off\x00",
                                           "\xA2\x62rc\x00\x63off\x1A\x7F\xFF\xFF\xFF",
                                           "\xA1\x62rc\x00",
                                           "\xA0",
                                           "\xFF",
                                           "\xA1\x62rc\x08" };
    static const size_t lens[] = { 10, 14, 5, 1, 1, 5 };
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct device d = { .canned = bytes_of(answers[i], lens[i]) };
        struct smp_link link;
        struct fault fault = FAULT_NONE;
        device_start(&d, &link);
        assert_int_equal(device_update(&link, bytes_of("12345678", 8), NULL, &fault), -1);
        assert_string_not_equal(fault.what, "");
        device_stop(&d, &link);
    }
}

/* ---- status ---- */

static struct bytes status_make(uint8_t *out, size_t capacity)
{
    static const char *const keys[] = { "app",     "sbm",      "uid",       "halt",      "slot",        "boots",
                                        "fault",   "trial",    "health",    "reason",    "counter",     "pending",
                                        "refused", "recovery", "lifecycle", "sbm_trial", "refused_seq", "sbm_counter" };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_map(&w, 18);
    for (size_t i = 0; i < 18; i++) {
        cbor_write_tstr(&w, keys[i]);
        if (i == 2) {
            cbor_write_bstr(&w, bytes_of("0123456789abcdef", 16));
        } else if (i == 8) {
            cbor_write_bstr(&w, bytes_of("\0\1\2\0\0\0\0\0", 8));
        } else if (i == 7 || i == 13 || i == 15) {
            cbor_write_bool(&w, 1);
        } else if (i == 11) {
            cbor_write_null(&w);
        } else {
            cbor_write_uint(&w, 100 + i);
        }
    }
    return cbor_written(&w);
}

static void status_is_read_and_every_damage_is_refused_or_seen(void **state)
{
    uint8_t map[256];
    struct bytes in = status_make(map, sizeof map);
    struct device_status s;
    struct device_status changed;
    (void)state;
    assert_int_equal(device_status_parse(in, &s), STATUS_OK);
    assert_int_equal(s.app, 100);
    assert_int_equal(s.trial, 1);
    assert_int_equal(s.has_pending, 0);
    assert_int_equal(s.halt, 103);
    assert_int_equal(s.recovery, 1);
    assert_int_equal(s.refused_sequence, 116);
    assert_int_equal(s.slot, 104);
    assert_int_equal(s.sbm_counter, 117);
    assert_int_equal(s.health[2], 2);
    for (size_t len = 0; len < in.len; len++) {
        assert_int_not_equal(device_status_parse(bytes_of(map, len), &changed), STATUS_OK);
    }
    for (size_t i = 0; i < in.len * 8; i++) {
        map[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (device_status_parse(in, &changed) == STATUS_OK) {
            assert_memory_not_equal(&changed, &s, sizeof s);
        }
        map[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
}

/* What a proof is asked over must never come twice, or an old proof would do. */
static void each_proof_is_asked_over_a_fresh_nonce(void **state)
{
    struct device d = { .canned = bytes_of("\xA0", 1) };
    struct smp_link link;
    struct device_attestation attestation;
    struct cert root = { { 0 }, 0 };
    uint8_t first[sizeof d.received];
    (void)state;
    device_start(&d, &link);
    for (int i = 0; i < 2; i++) {
        struct fault fault = FAULT_NONE;
        assert_int_equal(device_attest(&link, &root, &attestation, &fault), -1);
        assert_int_equal(d.received_len, 41); /* {"nonce": 32 bytes} */
        assert_int_not_equal(i == 1 && memcmp(first, d.received, 41) == 0, 1);
        memcpy(first, d.received, 41);
    }
    device_stop(&d, &link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_found_among_noise_and_old_answers_and_after_losses),
        cmocka_unit_test(silent_device_is_left_after_all_tries),
        cmocka_unit_test(closed_line_is_said_at_once),
        cmocka_unit_test(update_arrives_whole_also_when_packets_are_lost),
        cmocka_unit_test(refused_update_tells_the_devices_own_reason),
        cmocka_unit_test(device_that_does_not_get_on_is_left),
        cmocka_unit_test(each_proof_is_asked_over_a_fresh_nonce),
        cmocka_unit_test(status_is_read_and_every_damage_is_refused_or_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
