/* SPDX-License-Identifier: Apache-2.0 */
/* port: the board's random numbers and its flash controller's driver, with a UART that this test plays. */
#include "tests/unit/test.h"

/* The source itself: each case begins with its memory as after a reset. */
#include "ports/mps2-an505/trng.c"

#include "ports/mps2-an505/controller.h"
#include "wire/flashctl.h"

static uint8_t (*source)(uint32_t index);
static uint32_t drawn;
static uint32_t sent;
static jmp_buf fault;
static int faulty;

void uart_listen_begin(unsigned n, struct uart_listening *saved)
{
    (void)n;
    (void)saved;
}

void uart_listen_end(unsigned n, const struct uart_listening *saved)
{
    (void)n;
    (void)saved;
}

void uart_send(unsigned n, const uint8_t *data, size_t len)
{
    (void)n;
    (void)data;
    sent += (uint32_t)len;
}

uint8_t uart_receive(unsigned n)
{
    (void)n;
    if (faulty) {
        longjmp(fault, 1);
    }
    return source(drawn++);
}

static uint8_t sound(uint32_t index)
{
    uint32_t x = (index + 1) * 2654435761u;
    x ^= x >> 15;
    x *= 0x2C1B3C6Du;
    return (uint8_t)(x >> 13);
}

static uint8_t alternating(uint32_t index)
{
    return index % 2 != 0 ? 0xAA : 0x55;
}

/* Sound, but for a burst of one value long after the start-up test. */
static uint8_t bursting(uint32_t index)
{
    return index >= 1100 && index < 1110 ? 7 : sound(index);
}

static uint8_t done(uint32_t index)
{
    (void)index;
    return FLASHCTL_DONE;
}

static int setup(void **state)
{
    (void)state;
    memset(&health, 0, sizeof health);
    drawn = 0;
    return 0;
}

static void first_number_comes_after_1024_tested_bytes(void **state)
{
    uint8_t a[32];
    uint8_t b[32];
    (void)state;
    source = sound;
    assert_int_equal(crypto_random(a, sizeof a), STATUS_OK);
    assert_int_equal(drawn, 1024 + 64);
    assert_int_equal(crypto_random(b, sizeof b), STATUS_OK);
    assert_int_equal(drawn, 1024 + 128);
    assert_memory_not_equal(a, b, sizeof a);
}

static void source_of_two_values_never_gives_a_number(void **state)
{
    uint8_t out[32] = { 0 };
    static const uint8_t zero[32];
    (void)state;
    source = alternating;
    assert_int_equal(crypto_random(out, sizeof out), STATUS_TRNG_FAILED);
    assert_memory_equal(out, zero, sizeof out);
}

static void failure_stays_until_reset(void **state)
{
    uint8_t out[64];
    (void)state;
    source = bursting;
    assert_int_equal(crypto_random(out, sizeof out), STATUS_TRNG_FAILED);
    assert_int_equal(crypto_random(out, sizeof out), STATUS_TRNG_FAILED);
    source = sound;
    assert_int_equal(crypto_random(out, sizeof out), STATUS_TRNG_FAILED);
}

static void fault_inside_a_request_ends_all_requests(void **state)
{
    const struct controller_request request = { .op = FLASHCTL_ERASE, .address = 0 };
    (void)state;
    source = done;
    assert_int_equal(controller_call(&request, NULL, 0), STATUS_OK);
    faulty = 1;
    if (setjmp(fault) == 0) {
        (void)controller_call(&request, NULL, 0);
        fail();
    }
    faulty = 0;
    sent = 0;
    assert_int_equal(controller_call(&request, NULL, 0), STATUS_FLASH_IO);
    assert_int_equal(sent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_number_comes_after_1024_tested_bytes, setup),
        cmocka_unit_test_setup(source_of_two_values_never_gives_a_number, setup),
        cmocka_unit_test_setup(failure_stays_until_reset, setup),
        cmocka_unit_test_setup(fault_inside_a_request_ends_all_requests, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
