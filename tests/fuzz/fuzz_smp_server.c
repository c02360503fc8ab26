/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_smp_server: the answering side of the data link, as SBM's recovery has it. The first byte says whether the rest
 * is bytes of the line, or requests (length, group, command, body) that arrive in sound frames. */
#include <stdlib.h>

#include "tests/fuzz/fuzz_again.h"
#include "wire/smp_server.h"

#define TAKES_MAX 100000u

static uint32_t announced;
static uint32_t taken;

static status_t upload_start(uint32_t image, uint32_t len)
{
    announced = len;
    taken = 0;
    return image == 0 && len <= TAKES_MAX ? STATUS_OK : STATUS_SUIT_SIZE;
}

static status_t upload_write(uint32_t off, struct bytes data)
{
    if (off != taken || data.len == 0 || data.len > SMP_PIECE_MAX || data.len > announced - taken) {
        abort();
    }
    taken += (uint32_t)data.len;
    return data.data[0] == 0xEE ? STATUS_FLASH_IO : STATUS_OK;
}

static status_t upload_finish(void)
{
    if (taken != announced) {
        abort();
    }
    return announced % 2 == 0 ? STATUS_OK : STATUS_CRYPTO_SIGNATURE;
}

static status_t upload_erase(void)
{
    return STATUS_OK;
}

static status_t confirm(void)
{
    return STATUS_BAD_STATE;
}

static int image_read(unsigned slot, struct smp_image *out)
{
    memset(out, (int)slot, sizeof *out);
    return 1;
}

static void other(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer)
{
    (void)head;
    (void)cbor_skip(body);
    smp_rc_build(answer, SMP_RC_NOT_SUPPORTED);
}

static const struct smp_calls calls = { upload_start, upload_write, upload_finish, upload_erase,
                                        confirm,      image_read,   other };
static struct smp_server server;

/* Every answer is frames that hold one sound packet. */
static void line_take(struct bytes line)
{
    static struct smp_decoder decoder;
    for (size_t i = 0; i < line.len; i++) {
        struct smp_head head;
        struct bytes packet = { NULL, 0 };
        struct bytes frames = smp_server_take(&server, line.data[i], &head);
        status_t status = STATUS_NOT_FOUND;
        memset(&decoder, 0, sizeof decoder);
        for (size_t k = 0; k < frames.len; k++) {
            status = smp_decode(&decoder, frames.data[k], &packet);
        }
        if (frames.len > 0 && status != STATUS_OK) {
            abort();
        }
    }
}

static void request_take(const uint8_t *data, size_t len)
{
    uint8_t packet[SMP_PACKET_MAX];
    uint8_t frames[SMP_ENCODED_MAX];
    size_t frames_len = 0;
    const struct smp_head head = {
        .op = SMP_WRITE, .length = (uint16_t)(len - 2), .group = data[0], .command = data[1]
    };
    smp_head_build(&head, packet);
    memcpy(packet + SMP_HEAD_LEN, data + 2, len - 2);
    if (smp_encode(bytes_of(packet, SMP_HEAD_LEN + len - 2), frames, sizeof frames, &frames_len) != STATUS_OK) {
        abort();
    }
    line_take(bytes_of(frames, frames_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    smp_server_open(&server, &calls);
    if (size == 0 || data[0] % 2 == 0) {
        line_take(bytes_of(data, size));
        return 0;
    }
    for (size_t at = 1; at + 2 < size;) {
        size_t len = bytes_read_be16(data + at) % (SMP_PACKET_MAX - SMP_HEAD_LEN);
        size_t left = size - at - 2;
        len = len < 2 ? 2 : len;
        if (left < len) {
            break;
        }
        request_take(data + at + 2, len);
        at += 2 + len;
    }
    return 0;
}
