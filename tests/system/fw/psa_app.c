/* SPDX-License-Identifier: Apache-2.0 */
/* psa_app: an application that asks SBM's PSA Crypto for known answers, uses the device's identity key, and tries what
 * must be refused; it prints what came of each and goes on as the example does. */
#include <string.h>

#include <psa/crypto.h>

#include "app/app.h"
#include "tests/unit/psa_answers.h"
#include "windlass/crypto_call.h"

#define SECURE_RAM ((void *)0x38000000u)
#define SECURE_FLASH ((void *)0x10008000u)
#define OWN_FLASH ((void *)0x00080000u)
#define DEVICE_ADDRESS ((void *)0x40202000u)
#define RAM_END 0x28400000u
#define ECDSA PSA_ALG_ECDSA(PSA_ALG_SHA_256)
#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08u)
#define RANDOM_CALLS 3000u
#define OPERATION_ROUNDS 64u

static unsigned held;
static unsigned asked;
static volatile int32_t handler_result;
static uint8_t scratch[256];

static void expect(const char *name, int holds)
{
    asked++;
    held += holds ? 1u : 0u;
    app_print("[psa] ");
    app_print(name);
    app_print(holds ? ": holds\n" : ": NOT AS IT SHOULD BE\n");
}

static void identity_calls(void)
{
    const psa_key_id_t key = SBM_CRYPTO_KEY_IDENTITY;
    static const uint8_t statement[] = "\x84\x6aSignature1\x43\xa1\x01\x28\x40\x41\xa0";
    uint8_t digest[32];
    uint8_t signature[64];
    size_t len = 0;
    expect("a hash is made", psa_hash_compute(PSA_ALG_SHA_256, statement, 4, digest, 32, &len) == PSA_SUCCESS);
    expect("identity signs", psa_sign_hash(key, ECDSA, digest, 32, signature, sizeof signature, &len) == PSA_SUCCESS);
    expect("identity verifies", psa_verify_hash(key, ECDSA, digest, 32, signature, 64) == PSA_SUCCESS);
    expect("identity signs no token",
           psa_hash_compute(PSA_ALG_SHA_256, statement, 19, digest, 32, &len) == PSA_SUCCESS &&
               psa_sign_hash(key, ECDSA, digest, 32, signature, sizeof signature, &len) == PSA_ERROR_NOT_PERMITTED);
    expect("identity is not given out", psa_export_key(key, scratch, sizeof scratch, &len) == PSA_ERROR_NOT_PERMITTED);
    expect("identity is not destroyed", psa_destroy_key(key) == PSA_ERROR_NOT_PERMITTED);
    expect("keys of SBM have no number", psa_sign_hash(PSA_KEY_ID_VENDOR_MIN, ECDSA, digest, 32, signature,
                                                       sizeof signature, &len) == PSA_ERROR_INVALID_HANDLE);
}

/* All numbers that the core gives to keys that are not stored: the identity key has one of them. */
static void number_calls(void)
{
    unsigned found = 0;
    for (psa_key_id_t key = PSA_KEY_ID_VENDOR_MAX - 255; key <= PSA_KEY_ID_VENDOR_MAX; key++) {
        psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
        found += psa_get_key_attributes(key, &attributes) != PSA_ERROR_INVALID_HANDLE ? 1u : 0u;
        found += psa_destroy_key(key) != PSA_ERROR_INVALID_HANDLE ? 1u : 0u;
    }
    expect("no number of the core names a key of SBM", found == 0);
}

static psa_key_id_t key_make(psa_key_type_t type, psa_algorithm_t algorithm, psa_key_usage_t usage)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_set_key_type(&attributes, type);
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, algorithm);
    psa_set_key_usage_flags(&attributes, usage);
    (void)psa_generate_key(&attributes, &key);
    return key;
}

/* Begins an operation of each kind and lets it fail, or leaves it in the middle; 1 when all began and none came
 * through. */
static int operations_break(const psa_key_id_t keys[3])
{
    psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
    psa_mac_operation_t mac = PSA_MAC_OPERATION_INIT;
    psa_cipher_operation_t cipher = PSA_CIPHER_OPERATION_INIT;
    psa_aead_operation_t aead = PSA_AEAD_OPERATION_INIT;
    psa_key_derivation_operation_t derive = PSA_KEY_DERIVATION_OPERATION_INIT;
    size_t len = 0;
    int broke = psa_hash_setup(&hash, PSA_ALG_SHA_256) == PSA_SUCCESS &&
                psa_mac_verify_setup(&mac, keys[0], PSA_ALG_HMAC(PSA_ALG_SHA_256)) == PSA_SUCCESS &&
                psa_cipher_encrypt_setup(&cipher, keys[1], PSA_ALG_CTR) == PSA_SUCCESS &&
                psa_aead_decrypt_setup(&aead, keys[2], PSA_ALG_GCM) == PSA_SUCCESS &&
                psa_key_derivation_setup(&derive, PSA_ALG_HKDF(PSA_ALG_SHA_256)) == PSA_SUCCESS &&
                psa_hash_finish(&hash, scratch, 31, &len) != PSA_SUCCESS &&
                psa_mac_verify_finish(&mac, scratch, 32) != PSA_SUCCESS &&
                psa_cipher_update(&cipher, scratch, 16, scratch, 16, &len) != PSA_SUCCESS &&
                psa_aead_set_nonce(&aead, scratch, 12) == PSA_SUCCESS &&
                psa_aead_update(&aead, scratch, 100, scratch, 100, &len) == PSA_SUCCESS;
    (void)psa_hash_abort(&hash);
    (void)psa_mac_abort(&mac);
    (void)psa_cipher_abort(&cipher);
    (void)psa_aead_abort(&aead);
    (void)psa_key_derivation_abort(&derive);
    return broke;
}

static void operation_calls(void)
{
    const psa_key_id_t keys[3] = {
        key_make(PSA_KEY_TYPE_HMAC, PSA_ALG_HMAC(PSA_ALG_SHA_256), PSA_KEY_USAGE_VERIFY_MESSAGE),
        key_make(PSA_KEY_TYPE_AES, PSA_ALG_CTR, PSA_KEY_USAGE_ENCRYPT),
        key_make(PSA_KEY_TYPE_AES, PSA_ALG_GCM, PSA_KEY_USAGE_DECRYPT),
    };
    unsigned rounds = 0;
    while (rounds < OPERATION_ROUNDS && operations_break(keys)) {
        rounds++;
    }
    expect("broken operations keep no memory", rounds == OPERATION_ROUNDS);
    for (unsigned i = 0; i < 3; i++) {
        (void)psa_destroy_key(keys[i]);
    }
}

static int32_t digest_call(const void *in, size_t len, void *out, size_t capacity)
{
    struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_COMPUTE,
                                    .algorithm = PSA_ALG_SHA_256,
                                    .in = { { in, len } },
                                    .out = { { out, capacity, 0 } } };
    return sbm_crypto_call(&call);
}

static void hostile_calls(void)
{
    const int32_t refused = PSA_ERROR_INVALID_ARGUMENT;
    expect("call block in secure RAM", sbm_crypto_call(SECURE_RAM) == refused);
    expect("call block in the own flash", sbm_crypto_call(OWN_FLASH) == refused);
    expect("call block across the end of RAM", sbm_crypto_call((void *)(RAM_END - 16)) == refused);
    expect("input in secure flash", digest_call(SECURE_FLASH, 32, scratch, 32) == refused);
    expect("input in secure RAM", digest_call(SECURE_RAM, 32, scratch, 32) == refused);
    expect("input in a device", digest_call(DEVICE_ADDRESS, 4, scratch, 32) == refused);
    expect("endless input", digest_call(scratch, SIZE_MAX, scratch, 32) == refused);
    expect("input in the own flash", digest_call(OWN_FLASH, 32, scratch, 32) == PSA_SUCCESS);
    expect("output in secure RAM", digest_call(scratch, 32, SECURE_RAM, 32) == refused);
    expect("output in the own flash", digest_call(scratch, 32, OWN_FLASH, 32) == refused);
    expect("output across the end of RAM", digest_call(scratch, 32, (void *)(RAM_END - 16), 32) == refused);
    expect("output of everything", digest_call(scratch, 32, scratch, SIZE_MAX) == refused);
    expect("more input than one call takes",
           digest_call((void *)(RAM_END - 8192), 8192, scratch, 32) == PSA_ERROR_INSUFFICIENT_MEMORY);
}

static void handler(void)
{
    handler_result = digest_call(scratch, 32, scratch, 32);
}

/* The supervisor call runs `handler` in handler mode. */
static void handler_call(void)
{
    static const void *table[16] __attribute__((aligned(128)));
    for (unsigned i = 0; i < 16; i++) {
        table[i] = (const void *)handler;
    }
    SCB_VTOR = (uint32_t)table;
    __asm__ volatile("dsb\n\tcpsie i\n\tsvc 0\n\tcpsid i" : : : "memory");
    expect("call from an exception handler", handler_result == PSA_ERROR_NOT_PERMITTED);
}

static uint32_t random_next(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static void *random_at(void)
{
    static const uint32_t bases[] = { 0,          0x00080000, 0x10000000, 0x10021000, 0x28300000, 0x283FFFF0,
                                      0x38000000, 0x3803E000, 0x40201000, 0x50200000, 0xE000ED00, 0xFFFFFFFC };
    uint32_t r = random_next() % 24;
    return r < 12 ? (void *)(bases[r] + (random_next() & 0xFFu)) : scratch;
}

/* None may stop SBM. Curve operations are left out: they are slow here and have no pointers of their own. */
static void random_calls(void)
{
    for (uint32_t i = 0; i < RANDOM_CALLS; i++) {
        struct sbm_crypto_call call = { .function = SBM_CRYPTO_HASH_COMPUTE + random_next() % 82,
                                        .operation = random_next(),
                                        .key = random_next(),
                                        .algorithm = random_next() % 2 == 0 ? PSA_ALG_SHA_256 : random_next() };
        for (unsigned k = 0; k < 4; k++) {
            call.in[k] = (struct sbm_crypto_in){ random_at(), random_next() >> random_next() % 32 };
            call.out[k % 2] = (struct sbm_crypto_out){ random_at(), random_next() >> random_next() % 32, 0 };
        }
        (void)sbm_crypto_call(random_next() % 16 == 0 ? random_at() : &call);
        for (uint32_t slot = 1; i % 8 == 0 && slot <= 8; slot++) {
            struct sbm_crypto_call end = { .function = SBM_CRYPTO_ABORT, .operation = call.operation };
            (void)sbm_crypto_call(&end);
        }
    }
}

static void answers_ask(void)
{
    for (size_t i = 0; i < psa_answers_count; i++) {
        expect(psa_answers[i].name, psa_answers[i].holds());
    }
}

_Noreturn void app_main(void)
{
    app_uart_open(APP_UART_CONSOLE);
    answers_ask();
    identity_calls();
    number_calls();
    operation_calls();
    hostile_calls();
    handler_call();
    random_calls();
    app_print("[psa] done: ");
    app_print_number(held);
    app_print(" of ");
    app_print_number(asked);
    app_print(" hold\n");
    app_link_serve();
}
