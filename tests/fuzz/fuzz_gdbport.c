/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_gdbport: any bytes from a debugger: framing, packets without a CPU behind them, flash commands. What is decoded
 * encodes to a packet with the same body. */
#include <stdlib.h>
#include <string.h>

#include "host/chip/gdbpacket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t flash[FLASHCTL_FLASH_LEN];
static uint8_t fuses[ARRAY_FUSES_LEN];

static void body_check(struct bytes body)
{
    static uint8_t packet[RSP_PACKET_MAX];
    static struct rsp_parser again;
    size_t len = rsp_encode(body.data, body.len, packet);
    rsp_parser_init(&again);
    for (size_t i = 0; i + 1 < len; i++) {
        (void)rsp_byte(&again, packet[i]);
    }
    if (rsp_byte(&again, packet[len - 1]) != RSP_PACKET || !bytes_equal(body, bytes_of(again.body, again.body_len))) {
        abort();
    }
}

static void packet_run(struct gdbsession *g, struct bytes body)
{
    body_check(body);
    gdbpacket_run(g, body);
    g->wish = GDBSESSION_NOTHING;
    g->tx.len = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct chip_dir nowhere = { .fd = -1 };
    static struct rsp_parser in;
    static struct gdbsession g;
    struct array a;
    memset(fuses, 0, sizeof fuses);
    array_init(&a, flash, fuses);
    gdbsession_init(&g, &nowhere, &a);
    g.cpu_gone = true;
    rsp_parser_init(&in);
    for (size_t i = 0; i < size; i++) {
        if (rsp_byte(&in, data[i]) == RSP_PACKET) {
            packet_run(&g, bytes_of(in.body, in.body_len));
        }
    }
    /* Once more without framing, where a checksum would stop most inputs. */
    if (size <= RSP_BODY_MAX) {
        packet_run(&g, bytes_of(data, size));
    }
    return 0;
}
