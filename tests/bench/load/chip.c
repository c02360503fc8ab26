/* SPDX-License-Identifier: Apache-2.0 */
/* chip: see chip.h. */
#include "tests/bench/load/chip.h"

#include "sbm/service.h"
#include "tests/bench/load/board.h"

static struct bytes flash_view(uint32_t off, size_t len)
{
    return bytes_of(board.flash + off, len);
}

static int range_is_flash(uint32_t off, size_t len)
{
    return off <= FLASHCTL_FLASH_LEN && len <= FLASHCTL_FLASH_LEN - off && !board_is_locked();
}

int chip_compare(uint32_t off, struct bytes image)
{
    return range_is_flash(off, image.len) && bytes_equal(image, flash_view(off, image.len)) ? 0 : -1;
}

/* Only the package slot's head differs from chip to chip: that sector is the chip's own. */
int chip_write(uint32_t off, uint32_t erase_len, struct bytes image)
{
    if (!range_is_flash(off, erase_len) || image.len > erase_len) {
        return -1;
    }
    if (!bytes_equal(image, flash_view(off, image.len))) {
        memset(board.flash + off, 0xFF, erase_len);
        memcpy(board.flash + off, image.data, image.len);
        board_flash_changed(off, erase_len);
        board.own[off / FLASHCTL_SECTOR_LEN] |= erase_len == FLASHCTL_SECTOR_LEN;
    }
    return 0;
}

int chip_start(void)
{
    return board_is_locked() || board_power_on() != BOARD_WAITS ? -1 : 0;
}

static enum board_end exchange(struct bytes request, struct bytes *answer)
{
    uint8_t *message = (uint8_t *)board.mailbox + MAILBOX_HEAD_LEN;
    memcpy(message, request.data, request.len);
    board.mailbox[3] = (uint32_t)request.len;
    board.mailbox[1]++;
    enum board_end end = board_go_on();
    *answer = bytes_of(message, board.mailbox[2] == board.mailbox[1] ? board.mailbox[3] : 0);
    return end;
}

int chip_ask(struct bytes request, struct bytes *answer)
{
    return request.len <= MAILBOX_MESSAGE_MAX && exchange(request, answer) == BOARD_WAITS && answer->len > 0 ? 0 : -1;
}

/* The mailbox is in RAM: its answer is read before the chip starts again. */
int chip_lock(struct bytes request, struct bytes *answer)
{
    static uint8_t kept[MAILBOX_MESSAGE_MAX];
    if (request.len > MAILBOX_MESSAGE_MAX || exchange(request, answer) != BOARD_RESET) {
        return -1;
    }
    memcpy(kept, answer->data, answer->len);
    answer->data = kept;
    return board_power_on() == BOARD_STARTED_APPLICATION ? 0 : -1;
}

int chip_is_closed(void)
{
    return board_is_locked() ? 0 : -1;
}

int chip_token(struct bytes nonce, uint8_t *out, size_t capacity, size_t *len)
{
    return service_attest_token(nonce, out, capacity, len) == PSA_SUCCESS ? 0 : -1;
}

const char *chip_says(void)
{
    return board.log;
}
