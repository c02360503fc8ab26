/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto_p256_time: runs the verbs that touch secrets with the secrets marked as undefined, so that memcheck reports
 * every branch and every address that depends on one. p256_reveal is where the code says that a value may be known.
 * With the word "leak" it makes one such branch itself: memcheck must find it. Without valgrind it shows nothing:
 * exit 77.
 */
#include <stdio.h>
#include <string.h>

#include <sys/random.h>

#include <valgrind/memcheck.h>

#include "crypto/crypto.h"
#include "crypto/p256/secret.h"

uint32_t __wrap_p256_reveal(uint32_t value);

uint32_t __wrap_p256_reveal(uint32_t value)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value);
    return value;
}

/* In the place of the host's: what is drawn is secret. */
status_t crypto_random(uint8_t *out, size_t len)
{
    if (getrandom(out, len, 0) != (ssize_t)len) {
        return STATUS_TRNG_FAILED;
    }
    (void)VALGRIND_MAKE_MEM_UNDEFINED(out, len);
    return STATUS_OK;
}

static void leak(const uint8_t secret[32])
{
    if (secret[0] > 127) {
        (void)fputs("high\n", stdout);
    }
}

int main(int argc, char **argv)
{
    static const uint8_t digest[32] = { 1, 2, 3 };
    uint8_t secret[32];
    uint8_t key[64];
    uint8_t peer[64];
    uint8_t out[64];
    int failed = 0;
    if (RUNNING_ON_VALGRIND == 0) {
        return 77;
    }
    failed |= crypto_p256_generate(secret, peer) != STATUS_OK;
    (void)VALGRIND_MAKE_MEM_DEFINED(peer, sizeof peer);
    failed |= crypto_p256_generate(secret, key) != STATUS_OK;
    failed |= crypto_p256_public(secret, out) != STATUS_OK;
    failed |= crypto_p256_agree(secret, peer, out) != STATUS_OK;
    failed |= crypto_p256_sign(secret, digest, out) != STATUS_OK;
    (void)VALGRIND_MAKE_MEM_DEFINED(out, sizeof out);
    (void)VALGRIND_MAKE_MEM_DEFINED(key, sizeof key);
    failed |= crypto_p256_verify(key, digest, out) != STATUS_OK;
    if (argc == 2 && strcmp(argv[1], "leak") == 0) {
        leak(secret);
    }
    return failed;
}
