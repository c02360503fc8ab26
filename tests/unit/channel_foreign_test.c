/* SPDX-License-Identifier: Apache-2.0 */
/* channel_foreign: handshakes with another implementation of RFC 9528, as they were recorded: with the same ephemeral
 * key and signature we make the same bytes, and come to the same keys. */
#include "tests/unit/test.h"

#include "boot/credential.h"
#include "channel/record.h"
#include "crypto/crypto.h"
#include "tests/unit/channel_trace.h"
#include "tests/unit/crypto_support.h"

status_t __wrap_crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64]);

struct recorded {
    uint8_t data[512];
    size_t len;
};

static uint8_t ephemeral[32];

status_t __wrap_crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64])
{
    memcpy(private_key, ephemeral, 32);
    return crypto_p256_public(private_key, public_key);
}

static struct bytes recorded(struct recorded *r, const char *hex)
{
    r->len = hex_read(hex, r->data, sizeof r->data);
    return bytes_of(r->data, r->len);
}

static void written_expect(const struct cbor_writer *w, const char *hex)
{
    struct recorded r;
    struct bytes want = recorded(&r, hex);
    assert_int_equal(w->len, want.len);
    assert_memory_equal(w->data, want.data, want.len);
}

static void exported_expect(const struct edhoc *e, uint32_t label, const char *hex)
{
    uint8_t out[44];
    struct recorded r;
    assert_int_equal(edhoc_export(e, label, out, sizeof out), STATUS_OK);
    assert_memory_equal(out, recorded(&r, hex).data, sizeof out);
}

/* {33: certificate}, and the certificate as a byte string inside it. */
static struct schedule_party certificate_party(const char *hex, uint8_t out[128])
{
    struct recorded r;
    const struct edhoc_chain chain = { { recorded(&r, hex) }, 1 };
    struct cbor_writer w = cbor_writer_of(out, 128);
    edhoc_x5chain_build(&chain, &w);
    return (struct schedule_party){ .id_cred = cbor_written(&w), .cred = bytes_of(out + 3, w.len - 3) };
}

static void its_initiator_and_our_responder_agree(void **state)
{
    static const uint8_t c_r[] = { 0x01 };
    static const uint8_t vendor[16] = { 1 }, class_id[16] = { 2 };
    struct recorded r;
    struct edhoc e;
    uint8_t id[128], digest[32], signature[64], key[64], mastering[64], out[512];
    struct schedule_party own = certificate_party(responder_certificate, id);
    (void)state;
    own.c_r = bytes_of(c_r, sizeof c_r);
    hex_read(responder_ephemeral, ephemeral, 32);
    hex_read(responder_signature, signature, 64);
    hex_read(mastering_public, mastering, 64);
    assert_int_equal(edhoc_message_1_open(&e, recorded(&r, responder_message_1)), STATUS_OK);
    assert_int_equal(edhoc_message_2_begin(&e, &own, digest), STATUS_OK);
    assert_int_equal(crypto_p256_verify(recorded(&r, responder_public).data, digest, signature), STATUS_OK);
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    assert_int_equal(edhoc_message_2_finish(&e, &own, signature, &w), STATUS_OK);
    written_expect(&w, responder_message_2);
    assert_int_equal(edhoc_message_3_open(&e, recorded(&r, responder_message_3)), STATUS_OK);
    assert_true(bytes_equal(e.peer.cred, recorded(&r, responder_cwt)));
    const struct credential_trust trust = {
        { bytes_of(mastering, 64), 0 }, bytes_of(vendor, 16), bytes_of(class_id, 16), 1
    };
    assert_int_equal(credential_check(e.peer.cred, &trust, key), STATUS_OK);
    assert_memory_equal(key, recorded(&r, initiator_public).data, 64);
    assert_int_equal(edhoc_message_3_check(&e, key), STATUS_OK);
    w = cbor_writer_of(out, sizeof out);
    assert_int_equal(edhoc_message_4_make(&e, &w), STATUS_OK);
    written_expect(&w, responder_message_4);
    exported_expect(&e, RECORD_LABEL_TO_CHIP, responder_exported);
}

static void our_initiator_and_its_responder_agree(void **state)
{
    struct recorded r;
    struct edhoc e;
    struct edhoc_chain chain;
    uint8_t id[128], peer_id[128], digest[32], signature[64], key[64], out[512];
    const struct schedule_party own = certificate_party(initiator_certificate, id);
    const struct schedule_party peer = certificate_party(responder_certificate, peer_id);
    (void)state;
    hex_read(initiator_ephemeral, ephemeral, 32);
    hex_read(initiator_signature, signature, 64);
    hex_read(responder_public, key, 64);
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    assert_int_equal(edhoc_message_1_make(&e, &w), STATUS_OK);
    written_expect(&w, initiator_message_1);
    assert_int_equal(edhoc_message_2_open(&e, recorded(&r, initiator_message_2)), STATUS_OK);
    assert_int_equal(edhoc_x5chain_parse(e.peer.id_cred, &chain), STATUS_OK);
    assert_true(bytes_equal(chain.certificate[0], recorded(&r, responder_certificate)));
    assert_int_equal(edhoc_message_2_check(&e, peer.cred, key), STATUS_OK);
    assert_int_equal(edhoc_message_3_begin(&e, &own, digest), STATUS_OK);
    assert_int_equal(crypto_p256_verify(recorded(&r, initiator_public).data, digest, signature), STATUS_OK);
    w = cbor_writer_of(out, sizeof out);
    assert_int_equal(edhoc_message_3_finish(&e, &own, signature, &w), STATUS_OK);
    written_expect(&w, initiator_message_3);
    assert_int_equal(edhoc_message_4_open(&e, recorded(&r, initiator_message_4)), STATUS_OK);
    exported_expect(&e, RECORD_LABEL_FROM_CHIP, initiator_exported);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_initiator_and_our_responder_agree),
        cmocka_unit_test(our_initiator_and_its_responder_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
