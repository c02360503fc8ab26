/* SPDX-License-Identifier: Apache-2.0 */
/* socket: the sorting of letters. See appliance.h. */
#include "host/appliance/appliance_room.h"

#include <stdlib.h>

#include "base/wipe.h"
#include "host/lib/text.h"

int appliance_socket_open(struct appliance *appliance, const char *station, struct appliance_socket **out,
                          struct fault *fault)
{
    struct appliance_socket *s = calloc(1, sizeof *s);
    *out = s;
    if (s == NULL) {
        return fault_set(fault, "no memory");
    }
    s->unit.appliance = appliance;
    text_clean(station, s->station, sizeof s->station);
    s->unit.station = s->station;
    return 0;
}

void appliance_socket_close(struct appliance_socket *s)
{
    if (s != NULL) {
        unit_end(&s->unit);
        free(s);
    }
}

static int image_give(const struct unit *unit, const struct letter_request *request, struct letter_answer *answer,
                      struct fault *fault)
{
    struct bytes image = unit_image_give(unit, request->digest);
    if (request->offset >= image.len) {
        return fault_set(fault, "appliance: no such piece of an image");
    }
    size_t left = image.len - (size_t)request->offset;
    answer->total = image.len;
    answer->piece = bytes_of(image.data + request->offset, left < LETTER_PIECE_MAX ? left : LETTER_PIECE_MAX);
    return 0;
}

static int answer_find(struct unit *unit, const struct letter_request *request, struct letter_answer *answer,
                       struct unit_room *room, struct fault *fault)
{
    switch (request->op) {
    case LETTER_BEGIN:
        return unit_begin(unit, request, answer, room, fault);
    case LETTER_RESULT:
        return unit_next(unit, request, answer, room, fault);
    case LETTER_IMAGE:
        return image_give(unit, request, answer, fault);
    default: /* LETTER_BYE */
        unit_end(unit);
        return 0;
    }
}

int appliance_carry(void *socket, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault)
{
    struct appliance_socket *s = socket;
    struct letter_request in;
    struct letter_answer out;
    struct unit_room room;
    struct fault refusal = FAULT_NONE;
    struct cbor_writer w = cbor_writer_of(answer, LETTER_MAX);
    status_t status = letter_request_parse(request, &in);
    out.op = status == STATUS_OK ? in.op : LETTER_BYE;
    out.refused = 0;
    room.len = 0;
    if (status != STATUS_OK) {
        unit_end(&s->unit);
        (void)fault_status(&refusal, "letter from the station", status);
    }
    if (status == STATUS_OK && answer_find(&s->unit, &in, &out, &room, &refusal) == 0) {
        letter_answer_build(&out, &w);
    } else {
        letter_refusal_build(out.op, bytes_of(refusal.what, strlen(refusal.what)),
                             bytes_of(refusal.hint, strlen(refusal.hint)), &w);
    }
    wipe(room.data, room.len); /* over the secure channel it held firmware */
    *answer_len = w.len;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "the appliance's answer", w.status);
}
