/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trng: crypto_random of this board. Raw bytes of the noise source pass the two continuous health tests of SP 800-90B
 * section 4.4, from 1024 bytes before the first use on (4 bits of entropy a byte assumed) and are conditioned with
 * SHA-256, 64 raw bytes for 32. The noise source here is the host's random device.
 */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "ports/mps2-an505/regs.h"
#include "ports/mps2-an505/uart.h"

#define RAW_LEN 64
#define REPETITION_CUTOFF 6 /* 1 + 20 / 4 */
#define WINDOW_LEN 512
#define PROPORTION_CUTOFF 62 /* 1 + critbinom(512, 1/16, 1 - 2^-20) */
#define START_LEN 1024       /* raw bytes that are tested before the first is used (section 4.3) */

static struct {
    uint8_t last;
    unsigned repeats;
    uint8_t watched;
    unsigned seen;
    unsigned position;
    unsigned tested; /* raw bytes, up to START_LEN */
    status_t status; /* 0 until the first byte; a failure stays until reset */
} health;

static void health_test(uint8_t raw)
{
    health.repeats = raw == health.last ? health.repeats + 1 : 1;
    health.last = raw;
    if (health.position == 0) {
        health.watched = raw;
        health.seen = 0;
    }
    health.seen += raw == health.watched ? 1u : 0u;
    health.position = (health.position + 1) % WINDOW_LEN;
    if (health.repeats >= REPETITION_CUTOFF || health.seen >= PROPORTION_CUTOFF) {
        health.status = STATUS_TRNG_FAILED;
    }
    health.tested += health.tested < START_LEN ? 1u : 0u;
}

static status_t raw_read(uint8_t raw[RAW_LEN])
{
    struct uart_listening saved;
    uart_listen_begin(UART_TRNG, &saved);
    for (unsigned i = 0; i < RAW_LEN; i++) {
        raw[i] = uart_receive(UART_TRNG);
        health_test(raw[i]);
    }
    uart_listen_end(UART_TRNG, &saved);
    return health.status;
}

/* The start-up test: its bytes are not used. */
static status_t source_start(uint8_t raw[RAW_LEN])
{
    if (health.status == 0) {
        health.status = STATUS_OK;
    }
    while (health.status == STATUS_OK && health.tested < START_LEN) {
        (void)raw_read(raw);
    }
    return health.status;
}

status_t crypto_random(uint8_t *out, size_t len)
{
    uint8_t raw[RAW_LEN];
    uint8_t conditioned[CRYPTO_SHA256_LEN];
    status_t status = source_start(raw);
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
