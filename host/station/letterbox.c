/* SPDX-License-Identifier: Apache-2.0 */
/* letterbox: see letterbox.h. */
#include "host/station/letterbox.h"

#include <stdlib.h>

int letterbox_ask(struct letterbox *box, const struct letter_request *request, struct letter_answer *answer,
                  struct fault *fault)
{
    uint8_t out[8192];
    size_t len = 0;
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    letter_request_build(request, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "letter to the appliance", w.status);
    }
    if (box->carrier.carry(box->carrier.context, cbor_written(&w), box->answer, &len, fault) != 0) {
        return -1;
    }
    status_t status = letter_answer_parse(bytes_of(box->answer, len), answer);
    if (status != STATUS_OK) {
        return fault_status(fault, "the appliance's answer", status);
    }
    if (answer->refused != 0) {
        (void)fault_set(fault, "%.*s", (int)answer->what.len, (const char *)answer->what.data);
        return fault_hint(fault, "%.*s", (int)answer->hint.len, (const char *)answer->hint.data);
    }
    if (answer->op != request->op) {
        return fault_set(fault, "the appliance answered to another letter");
    }
    return 0;
}

int letterbox_image_fetch(struct letterbox *box, enum letter_image image, size_t max, uint8_t **data, size_t *len,
                          struct fault *fault)
{
    uint8_t *whole = malloc(max);
    size_t done = 0;
    size_t total = 1;
    *data = NULL;
    if (whole == NULL) {
        return fault_set(fault, "no memory");
    }
    while (done < total) {
        struct letter_request request = { .op = LETTER_IMAGE, .image = image, .offset = done };
        struct letter_answer answer;
        if (letterbox_ask(box, &request, &answer, fault) != 0) {
            free(whole);
            return -1;
        }
        if (answer.total > max || (done != 0 && answer.total != total) || answer.piece.len > answer.total - done) {
            free(whole);
            return fault_set(fault, "the appliance's image has a size that cannot be");
        }
        total = (size_t)answer.total;
        memcpy(whole + done, answer.piece.data, answer.piece.len);
        done += answer.piece.len;
    }
    *data = whole;
    *len = total;
    return 0;
}
