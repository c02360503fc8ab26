/* SPDX-License-Identifier: Apache-2.0 */
/* uuid: see uuid.h. */
#include "host/lib/uuid.h"

#include <string.h>

#include <openssl/evp.h>

const uint8_t uuid_namespace_dns[16] = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                         0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 };

int uuid_make(const uint8_t space[16], const char *name, uint8_t out[16], struct fault *fault)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = context != NULL && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
               EVP_DigestUpdate(context, space, 16) == 1 && EVP_DigestUpdate(context, name, strlen(name)) == 1 &&
               EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!good) {
        return fault_set(fault, "cannot make the UUID of '%.80s': this OpenSSL offers no SHA-1", name);
    }
    memcpy(out, digest, 16);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x50);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
    return 0;
}
