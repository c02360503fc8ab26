/* SPDX-License-Identifier: Apache-2.0 */
/* policy_parse: anchor page and policy from bytes (docs/spec.md section 5). */
#include "wire/fields.h"
#include "wire/policy.h"
#include "wire/policy_fields.h"

/* A string of keys holds whole keys. */
static void keys_check(struct cbor_reader *r, struct bytes keys)
{
    if (keys.len % POLICY_KEY_LEN != 0) {
        cbor_fail(r, STATUS_BAD_ARGUMENT);
    }
}

status_t anchor_parse(struct bytes page, struct anchor *out, size_t *map_len)
{
    struct cbor_reader r = cbor_reader_of(page);
    memset(out, 0, sizeof *out);
    wire_fields_parse(&r, anchor_fields, ANCHOR_FIELDS_COUNT, out);
    keys_check(&r, out->firmware_keys);
    keys_check(&r, out->mastering_keys);
    *map_len = r.status == STATUS_OK ? (size_t)(r.at - page.data) : 0;
    if (r.status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return r.status;
}

status_t policy_parse(struct bytes in, struct policy *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    wire_fields_parse(&r, policy_fields, POLICY_FIELDS_COUNT, out);
    keys_check(&r, out->firmware_keys);
    keys_check(&r, out->mastering_keys);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status == STATUS_BAD_ARGUMENT ? STATUS_POLICY_BAD : status;
}
