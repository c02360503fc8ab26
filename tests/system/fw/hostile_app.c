/* SPDX-License-Identifier: Apache-2.0 */
/* hostile_app: an application that calls SBM's veneers with everything that must be refused, prints what came of each,
 * and goes on as the example does. */
#include <string.h>

#include "app/app.h"
#include "psa/initial_attestation.h"
#include "psa/update.h"
#include "windlass/crypto_call.h"
#include "windlass/sbm.h"
#include "windlass/storage_call.h"

#define SECURE_RAM ((void *)0x38000000u)
#define SECURE_FLASH ((void *)0x10008000u)
#define OWN_FLASH ((void *)0x00080000u)
#define DEVICE_ADDRESS ((void *)0x40202000u)
#define OWN_RAM ((void *)0x28300000u)
#define LONG_LEN 0x20000u
#define RAM_END 0x28400000u
#define RANDOM_CALLS 6000u

#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08u)

static unsigned refused;
static unsigned tried;
static volatile psa_status_t handler_result;

static void expect(const char *name, psa_status_t got, psa_status_t wanted)
{
    tried++;
    refused += got == wanted ? 1u : 0u;
    app_print("[hostile] ");
    app_print(name);
    app_print(got == wanted ? ": refused\n" : ": NOT AS IT SHOULD BE\n");
}

static void status_calls(void)
{
    struct sbm_status status;
    const size_t len = sizeof status;
    expect("status into secure RAM", sbm_status_read(SECURE_RAM, len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status into secure flash", sbm_status_read(SECURE_FLASH, len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status into the own flash", sbm_status_read(OWN_FLASH, len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status into a device", sbm_status_read(DEVICE_ADDRESS, len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status across the end of RAM", sbm_status_read((void *)(RAM_END - 8), len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status at the end of memory", sbm_status_read((void *)0xFFFFFFF0u, len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status into nothing", sbm_status_read(NULL, len), PSA_ERROR_INVALID_ARGUMENT);
    expect("status of less than the first size", sbm_status_read(&status, SBM_STATUS_LEN_LEAST - 1),
           PSA_ERROR_INVALID_ARGUMENT);
    expect("status of everything", sbm_status_read(&status, SIZE_MAX), PSA_ERROR_INVALID_ARGUMENT);
}

/* 1 when all of [p, p + len) is `value`. */
static int is_all(const uint8_t *p, size_t len, uint8_t value)
{
    size_t same = 0;
    while (same < len && p[same] == value) {
        same++;
    }
    return same == len;
}

/* What must not change, or must be so, after a call. */
static void expect_true(const char *name, int holds)
{
    expect(name, holds ? PSA_SUCCESS : PSA_ERROR_GENERIC_ERROR, PSA_SUCCESS);
}

/* An application that knows the first structure only, and one that knows a longer one than this SBM. */
static void status_sizes(void)
{
    static uint8_t first[256];
    static uint8_t later[256];
    const size_t first_len = SBM_STATUS_LEN_LEAST;
    const size_t later_len = sizeof(struct sbm_status) + 40;
    memset(first, 0xA5, sizeof first);
    memset(later, 0xA5, sizeof later);
    expect("status for an older application", sbm_status_read((void *)first, first_len), PSA_SUCCESS);
    expect("status for a later application", sbm_status_read((void *)later, later_len), PSA_SUCCESS);
    expect_true("status is the same for both", memcmp(first, later, first_len) == 0 && !is_all(first, 16, 0xA5));
    expect_true("nothing beyond the older structure", is_all(first + first_len, sizeof first - first_len, 0xA5));
    expect_true("zeros in the later structure", is_all(later + sizeof(struct sbm_status), 40, 0));
    expect_true("nothing beyond the later structure", is_all(later + later_len, sizeof later - later_len, 0xA5));
}

/* The component's register has more bits than the component; what is above its byte names nothing. */
static void wide_calls(void)
{
    psa_status_t (*query)(uint32_t, psa_fwu_component_info_t *) = (void *)psa_fwu_query;
    psa_status_t (*start)(uint32_t, const void *, size_t) = (void *)psa_fwu_start;
    psa_status_t (*finish)(uint32_t) = (void *)psa_fwu_finish;
    psa_fwu_component_info_t info = { 0 };
    psa_fwu_component_info_t wide = { 0 };
    (void)psa_fwu_query(1, &info);
    expect("query with dirty upper bits", query(0xFFFFFF01u, &wide), PSA_SUCCESS);
    expect_true("query with dirty upper bits answers the same", memcmp(&wide, &info, sizeof info) == 0);
    expect("query of component 2, dirty", query(0x80000002u, &wide), PSA_ERROR_DOES_NOT_EXIST);
    expect("start of component 2, dirty", start(0x00000102u, NULL, 0), PSA_ERROR_DOES_NOT_EXIST);
    expect("finish of component 1, dirty", finish(0x00000101u), PSA_ERROR_BAD_STATE);
}

static psa_status_t attest(const void *nonce, size_t nonce_len, void *token, size_t capacity)
{
    struct sbm_attest call = {
        .challenge = nonce, .challenge_len = nonce_len, .token = token, .token_capacity = capacity
    };
    return sbm_attest_token(&call);
}

static void attest_calls(void)
{
    static uint8_t nonce[80];
    static uint8_t token[1024];
    size_t size;
    expect("attest with a secure call block", sbm_attest_token(SECURE_RAM), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest a secure nonce", attest(SECURE_FLASH, 32, token, sizeof token), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest a long nonce", attest(nonce, 65, token, sizeof token), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest a short nonce", attest(nonce, 7, token, sizeof token), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest an endless nonce", attest(nonce, SIZE_MAX, token, sizeof token), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest into secure RAM", attest(nonce, 32, SECURE_RAM, 256), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest into everything", attest(nonce, 32, token, SIZE_MAX), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest size into secure RAM", psa_initial_attest_get_token_size(32, SECURE_RAM),
           PSA_ERROR_INVALID_ARGUMENT);
    expect("attest size of another nonce", psa_initial_attest_get_token_size(33, &size), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest into nothing", attest(nonce, 32, token, 0), PSA_ERROR_INVALID_ARGUMENT);
    expect("attest into too little", attest(nonce, 32, token, 10), PSA_ERROR_BUFFER_TOO_SMALL);
}

static void certificate_calls(void)
{
    static uint8_t certificate[900];
    size_t len = 0;
    expect("certificate into secure RAM", sbm_certificate_read(0, SECURE_RAM, 900, &len), PSA_ERROR_INVALID_ARGUMENT);
    expect("certificate length into secure RAM", sbm_certificate_read(0, certificate, 900, SECURE_RAM),
           PSA_ERROR_INVALID_ARGUMENT);
    expect("certificate that is not there", sbm_certificate_read(9, certificate, 900, &len), PSA_ERROR_DOES_NOT_EXIST);
    expect("certificate into too little", sbm_certificate_read(0, certificate, 16, &len), PSA_ERROR_BUFFER_TOO_SMALL);
}

static void log_calls(void)
{
    struct sbm_log_entry entry;
    expect("log record into secure RAM", sbm_log_read(0, SECURE_RAM), PSA_ERROR_INVALID_ARGUMENT);
    expect("log record across the end of RAM", sbm_log_read(0, (void *)(RAM_END - 8)), PSA_ERROR_INVALID_ARGUMENT);
    expect("log record that is not there", sbm_log_read(0xFFFFFFFFu, &entry), PSA_ERROR_DOES_NOT_EXIST);
    expect("image into secure RAM", sbm_image_read(0, SECURE_RAM), PSA_ERROR_INVALID_ARGUMENT);
    expect("image into the own flash", sbm_image_read(0, OWN_FLASH), PSA_ERROR_INVALID_ARGUMENT);
}

static void update_calls(void)
{
    static uint8_t block[1100];
    expect("query into secure RAM", psa_fwu_query(0, SECURE_RAM), PSA_ERROR_INVALID_ARGUMENT);
    expect("start of another component", psa_fwu_start(7, NULL, 0), PSA_ERROR_DOES_NOT_EXIST);
    expect("start with a manifest", psa_fwu_start(0, block, 10), PSA_ERROR_INVALID_ARGUMENT);
    expect("write before start", psa_fwu_write(0, 0, block, 16), PSA_ERROR_BAD_STATE);
    expect("install of nothing", psa_fwu_install(), PSA_ERROR_BAD_STATE);
    expect("accept of nothing", psa_fwu_accept(), PSA_ERROR_BAD_STATE);
    if (psa_fwu_start(0, NULL, 0) != PSA_SUCCESS) {
        expect("start", PSA_ERROR_BAD_STATE, PSA_SUCCESS);
    }
    expect("write from secure flash", psa_fwu_write(0, 0, SECURE_FLASH, 256), PSA_ERROR_INVALID_ARGUMENT);
    expect("write from secure RAM", psa_fwu_write(0, 0, SECURE_RAM, 256), PSA_ERROR_INVALID_ARGUMENT);
    expect("write of nothing", psa_fwu_write(0, 0, block, 0), PSA_ERROR_INVALID_ARGUMENT);
    expect("write of too much", psa_fwu_write(0, 0, block, 1025), PSA_ERROR_INVALID_ARGUMENT);
    expect("write of everything", psa_fwu_write(0, 0, block, SIZE_MAX), PSA_ERROR_INVALID_ARGUMENT);
    expect("write at a far offset", psa_fwu_write(0, 0xFFFFFF00u, block, 256), PSA_ERROR_INVALID_ARGUMENT);
    expect("finish of what is no package", psa_fwu_write(0, 0, block, 16) == PSA_SUCCESS ? psa_fwu_finish(0) : 0,
           PSA_ERROR_INVALID_ARGUMENT);
    expect("write after a failure", psa_fwu_write(0, 16, block, 16), PSA_ERROR_BAD_STATE);
    (void)psa_fwu_clean(0);
}

/* Lengths for which the caller has memory, and SBM has no room: what it copied before it looked would lie over all of
 * its memory. */
static void long_calls(void)
{
    const struct sbm_its_set set = { 1, OWN_RAM, LONG_LEN, 0 };
    struct sbm_crypto_call hash = { .function = SBM_CRYPTO_HASH_COMPUTE, .in = { { OWN_RAM, LONG_LEN } } };
    static uint8_t token[1024];
    expect("attest a nonce of 128 KiB", attest(OWN_RAM, LONG_LEN, token, sizeof token), PSA_ERROR_INVALID_ARGUMENT);
    expect("command of 128 KiB", sbm_command(OWN_RAM, LONG_LEN), PSA_ERROR_INVALID_ARGUMENT);
    expect("entry of 128 KiB", sbm_its_set(&set), PSA_ERROR_INSUFFICIENT_STORAGE);
    expect("input of 128 KiB", sbm_crypto_call(&hash), PSA_ERROR_INSUFFICIENT_MEMORY);
    expect("write of 128 KiB", psa_fwu_start(0, NULL, 0) == PSA_SUCCESS ? psa_fwu_write(0, 0, OWN_RAM, LONG_LEN) : 0,
           PSA_ERROR_INVALID_ARGUMENT);
    (void)psa_fwu_cancel(0);
    (void)psa_fwu_clean(0);
}

static void handler(void)
{
    static struct sbm_status status;
    handler_result = sbm_status_read(&status, sizeof status);
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
    expect("call from an exception handler", handler_result, PSA_ERROR_NOT_PERMITTED);
}

static uint32_t random_next(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

/* Calls with random arguments: addresses of every world, lengths of every size. None may stop SBM. */
static void random_calls(void)
{
    static uint8_t scratch[2048];
    static const uint32_t bases[] = { 0,          0x00080000, 0x10000000, 0x10021000, 0x28200000 + 0x100000,
                                      0x283FFFF0, 0x38000000, 0x3803F000, 0x40201000, 0x50200000,
                                      0x58007000, 0xE000ED00, 0xFFFFFFFC };
    for (uint32_t i = 0; i < RANDOM_CALLS; i++) {
        void *p = (void *)(bases[random_next() % 13] + (random_next() & 0xFFu));
        size_t len = random_next() >> (random_next() % 32);
        struct sbm_attest call = { p, len % 70, random_next() & 1u ? p : scratch, len, 0 };
        switch (random_next() % 8) {
        case 0:
            (void)sbm_status_read(p, len);
            break;
        case 1:
            (void)sbm_attest_token(len % 5 == 0 ? p : &call);
            break;
        case 2:
            (void)sbm_certificate_read(len, p, len, (size_t *)p);
            break;
        case 3:
            (void)psa_fwu_query((psa_fwu_component_t)len, p);
            break;
        case 4:
            (void)psa_fwu_start((psa_fwu_component_t)(len % 2), p, len % 3);
            break;
        case 5:
            (void)psa_fwu_write(0, len, p, len % 2000);
            break;
        case 6:
            (void)psa_fwu_finish((psa_fwu_component_t)len);
            break;
        default:
            (void)psa_fwu_cancel((psa_fwu_component_t)len);
            (void)psa_fwu_clean(0);
            break;
        }
    }
    (void)psa_fwu_cancel(0);
    (void)psa_fwu_clean(0);
}

_Noreturn void app_main(void)
{
    app_uart_open(APP_UART_CONSOLE);
    status_calls();
    status_sizes();
    wide_calls();
    attest_calls();
    certificate_calls();
    log_calls();
    update_calls();
    long_calls();
    handler_call();
    random_calls();
    app_print("[hostile] done: ");
    app_print_number(refused);
    app_print(" of ");
    app_print_number(tried);
    app_print(" refused\n");
    app_link_serve();
}
