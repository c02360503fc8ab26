/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: see schedule.h. Long inputs are hashed piece by piece where they lie; nothing is put together first. */
#include "channel/schedule.h"

#include "base/cbor.h"
#include "base/wipe.h"
#include "crypto/crypto.h"

#define HEADED_LEN (2 + SCHEDULE_LEN) /* a byte string of 32 */
#define INFO_MAX 48

/* The head of a byte string. */
static void head_add(struct crypto_sha256 *hash, size_t len)
{
    uint8_t head[9];
    struct cbor_writer w = cbor_writer_of(head, sizeof head);
    cbor_write_bstr_head(&w, len);
    crypto_sha256_add(hash, bytes_of(head, w.len));
}

static void string_add(struct crypto_sha256 *hash, const uint8_t value[SCHEDULE_LEN])
{
    head_add(hash, SCHEDULE_LEN);
    crypto_sha256_add(hash, bytes_of(value, SCHEDULE_LEN));
}

void schedule_th_2(const uint8_t g_y[32], const uint8_t message_1_digest[SCHEDULE_LEN], uint8_t th[SCHEDULE_LEN])
{
    struct crypto_sha256 hash;
    crypto_sha256_start(&hash);
    string_add(&hash, g_y);
    string_add(&hash, message_1_digest);
    crypto_sha256_finish(&hash, th);
}

void schedule_th_next(struct bytes plaintext, struct bytes cred, uint8_t th[SCHEDULE_LEN])
{
    struct crypto_sha256 hash;
    crypto_sha256_start(&hash);
    string_add(&hash, th);
    crypto_sha256_add(&hash, plaintext);
    crypto_sha256_add(&hash, cred);
    crypto_sha256_finish(&hash, th);
}

void schedule_prk(const uint8_t th_2[SCHEDULE_LEN], const uint8_t shared[32], uint8_t prk[SCHEDULE_LEN])
{
    struct crypto_hmac hmac;
    crypto_hmac_start(&hmac, th_2);
    crypto_sha256_add(&hmac.hash, bytes_of(shared, 32));
    crypto_hmac_finish(&hmac, prk);
}

void schedule_kdf(const uint8_t prk[SCHEDULE_LEN], uint32_t label, struct bytes context, uint8_t *out, size_t len)
{
    uint8_t info[INFO_MAX];
    struct cbor_writer w = cbor_writer_of(info, sizeof info);
    cbor_write_uint(&w, label);
    cbor_write_bstr(&w, context);
    cbor_write_uint(&w, len);
    (void)crypto_hkdf_expand(prk, bytes_of(info, w.len), out, len);
}

/* One block of HKDF-Expand over (label, context, 32). */
void schedule_mac(const uint8_t prk[SCHEDULE_LEN], enum schedule_label label, const struct schedule_party *party,
                  const uint8_t th[SCHEDULE_LEN], uint8_t mac[SCHEDULE_LEN])
{
    static const uint8_t end[] = { 0x18, SCHEDULE_LEN, 1 }; /* the length, and HKDF's count */
    const uint8_t start = (uint8_t)label;                   /* below 24: its own encoding */
    struct crypto_hmac hmac;
    crypto_hmac_start(&hmac, prk);
    crypto_sha256_add(&hmac.hash, bytes_of(&start, 1));
    head_add(&hmac.hash, party->c_r.len + party->id_cred.len + HEADED_LEN + party->cred.len + party->ead.len);
    crypto_sha256_add(&hmac.hash, party->c_r);
    crypto_sha256_add(&hmac.hash, party->id_cred);
    string_add(&hmac.hash, th);
    crypto_sha256_add(&hmac.hash, party->cred);
    crypto_sha256_add(&hmac.hash, party->ead);
    crypto_sha256_add(&hmac.hash, bytes_of(end, sizeof end));
    crypto_hmac_finish(&hmac, mac);
}

void schedule_signed_digest(const struct schedule_party *party, const uint8_t th[SCHEDULE_LEN],
                            const uint8_t mac[SCHEDULE_LEN], uint8_t digest[SCHEDULE_LEN])
{
    static const uint8_t start[] = { 0x84, 0x6A, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1' };
    struct crypto_sha256 hash;
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, bytes_of(start, sizeof start));
    head_add(&hash, party->id_cred.len);
    crypto_sha256_add(&hash, party->id_cred);
    head_add(&hash, HEADED_LEN + party->cred.len + party->ead.len);
    string_add(&hash, th);
    crypto_sha256_add(&hash, party->cred);
    crypto_sha256_add(&hash, party->ead);
    string_add(&hash, mac);
    crypto_sha256_finish(&hash, digest);
}
