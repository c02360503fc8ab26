/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trng: crypto_random of this board. Raw bytes of the noise source pass the two continuous health tests of SP 800-90B
 * section 4.4 (4 bits of entropy a byte assumed) and are conditioned with SHA-256, 64 raw bytes for 32. The noise
 * source here is the host's random device.
 */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "ports/mps2-an505/regs.h"
#include "ports/mps2-an505/uart.h"

#define RAW_LEN 64
#define REPETITION_CUTOFF 6 /* 1 + 20 / 4 */
#define WINDOW_LEN 512
#define PROPORTION_CUTOFF 80 /* 1 + critbinom(512, 1/16, 1 - 2^-20), rounded up */

static struct {
    uint8_t last;
    unsigned repeats;
    uint8_t watched;
    unsigned seen;
    unsigned position;
} health;

static status_t health_test(uint8_t raw)
{
    health.repeats = raw == health.last ? health.repeats + 1 : 1;
    health.last = raw;
    if (health.position == 0) {
        health.watched = raw;
        health.seen = 0;
    }
    health.seen += raw == health.watched ? 1u : 0u;
    health.position = (health.position + 1) % WINDOW_LEN;
    return health.repeats < REPETITION_CUTOFF && health.seen < PROPORTION_CUTOFF ? STATUS_OK : STATUS_TRNG_FAILED;
}

static status_t raw_read(uint8_t raw[RAW_LEN])
{
    struct uart_listening saved;
    status_t status = STATUS_OK;
    uart_listen_begin(UART_TRNG, &saved);
    for (unsigned i = 0; i < RAW_LEN; i++) {
        raw[i] = uart_receive(UART_TRNG);
        if (health_test(raw[i]) != STATUS_OK) {
            status = STATUS_TRNG_FAILED;
        }
    }
    uart_listen_end(UART_TRNG, &saved);
    return status;
}

status_t crypto_random(uint8_t *out, size_t len)
{
    uint8_t raw[RAW_LEN];
    uint8_t conditioned[CRYPTO_SHA256_LEN];
    status_t status = STATUS_OK;
    while (len > 0 && status == STATUS_OK) {
        size_t part = len < sizeof conditioned ? len : sizeof conditioned;
        status = raw_read(raw);
        crypto_sha256(bytes_of(raw, sizeof raw), conditioned);
        if (status == STATUS_OK) {
            memcpy(out, conditioned, part);
        }
        out += part;
        len -= part;
    }
    wipe(raw, sizeof raw);
    wipe(conditioned, sizeof conditioned);
    return status;
}
