/* SPDX-License-Identifier: Apache-2.0 */
/* random_app: an application that calls every entry point of SBM at random, with pointers and lengths of every kind,
 * looks at the registers that come back, and then prints its whole memory: the host searches it for secrets. */
#include <string.h>

#include <psa/crypto.h>

#include "app/app.h"
#include "tests/system/fw/random_args.h"
#include "windlass/crypto_call.h"
#include "windlass/entries.h"

#define RAM_FIRST 0x28200000u
#define RAM_LAST 0x28400000u
#define LINE_LEN 32u
#define OWN_FLASH_FIRST 0x00080000u
#define OWN_FLASH_LEN 0x00100000u
#define FLAGS 0xF8000000u
#define STORED_KEY 5u
#define MEMORY_LOOKS 10u

#define ENTRY(number, name) name##_number = (number),
enum entry { SBM_ENTRIES(ENTRY) };
#undef ENTRY
#define ENTRY(number, name) (number),
static const uint32_t entries[] = { SBM_ENTRIES(ENTRY) };
#undef ENTRY
#define ENTRIES (sizeof entries / sizeof entries[0])

/* 32 bytes of the keys, each xor 0x5A: they stand nowhere in the application as they are. */
static const uint8_t masked[32] = { 0xB6, 0x0D, 0x94, 0x21, 0xF7, 0x3E, 0x58, 0xC3, 0x1A, 0x8B, 0x65,
                                    0xD0, 0x4F, 0xE9, 0x72, 0x06, 0xAD, 0x39, 0xBC, 0x17, 0x80, 0xFB,
                                    0x2C, 0x43, 0xDE, 0x61, 0x95, 0x08, 0xE2, 0x77, 0x1F, 0xCA };
/* To be found by the search: it looks in the right place. */
static const uint8_t control[32] = "the search must find this text!";
uint8_t control_copy[32]; /* not static: the compiler keeps it */
static unsigned wrong;
static unsigned called[ENTRIES];
static unsigned granted[ENTRIES];

static psa_key_id_t key_plant(psa_key_id_t id, psa_key_type_t type, size_t len, psa_algorithm_t algorithm)
{
    static uint8_t key[32];
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t made = 0;
    psa_set_key_type(&attributes, type);
    psa_set_key_algorithm(&attributes, algorithm);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE |
                                             PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT | PSA_KEY_USAGE_DERIVE);
    if (id != 0) {
        psa_set_key_id(&attributes, id);
    }
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = masked[i] ^ 0x5Au;
    }
    wrong += psa_import_key(&attributes, key, len, &made) != PSA_SUCCESS;
    for (size_t i = 0; i < sizeof key; i++) {
        *(volatile uint8_t *)&key[i] = 0;
    }
    return made;
}

static psa_key_id_t key_make(void)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t made = 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_VERIFY_HASH);
    psa_set_key_id(&attributes, STORED_KEY + 1);
    wrong += psa_generate_key(&attributes, &made) != PSA_SUCCESS;
    return made;
}

static void keys_plant(void)
{
    const psa_key_id_t keys[RANDOM_KEYS] = {
        key_plant(STORED_KEY, PSA_KEY_TYPE_HMAC, 32, PSA_ALG_HMAC(PSA_ALG_SHA_256)),
        key_plant(0, PSA_KEY_TYPE_AES, 16, PSA_ALG_GCM),
        key_plant(0, PSA_KEY_TYPE_AES, 32, PSA_ALG_CTR),
        key_plant(0, PSA_KEY_TYPE_CHACHA20, 32, PSA_ALG_CHACHA20_POLY1305),
        key_plant(0, PSA_KEY_TYPE_DERIVE, 32, PSA_ALG_HKDF(PSA_ALG_SHA_256)),
        key_make(),
        SBM_CRYPTO_KEY_IDENTITY,
    };
    memcpy(random_keys, keys, sizeof keys);
}

/* What the core holds when an entry point has returned. */
struct after {
    uint32_t r0;
    uint32_t r1;
    uint32_t r2;
    uint32_t r3;
    uint32_t r12;
    uint32_t apsr;
};

__attribute__((naked)) static void entry_call(uint32_t entry __attribute__((unused)),
                                              const uint32_t args[4] __attribute__((unused)),
                                              struct after *after __attribute__((unused)))
{
    __asm__ volatile("push {r4, lr}\n\t"
                     "mov r4, r2\n\t"
                     "mov r12, r0\n\t"
                     "ldm r1, {r0, r1, r2, r3}\n\t"
                     "blx r12\n\t"
                     "stm r4, {r0, r1, r2, r3, r12}\n\t"
                     "mrs r0, apsr\n\t"
                     "str r0, [r4, #20]\n\t"
                     "pop {r4, pc}");
}

/* Every register that SBM may change holds the result or the address that it returned to. */
static int tells_nothing(const struct after *after)
{
    return after->r1 - OWN_FLASH_FIRST < OWN_FLASH_LEN && after->r2 == after->r1 && after->r3 == after->r1 &&
           after->r12 == after->r1 && (after->apsr & FLAGS) == 0;
}

static void random_call(void)
{
    uint32_t args[4];
    struct after after;
    uint32_t i = random_next() % 4 == 0 ? sbm_crypto_call_number : random_next() % ENTRIES; /* it has 60 functions */
    uint32_t number = entries[i];
    if (number == psa_fwu_request_reboot_number || number == sbm_recovery_request_number) {
        return; /* they work: the device would begin anew */
    }
    random_args(number, args);
    entry_call((SBM_ENTRIES_ADDR + SBM_ENTRY_LEN * number) | 1u, args, &after);
    called[i]++;
    granted[i] += after.r0 == 0 ? 1u : 0u;
    if (!tells_nothing(&after)) {
        wrong++;
        app_print("[random] NOT AS IT SHOULD BE: registers after entry ");
        app_print_number(number);
        app_print("\n");
    }
    if (number == sbm_crypto_call_number && after.r0 == 0) {
        random_operation_note();
    }
}

static void line_print(const uint8_t *line)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * LINE_LEN + 2];
    for (size_t i = 0; i < LINE_LEN; i++) {
        text[2 * i] = digits[line[i] >> 4];
        text[2 * i + 1] = digits[line[i] & 15u];
    }
    text[2 * LINE_LEN] = '\n';
    text[2 * LINE_LEN + 1] = '\0';
    app_print("[ram] ");
    app_print(text);
}

/* All of the memory that the application can read and write, but for lines of zeros. */
static void memory_print(void)
{
    static const uint8_t zeros[LINE_LEN];
    for (uint32_t at = RAM_FIRST; at < RAM_LAST; at += LINE_LEN) {
        if (memcmp((const void *)at, zeros, LINE_LEN) != 0) {
            line_print((const uint8_t *)at);
        }
    }
}

static void counts_print(void)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        app_print("[random] entry ");
        app_print_number(entries[i]);
        app_print(": ");
        app_print_number(granted[i]);
        app_print(" of ");
        app_print_number(called[i]);
        app_print(" granted\n");
    }
}

_Noreturn void app_main(void)
{
    app_uart_open(APP_UART_CONSOLE);
    app_print("[random] begins\n");
    memcpy(control_copy, control, sizeof control_copy);
    keys_plant();
    random_arena_fill();
    for (uint32_t i = 0; i < RANDOM_CALLS; i++) {
        random_call();
        if (i % (RANDOM_CALLS / MEMORY_LOOKS) == 0) {
            memory_print(); /* what comes later may lie over it */
        }
    }
    memory_print();
    counts_print();
    app_print("[random] done: ");
    app_print_number(RANDOM_CALLS);
    app_print(" calls, wrong: ");
    app_print_number(wrong);
    app_print("\n");
    app_link_serve();
}
