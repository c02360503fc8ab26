/* SPDX-License-Identifier: Apache-2.0 */
/* station: see station.h. */
#include "tests/bench/load/station.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/lib/p256.h"
#include "host/lib/tls_letter.h"
#include "host/station/line.h"
#include "tests/bench/load/board.h"
#include "tests/bench/load/chip.h"
#include "wire/cose.h"

int station_open(struct station *s, const char *address, const char *identity, const char *name, struct fault *fault)
{
    char paths[3][600];
    static const char *const files[3] = { LINE_CERT_FILE, LINE_KEY_FILE, LINE_ROOT_FILE };
    memset(s, 0, sizeof *s);
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s", identity, files[i]);
    }
    const struct tls_config config = { .cert = paths[0], .key = paths[1], .root = paths[2] };
    return tls_client_open(&config, &s->tls, fault) != 0
               ? -1
               : tls_letter_connect(s->tls, address, STATION_PATIENCE_MS, &s->conn, fault);
}

void station_close(struct station *s)
{
    if (s->conn != NULL) {
        tls_conn_bye(s->conn);
    }
    tls_conn_close(s->conn);
    tls_close(s->tls);
    for (size_t i = 0; i < STATION_IMAGES; i++) {
        free(s->images[i].data);
    }
    free(s->head.data);
}

/* ---- letters ---- */

/* Views of *answer look into s->piece when it brings a piece of an image, else into s->answer. */
static int letter_carry(struct station *s, const struct letter_request *request, struct letter_answer *answer,
                        struct fault *fault)
{
    struct cbor_writer w = cbor_writer_of(s->request, sizeof s->request);
    uint8_t *in = request->op == LETTER_IMAGE ? s->piece : s->answer;
    size_t len = 0;
    letter_request_build(request, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "letter", w.status);
    }
    const size_t sent = s->twist == NULL ? w.len : s->twist(s, request, w.len);
    s->letters += request->op != LETTER_IMAGE;
    if (tls_letter_send(s->conn, bytes_of(s->request, sent), STATION_PATIENCE_MS, fault) != 0 ||
        tls_letter_receive(s->conn, in, LETTER_MAX, &len, STATION_PATIENCE_MS, fault) != 0) {
        return -1;
    }
    status_t status = letter_answer_parse(bytes_of(in, len), answer);
    if (status != STATUS_OK) {
        return fault_status(fault, "answer", status);
    }
    if (answer->refused == 0) {
        return 0;
    }
    (void)fault_hint(fault, "%.*s", (int)answer->hint.len, (const char *)answer->hint.data);
    return fault_set(fault, "refused: %.*s", (int)answer->what.len, (const char *)answer->what.data);
}

/* ---- images ---- */

static int image_fetch(struct station *s, struct station_image *image, struct fault *fault)
{
    uint8_t digest[32];
    for (size_t done = 0; done < image->len;) {
        struct letter_answer answer;
        const struct letter_request request = { .op = LETTER_IMAGE,
                                                .digest = bytes_of(image->digest, 32),
                                                .offset = done };
        if (letter_carry(s, &request, &answer, fault) != 0) {
            return -1;
        }
        if (answer.total != image->len || answer.piece.len > image->len - done) {
            return fault_set(fault, "an image of another length came");
        }
        memcpy(image->data + done, answer.piece.data, answer.piece.len);
        done += answer.piece.len;
    }
    p256_sha256(bytes_of(image->data, image->len), digest);
    return memcmp(digest, image->digest, sizeof digest) == 0 ? 0 : fault_set(fault, "another image came");
}

/* The chip's own sector is not kept. */
static struct station_image *image_place(struct station *s, const struct letter_action *action, int *known)
{
    *known = 0;
    if (action->erase_len == FLASHCTL_SECTOR_LEN) {
        return &s->head;
    }
    for (size_t i = 0; i < STATION_IMAGES; i++) {
        struct station_image *image = &s->images[i];
        *known = image->data != NULL && bytes_equal(action->digest, bytes_of(image->digest, 32));
        if (*known || image->data == NULL) {
            return image;
        }
    }
    return NULL;
}

static const struct station_image *image_take(struct station *s, const struct letter_action *action,
                                              struct fault *fault)
{
    int known;
    struct station_image *image = image_place(s, action, &known);
    if (known || image == NULL) {
        return image;
    }
    free(image->data);
    memcpy(image->digest, action->digest.data, sizeof image->digest);
    image->len = (size_t)action->image_len;
    image->data = malloc(image->len);
    return image->data != NULL && image_fetch(s, image, fault) == 0 ? image : NULL;
}

static int image_do(struct station *s, const struct letter_action *action, struct fault *fault)
{
    const uint32_t off = (uint32_t)action->offset;
    const uint32_t erase_len = (uint32_t)action->erase_len;
    const int writes = action->kind == LETTER_WRITE;
    const struct station_image *image = image_take(s, action, fault);
    if (image == NULL) {
        return -1;
    }
    const struct bytes data = bytes_of(image->data, image->len);
    int result = writes ? chip_write(off, erase_len, data) : chip_compare(off, data);
    return result == 0 ? 0 : fault_set(fault, "the flash at %x does not take or hold its image", (unsigned)off);
}

/* ---- actions ---- */

static void keys_note(struct bytes answer, struct station_made *made)
{
    struct provision_answer a;
    struct cose_sign1 outer;
    struct provision_possession proof;
    if (provision_answer_parse(answer, &a) == STATUS_OK && a.op == PROVISION_MAKE_KEYS && a.status == 0 &&
        cose_sign1_parse(a.possession, &outer) == STATUS_OK &&
        provision_possession_parse(outer.payload, &proof) == STATUS_OK) {
        memcpy(made->identity_key, proof.identity_key.data, sizeof made->identity_key);
    }
}

static int action_do(struct station *s, const struct letter_action *action, struct bytes *data,
                     struct station_made *made, struct fault *fault)
{
    size_t len = 0;
    int result = -1;
    switch (action->kind) {
    case LETTER_WRITE:
    case LETTER_COMPARE:
        return image_do(s, action, fault);
    case LETTER_START:
        result = chip_start();
        break;
    case LETTER_ASK:
        result = chip_ask(action->message, data);
        keys_note(*data, made);
        break;
    case LETTER_LOCK:
        result = chip_lock(action->message, data);
        break;
    case LETTER_CLOSED:
        result = chip_is_closed();
        break;
    case LETTER_TOKEN:
        result = chip_token(action->nonce, s->token, sizeof s->token, &len);
        *data = bytes_of(s->token, len);
        break;
    default:
        break;
    }
    return result == 0
               ? 0
               : fault_set(fault, "the chip cannot do action %u; it says: %s", (unsigned)action->kind, chip_says());
}

static int cert_take(struct bytes der, struct cert *out)
{
    out->len = der.len <= sizeof out->der ? der.len : 0;
    memcpy(out->der, der.data, out->len);
    return out->len > 0 ? 0 : -1;
}

int station_unit_make(struct station *s, const uint8_t uid[16], struct station_made *made, struct fault *fault)
{
    board_chip_new(uid);
    return station_unit_run(s, made, fault);
}

/* Does the actions at hand, each as far as a chip of this bench can; what fails ends the run. */
static int actions_do(struct station *s, const struct letter_answer *answer, struct letter_request *request,
                      struct station_made *made, struct fault *fault)
{
    size_t used = 0;
    memset(request, 0, sizeof *request);
    request->op = LETTER_RESULT;
    for (; request->count < answer->count; request->count++) {
        struct bytes *data = &request->results[request->count].data;
        if (action_do(s, &answer->actions[request->count], data, made, fault) != 0) {
            return -1;
        }
        if (data->len > sizeof s->data - used) {
            return fault_set(fault, "the chip's answers are too long");
        }
        if (data->len > 0) {
            memcpy(s->data + used, data->data, data->len);
        }
        data->data = s->data + used;
        used += data->len;
    }
    return 0;
}

int station_unit_run(struct station *s, struct station_made *made, struct fault *fault)
{
    struct letter_answer answer;
    struct letter_request request = { .op = LETTER_BEGIN,
                                      .version = LETTER_VERSION,
                                      .socket = bytes_of(s->name, strlen(s->name)),
                                      .channel = LETTER_CHANNEL_OPEN };
    memset(made, 0, sizeof *made);
    memcpy(made->uid, board.uid, sizeof made->uid);
    s->letters = 0;
    int result = letter_carry(s, &request, &answer, fault);
    for (made->letters = 1; result == 0 && answer.actions[0].kind != LETTER_DONE; made->letters++) {
        result = actions_do(s, &answer, &request, made, fault);
        if (result == 0) {
            result = letter_carry(s, &request, &answer, fault);
        }
    }
    if (result != 0) {
        return -1;
    }
    made->number = answer.actions[0].number;
    return cert_take(answer.actions[0].device_cert, &made->device) != 0 ||
                   cert_take(answer.actions[0].update_cert, &made->update) != 0
               ? fault_set(fault, "no certificate came")
               : 0;
}
