/* SPDX-License-Identifier: Apache-2.0 */
/* chain: the checkpoints: COSE_Sign1 over the newest link. See events.h. */
#include "host/ledger/events.h"

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "wire/cose.h"

#include <string.h>

static struct bytes aad(void)
{
    return bytes_of(CHECKPOINT_AAD, strlen(CHECKPOINT_AAD));
}

static void payload_build(const struct checkpoint *in, struct cbor_writer *w)
{
    cbor_write_map(w, 5);
    cbor_write_uint(w, 1);
    cbor_write_uint(w, in->seq);
    cbor_write_uint(w, 2);
    cbor_write_bstr(w, bytes_of(in->link, sizeof in->link));
    cbor_write_uint(w, 3);
    if (in->has_count) {
        cbor_write_uint(w, in->count);
    } else {
        cbor_write_null(w);
    }
    cbor_write_uint(w, 4);
    cbor_write_uint(w, in->time);
    cbor_write_uint(w, 5);
    cbor_write_bstr(w, bytes_of(in->previous, in->has_previous ? sizeof in->previous : 0));
}

int checkpoint_make(const struct checkpoint *in, const struct ledger_signer *signer, struct cbor_writer *out,
                    struct fault *fault)
{
    uint8_t payload[128];
    uint8_t structure[256];
    uint8_t digest[32];
    uint8_t signature[COSE_SIGNATURE_LEN];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    payload_build(in, &p);
    cose_sig_structure_build(aad(), cbor_written(&p), &s);
    p256_sha256(cbor_written(&s), digest);
    if (p.status != STATUS_OK || s.status != STATUS_OK) {
        return fault_status(fault, "ledger: checkpoint", p.status != STATUS_OK ? p.status : s.status);
    }
    if (signer->sign(signer->context, digest, signature, fault) != 0) {
        (void)fault_set(fault, "ledger: the checkpoint cannot be signed");
        return fault_hint(fault, "nothing was recorded by this step; look at the HSM and try again");
    }
    const struct cose_sign1 sign1 = { .payload = cbor_written(&p), .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, out);
    return out->status == STATUS_OK ? 0 : fault_status(fault, "ledger: checkpoint", out->status);
}

/* Reads field `wanted`'s key. */
static void key_expect(struct cbor_map *map, int64_t wanted)
{
    int64_t key = 0;
    if (!cbor_map_next(map, &key) || key != wanted) {
        cbor_fail(map->reader, STATUS_MISSING_FIELD);
    }
}

status_t checkpoint_parse(struct bytes in, struct checkpoint *out)
{
    struct cose_sign1 sign1;
    int64_t key = 0;
    *out = (struct checkpoint){ 0 };
    status_t status = cose_sign1_parse(in, &sign1);
    if (status != STATUS_OK || sign1.payload.data == NULL) {
        return status != STATUS_OK ? status : STATUS_MISSING_FIELD;
    }
    struct cbor_reader r = cbor_reader_of(sign1.payload);
    struct cbor_map map = cbor_read_map(&r);
    key_expect(&map, 1);
    out->seq = cbor_read_uint(&r);
    key_expect(&map, 2);
    struct bytes link = cbor_read_bstr_len(&r, sizeof out->link);
    key_expect(&map, 3);
    out->has_count = cbor_peek(&r) != CBOR_SIMPLE;
    if (out->has_count) {
        out->count = cbor_read_uint(&r);
    } else {
        cbor_read_null(&r);
    }
    key_expect(&map, 4);
    out->time = cbor_read_uint(&r);
    key_expect(&map, 5);
    struct bytes previous = cbor_read_bstr(&r);
    if (cbor_map_next(&map, &key)) {
        cbor_fail(&r, STATUS_UNKNOWN_FIELD);
    }
    if (previous.len != 0 && previous.len != sizeof out->previous) {
        cbor_fail(&r, STATUS_BAD_ARGUMENT);
    }
    if (r.status == STATUS_OK && link.len == sizeof out->link) {
        memcpy(out->link, link.data, sizeof out->link);
        out->has_previous = previous.len != 0;
        memcpy(out->previous, previous.len != 0 ? previous.data : out->previous, previous.len);
    }
    return cbor_reader_finish(&r);
}

status_t checkpoint_check(struct bytes in, const uint8_t public_key[64])
{
    const struct sign1 sign1 = { in, aad(), { NULL, 0 } };
    return sign1_check(&sign1, public_key, NULL);
}
