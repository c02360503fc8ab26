/* SPDX-License-Identifier: Apache-2.0 */
/* random_args: see random_args.h. */
#include "tests/system/fw/random_args.h"

#include <string.h>

#include <psa/crypto.h>

#include "windlass/crypto_call.h"
#include "windlass/entries.h"
#include "windlass/sbm.h"
#include "windlass/storage_call.h"

/* Between the application's variables and its stack; SBM may write the longest output behind its end. */
#define ARENA 0x28300000u
#define ARENA_LEN 0x10000u
#define BLOCKS 0x28340000u
#define PAGE 0x100u

#define ENTRY(number, name) name##_number = (number),
enum entry { SBM_ENTRIES(ENTRY) };
#undef ENTRY

uint32_t random_keys[RANDOM_KEYS];
static uint32_t operation;
static struct sbm_crypto_call *last_call;

uint32_t random_next(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static uint32_t one_in(uint32_t n)
{
    return random_next() % n == 0;
}

void random_arena_fill(void)
{
    for (uint32_t at = ARENA; at < ARENA + ARENA_LEN; at += 4) {
        *(volatile uint32_t *)at = random_next();
    }
}

/* An address: mostly in the arena, at any byte of it; else in every part of the map, and at its edges. */
static uint32_t address(void)
{
    static const uint32_t bases[] = {
        0,          0x00008000, 0x00080000, 0x0017FFF0, 0x10000000, 0x10008000, 0x10021000,  0x10080000,  0x28000000,
        0x281FFFF0, 0x283FFFF0, 0x28400000, 0x30000000, 0x38000000, 0x3803E000, 0x3803F000,  0x38200000,  0x40201000,
        0x40202000, 0x4002F000, 0x50200000, 0x50203000, 0x58007000, 0xE000ED00, 0xE002ED00u, 0xFFFFFFF0u,
    };
    if (one_in(4)) {
        return bases[random_next() % (sizeof bases / sizeof bases[0])] + random_next() % 16;
    }
    return ARENA + random_next() % ARENA_LEN;
}

/* An address inside a call's structure, which has many of them. */
static void *place(void)
{
    return (void *)(one_in(8) ? address() : ARENA + random_next() % ARENA_LEN);
}

/* A length: one that fits something, any short one, or one beyond all memory. */
static uint32_t length(void)
{
    static const uint32_t lens[] = { 0, 1, 8, 12, 13, 16, 32, 48, 64, 65, 68, 96, 200, 1024, 2048, 4096 };
    uint32_t r = random_next() % 16;
    return r < 11 ? lens[random_next() % 16] : r < 14 ? random_next() % 3000 : random_next() | 0x00200000u;
}

/* Puts a call's structure somewhere in memory, at any alignment. */
static uint32_t block(const void *call, size_t len)
{
    uint32_t at = BLOCKS + random_next() % PAGE;
    memcpy((void *)at, call, len);
    return one_in(12) ? address() : at;
}

static uint32_t crypto_algorithm(void)
{
    static const psa_algorithm_t algorithms[] = { PSA_ALG_SHA_256,
                                                  PSA_ALG_HMAC(PSA_ALG_SHA_256),
                                                  PSA_ALG_CTR,
                                                  PSA_ALG_GCM,
                                                  PSA_ALG_CCM,
                                                  PSA_ALG_CHACHA20_POLY1305,
                                                  PSA_ALG_HKDF(PSA_ALG_SHA_256),
                                                  PSA_ALG_TLS12_PRF(PSA_ALG_SHA_256),
                                                  PSA_ALG_ECDH,
                                                  PSA_ALG_ECDSA(PSA_ALG_SHA_256) };
    return one_in(16) ? random_next() : algorithms[random_next() % 10];
}

/* A key that would be stored, copied or exported would leave its bytes where the search finds them: none is. */
static struct sbm_crypto_attributes crypto_attributes(void)
{
    static const psa_key_type_t types[] = { PSA_KEY_TYPE_HMAC, PSA_KEY_TYPE_AES, PSA_KEY_TYPE_CHACHA20,
                                            PSA_KEY_TYPE_DERIVE, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1) };
    return (struct sbm_crypto_attributes){ .id = random_next() % 4,
                                           .type = types[random_next() % 5],
                                           .bits = one_in(2) ? 256 : random_next() % 600,
                                           .usage = random_next() & 0xFF00u,
                                           .algorithm = crypto_algorithm() };
}

static uint32_t crypto_function(void)
{
    uint32_t function = random_next() % 130;
    return function == SBM_CRYPTO_KEY_DESTROY ? SBM_CRYPTO_KEY_PURGE : function;
}

static uint32_t crypto_block(void)
{
    struct sbm_crypto_call call = { .function = crypto_function(),
                                    .operation = one_in(8) ? random_next() : operation,
                                    .key = one_in(8) ? random_next() : random_keys[random_next() % RANDOM_KEYS],
                                    .algorithm = crypto_algorithm(),
                                    .number = { 0x0101u + random_next() % 5 * 0x101u, random_next() % 100 },
                                    .attributes = crypto_attributes() };
    for (unsigned i = 0; i < 4; i++) {
        call.in[i] = (struct sbm_crypto_in){ place(), one_in(2) ? 0 : length() };
    }
    for (unsigned i = 0; i < 2; i++) {
        call.out[i] = (struct sbm_crypto_out){ place(), length(), random_next() };
    }
    if (one_in(40)) { /* places must come free again */
        call = (struct sbm_crypto_call){ .function = SBM_CRYPTO_ABORT, .operation = operation };
    }
    uint32_t at = block(&call, sizeof call);
    last_call = (struct sbm_crypto_call *)at;
    return at;
}

void random_operation_note(void)
{
    uint32_t handle;
    memcpy(&handle, (const uint8_t *)last_call + offsetof(struct sbm_crypto_call, operation), sizeof handle);
    operation = one_in(3) && operation != 0 ? operation : handle;
}

static uint32_t attest_block(void)
{
    const struct sbm_attest call = { place(), length(), place(), length(), random_next() };
    return block(&call, sizeof call);
}

static uint32_t its_set_block(void)
{
    const struct sbm_its_set call = { random_next() % 20, (void *)address(), length(), random_next() % 9 };
    return block(&call, sizeof call);
}

static uint32_t its_get_block(void)
{
    const struct sbm_its_get call = { random_next() % 20, one_in(2) ? 0 : length(), (void *)address(), length(), 0 };
    return block(&call, sizeof call);
}

void random_args(uint32_t number, uint32_t args[4])
{
    /* As most of them take it: a component, index or number with anything above its byte; addresses; lengths. */
    args[0] = one_in(2) ? random_next() % 4 : random_next();
    args[1] = address();
    args[2] = length();
    args[3] = address();
    switch (number) {
    case sbm_status_read_number:
        args[0] = address();
        args[1] = one_in(8) ? length() : sizeof(struct sbm_status); /* it fills all that it is given */
        break;
    case sbm_command_number:
        args[0] = address();
        args[1] = length();
        break;
    case sbm_attest_token_number:
        args[0] = attest_block();
        break;
    case psa_fwu_start_number:
        args[2] = random_next() % 2;
        break;
    case psa_fwu_write_number:
        args[1] = one_in(2) ? 0 : length();
        args[2] = address();
        args[3] = length();
        break;
    case sbm_crypto_call_number:
        args[0] = crypto_block();
        break;
    case sbm_its_set_number:
        args[0] = its_set_block();
        break;
    case sbm_its_get_number:
        args[0] = its_get_block();
        break;
    case psa_its_get_info_number:
    case psa_its_remove_number:
        args[0] = random_next() % 20;
        args[1] = one_in(2) ? 0 : random_next();
        args[2] = address();
        break;
    case psa_initial_attest_get_token_size_number:
        args[0] = length();
        break;
    default:
        break;
    }
}
