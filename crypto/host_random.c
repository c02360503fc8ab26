/* SPDX-License-Identifier: Apache-2.0 */
/* host_random: randomness of crypto.h on a host: the operating system's. */
#include <sys/random.h>

#include "crypto/crypto.h"

status_t crypto_random(uint8_t *out, size_t len)
{
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got <= 0) {
            return STATUS_TRNG_FAILED;
        }
        out += got;
        len -= (size_t)got;
    }
    return STATUS_OK;
}
