/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo: linked around three verbs of crypto.h (the linker's --wrap). The two curve operations are pure functions: the
 * same question gets the answer that it got before, and ten thousand boots ask the same few. Random numbers come from a
 * seed, so that a case can be repeated.
 */
#include "tests/cuts/memo.h"

#include <string.h>

#include "crypto/crypto.h"

#define ENTRIES 64
#define QUESTION_LEN 160

struct answer {
    uint8_t question[QUESTION_LEN];
    uint8_t bytes[32];
    status_t status;
};

struct memory {
    struct answer entries[ENTRIES];
    unsigned count; /* ever kept; the oldest makes room */
};

uint64_t memo_random = 1;
static struct memory verified;
static struct memory agreed;

status_t __real_crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64]);
status_t __real_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32]);
status_t __wrap_crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64]);
status_t __wrap_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32]);
status_t __wrap_crypto_random(uint8_t *out, size_t len);

static struct answer *find(struct memory *memory, const uint8_t question[QUESTION_LEN])
{
    unsigned count = memory->count < ENTRIES ? memory->count : ENTRIES;
    for (unsigned i = 0; i < count; i++) {
        if (memcmp(memory->entries[i].question, question, QUESTION_LEN) == 0) {
            return &memory->entries[i];
        }
    }
    return NULL;
}

static struct answer *add(struct memory *memory, const uint8_t question[QUESTION_LEN])
{
    struct answer *entry = &memory->entries[memory->count++ % ENTRIES];
    memcpy(entry->question, question, QUESTION_LEN);
    return entry;
}

status_t __wrap_crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    uint8_t question[QUESTION_LEN];
    memcpy(question, public_key, 64);
    memcpy(question + 64, digest, 32);
    memcpy(question + 96, signature, 64);
    struct answer *known = find(&verified, question);
    if (known == NULL) {
        known = add(&verified, question);
        known->status = __real_crypto_p256_verify(public_key, digest, signature);
    }
    return known->status;
}

status_t __wrap_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32])
{
    uint8_t question[QUESTION_LEN] = { 0 };
    memcpy(question, private_key, 32);
    memcpy(question + 32, peer, 64);
    struct answer *known = find(&agreed, question);
    if (known == NULL) {
        known = add(&agreed, question);
        known->status = __real_crypto_p256_agree(private_key, peer, known->bytes);
    }
    memcpy(secret, known->bytes, sizeof known->bytes);
    return known->status;
}

/* splitmix64 */
status_t __wrap_crypto_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        memo_random += 0x9E3779B97F4A7C15u;
        uint64_t x = (memo_random ^ memo_random >> 30) * 0xBF58476D1CE4E5B9u;
        x = (x ^ x >> 27) * 0x94D049BB133111EBu;
        out[i] = (uint8_t)(x >> 56);
    }
    return STATUS_OK;
}
