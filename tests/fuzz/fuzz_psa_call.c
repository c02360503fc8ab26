/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_psa_call: any series of calls at the door of PSA Crypto: the identity key never comes out, memory that is not
 * the application's never changes, and the service can be wiped clean at the end. */
#include <stdlib.h>

#include "base/bytes.h"
#include "crypto/psa/pool.h"
#include "ports/sim/sim.h"
#include "sbm/service_crypto.h"
#include "sbm/store_its.h"
#include "sbm/veneer_host.h"

#define ARENA_LEN 4096u
#define RECORD_LEN 32u
#define EDGE 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    uint8_t before[EDGE];
    union {
        struct sbm_crypto_call call;
        uint8_t bytes[ARENA_LEN];
    } arena;
    uint8_t after[EDGE];
} memory;
static struct sim machine;
static uint32_t last_operation;
static uint32_t last_key;
static uint32_t planted[4];
static const uint8_t marker[32] = { 0xD0, 0x0B, 0xA1, 0x1E, 0x57, 0xC4, 0x93, 0x6F, 0x28, 0xE5, 0x7A,
                                    0x0C, 0xB3, 0x91, 0x4D, 0xF6, 0x62, 0x8A, 0x35, 0xDE, 0x19, 0xC7,
                                    0x5B, 0xA0, 0x7F, 0x44, 0xE8, 0x23, 0x96, 0x3C, 0xFA, 0x81 };

static uint32_t key_of(uint32_t value)
{
    return value % 8 == 0 ? value : value % 8 < 4 ? last_key : planted[value % 4];
}

static void call_read(const uint8_t *in)
{
    static const uint32_t algorithms[] = { 0x02000009, 0x03800009, 0x04c01000, 0x05500200, 0x05500100,
                                           0x05100500, 0x08000109, 0x08000209, 0x09020000, 0x06000609 };
    struct sbm_crypto_call *call = &memory.arena.call;
    *call = (struct sbm_crypto_call){ .function = in[0],
                                      .operation = in[1] % 8 == 0 ? bytes_read_le32(in + 1) : last_operation,
                                      .key = key_of(bytes_read_le32(in + 2)),
                                      .algorithm = in[6] < 200 ? algorithms[in[6] % 10] : bytes_read_le32(in + 6),
                                      .number = { in[8] | (uint32_t)in[9] << 8, in[10] } };
    call->attributes = (struct sbm_crypto_attributes){ .id = in[11] % 8u,
                                                       .type = in[12] | (uint32_t)in[13] << 8,
                                                       .bits = in[14] * 8u,
                                                       .lifetime = in[15] % 2u,
                                                       .usage = in[16] | (uint32_t)in[17] << 8,
                                                       .algorithm = algorithms[in[18] % 10] };
    for (unsigned i = 0; i < 4; i++) {
        size_t len = in[20 + 2 * i] == 255 ? SIZE_MAX : in[20 + 2 * i];
        call->in[i] = (struct sbm_crypto_in){ memory.arena.bytes + 16u * in[19 + 2 * i], len };
    }
    for (unsigned i = 0; i < 2; i++) {
        call->out[i] = (struct sbm_crypto_out){ memory.arena.bytes + 16u * in[27 + 2 * i], in[28 + 2 * i], 0 };
    }
}

static void call_run(void)
{
    if (service_crypto_call(&memory.arena.call) == 0) {
        last_operation = memory.arena.call.operation;
        last_key = memory.arena.call.key;
    }
}

static void rules_check(void)
{
    for (unsigned i = 0; i < EDGE; i++) {
        if (memory.before[i] != 0xA5 || memory.after[i] != 0xA5) {
            abort();
        }
    }
    for (unsigned i = 0; i < 32; i += 16) { /* longer than what the fuzzer can write itself */
        if (memmem(&memory.arena, sizeof memory.arena, marker + i, 16) != NULL) {
            abort();
        }
    }
}

/* Keys with the marker, one of each kind, for everything but export and copy. */
static void plant(void)
{
    static const struct sbm_crypto_attributes kinds[4] = {
        { .type = 0x1100, .usage = 0x7F00, .algorithm = 0x03800009 },
        { .type = 0x1200, .usage = 0x7F00, .algorithm = 0x08000109 },
        { .type = 0x2400, .usage = 0x7F00, .algorithm = 0x04c01000 },
        { .type = 0x2400, .usage = 0x7F00, .algorithm = 0x05500200 },
    };
    for (unsigned i = 0; i < 4; i++) {
        memory.arena.call = (struct sbm_crypto_call){ .function = SBM_CRYPTO_KEY_IMPORT, .attributes = kinds[i] };
        memcpy(memory.arena.bytes + 1024, marker, sizeof marker);
        memory.arena.call.in[0] = (struct sbm_crypto_in){ memory.arena.bytes + 1024, sizeof marker };
        last_key = 0;
        if (sim_run(&machine, call_run) != SIM_RETURNED || last_key == 0) {
            abort();
        }
        planted[i] = last_key;
    }
}

static void prepare(void)
{
    if (machine.map.sector_len == 0 || machine.operations != 0) {
        sim_make(&machine, 4096, 16, 0xFF);
    }
    veneer_host_open(&memory.arena, sizeof memory.arena);
    last_operation = 0;
    plant();
    memset(&memory, 0xA5, sizeof memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    for (; size >= RECORD_LEN; data += RECORD_LEN, size -= RECORD_LEN) {
        call_read(data);
        if (sim_run(&machine, call_run) != SIM_RETURNED) {
            abort();
        }
        rules_check();
    }
    service_crypto_wipe();
    store_its_wipe();
    if (service_crypto_operations_count() != 0 || crypto_psa_pool_taken() != 0) {
        abort();
    }
    return 0;
}
