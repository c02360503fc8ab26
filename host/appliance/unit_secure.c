/* SPDX-License-Identifier: Apache-2.0 */
/* unit_secure: see unit_secure.h. */
#include "host/appliance/appliance_room.h"

#include <time.h>

#include "base/wipe.h"

#define HAND_SECONDS 30u
#define START_SECONDS 30u
#define WRITE_SECONDS 30u
#define AGAIN_MAX 8u

/* ---- which channel ---- */

static int ended(uint64_t ends, struct fault *fault)
{
    char text[32] = "";
    struct tm tm;
    const time_t when = (time_t)ends;
    if (ends == 0 || (uint64_t)time(NULL) <= ends) {
        return 0;
    }
    if (gmtime_r(&when, &tm) != NULL) {
        (void)strftime(text, sizeof text, " on %Y-%m-%d", &tm);
    }
    (void)fault_set(fault, "the appliance's credential for chips ended%s", text);
    return fault_hint(fault,
                      "the maker renews it: 'windlass pki appliance' with the same request; then 'windlassd enrol' "
                      "and start the appliance again");
}

/* A station that could choose would choose the channel on which it reads along. */
int unit_secure_choose(struct unit *u, uint64_t wanted, struct fault *fault)
{
    const struct run *run = u->run;
    const int secure = run->vendor_count > 0;
    if ((wanted == LETTER_CHANNEL_SECURE) != secure) {
        (void)fault_set(fault, secure ? "this product is made over the secure channel only"
                                      : "this product is made over the debug port, and its package names no silicon "
                                        "vendors");
        return fault_hint(fault, secure ? "windlass provision --secure" : "windlass provision, without --secure");
    }
    if (!secure) {
        return 0;
    }
    u->secure.own = u->appliance->channel;
    u->secure.own.vendors = run->vendors;
    u->secure.own.vendor_count = run->vendor_count;
    u->secure.side = &u->secure.own;
    return ended(run->channel_ends, fault);
}

/* ---- the handshake ---- */

static void line_action(struct unit *u, unsigned seconds, struct letter_action *action)
{
    const struct bytes step = action->step;
    *action = (struct letter_action){ .kind = LETTER_FRAME,
                                      .step = step,
                                      .message = bytes_of(u->secure.line.data, u->secure.line.len),
                                      .seconds = seconds };
    u->secure.seconds = seconds;
}

int unit_secure_repeat(struct unit *u, struct letter_action *action, struct fault *fault)
{
    if (u->secure.again == AGAIN_MAX) {
        return fault_hint(fault, "somebody or something disturbs the line to the chip: look at its cable and ground");
    }
    u->secure.again++;
    line_action(u, u->secure.seconds, action);
    return 0;
}

int unit_secure_begin(struct unit *u, struct letter_action *action, struct fault *fault)
{
    if (channel_begin(&u->secure.channel, u->secure.side, &u->secure.line, fault) != 0) {
        return -1;
    }
    line_action(u, HAND_SECONDS, action);
    return 0;
}

int unit_secure_hand_check(struct unit *u, struct bytes data, struct fault *fault)
{
    int taken = channel_continue(&u->secure.channel, u->secure.side, data, &u->secure.line, fault);
    return taken == 1 ? UNIT_SECURE_AGAIN : taken;
}

int unit_secure_next(struct unit *u, struct letter_action *action, struct fault *fault)
{
    (void)fault;
    line_action(u, HAND_SECONDS, action);
    return 0;
}

int unit_secure_open_check(struct unit *u, struct bytes data, struct fault *fault)
{
    int taken = unit_secure_hand_check(u, data, fault);
    if (taken != 0) {
        return taken;
    }
    return u->secure.line.len == 0 ? 0 : fault_set(fault, "the chip's handshake does not come to an end");
}

/* ---- actions as frames ---- */

static int erased(const uint8_t *at, size_t len)
{
    size_t i = 0;
    while (i < len && at[i] == 0xFF) {
        i++;
    }
    return i == len;
}

/* The next piece of an image: a write that begins a sector erases it, so that one granule is enough for an empty one.
 */
static struct bytes piece_next(struct unit_secure *s, struct bytes image)
{
    const uint32_t left = (uint32_t)image.len - s->done;
    const uint32_t in_sector = FLASHCTL_SECTOR_LEN - s->done % FLASHCTL_SECTOR_LEN;
    const uint32_t sector = left < in_sector ? left : in_sector;
    if (s->done % FLASHCTL_SECTOR_LEN == 0 && erased(image.data + s->done, sector)) {
        s->piece = sector;
        return bytes_of(image.data + s->done, FLASHCTL_GRANULE_LEN);
    }
    s->piece = sector < PROVISION_WRITE_MAX ? sector : PROVISION_WRITE_MAX;
    return bytes_of(image.data + s->done, s->piece);
}

static int request_seal(struct unit *u, const struct provision_request *request, unsigned seconds,
                        struct letter_action *action, struct fault *fault)
{
    struct cbor_writer w = unit_room_writer(u->room);
    provision_request_build(request, &w);
    u->room->len += w.len;
    if (w.status != STATUS_OK) {
        return fault_status(fault, "request to the chip", w.status);
    }
    if (channel_seal(&u->secure.channel, cbor_written(&w), &u->secure.line, fault) != 0) {
        return -1;
    }
    line_action(u, seconds, action);
    return 0;
}

static int write_wrap(struct unit *u, struct letter_action *action, struct fault *fault)
{
    const struct bytes image = unit_image_find(u, action->digest);
    const uint64_t off = action->offset + u->secure.done;
    if (image.len == 0 || u->secure.done >= image.len) {
        return fault_set(fault, "appliance: no such piece of an image");
    }
    const struct provision_request request = { .op = PROVISION_WRITE,
                                               .off = off,
                                               .data = piece_next(&u->secure, image) };
    return request_seal(u, &request, WRITE_SECONDS, action, fault);
}

int unit_secure_wrap(struct unit *u, struct letter_action *action, struct fault *fault)
{
    const struct provision_request start = { .op = PROVISION_START };
    switch (action->kind) {
    case LETTER_WRITE:
        return write_wrap(u, action, fault);
    case LETTER_START:
        return request_seal(u, &start, START_SECONDS, action, fault);
    case LETTER_ASK:
    case LETTER_LOCK:
        if (channel_seal(&u->secure.channel, action->message, &u->secure.line, fault) != 0) {
            return -1;
        }
        line_action(u, (unsigned)action->seconds, action);
        return 0;
    default:
        return 0;
    }
}

/* A chip that lost its power waits for a handshake, and has no answer to a record. Nobody vouches for that: it can only
 * end the run, as silence would. */
static int chip_began_anew(struct bytes data, struct fault *fault)
{
    struct edhoc_error error;
    if (edhoc_error_parse(data, &error) != STATUS_OK) {
        return 0;
    }
    (void)fault_set(fault, "the chip has started anew in the middle, and knows nothing of this run");
    (void)fault_hint(fault,
                     "check its power, then run 'windlass provision' again: it resumes, and the chip is counted once");
    return 1;
}

int unit_secure_unwrap(struct unit *u, uint64_t kind, uint64_t image_len, struct bytes data, struct bytes *plain,
                       struct fault *fault)
{
    struct provision_answer answer;
    *plain = bytes_of(NULL, 0);
    if (kind != LETTER_WRITE && kind != LETTER_START && kind != LETTER_ASK && kind != LETTER_LOCK) {
        *plain = data;
        return 0;
    }
    if (kind == LETTER_LOCK && data.len == 0) {
        return 0;
    }
    if (chip_began_anew(data, fault)) {
        return -1;
    }
    if (channel_open(&u->secure.channel, data, &u->secure.plain, fault) != 0) {
        return UNIT_SECURE_AGAIN;
    }
    *plain = bytes_of(u->secure.plain.data, u->secure.plain.len);
    if (kind == LETTER_START) {
        return unit_answer_read(PROVISION_START, *plain, &answer, fault);
    }
    if (kind != LETTER_WRITE) {
        return 0;
    }
    if (unit_answer_read(PROVISION_WRITE, *plain, &answer, fault) != 0) {
        return -1;
    }
    u->secure.done += u->secure.piece;
    if (u->secure.done < image_len) {
        return 1;
    }
    u->secure.done = 0;
    return 0;
}

void unit_secure_end(struct unit *u)
{
    channel_close(&u->secure.channel);
    wipe(&u->secure, sizeof u->secure);
}
