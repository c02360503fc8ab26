/* SPDX-License-Identifier: Apache-2.0 */
/* provision_chip: see provision_chip.h. */
#include "tests/unit/provision_chip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "host/station/gdb_packet.h"
#include "tests/unit/attest_maker.h"
#include "tests/unit/provision_factory.h"
#include "wire/cose.h"
#include "wire/grant.h"

static const char map[] = "<memory-map><memory type=\"flash\" start=\"0x10000000\" length=\"0x400000\">"
                          "<property name=\"blocksize\">0x1000</property></memory></memory-map>";

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

/* ---- the agent ---- */

static struct bytes possession_make(struct chip *chip, struct bytes challenge, uint8_t *out, size_t capacity)
{
    struct fault fault = FAULT_NONE;
    uint8_t identity[64];
    uint8_t update[64];
    uint8_t other[32] = { 1 };
    uint8_t payload[512];
    uint8_t structure[1024];
    uint8_t digest[32];
    uint8_t signature[64];
    must(hsm_key_public(chip->hsm, chip->identity_label, identity, &fault) == 0);
    must(hsm_key_public(chip->hsm, chip->vice == CHIP_SAME_KEYS ? chip->identity_label : chip->update_label, update,
                        &fault) == 0);
    struct provision_possession p = { challenge, bytes_of(chip->uid, 16), bytes_of(identity, 64),
                                      bytes_of(update, 64) };
    p.challenge = chip->vice == CHIP_OTHER_CHALLENGE ? bytes_of(other, 32) : p.challenge;
    p.uid = chip->vice == CHIP_OTHER_UID ? bytes_of(other, 16) : p.uid;
    struct cbor_writer pw = cbor_writer_of(payload, sizeof payload);
    provision_possession_build(&p, &pw);
    struct cbor_writer sw = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(PROVISION_POP_AAD, strlen(PROVISION_POP_AAD)), cbor_written(&pw), &sw);
    p256_sha256(cbor_written(&sw), digest);
    must(hsm_sign(chip->hsm, chip->identity_label, digest, signature, &fault) == 0);
    signature[5] ^= chip->vice == CHIP_BAD_SIGNATURE ? 1 : 0;
    const struct cose_sign1 sign1 = { .payload = cbor_written(&pw), .signature = bytes_of(signature, 64) };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cose_sign1_build(&sign1, &w);
    return cbor_written(&w);
}

static void check_answer(struct chip *chip, uint8_t digests[3][32], struct provision_answer *answer)
{
    uint8_t all[5 * 2048];
    struct cbor_writer w = cbor_writer_of(all, sizeof all);
    for (size_t i = 0; i < 5; i++) {
        cbor_write_raw(&w, bytes_of(chip->items[i], chip->item_lens[i]));
    }
    p256_sha256(cbor_written(&w), digests[0]);
    digests[0][0] ^= chip->vice == CHIP_BAD_DIGEST ? 1 : 0;
    p256_sha256(bytes_of(chip->flash, LAYOUT_BOOT_LEN), digests[1]);
    p256_sha256(bytes_of(chip->flash + LAYOUT_SBM_A_OFF, 2 * LAYOUT_SBM_LEN), digests[2]); /* slot B follows slot A */
    answer->items_digest = bytes_of(digests[0], 32);
    answer->boot_digest = bytes_of(digests[1], 32);
    answer->sbm_digest = bytes_of(digests[2], 32);
    answer->app_sequence = chip->app_sequence;
}

/* A grant first, and it must be for this chip; the real one also looks at the signatures. */
static void item_store(struct chip *chip, const struct provision_request *q, struct provision_answer *a)
{
    struct grant_item item;
    struct cose_sign1 signed_grant;
    struct grant grant;
    must(q->item >= 3 && q->item <= 7 && q->data.len <= 2048);
    if (q->item == STORE_GRANT &&
        (grant_item_parse(q->data, &item) != STATUS_OK || cose_sign1_parse(item.grant, &signed_grant) != STATUS_OK ||
         grant_parse(signed_grant.payload, &grant) != STATUS_OK ||
         !bytes_equal(grant.uid, bytes_of(chip->uid, sizeof chip->uid)))) {
        a->status = STATUS_GRANT_CHIP;
    } else if (q->item != STORE_GRANT && chip->item_lens[4] == 0) {
        a->status = STATUS_GRANT_MISSING;
    } else {
        memcpy(chip->items[q->item - 3], q->data.data, q->data.len);
        chip->item_lens[q->item - 3] = q->data.len;
    }
}

static void request_serve(struct chip *chip)
{
    static uint8_t possession[1024];
    static uint8_t digests[3][32];
    struct provision_request q;
    struct provision_answer a = { 0 };
    uint32_t len = bytes_read_le32(chip->mailbox + 12);
    must(len <= MAILBOX_MESSAGE_MAX && provision_request_parse(bytes_of(chip->mailbox + 16, len), &q) == STATUS_OK);
    a.op = q.op;
    if (q.op == PROVISION_HELLO) {
        a.version = PROVISION_VERSION;
        a.uid = bytes_of(chip->uid, 16);
        a.sbm_sequence = chip->sbm_sequence;
    } else if (q.op == PROVISION_MAKE_KEYS) {
        a.possession = possession_make(chip, q.challenge, possession, sizeof possession);
    } else if (q.op == PROVISION_STORE) {
        item_store(chip, &q, &a);
    } else if (q.op == PROVISION_INSTALL) {
        a.app_sequence = chip->app_sequence;
    } else if (q.op == PROVISION_CHECK) {
        check_answer(chip, digests, &a);
    } else {
        chip->lock_asked = chip->vice != CHIP_STAYS_OPEN;
    }
    if (chip->vice == CHIP_WRONG_OP) {
        a = (struct provision_answer){ .op = PROVISION_STORE };
    }
    struct cbor_writer w = cbor_writer_of(chip->mailbox + 16, MAILBOX_MESSAGE_MAX);
    provision_answer_build(&a, &w);
    must(w.status == STATUS_OK);
    bytes_write_le32(chip->mailbox + 12, chip->vice == CHIP_ENDLESS_ANSWER ? UINT32_MAX : (uint32_t)w.len);
    memcpy(chip->mailbox + 8, chip->mailbox + 4, 4);
}

/* What the CPU does when it is let go. */
static void cpu_run(struct chip *chip, struct peer_reply *reply)
{
    if (chip->lock_asked) {
        chip->locked = 1;
        reply->close = 1;
        (void)shutdown(chip->listen_fd, SHUT_RDWR);
        return;
    }
    /* An SBM only runs from flash that was written. */
    if (chip->vice == CHIP_MUTE_AGENT || chip->flash[LAYOUT_SBM_A_OFF] != 0xD8 || chip->flash[0] == 0xFF) {
        return;
    }
    if (bytes_read_le32(chip->mailbox) != MAILBOX_MAGIC) {
        memset(chip->mailbox, 0, sizeof chip->mailbox);
        bytes_write_le32(chip->mailbox, MAILBOX_MAGIC);
    } else if (memcmp(chip->mailbox + 4, chip->mailbox + 8, 4) != 0) {
        request_serve(chip);
    }
}

int chip_prove(void *context, struct bytes nonce, unsigned timeout_ms, uint8_t *token, size_t *len, struct fault *fault)
{
    struct chip *chip = context;
    static const uint8_t old[32] = { 9 };
    static struct factory_claims room;
    uint8_t key[64];
    (void)timeout_ms;
    if (chip->vice == CHIP_DEAD_AT_LOCK) {
        return fault_set(fault, "nobody answers");
    }
    must(hsm_key_public(chip->hsm, chip->identity_label, key, fault) == 0);
    struct token_claims claims = attest_claims(key, chip->vice == CHIP_OLD_TOKEN ? bytes_of(old, sizeof old) : nonce);
    factory_claims_fill(chip->flash, &room, &claims);
    claims.parts[TOKEN_APP].version -= chip->vice == CHIP_OTHER_SOFTWARE;
    claims.lifecycle = chip->vice == CHIP_NOT_SECURED ? 0x2000 : TOKEN_LIFECYCLE_SECURED;
    *len = attest_token(chip->hsm, chip->identity_label, &claims, token).len;
    return 0;
}

/* ---- the debug port ---- */

/* Where `len` bytes at `addr` are, or NULL. */
static uint8_t *memory_at(struct chip *chip, unsigned addr, unsigned len)
{
    if (addr >= LAYOUT_FLASH_SECURE_ADDR && addr - LAYOUT_FLASH_SECURE_ADDR + len <= FLASHCTL_FLASH_LEN) {
        return chip->flash + (addr - LAYOUT_FLASH_SECURE_ADDR);
    }
    if (addr >= LAYOUT_MAILBOX_ADDR && addr - LAYOUT_MAILBOX_ADDR + len <= MAILBOX_LEN) {
        return chip->mailbox + (addr - LAYOUT_MAILBOX_ADDR);
    }
    return NULL;
}

static const char *flash_write(struct chip *chip, unsigned addr, struct bytes data)
{
    uint8_t *at = memory_at(chip, addr, (unsigned)data.len);
    if (at == NULL || addr % FLASHCTL_GRANULE_LEN != 0 || data.len % FLASHCTL_GRANULE_LEN != 0) {
        return "E01";
    }
    for (size_t i = 0; i < data.len; i++) {
        if (at[i] != 0xFF) {
            return "E01";
        }
    }
    memcpy(at, data.data, data.len);
    if (chip->vice == CHIP_STUCK_BIT) {
        chip->flash[LAYOUT_SBM_A_OFF + LAYOUT_SBM_IMAGE_OFF] |= 4;
    }
    return "OK";
}

static void memory_answer(struct chip *chip, unsigned addr, unsigned len, struct peer_reply *reply)
{
    static char hex[2 * 8192 + 1];
    uint8_t *at = memory_at(chip, addr, len);
    if (at == NULL || len > 8192) {
        peer_reply_text(reply, "E14");
        return;
    }
    gdb_hex_write(bytes_of(at, len), hex);
    peer_reply_text(reply, hex);
}

static void command_answer(struct chip *chip, struct bytes content, struct peer_reply *reply)
{
    char text[96] = { 0 };
    unsigned addr = 0;
    unsigned len = 0;
    int at = 0;
    memcpy(text, content.data, content.len < 95 ? content.len : 95);
    if (sscanf(text, "m%x,%x", &addr, &len) == 2) {
        memory_answer(chip, addr, len, reply);
    } else if (sscanf(text, "M%x,%x:%n", &addr, &len, &at) == 2 && at > 0) {
        uint8_t *to = addr >= LAYOUT_MAILBOX_ADDR ? memory_at(chip, addr, len) : NULL;
        int ok = to != NULL && gdb_hex_read(bytes_of(content.data + at, content.len - (size_t)at), to, len) == 0;
        peer_reply_text(reply, ok ? "OK" : "E01");
    } else if (sscanf(text, "vFlashErase:%x,%x", &addr, &len) == 2) {
        uint8_t *from = memory_at(chip, addr, len);
        if (from != NULL) {
            memset(from, 0xFF, len);
        }
        peer_reply_text(reply, from != NULL ? "OK" : "E01");
    } else if (sscanf(text, "vFlashWrite:%x:%n", &addr, &at) == 1 && at > 0) {
        peer_reply_text(reply, flash_write(chip, addr, bytes_of(content.data + at, content.len - (size_t)at)));
    } else if (strcmp(text, "vFlashDone") == 0) {
        peer_reply_text(reply, "OK");
    } else if (peer_begins(content, "qRcmd,")) {
        memset(chip->mailbox, 0xA5, sizeof chip->mailbox);
        bytes_write_le32(chip->mailbox, MAILBOX_MAGIC); /* what RAM holds after a reset is not to be relied on */
        peer_reply_text(reply, "OK");
    } else if (peer_begins(content, "qXfer:memory-map:read")) {
        char piece[sizeof map + 1] = "l";
        memcpy(piece + 1, map, sizeof map);
        peer_reply_text(reply, piece);
    } else if (content.data[0] == 0x03) {
        peer_reply_text(reply, "T02thread:01;");
    } else if (strcmp(text, "c") == 0) {
        cpu_run(chip, reply);
    } else {
        peer_reply_text(reply, "");
    }
}

static void chip_answer(void *context, struct bytes content, struct peer_reply *reply)
{
    struct chip *chip = context;
    if (chip->cut_at != 0 && ++chip->packets == chip->cut_at) {
        reply->close = 1;
    } else if (!peer_hello_answer(content, 1, reply)) {
        command_answer(chip, content, reply);
    }
}

static void *chip_thread(void *context)
{
    struct chip *chip = context;
    int fd;
    while (!chip->locked && (fd = accept(chip->listen_fd, NULL, NULL)) >= 0) {
        chip->peer = (struct peer){ .fd = fd, .context = chip, .answer = chip_answer };
        peer_serve(&chip->peer);
        (void)close(fd);
    }
    (void)close(chip->listen_fd);
    return NULL;
}

void chip_power_on(struct chip *chip)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    must(!chip->locked);
    chip->packets = 0;
    chip->lock_asked = 0;
    chip->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(chip->listen_fd >= 0 && bind(chip->listen_fd, (struct sockaddr *)&address, sizeof address) == 0);
    must(listen(chip->listen_fd, 4) == 0 && getsockname(chip->listen_fd, (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(chip->target, sizeof chip->target, "127.0.0.1:%u", ntohs(address.sin_port));
    must(pthread_create(&chip->thread, NULL, chip_thread, chip) == 0);
}

void chip_start(struct chip *chip)
{
    memset(chip->uid, 0x42, sizeof chip->uid);
    chip->flash = malloc(FLASHCTL_FLASH_LEN);
    must(chip->flash != NULL);
    memset(chip->flash, 0xFF, FLASHCTL_FLASH_LEN);
    chip_power_on(chip);
}

void chip_stop(struct chip *chip)
{
    (void)shutdown(chip->listen_fd, SHUT_RDWR);
    (void)pthread_join(chip->thread, NULL);
}

void chip_free(struct chip *chip)
{
    free(chip->flash);
    chip->flash = NULL;
}
