/* SPDX-License-Identifier: Apache-2.0 */
/* controller: see controller.h. */
#include "host/chip/controller.h"

#include <string.h>

#include "base/bytes.h"

void controller_init(struct controller *c, struct array *array)
{
    c->array = array;
    c->vendor = NULL;
    c->have = 0;
    c->deaf = false;
}

void controller_reset(struct controller *c)
{
    c->have = 0;
    c->deaf = false;
    array_reset(c->array);
}

bool controller_is_busy(const struct controller *c)
{
    return c->have != 0;
}

static uint16_t request_len(const struct controller *c)
{
    return bytes_read_le16(c->request + 2);
}

static uint32_t request_address(const struct controller *c)
{
    return bytes_read_le32(c->request + 4);
}

/* FLASHCTL_DONE for a sound head; *data_len is what follows it. */
static uint8_t head_check(const struct controller *c, size_t *data_len)
{
    uint16_t len = request_len(c);
    bool sound = c->request[1] == 0;
    *data_len = 0;
    switch (c->request[0]) {
    case FLASHCTL_ERASE:
        sound = sound && len == 0;
        break;
    case FLASHCTL_PROGRAM:
        sound = sound && len != 0 && len <= FLASHCTL_PROGRAM_MAX && len % FLASHCTL_GRANULE_LEN == 0;
        *data_len = len;
        break;
    case FLASHCTL_FUSES:
        sound = sound && len >= 1 && len <= FUSE_WORDS;
        break;
    case FLASHCTL_VENDOR:
        sound = sound && len >= 1 && len <= FLASHCTL_VENDOR_LEN;
        break;
    case FLASHCTL_BLOW:
        sound = sound && len == 4;
        *data_len = 4;
        break;
    case FLASHCTL_SEAL:
        sound = sound && len == 0 && request_address(c) == 0;
        break;
    case FLASHCTL_DEBUG:
        sound = sound && len == 0;
        break;
    default:
        sound = false;
    }
    return sound ? FLASHCTL_DONE : FLASHCTL_BAD_REQUEST;
}

static size_t fuses_answer(const struct controller *c, uint8_t *answer)
{
    uint32_t first = request_address(c);
    uint16_t count = request_len(c);
    if (first >= FUSE_WORDS || count > FUSE_WORDS - first) {
        answer[0] = FLASHCTL_RANGE;
        return 1;
    }
    answer[0] = FLASHCTL_DONE;
    for (uint32_t i = 0; i < count; i++) {
        bytes_write_le32(answer + 1 + 4 * i, array_fuse_read(c->array, first + i));
    }
    return 1 + 4 * (size_t)count;
}

static size_t vendor_answer(const struct controller *c, uint8_t *answer)
{
    uint32_t from = request_address(c);
    uint16_t len = request_len(c);
    if (from > FLASHCTL_VENDOR_LEN || len > FLASHCTL_VENDOR_LEN - from) {
        answer[0] = FLASHCTL_RANGE;
        return 1;
    }
    answer[0] = FLASHCTL_DONE;
    if (c->vendor != NULL) {
        memcpy(answer + 1, c->vendor + from, len);
    } else {
        memset(answer + 1, 0, len);
    }
    return 1 + (size_t)len;
}

static size_t request_run(const struct controller *c, uint8_t *answer)
{
    const uint8_t *data = c->request + FLASHCTL_REQUEST_LEN;
    uint32_t address = request_address(c);
    switch (c->request[0]) {
    case FLASHCTL_ERASE:
        answer[0] = array_sector_erase(c->array, address);
        break;
    case FLASHCTL_PROGRAM:
        answer[0] = array_granules_program(c->array, address, data, request_len(c));
        break;
    case FLASHCTL_FUSES:
        return fuses_answer(c, answer);
    case FLASHCTL_VENDOR:
        return vendor_answer(c, answer);
    case FLASHCTL_BLOW:
        answer[0] = array_fuse_blow(c->array, address, bytes_read_le32(data));
        break;
    case FLASHCTL_DEBUG:
        answer[0] = array_debug_grant(c->array, address);
        break;
    default:
        answer[0] = array_seal(c->array);
    }
    return answer[0] == ARRAY_POWER_LOST ? 0 : 1;
}

size_t controller_byte(struct controller *c, uint8_t in, uint8_t answer[CONTROLLER_ANSWER_MAX])
{
    size_t data_len = 0;
    if (c->deaf || c->array->power_lost) {
        return 0;
    }
    c->request[c->have++] = in;
    if (c->have < FLASHCTL_REQUEST_LEN) {
        return 0;
    }
    if (head_check(c, &data_len) != FLASHCTL_DONE) {
        c->have = 0;
        c->deaf = true;
        answer[0] = FLASHCTL_BAD_REQUEST;
        return 1;
    }
    if (c->have < FLASHCTL_REQUEST_LEN + data_len) {
        return 0;
    }
    size_t answer_len = request_run(c, answer);
    c->have = 0;
    return answer_len;
}

void controller_power_cut(struct controller *c)
{
    if (c->have > FLASHCTL_REQUEST_LEN && c->request[0] == FLASHCTL_PROGRAM) {
        array_program_interrupt(c->array, request_address(c), c->request + FLASHCTL_REQUEST_LEN,
                                c->have - FLASHCTL_REQUEST_LEN, request_len(c));
    }
    c->array->power_lost = true;
}
