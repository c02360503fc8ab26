/* SPDX-License-Identifier: Apache-2.0 */
/* scrap: see scrap.h. */
#include "host/sign1/scrap.h"

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"

void scrap_build(const struct scrap *in, struct cbor_writer *out)
{
    cbor_write_map(out, 2);
    cbor_write_uint(out, 1);
    cbor_write_bstr(out, in->uid);
    cbor_write_uint(out, 2);
    cbor_write_bstr(out, in->chain);
}

static status_t scrap_parse(struct bytes payload, struct scrap *out)
{
    struct cbor_reader r = cbor_reader_of(payload);
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    if (!cbor_map_next(&map, &key) || key != 1) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    out->uid = cbor_read_bstr_len(&r, 16);
    if (!cbor_map_next(&map, &key) || key != 2) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    out->chain = cbor_read_bstr_len(&r, SCRAP_CHAIN_LEN);
    if (cbor_map_next(&map, &key)) {
        cbor_fail(&r, STATUS_UNKNOWN_FIELD);
    }
    return cbor_reader_finish(&r);
}

int scrap_check(struct bytes encoded, const uint8_t quota_key[64], struct scrap *out, struct fault *fault)
{
    struct bytes payload = { NULL, 0 };
    const struct sign1 sign1 = { encoded, bytes_of(SCRAP_AAD, sizeof SCRAP_AAD - 1), { NULL, 0 } };
    memset(out, 0, sizeof *out);
    status_t status = sign1_check(&sign1, quota_key, &payload);
    if (status == STATUS_OK) {
        status = scrap_parse(payload, out);
    }
    return status == STATUS_OK ? 0 : fault_status(fault, "the scrap order", status);
}

void scrap_chain(const uint8_t records_key[64], uint8_t chain[SCRAP_CHAIN_LEN])
{
    uint8_t digest[32];
    p256_sha256(bytes_of(records_key, 64), digest);
    memcpy(chain, digest, SCRAP_CHAIN_LEN);
}
