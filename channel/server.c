/* SPDX-License-Identifier: Apache-2.0 */
/* server: see server.h. */
#include "channel/server.h"

#include "base/wipe.h"
#include "crypto/crypto.h"
#include "wire/cose.h"

status_t channel_request_open(struct channel_server *s, struct bytes record, struct bytes *request)
{
    size_t len = 0;
    status_t status =
        record.len <= sizeof s->request ? record_open(&s->records, record, s->request, &len) : STATUS_TOO_LONG;
    *request = bytes_of(s->request, len);
    if (status == STATUS_CHANNEL_ORDER && s->answer_len != 0 &&
        cose_record_counter(record) == s->records.receive.counter - 1) {
        return STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        s->answer_len = 0;
    }
    return status;
}

status_t channel_answer_seal(struct channel_server *s, struct bytes plain)
{
    struct cbor_writer w = cbor_writer_of(s->answer, sizeof s->answer);
    status_t status = record_seal(&s->records, plain, &w);
    s->answer_len = status == STATUS_OK ? w.len : 0;
    return status;
}

static void handover_check(const struct channel_handover *h, uint8_t digest[CRYPTO_SHA256_LEN])
{
    crypto_sha256(bytes_of(h, offsetof(struct channel_handover, check)), digest);
}

void channel_handover_make(struct channel_server *s, struct channel_handover *out)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    memset(out, 0, sizeof *out);
    out->records = s->records;
    if (s->answer_len <= sizeof out->answer) {
        memcpy(out->answer, s->answer, s->answer_len);
        out->answer_len = (uint32_t)s->answer_len;
    }
    handover_check(out, digest);
    memcpy(out->check, digest, sizeof out->check);
    wipe(s, sizeof *s);
}

status_t channel_handover_take(struct channel_handover *in, struct channel_server *s)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    memset(s, 0, sizeof *s);
    handover_check(in, digest);
    int sound = memcmp(digest, in->check, sizeof in->check) == 0 && in->answer_len <= sizeof in->answer;
    if (sound) {
        s->records = in->records;
        s->answer_len = in->answer_len;
        memcpy(s->answer, in->answer, s->answer_len);
    }
    wipe(in, sizeof *in);
    return sound ? STATUS_OK : STATUS_NOT_FOUND;
}
