/* SPDX-License-Identifier: Apache-2.0 */
/* letterbox: see letterbox.h. */
#include "host/station/letterbox.h"

/* `in` has room for LETTER_MAX bytes. */
static int answer_get(struct letterbox *box, const struct letter_request *request, uint8_t *in,
                      struct letter_answer *answer, struct fault *fault)
{
    size_t len = 0;
    struct cbor_writer w = cbor_writer_of(box->request, sizeof box->request);
    letter_request_build(request, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "letter to the appliance", w.status);
    }
    if (box->carrier.carry(box->carrier.context, cbor_written(&w), in, &len, fault) != 0) {
        return -1;
    }
    status_t status = letter_answer_parse(bytes_of(in, len), answer);
    if (status != STATUS_OK) {
        return fault_status(fault, "the appliance's answer", status);
    }
    if (answer->refused != 0) {
        (void)fault_set(fault, "%.*s", (int)answer->what.len, (const char *)answer->what.data);
        return answer->hint.len == 0
                   ? -1
                   : fault_hint(fault, "%.*s", (int)answer->hint.len, (const char *)answer->hint.data);
    }
    if (answer->op != request->op) {
        return fault_set(fault, "the appliance answered to another letter");
    }
    return 0;
}

int letterbox_ask(struct letterbox *box, const struct letter_request *request, struct letter_answer *answer,
                  struct fault *fault)
{
    return answer_get(box, request, box->answer, answer, fault);
}

int letterbox_image_fetch(void *context, const uint8_t digest[32], uint8_t *out, size_t len, struct fault *fault)
{
    struct letterbox *box = context;
    size_t done = 0;
    while (done < len) {
        const struct letter_request request = { .op = LETTER_IMAGE, .digest = bytes_of(digest, 32), .offset = done };
        struct letter_answer answer;
        if (answer_get(box, &request, box->piece, &answer, fault) != 0) {
            return -1;
        }
        if (answer.total != len || answer.piece.len > len - done) {
            return fault_set(fault, "the appliance's image has a size that cannot be");
        }
        memcpy(out + done, answer.piece.data, answer.piece.len);
        done += answer.piece.len;
    }
    return 0;
}
