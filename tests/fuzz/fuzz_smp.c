/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_smp: any bytes on the line; a packet that comes out must come out again after encoding. */
#include "tests/fuzz/fuzz_again.h"
#include "wire/smp.h"

static void packet_check(struct bytes packet)
{
    static struct smp_decoder second;
    uint8_t lines[SMP_ENCODED_MAX];
    size_t len = 0;
    struct smp_head head;
    struct bytes body;
    struct bytes back = { NULL, 0 };
    (void)smp_packet_parse(packet, &head, &body);
    memset(&second, 0, sizeof second);
    if (smp_encode(packet, lines, sizeof lines, &len) != STATUS_OK) {
        abort();
    }
    for (size_t i = 0; i < len; i++) {
        (void)smp_decode(&second, lines[i], &back);
    }
    if (!bytes_equal(packet, back)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct smp_decoder decoder;
    memset(&decoder, 0, sizeof decoder);
    for (size_t i = 0; i < size; i++) {
        struct bytes packet;
        if (smp_decode(&decoder, data[i], &packet) == STATUS_OK) {
            packet_check(packet);
        }
    }
    return 0;
}
