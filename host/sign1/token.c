/* SPDX-License-Identifier: Apache-2.0 */
/* token: see token.h. */
#include "host/sign1/token.h"

#include "base/cbor.h"
#include "host/sign1/sign1.h"

#define CLAIM_NONCE 10
#define CLAIM_UEID 256
#define CLAIM_LIFECYCLE 2395
#define UEID_LEN 17
#define UEID_RANDOM 0x01

struct claims {
    struct bytes nonce;
    struct bytes ueid;
    uint64_t lifecycle;
};

static status_t claims_parse(struct bytes in, struct claims *out)
{
    static const int64_t keys[] = { CLAIM_NONCE, CLAIM_UEID, CLAIM_LIFECYCLE };
    struct cbor_reader r = cbor_reader_of(in);
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    size_t i = 0;
    memset(out, 0, sizeof *out);
    while (cbor_map_next(&map, &key)) {
        if (i == 3 || key != keys[i]) {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
        } else if (key == CLAIM_NONCE) {
            out->nonce = cbor_read_bstr(&r);
        } else if (key == CLAIM_UEID) {
            out->ueid = cbor_read_bstr_len(&r, UEID_LEN);
        } else {
            out->lifecycle = cbor_read_uint(&r);
        }
        i++;
    }
    status_t status = cbor_reader_finish(&r);
    return status == STATUS_OK && i != 3 ? STATUS_MISSING_FIELD : status;
}

int token_check(struct bytes encoded, const uint8_t identity_key[64], struct bytes nonce, struct token *out,
                struct fault *fault)
{
    const struct sign1 signature = { encoded, { NULL, 0 }, { NULL, 0 } };
    struct bytes payload;
    struct claims claims;
    status_t status = sign1_check(&signature, identity_key, &payload);
    if (status == STATUS_OK) {
        status = claims_parse(payload, &claims);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's token", status);
    }
    if (!bytes_equal(claims.nonce, nonce)) {
        return fault_set(fault, "the device's token answers another nonce: it is a replay");
    }
    if (claims.ueid.data[0] != UEID_RANDOM) {
        return fault_set(fault, "the device's token: a UEID of unknown type %u", claims.ueid.data[0]);
    }
    memcpy(out->uid, claims.ueid.data + 1, sizeof out->uid);
    out->lifecycle = claims.lifecycle;
    return 0;
}
