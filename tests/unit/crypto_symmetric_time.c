/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto_symmetric_time: runs SHA-256, HKDF, Poly1305 and the sealing of AEAD with keys and data marked as undefined,
 * so that memcheck reports every branch and every address that depends on one. With the word "table" it encrypts with
 * AES, which looks up a table: memcheck must find that. Without valgrind it shows nothing: exit 77.
 */
#include <string.h>

#include <valgrind/memcheck.h>

#include "crypto/crypto.h"

static uint8_t secret[200];

int main(int argc, char **argv)
{
    const struct crypto_aead how = { secret, secret + 32, bytes_of(secret, 20) };
    struct crypto_poly1305 mac;
    struct crypto_ctr ctr;
    uint8_t out[200];
    uint8_t tag[32];
    if (RUNNING_ON_VALGRIND == 0) {
        return 77;
    }
    (void)VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof secret);
    crypto_sha256(bytes_of(secret, sizeof secret), out);
    int failed = crypto_hkdf(bytes_of(secret, 32), bytes_of(secret, 50), out, 80) != STATUS_OK;
    crypto_poly1305_start(&mac, secret);
    crypto_poly1305_add(&mac, bytes_of(secret + 32, 100));
    crypto_poly1305_finish(&mac, tag);
    failed |= crypto_aead_seal(&how, bytes_of(secret, sizeof secret), out, tag) != STATUS_OK;
    if (argc == 2 && strcmp(argv[1], "table") == 0) {
        crypto_ctr_start(&ctr, secret, secret);
        crypto_ctr_apply(&ctr, out, out, sizeof out);
    }
    return failed;
}
