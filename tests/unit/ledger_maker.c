/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_maker: see ledger_maker.h. */
#include "tests/unit/ledger_maker.h"

#include "tests/unit/test.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/p256.h"
#include "host/lib/text.h"
#include "host/sign1/token.h"
#include "tests/unit/attest_maker.h"
#include "tests/unit/host_support.h"
#include "wire/cose.h"
#include "wire/provision_msg.h"

#define SEQUENCE 3

EVP_PKEY *maker_key_new(uint8_t point[64])
{
    uint8_t encoded[65];
    size_t len = 0;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded, &len), 1);
    assert_int_equal(len, 65);
    memcpy(point, encoded + 1, 64);
    return key;
}

void maker_sign(EVP_PKEY *key, const uint8_t digest[32], uint8_t signature[64])
{
    uint8_t der[80];
    const uint8_t *at = der;
    size_t len = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    assert_int_equal(EVP_PKEY_sign_init(context), 1);
    assert_int_equal(EVP_PKEY_sign(context, der, &len, digest, 32), 1);
    EVP_PKEY_CTX_free(context);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32), 32);
    ECDSA_SIG_free(pair);
}

struct bytes maker_sign1(struct maker *maker, enum maker_key key, const char *aad, struct bytes payload, uint8_t *out,
                         size_t out_len)
{
    uint8_t structure[512];
    uint8_t digest[32];
    uint8_t signature[64];
    uint8_t kid[8];
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, out_len);
    cose_sig_structure_build(bytes_of(aad, strlen(aad)), payload, &s);
    p256_sha256(cbor_written(&s), digest);
    maker_sign(maker->keys[key], digest, signature);
    p256_kid(maker->points[key], kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, key == MAKER_MASTERING ? sizeof kid : 0),
                                      .payload = payload,
                                      .signature = bytes_of(signature, sizeof signature) };
    struct cose_sign1 plain = sign1;
    plain.kid.data = key == MAKER_MASTERING ? kid : NULL;
    cose_sign1_build(&plain, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static int checkpoint_sign(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault)
{
    (void)fault;
    maker_sign(((struct maker *)context)->keys[MAKER_RECORDS], digest, signature);
    return 0;
}

static int tpm_count(void *context, uint64_t *count)
{
    const struct maker *maker = context;
    *count = maker->tpm_count;
    return maker->package.tpm;
}

void maker_cert_make(struct maker *maker, enum cert_kind kind, const char *name, const uint8_t key[64],
                     struct cert *out)
{
    struct fault fault = FAULT_NONE;
    struct cert_spec spec = { .kind = kind, .organisation = "Example", .common_name = name, .years = 10 };
    memcpy(spec.public_key, key, sizeof spec.public_key);
    support_check(cert_issue(&spec, kind == CERT_ROOT ? NULL : &maker->root, maker->hsm, "root", out, &fault), &fault);
}

static void certs_open(struct maker *maker)
{
    struct fault fault = FAULT_NONE;
    uint8_t root[64];
    uint8_t issuing[64];
    support_softhsm_start();
    maker->hsm = support_token_open("maker");
    support_check(hsm_key_generate(maker->hsm, "root", HSM_KEY_SIGN, root, &fault), &fault);
    support_check(hsm_key_generate(maker->hsm, "issuing", HSM_KEY_SIGN, issuing, &fault), &fault);
    maker_cert_make(maker, CERT_ROOT, "root", root, &maker->root);
    maker_cert_make(maker, CERT_ISSUING, "issuing", issuing, &maker->issuing);
    maker_cert_make(maker, CERT_SIGNING, "records", maker->points[MAKER_RECORDS], &maker->records);
}

static void ticket_make(struct maker *maker)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    static const uint8_t id[16] = { 5 };
    struct cbor_writer w = cbor_writer_of(payload, sizeof payload);
    const struct ticket ticket = { maker->package.number, bytes_of(maker->points[MAKER_GRANT], 64),
                                   bytes_of(id, sizeof id), bytes_of(id, sizeof id), maker->package.block };
    ticket_build(&ticket, &w);
    maker->ticket_len =
        maker_sign1(maker, MAKER_MASTERING, TICKET_AAD, cbor_written(&w), maker->ticket, sizeof maker->ticket).len;
}

void maker_open(struct maker *maker, uint64_t quota, int tpm, uint64_t block)
{
    memset(maker, 0, sizeof *maker);
    for (unsigned i = 0; i < MAKER_KEYS; i++) {
        maker->keys[i] = maker_key_new(maker->points[i]);
    }
    certs_open(maker);
    maker->signer = (struct ledger_signer){ maker, checkpoint_sign, tpm_count, &maker->records };
    maker->package = (struct ledger_package){ .number = 1, .quota = quota, .block = block, .tpm = tpm };
    maker->package.not_after = 4000000000;
    memcpy(maker->package.grant_key, maker->points[MAKER_GRANT], 64);
    p256_sha256(bytes_of(maker->issuing.der, maker->issuing.len), maker->package.issuing);
    maker->trust.root = maker->root;
    maker->trust.issuing = &maker->issuing;
    maker->trust.issuing_count = 1;
    maker->trust.records = &maker->records;
    maker->trust.records_count = 1;
    memcpy(maker->trust.mastering[0], maker->points[MAKER_MASTERING], 64);
    maker->trust.mastering_count = 1;
    maker->given[0].number = 1;
    maker->given[0].quota = quota;
    maker->given[0].tpm = tpm;
    memcpy(maker->given[0].digest, maker->package.digest, 32);
    memcpy(maker->given[0].records_key, maker->points[MAKER_RECORDS], 64);
    maker->trust.given = maker->given;
    maker->trust.given_count = 1;
    maker->trust.has_quota_key = 1;
    memcpy(maker->trust.quota_key, maker->points[MAKER_QUOTA], 64);
    ticket_make(maker);
}

void maker_close(struct maker *maker)
{
    hsm_close(maker->hsm);
    for (unsigned i = 0; i < MAKER_KEYS; i++) {
        EVP_PKEY_free(maker->keys[i]);
    }
}

struct ledger *maker_ledger_open(struct maker *maker, const char *place)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    const struct ledger_config config = { place, LEDGER_WRITE, &maker->signer, support_path(LEDGER_HEAD_FILE) };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    support_check(ledger_package_load(ledger, &maker->package, &fault), &fault);
    return ledger;
}

/* ---- units ---- */

void maker_chip_new(uint32_t name, struct made *out)
{
    uint8_t other[64];
    memset(out, 0, sizeof *out);
    memcpy(out->uid, &name, sizeof name);
    out->identity = maker_key_new(out->identity_key);
    EVP_PKEY *update = maker_key_new(other);
    memcpy(out->update_key, other, sizeof other);
    EVP_PKEY_free(update);
}

void made_free(struct made *made)
{
    EVP_PKEY_free(made->identity);
}

/* The block that this unit is in; a new one costs the TPM one operation. */
static struct bytes block_make(struct maker *maker, uint64_t unit)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    struct cbor_writer w = cbor_writer_of(payload, sizeof payload);
    if (maker->block_first != 0 && unit < maker->block_first + maker->package.block) {
        return bytes_of(maker->block, maker->block_len);
    }
    const struct grant_block block = { maker->package.number, unit, maker->package.block,
                                       bytes_of(maker->points[MAKER_DELEGATE], 64) };
    grant_block_build(&block, &w);
    maker->block_first = unit;
    maker->tpm_count += (uint64_t)(maker->package.tpm != 0);
    maker->block_len =
        maker_sign1(maker, MAKER_GRANT, GRANT_BLOCK_AAD, cbor_written(&w), maker->block, sizeof maker->block).len;
    return bytes_of(maker->block, maker->block_len);
}

struct bytes maker_grant_make(struct maker *maker, const struct made *made, uint8_t out[GRANT_ITEM_MAX])
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    uint8_t encoded[GRANT_SIGNED_MAX];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer w = cbor_writer_of(out, GRANT_ITEM_MAX);
    int blocks = maker->package.block > 1;
    struct grant_item item = { .ticket = bytes_of(maker->ticket, maker->ticket_len) };
    const struct grant grant = { maker->package.number, made->unit.number, bytes_of(made->uid, 16),
                                 bytes_of(made->identity_key, 64), bytes_of(made->update_key, 64) };
    grant_build(&grant, &p);
    if (blocks) {
        item.block = block_make(maker, made->unit.number);
    } else {
        maker->tpm_count += (uint64_t)(maker->package.tpm != 0);
    }
    item.grant =
        maker_sign1(maker, blocks ? MAKER_DELEGATE : MAKER_GRANT, GRANT_AAD, cbor_written(&p), encoded, sizeof encoded);
    grant_item_build(&item, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

void maker_certs_make(struct maker *maker, const struct made *made, struct cert *device, struct cert *update)
{
    char serial[33];
    struct fault fault = FAULT_NONE;
    struct cert_spec spec = {
        .kind = CERT_DEVICE, .organisation = "Example", .common_name = "device", .serial_number = serial
    };
    text_hex(made->uid, sizeof made->uid, serial);
    memcpy(spec.public_key, made->identity_key, 64);
    support_check(cert_issue(&spec, &maker->issuing, maker->hsm, "issuing", device, &fault), &fault);
    spec.kind = CERT_DEVICE_UPDATE;
    memcpy(spec.public_key, made->update_key, 64);
    support_check(cert_issue(&spec, &maker->issuing, maker->hsm, "issuing", update, &fault), &fault);
}

struct bytes maker_receipt_make(uint64_t sequence, uint8_t out[256])
{
    static const uint8_t digest[32] = { 7 };
    const struct provision_answer answer = { .op = PROVISION_CHECK,
                                             .app_sequence = sequence,
                                             .items_digest = bytes_of(digest, 32),
                                             .boot_digest = bytes_of(digest, 32),
                                             .sbm_digest = bytes_of(digest, 32) };
    struct cbor_writer w = cbor_writer_of(out, 256);
    provision_answer_build(&answer, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

struct bytes maker_token_make(const struct made *made, struct bytes nonce, uint8_t out[1024])
{
    uint8_t encoded[TOKEN_CLAIMS_MAX];
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t digest[32];
    uint8_t signature[64];
    struct cbor_writer c = cbor_writer_of(encoded, sizeof encoded);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, 1024);
    uint8_t instance[TOKEN_INSTANCE_LEN]; /* attest_claims keeps one for all threads */
    struct token_claims claims = attest_claims(made->identity_key, nonce);
    token_instance_id(made->identity_key, instance);
    claims.instance = bytes_of(instance, sizeof instance);
    token_claims_build(&claims, &c);
    token_signed_head_build(c.len, &s);
    cbor_write_raw(&s, cbor_written(&c));
    p256_sha256(cbor_written(&s), digest);
    maker_sign(made->identity, digest, signature);
    token_build(cbor_written(&c), signature, &w);
    assert_int_equal(w.status, STATUS_OK);
    return cbor_written(&w);
}

static void step_make(struct maker *maker, struct ledger *ledger, enum maker_step step, struct made *made)
{
    static const uint8_t nonce[32] = { 1, 2, 3 };
    struct fault fault = FAULT_NONE;
    struct cert device;
    struct cert update;
    uint8_t room[1024];
    const struct ledger_claim claim = { made->uid, made->identity_key, made->update_key, maker->package.number };
    switch (step) {
    case MAKE_RESERVE:
        support_check(ledger_unit_reserve(ledger, &claim, &made->unit, &fault), &fault);
        break;
    case MAKE_GRANT: {
        struct bytes item = maker_grant_make(maker, made, room);
        support_check(ledger_unit_grant(ledger, made->uid, maker->tpm_count, item, &fault), &fault);
        break;
    }
    case MAKE_CERTIFY:
        maker_certs_make(maker, made, &device, &update);
        support_check(ledger_unit_certify(ledger, made->uid, &device, &update, &fault), &fault);
        break;
    case MAKE_CHECK:
        support_check(ledger_unit_check(ledger, made->uid, maker_receipt_make(SEQUENCE, room), SEQUENCE, &fault),
                      &fault);
        break;
    case MAKE_CLOSE:
        support_check(ledger_unit_close(ledger, made->uid, bytes_of(nonce, sizeof nonce),
                                        maker_token_make(made, bytes_of(nonce, sizeof nonce), room), &fault),
                      &fault);
        break;
    }
}

void maker_unit_make(struct maker *maker, struct ledger *ledger, uint32_t name, enum maker_step last, struct made *out)
{
    maker_chip_new(name, out);
    maker_unit_go_on(maker, ledger, MAKE_RESERVE, last, out);
}

void maker_unit_go_on(struct maker *maker, struct ledger *ledger, enum maker_step first, enum maker_step last,
                      struct made *made)
{
    for (enum maker_step step = first; step <= last; step++) {
        step_make(maker, ledger, step, made);
    }
}

void maker_package_next(struct maker *maker, struct ledger *ledger, uint64_t quota)
{
    struct fault fault = FAULT_NONE;
    maker->package.number = 2;
    maker->package.quota = quota;
    maker->package.digest[0] = 2;
    maker->block_first = 0;
    ticket_make(maker);
    maker->given[1] = maker->given[0];
    maker->given[1].number = 2;
    maker->given[1].quota = quota;
    memcpy(maker->given[1].digest, maker->package.digest, 32);
    maker->trust.given_count = 2;
    support_check(ledger_package_load(ledger, &maker->package, &fault), &fault);
}
