/* SPDX-License-Identifier: Apache-2.0 */
/* provision_puppet: see provision_puppet.h. */
#include "tests/unit/provision_puppet.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "host/lib/p256.h"
#include "host/sign1/token.h"
#include "tests/unit/provision_factory.h"
#include "wire/cose.h"
#include "wire/flashctl.h"
#include "wire/grant.h"
#include "wire/layout.h"

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

/* ---- the chip ---- */

static EVP_PKEY *key_make(uint8_t public_key[64])
{
    uint8_t point[65];
    size_t len = 0;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key != NULL && EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &len) == 1 && len == 65);
    memcpy(public_key, point + 1, 64);
    return key;
}

void puppet_chip_make(struct puppet_chip *chip, unsigned number)
{
    memset(chip, 0, sizeof *chip);
    bytes_write_le32(chip->uid, number);
    chip->identity = key_make(chip->identity_key);
    chip->update = key_make(chip->update_key);
}

void puppet_chip_free(struct puppet_chip *chip)
{
    EVP_PKEY_free(chip->identity);
    EVP_PKEY_free(chip->update);
}

static void sign(const struct puppet_chip *chip, struct bytes text, uint8_t signature[64])
{
    uint8_t digest[32];
    uint8_t der[80];
    size_t len = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(chip->identity, NULL);
    p256_sha256(text, digest);
    must(EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &len, digest, sizeof digest) == 1);
    const unsigned char *at = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    must(pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
         BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(context);
}

static struct bytes possession_make(const struct puppet_chip *chip, struct bytes challenge, uint8_t *out, size_t max)
{
    uint8_t payload[512];
    uint8_t structure[1024];
    uint8_t signature[64];
    const struct provision_possession p = { challenge, bytes_of(chip->uid, 16), bytes_of(chip->identity_key, 64),
                                            bytes_of(chip->update_key, 64) };
    struct cbor_writer pw = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer sw = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, max);
    provision_possession_build(&p, &pw);
    cose_sig_structure_build(bytes_of(PROVISION_POP_AAD, strlen(PROVISION_POP_AAD)), cbor_written(&pw), &sw);
    sign(chip, cbor_written(&sw), signature);
    const struct cose_sign1 sign1 = { .payload = cbor_written(&pw), .signature = bytes_of(signature, 64) };
    cose_sign1_build(&sign1, &w);
    return cbor_written(&w);
}

struct bytes puppet_token(const struct puppet *p, struct bytes nonce, uint8_t out[TOKEN_MAX])
{
    uint8_t encoded[TOKEN_CLAIMS_MAX];
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t signature[64];
    uint8_t instance[TOKEN_INSTANCE_LEN] = { 0 };
    static const uint8_t some[32] = { 1 };
    struct factory_claims room;
    struct token_claims claims = { .nonce = nonce,
                                   .instance = bytes_of(instance, sizeof instance),
                                   .seed = bytes_of(some, 32),
                                   .client = TOKEN_CLIENT_APPLICATION,
                                   .lifecycle =
                                       p->chip->lifecycle != 0 ? p->chip->lifecycle : TOKEN_LIFECYCLE_SECURED };
    token_instance_id(p->chip->identity_key, instance);
    factory_claims_fill(p->flash, &room, &claims);
    struct cbor_writer c = cbor_writer_of(encoded, sizeof encoded);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, TOKEN_MAX);
    token_claims_build(&claims, &c);
    token_signed_head_build(c.len, &s);
    cbor_write_raw(&s, cbor_written(&c));
    sign(p->chip, cbor_written(&s), signature);
    token_build(cbor_written(&c), signature, &w);
    must(w.status == STATUS_OK);
    return cbor_written(&w);
}

static void check_answer(const struct puppet *p, uint8_t digests[3][32], struct provision_answer *a)
{
    uint8_t all[5 * 2048];
    struct cbor_writer w = cbor_writer_of(all, sizeof all);
    for (size_t i = 0; i < 5; i++) {
        cbor_write_raw(&w, bytes_of(p->chip->items[i], p->chip->item_lens[i]));
    }
    p256_sha256(cbor_written(&w), digests[0]);
    p256_sha256(bytes_of(p->flash, LAYOUT_BOOT_LEN), digests[1]);
    p256_sha256(bytes_of(p->flash + LAYOUT_SBM_A_OFF, 2 * LAYOUT_SBM_LEN), digests[2]);
    a->items_digest = bytes_of(digests[0], 32);
    a->boot_digest = bytes_of(digests[1], 32);
    a->sbm_digest = bytes_of(digests[2], 32);
    a->app_sequence = p->chip->app_sequence;
}

static void flash_write(struct puppet *p, uint32_t off, struct bytes data)
{
    must(off % FLASHCTL_GRANULE_LEN == 0 && data.len % FLASHCTL_GRANULE_LEN == 0 &&
         off % FLASHCTL_SECTOR_LEN + data.len <= FLASHCTL_SECTOR_LEN && off + data.len <= FLASHCTL_FLASH_LEN);
    if (off % FLASHCTL_SECTOR_LEN == 0) {
        memset(p->flash + off, 0xFF, FLASHCTL_SECTOR_LEN);
    }
    for (size_t i = 0; i < data.len; i++) {
        must(p->flash[off + i] == 0xFF);
    }
    memcpy(p->flash + off, data.data, data.len);
}

struct bytes puppet_agent(struct puppet *p, struct bytes request, uint8_t *out, size_t max)
{
    uint8_t possession[1024];
    uint8_t digests[3][32];
    struct provision_request q;
    struct provision_answer a = { 0 };
    struct puppet_chip *chip = p->chip;
    must(provision_request_parse(request, &q) == STATUS_OK);
    a.op = q.op;
    if (q.op == PROVISION_HELLO) {
        a.version = PROVISION_VERSION;
        a.uid = bytes_of(chip->uid, 16);
        a.sbm_sequence = chip->sbm_sequence;
    } else if (q.op == PROVISION_MAKE_KEYS) {
        a.possession = possession_make(chip, q.challenge, possession, sizeof possession);
    } else if (q.op == PROVISION_STORE) {
        must(q.item >= 3 && q.item <= 7 && q.data.len <= 2048);
        memcpy(chip->items[q.item - 3], q.data.data, q.data.len);
        chip->item_lens[q.item - 3] = q.data.len;
    } else if (q.op == PROVISION_INSTALL) {
        a.app_sequence = chip->app_sequence;
    } else if (q.op == PROVISION_WRITE) {
        flash_write(p, (uint32_t)q.off, q.data);
    } else if (q.op == PROVISION_CHECK) {
        check_answer(p, digests, &a);
    }
    struct cbor_writer w = cbor_writer_of(out, max);
    provision_answer_build(&a, &w);
    must(w.status == STATUS_OK);
    return cbor_written(&w);
}

/* ---- the station ---- */

void puppet_open(struct puppet *p, struct appliance *appliance, struct puppet_chip *chip)
{
    struct fault fault = FAULT_NONE;
    memset(p, 0, sizeof *p);
    p->chip = chip;
    p->flash = malloc(FLASHCTL_FLASH_LEN);
    must(p->flash != NULL && appliance_socket_open(appliance, "puppet", &p->socket, &fault) == 0);
    memset(p->flash, 0xFF, FLASHCTL_FLASH_LEN);
}

void puppet_close(struct puppet *p)
{
    appliance_socket_close(p->socket);
    free(p->flash);
}

void puppet_letter(struct puppet *p, const struct letter_request *request)
{
    struct cbor_writer w = cbor_writer_of(p->request, sizeof p->request);
    letter_request_build(request, &w);
    must(w.status == STATUS_OK);
    p->request_len = w.len;
}

void puppet_begin(struct puppet *p)
{
    const struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("one", 3), .channel = LETTER_CHANNEL_OPEN
    };
    puppet_letter(p, &begin);
    p->letters = 0;
}

static void letter_send(struct puppet *p, uint8_t *in, struct letter_answer *answer)
{
    struct fault fault = FAULT_NONE;
    size_t len = 0;
    must(appliance_carry(p->socket, bytes_of(p->request, p->request_len), in, &len, &fault) == 0);
    must(letter_answer_parse(bytes_of(in, len), answer) == STATUS_OK);
}

int puppet_send(struct puppet *p)
{
    letter_send(p, p->out, &p->answer);
    p->letters++;
    return p->answer.refused == 0;
}

static void image_fetch(struct puppet *p, const struct letter_action *action)
{
    uint8_t found[32];
    p256_sha256(bytes_of(p->flash + action->offset, (size_t)action->image_len), found);
    for (size_t done = 0; memcmp(action->digest.data, found, 32) != 0 && done < action->image_len;) {
        const struct letter_request image = { .op = LETTER_IMAGE, .digest = action->digest, .offset = done };
        struct letter_answer answer;
        puppet_letter(p, &image);
        letter_send(p, p->piece, &answer);
        must(!answer.refused && answer.total == action->image_len);
        memcpy(p->flash + action->offset + done, answer.piece.data, answer.piece.len);
        done += answer.piece.len;
    }
}

static struct bytes action_do(struct puppet *p, const struct letter_action *action, uint8_t *out, size_t max)
{
    if (action->kind == LETTER_WRITE) {
        image_fetch(p, action);
    } else if (action->kind == LETTER_ASK || action->kind == LETTER_LOCK) {
        return puppet_agent(p, action->message, out, max);
    } else if (action->kind == LETTER_TOKEN) {
        must(max >= 1024);
        return puppet_token(p, action->nonce, out);
    }
    return bytes_of(NULL, 0);
}

void puppet_do(struct puppet *p, struct letter_request *request)
{
    size_t used = 0;
    memset(request, 0, sizeof *request);
    request->op = LETTER_RESULT;
    request->count = p->answer.count;
    for (size_t i = 0; i < p->answer.count; i++) {
        struct bytes *data = &request->results[i].data;
        *data = action_do(p, &p->answer.actions[i], p->data + used, sizeof p->data - used);
        used += data->len;
    }
}

void puppet_act(struct puppet *p)
{
    struct letter_request request;
    puppet_do(p, &request);
    puppet_letter(p, &request);
}

const struct letter_action *puppet_asked(const struct puppet *p, enum letter_kind kind)
{
    for (size_t i = 0; i < p->answer.count; i++) {
        if (p->answer.actions[i].kind == kind) {
            return &p->answer.actions[i];
        }
    }
    return NULL;
}

int puppet_asked_op(const struct puppet *p, enum provision_op op)
{
    for (size_t i = 0; i < p->answer.count; i++) {
        struct provision_request q;
        if (p->answer.actions[i].kind == LETTER_ASK &&
            provision_request_parse(p->answer.actions[i].message, &q) == STATUS_OK && q.op == op) {
            return (int)i;
        }
    }
    return -1;
}

int puppet_run(struct puppet *p, unsigned letters)
{
    puppet_begin(p);
    int answered = puppet_send(p);
    while (answered && p->letters < letters && puppet_asked(p, LETTER_DONE) == NULL) {
        puppet_act(p);
        answered = puppet_send(p);
    }
    return answered;
}
