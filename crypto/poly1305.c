/* SPDX-License-Identifier: Apache-2.0 */
/* poly1305: the one-time MAC of crypto.h (RFC 8439 section 2.5): buffering, key and tag. */
#include "base/wipe.h"
#include "crypto/poly1305_blocks.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are taken from memory as they lie");

void crypto_poly1305_start(struct crypto_poly1305 *p, const uint8_t key[32])
{
    memset(p, 0, sizeof *p);
    memcpy(p->r, key, sizeof p->r);
    memcpy(p->pad, key + 16, sizeof p->pad);
    p->r[0] &= 0x0FFFFFFFu;
    for (size_t i = 1; i < 4; i++) {
        p->r[i] &= 0x0FFFFFFCu;
        p->s[i - 1] = p->r[i] + (p->r[i] >> 2);
    }
}

void crypto_poly1305_add(struct crypto_poly1305 *p, struct bytes data)
{
    while (data.len > 0) {
        size_t part = data.len & ~(size_t)15;
        if (p->fill == 0 && part > 0) {
            poly1305_blocks(p, data.data, part / 16, 1);
        } else {
            part = data.len < 16 - p->fill ? data.len : 16 - p->fill;
            memcpy(p->block + p->fill, data.data, part);
            p->fill = (p->fill + (uint32_t)part) & 15u;
            if (p->fill == 0) {
                poly1305_blocks(p, p->block, 1, 1);
            }
        }
        data = bytes_of(data.data + part, data.len - part);
    }
}

/* CT: h - p is chosen by a mask, not by a branch. */
static void tag_write(struct crypto_poly1305 *p, uint8_t tag[16])
{
    uint32_t reduced[4];
    uint64_t carry = 5;
    for (size_t i = 0; i < 4; i++) {
        carry += p->h[i];
        reduced[i] = (uint32_t)carry;
        carry >>= 32;
    }
    uint32_t use_reduced = 0u - ((p->h[4] + (uint32_t)carry) >> 2);
    carry = 0;
    for (size_t i = 0; i < 4; i++) {
        carry += (uint64_t)(p->h[i] ^ ((p->h[i] ^ reduced[i]) & use_reduced)) + p->pad[i];
        p->h[i] = (uint32_t)carry;
        carry >>= 32;
    }
    memcpy(tag, p->h, 16);
    wipe(reduced, sizeof reduced);
}

void crypto_poly1305_finish(struct crypto_poly1305 *p, uint8_t tag[16])
{
    if (p->fill > 0) {
        p->block[p->fill] = 1;
        memset(p->block + p->fill + 1, 0, 15 - p->fill);
        poly1305_blocks(p, p->block, 1, 0);
    }
    tag_write(p, tag);
    wipe(p, sizeof *p);
}
