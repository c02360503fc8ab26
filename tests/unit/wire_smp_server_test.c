/* SPDX-License-Identifier: Apache-2.0 */
/* smp_server: what clients of the protocol send, in the ways they send it, and what nobody should. */
#include "tests/unit/test.h"

#include "tests/unit/smp_client.h"
#include "wire/smp_server.h"

#define ANSWERS_MAX 64u

static struct smp_server server;
static struct bytes bodies[ANSWERS_MAX];
static uint8_t out[65536];
static size_t out_len;

/* The owner: takes everything, and remembers. */
static struct {
    uint8_t received[8192];
    uint32_t received_len;
    uint32_t longest;
    unsigned starts;
    unsigned finishes;
    status_t verdict;
    status_t write_status;
    int pending;
} owner;

static status_t upload_start(uint32_t image, uint32_t len)
{
    owner.starts++;
    owner.received_len = 0;
    if (image > 1) {
        return STATUS_NOT_FOUND;
    }
    return len > sizeof owner.received ? STATUS_SUIT_SIZE : STATUS_OK;
}

static status_t upload_write(uint32_t off, struct bytes data)
{
    assert_int_equal(off, owner.received_len);
    assert_true(data.len > 0 && data.len <= sizeof owner.received - owner.received_len);
    memcpy(owner.received + off, data.data, data.len);
    owner.received_len += (uint32_t)data.len;
    owner.longest = data.len > owner.longest ? (uint32_t)data.len : owner.longest;
    return owner.write_status;
}

static status_t upload_finish(void)
{
    owner.finishes++;
    owner.pending = owner.verdict == STATUS_OK;
    return owner.verdict;
}

static status_t upload_erase(void)
{
    owner.pending = 0;
    return STATUS_OK;
}

static status_t confirm(void)
{
    return STATUS_BAD_STATE;
}

static int image_read(unsigned slot, struct smp_image *image)
{
    memset(image, 0, sizeof *image);
    memset(image->hash, 0x40 + (int)slot, sizeof image->hash);
    image->sequence = slot == 0 ? 7 : UINT32_MAX;
    image->active = slot == 0;
    return slot == 0 || owner.pending;
}

static void other(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer)
{
    (void)head;
    (void)body;
    smp_rc_build(answer, SMP_RC_NOT_SUPPORTED);
}

static const struct smp_calls calls = { upload_start, upload_write, upload_finish, upload_erase,
                                        confirm,      image_read,   other };

static int setup(void **state)
{
    (void)state;
    memset(&owner, 0, sizeof owner);
    owner.verdict = STATUS_OK;
    owner.write_status = STATUS_OK;
    smp_server_open(&server, &calls);
    client_clear();
    return 0;
}

/* Sends the client's line; gives the number of answers. */
static unsigned serve(void)
{
    struct bytes line = client_line();
    out_len = 0;
    for (size_t i = 0; i < line.len; i++) {
        struct smp_head head;
        struct bytes frames = smp_server_take(&server, line.data[i], &head);
        assert_true(frames.len <= sizeof out - out_len);
        if (frames.len > 0) {
            memcpy(out + out_len, frames.data, frames.len);
            out_len += frames.len;
        }
    }
    client_clear();
    return client_answers(bytes_of(out, out_len), bodies, ANSWERS_MAX);
}

static struct bytes ask(uint16_t group, uint8_t command, const char *body, size_t len)
{
    client_add(group, command, bytes_of(body, len));
    assert_int_equal(serve(), 1);
    return bodies[0];
}

#define ASK(group, command, body) ask(group, command, body, sizeof(body) - 1)
#define assert_answer(answer, text) assert_true(bytes_equal(answer, bytes_of(text, sizeof(text) - 1)))

static struct bytes content(void)
{
    static uint8_t bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 31 + i / 256);
    }
    return bytes_of(bytes, sizeof bytes);
}

static void echo_parameters_and_reset_answer_as_clients_expect(void **state)
{
    const struct smp_head reset = { .op = SMP_WRITE, .group = 0, .command = 5 };
    (void)state;
    assert_answer(ASK(0, 0,
                      "\xA1\x61"
                      "d\x62hi"),
                  "\xA1\x61r\x62hi");
    client_op_set(SMP_READ);
    assert_answer(ASK(0, 6, "\xA0"), "\xA2\x68"
                                     "buf_size\x19\x08\x00\x69"
                                     "buf_count\x01");
    for (uint16_t group = 0; group < 2; group++) { /* reset, erase */
        assert_answer(ASK(group, 5, "\xA0"), "\xA1\x62rc\x00");
        client_op_set(SMP_WRITE | SMP_SECOND << 3);
        assert_answer(ASK(group, 5, "\xA0"), "\xA0");
    }
    assert_true(smp_is_reset(&reset));
    assert_int_equal(client_number(ASK(9, 0, "\xA0"), "rc"), SMP_RC_NOT_SUPPORTED);
}

static void maps_in_any_order_and_of_indefinite_length_are_read(void **state)
{
    (void)state;
    assert_int_equal(client_number(ASK(1, 1,
                                       "\xBF\x63off\x00\x64"
                                       "data\x42"
                                       "ab\x65image\x00\x63len\x04\x67upgrade\xF4\x63sha\x40\xFF"),
                                   "off"),
                     2);
    assert_int_equal(client_number(ASK(1, 1,
                                       "\xA2\x63off\x02\x64"
                                       "data\x42"
                                       "cd"),
                                   "off"),
                     4);
    assert_memory_equal(owner.received, "abcd", 4);
    assert_int_equal(owner.finishes, 1);
}

static void upload_arrives_whole_in_pieces_of_any_length(void **state)
{
    static const size_t pieces[] = { 1, 100, 333, 1024, 1500 };
    struct bytes all = content();
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct bytes part = bytes_of(all.data, pieces[i] == 1 ? 40 : all.len);
        client_add_upload(part, pieces[i]);
        unsigned count = serve();
        assert_int_equal(count, (part.len + pieces[i] - 1) / pieces[i]);
        assert_int_equal(client_number(bodies[count - 1], "off"), part.len);
        assert_int_equal(owner.received_len, part.len);
        assert_memory_equal(owner.received, part.data, part.len);
        assert_true(owner.longest <= SMP_PIECE_MAX);
        assert_int_equal(owner.finishes, i + 1);
    }
}

static void piece_sent_twice_is_written_once_and_the_verdict_is_repeated(void **state)
{
    struct bytes all = bytes_of(content().data, 300);
    (void)state;
    owner.verdict = STATUS_SUIT_ROLLBACK;
    client_add_piece(all, 0, 100);
    client_add_piece(all, 100, 100);
    client_add_piece(all, 100, 100); /* its answer was lost */
    client_add_piece(all, 250, 50);  /* too early */
    client_add_piece(all, 200, 100);
    client_add_piece(all, 200, 100);
    assert_int_equal(serve(), 6);
    assert_int_equal(client_number(bodies[2], "off"), 200);
    assert_int_equal(client_number(bodies[3], "off"), 200);
    assert_int_equal(client_reason(bodies[4]), STATUS_SUIT_ROLLBACK);
    assert_int_equal(client_reason(bodies[5]), STATUS_SUIT_ROLLBACK);
    assert_int_equal(owner.finishes, 1);
    assert_memory_equal(owner.received, all.data, all.len);
}

static void first_piece_add(struct bytes all, const uint8_t sha[32])
{
    uint8_t body[256];
    struct cbor_writer w = cbor_writer_of(body, sizeof body);
    cbor_write_map(&w, 4);
    smp_pair_bytes(&w, "data", bytes_of(all.data, 100));
    smp_pair_uint(&w, "len", all.len);
    smp_pair_uint(&w, "off", 0);
    smp_pair_bytes(&w, "sha", bytes_of(sha, 32));
    client_add(SMP_GROUP_IMAGE, 1, cbor_written(&w));
}

static void broken_upload_of_the_same_hash_goes_on_where_it_was(void **state)
{
    static const uint8_t sha[2][32] = { { 1 }, { 2 } };
    struct bytes all = bytes_of(content().data, 300);
    (void)state;
    first_piece_add(all, sha[0]);
    client_add_piece(all, 100, 100);
    first_piece_add(all, sha[0]);
    assert_int_equal(serve(), 3);
    assert_int_equal(client_number(bodies[2], "off"), 200);
    assert_int_equal(owner.starts, 1);
    first_piece_add(all, sha[1]);
    assert_int_equal(serve(), 1);
    assert_int_equal(client_number(bodies[0], "off"), 100);
    assert_int_equal(owner.starts, 2);
}

static void lies_about_lengths_write_nothing(void **state)
{
    struct bytes all = bytes_of(content().data, 300);
    (void)state;
    assert_int_equal(client_number(ASK(1, 1,
                                       "\xA2\x63off\x05\x64"
                                       "data\x41x"),
                                   "rc"),
                     SMP_RC_BAD_STATE); /* nothing was begun */
    client_add_piece(all, 0, 100);
    client_add_piece(bytes_of(all.data, 5000), 100, 1000); /* longer than what was announced */
    assert_int_equal(serve(), 2);
    assert_int_equal(client_number(bodies[1], "rc"), SMP_RC_BAD_STATE);
    assert_int_equal(owner.received_len, 100);
    assert_int_equal(owner.finishes, 0);
    client_add_piece(bytes_of(all.data, sizeof owner.received + 1), 0, 100);
    assert_int_equal(serve(), 1);
    assert_int_equal(client_reason(bodies[0]), STATUS_SUIT_SIZE);
    assert_int_equal(client_number(ASK(1, 1,
                                       "\xA2\x63off\x64"
                                       "data\x41x"),
                                   "rc"),
                     SMP_RC_INVALID);
    assert_int_equal(owner.received_len, 0);
}

static void bad_requests_are_refused_and_change_nothing(void **state)
{
    static const struct {
        const char *body;
        size_t len;
    } bad[] = {
        { "", 0 },
        { "\x80", 1 },
        { "\xA1", 1 },
        { "\xA1\x63off\x00", 6 },                                             /* no len */
        { "\xA2\x63len\x00\x63off\x00", 11 },                                 /* nothing to come */
        { "\xA2\x63len\x1B\x00\x00\x00\x01\x00\x00\x00\x00\x63off\x00", 19 }, /* longer than any flash */
        { "\xA3\x63len\x01\x63off\x00\x63off\x00", 16 },                      /* twice */
        { "\xA3\x63len\x01\x63off\x00\x63sha\x41\x00", 17 },                  /* no hash */
        { "\xA2\x63len\x01\x63off\x18\x00", 12 },                             /* not the shortest form */
        { "\xA2\x63len\x01\x63off\x00\x00", 12 },                             /* something behind it */
        { "\xA2\x63len\x61"
          "1\x63off\x00",
          12 },                                             /* a text */
        { "\xBF\x63len\x01\x63off\x00", 11 },               /* never ends */
        { "\xA2\x63len\x01\x00\x00", 8 },                   /* a key that is no text */
        { "\xBB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00", 10 }, /* very many pairs */
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(client_number(ask(1, 1, bad[i].body, bad[i].len), "rc"), SMP_RC_INVALID);
    }
    assert_int_equal(owner.starts, 0);
    assert_int_equal(client_number(ASK(1, 0, "\xA1\x64hash\x41x"), "rc"), SMP_RC_INVALID);
    assert_int_equal(client_number(ASK(0, 0, "\xA1\x61x\x61y"), "rc"), SMP_RC_INVALID);
}

/* Its low 32 bits name the application. */
static void image_number_beyond_32_bits_names_nothing(void **state)
{
    (void)state;
    assert_int_equal(client_number(ASK(1, 1,
                                       "\xA4\x63len\x02\x63off\x00\x64"
                                       "data\x41x\x65image\x1B\x00\x00\x00\x01\x00\x00\x00\x00"),
                                   "rc"),
                     SMP_RC_NOT_FOUND);
    assert_int_equal(owner.starts, 0);
}

/* Two servers on one line would answer each other for ever. */
static void answers_are_not_answered(void **state)
{
    static const uint8_t packet[] = { 0, 0, 0, 1, 0, 0, 1, 6, 0xA0 };
    uint8_t line[64];
    size_t len;
    (void)state;
    for (uint8_t op = 0; op < 4; op++) {
        uint8_t asked[sizeof packet];
        memcpy(asked, packet, sizeof packet);
        asked[0] = op;
        assert_int_equal(smp_encode(bytes_of(asked, sizeof asked), line, sizeof line, &len), STATUS_OK);
        client_add_raw(bytes_of(line, len));
        assert_int_equal(serve(), op % 2 == 0 ? 1 : 0);
    }
}

static void a_read_resets_erases_and_uploads_nothing(void **state)
{
    static const char piece[] = "\xA3\x63len\x02\x63off\x00\x64"
                                "data\x42"
                                "ab";
    const struct smp_head reset = { .op = SMP_READ, .group = 0, .command = 5 };
    (void)state;
    owner.pending = 1;
    client_op_set(SMP_READ);
    client_add(0, 5, bytes_of("\xA0", 1));
    client_add(1, 5, bytes_of("\xA0", 1));
    client_add(1, 1, bytes_of(piece, sizeof piece - 1));
    client_op_set(SMP_WRITE);
    client_add(0, 6, bytes_of("\xA0", 1));
    assert_int_equal(serve(), 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_answer(bodies[i], "\xA1\x62rc\x08");
    }
    assert_false(smp_is_reset(&reset));
    assert_int_equal(owner.starts, 0);
    assert_int_equal(owner.pending, 1);
}

/* A refusal of version 2 has the two fields that its clients know; one of version 1 also tells that all has come. */
static void refused_upload_ends_for_clients_of_both_versions(void **state)
{
    struct bytes all = bytes_of(content().data, 300);
    (void)state;
    owner.verdict = STATUS_SUIT_PAYLOAD_MISMATCH;
    for (uint8_t version = SMP_FIRST; version <= SMP_SECOND; version++) {
        client_op_set((uint8_t)(SMP_WRITE | version << 3));
        client_add_upload(all, 200);
        assert_int_equal(serve(), 2);
        assert_int_equal(client_number(bodies[0], "off"), 200);
        assert_int_equal(client_number(bodies[0], "rc"), version == SMP_FIRST ? 0 : UINT64_MAX);
        assert_int_equal(client_number(bodies[1], "rc"), SMP_RC_UNKNOWN);
        assert_int_equal(client_reason(bodies[1]), STATUS_SUIT_PAYLOAD_MISMATCH);
        assert_int_equal(client_number(bodies[1], "off"), version == SMP_FIRST ? 300 : UINT64_MAX);
        assert_int_equal(client_number(bodies[1], "status"), UINT64_MAX);
    }
}

static void only_the_pending_slot_can_be_erased(void **state)
{
    (void)state;
    owner.pending = 1;
    assert_answer(ASK(1, 5, "\xA1\x64slot\x00"), "\xA1\x62rc\x03");
    assert_answer(ASK(1, 5, "\xA1\x64slot\x02"), "\xA1\x62rc\x03");
    assert_answer(ASK(1, 5, "\xFF\xFF"), "\xA1\x62rc\x03");
    assert_int_equal(owner.pending, 1);
    assert_answer(ASK(1, 5, "\xA1\x64slot\x01"), "\xA1\x62rc\x00");
    assert_int_equal(owner.pending, 0);
    owner.pending = 1;
    assert_answer(ASK(1, 5, ""), "\xA1\x62rc\x00");
    assert_int_equal(owner.pending, 0);
}

static void failed_write_ends_the_upload(void **state)
{
    struct bytes all = bytes_of(content().data, 300);
    (void)state;
    owner.write_status = STATUS_FLASH_IO;
    client_add_piece(all, 0, 100);
    client_add_piece(all, 100, 100);
    assert_int_equal(serve(), 2);
    assert_int_equal(client_reason(bodies[0]), STATUS_FLASH_IO);
    assert_int_equal(client_number(bodies[1], "rc"), SMP_RC_BAD_STATE);
}

static void images_are_listed_and_only_the_pending_one_can_be_asked_for(void **state)
{
    static char request[40] = "\xA1\x64hash\x58\x20";
    (void)state;
    struct bytes one = ASK(1, 0,
                           "\xA1\x67"
                           "confirm\xF5");
    assert_int_equal(client_number(one, "rc"), SMP_RC_BAD_STATE); /* the owner's own answer */
    memset(request + 8, 0x41, 32);
    assert_int_equal(client_number(ask(1, 0, request, 40), "rc"), SMP_RC_NOT_FOUND);
    owner.pending = 1;
    struct bytes list = ask(1, 0, request, 40);
    struct cbor_reader r = cbor_reader_of(list);
    assert_int_equal(cbor_read_map(&r).left, 2);
    assert_true(smp_key_is(cbor_read_tstr(&r), "images"));
    assert_int_equal(cbor_read_array(&r), 2);
    struct bytes first = cbor_skip(&r);
    struct bytes second = cbor_skip(&r);
    assert_int_equal(client_number(first, "slot"), 0);
    assert_int_equal(client_number(second, "slot"), 1);
    assert_non_null(memmem(first.data, first.len,
                           "\x67version\x67"
                           "0.0.0.7",
                           16));
    assert_non_null(memmem(second.data, second.len, "0.0.0.4294967295", 16));
    assert_true(smp_key_is(cbor_read_tstr(&r), "splitStatus"));
    assert_int_equal(cbor_read_uint(&r), 0);
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
    assert_int_equal(client_number(ASK(1, 5, "\xA0"), "rc"), SMP_RC_OK);
    assert_int_equal(owner.pending, 0);
}

static void noise_and_broken_frames_get_no_answer_and_do_not_stop_the_next(void **state)
{
    static uint8_t noise[3000];
    (void)state;
    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 7919 >> 3);
    }
    client_add_raw(bytes_of(noise, sizeof noise));
    client_add_raw(bytes_of("\n\x06\x09////\n\x04\x14"
                            "AAAA\n",
                            15));
    assert_int_equal(serve(), 0);
    assert_answer(ASK(0, 0,
                      "\xA1\x61"
                      "d\x60"),
                  "\xA1\x61r\x60");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(echo_parameters_and_reset_answer_as_clients_expect, setup),
        cmocka_unit_test_setup(maps_in_any_order_and_of_indefinite_length_are_read, setup),
        cmocka_unit_test_setup(upload_arrives_whole_in_pieces_of_any_length, setup),
        cmocka_unit_test_setup(piece_sent_twice_is_written_once_and_the_verdict_is_repeated, setup),
        cmocka_unit_test_setup(broken_upload_of_the_same_hash_goes_on_where_it_was, setup),
        cmocka_unit_test_setup(lies_about_lengths_write_nothing, setup),
        cmocka_unit_test_setup(bad_requests_are_refused_and_change_nothing, setup),
        cmocka_unit_test_setup(image_number_beyond_32_bits_names_nothing, setup),
        cmocka_unit_test_setup(answers_are_not_answered, setup),
        cmocka_unit_test_setup(a_read_resets_erases_and_uploads_nothing, setup),
        cmocka_unit_test_setup(refused_upload_ends_for_clients_of_both_versions, setup),
        cmocka_unit_test_setup(only_the_pending_slot_can_be_erased, setup),
        cmocka_unit_test_setup(failed_write_ends_the_upload, setup),
        cmocka_unit_test_setup(images_are_listed_and_only_the_pending_one_can_be_asked_for, setup),
        cmocka_unit_test_setup(noise_and_broken_frames_get_no_answer_and_do_not_stop_the_next, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
