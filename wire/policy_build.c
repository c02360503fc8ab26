/* SPDX-License-Identifier: Apache-2.0 */
/* policy_build: anchor map and policy to bytes (docs/spec.md section 5). */
#include "wire/policy.h"
#include "wire/policy_fields.h"

void anchor_build(const struct anchor *in, struct cbor_writer *out)
{
    wire_fields_build(anchor_fields, ANCHOR_FIELDS_COUNT, in, out);
}

void policy_build(const struct policy *in, struct cbor_writer *out)
{
    wire_fields_build(policy_fields, POLICY_FIELDS_COUNT, in, out);
}
