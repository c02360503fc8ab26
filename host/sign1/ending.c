/* SPDX-License-Identifier: Apache-2.0 */
/* ending: see ending.h. */
#include "host/sign1/ending.h"

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "host/sign1/token.h"
#include "wire/command.h"
#include "wire/cose.h"

/* What the order says; its signature is not looked at. */
static status_t order_read(struct bytes encoded, struct cose_sign1 *sign1, struct order *out)
{
    status_t status = cose_sign1_parse(encoded, sign1);
    if (status == STATUS_OK && sign1->payload.data == NULL) {
        status = STATUS_MISSING_FIELD;
    }
    return status == STATUS_OK ? order_parse(sign1->payload, out) : status;
}

int ending_parse(struct bytes proof, struct ending *out, struct fault *fault)
{
    struct cbor_reader r = cbor_reader_of(proof);
    struct cose_sign1 sign1;
    struct order order;
    if (cbor_read_array(&r) != 2) {
        cbor_fail(&r, STATUS_MESSAGE);
    }
    out->order = cbor_read_bstr(&r);
    out->token = cbor_read_bstr(&r);
    status_t status = cbor_reader_finish(&r);
    if (status == STATUS_OK) {
        status = order_read(out->order, &sign1, &order);
    }
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
        return fault_status(fault, "proof of a decommissioning or of debug rights", status);
    }
    out->uid = order.uid;
    out->is_debug = order.what != ORDER_DECOMMISSION;
    return 0;
}

void ending_build(const struct ending *in, struct cbor_writer *out)
{
    cbor_write_array(out, 2);
    cbor_write_bstr(out, in->order);
    cbor_write_bstr(out, in->token);
}

static int order_check(const struct ending *ending, struct bytes mastering_keys, struct order *order,
                       struct fault *fault)
{
    struct cose_sign1 parsed;
    const struct sign1 signature = { ending->order, bytes_of(COMMAND_AAD, strlen(COMMAND_AAD)), { NULL, 0 } };
    status_t status = order_read(ending->order, &parsed, order);
    const uint8_t *key = status == STATUS_OK ? p256_key_find(mastering_keys, parsed.kid) : NULL;
    if (status == STATUS_OK) {
        status = key == NULL ? STATUS_SUIT_KEY_UNKNOWN : sign1_check(&signature, key, NULL);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, ending->is_debug ? "the order to debug" : "the order to decommission", status);
    }
    if ((order->what != ORDER_DECOMMISSION) != ending->is_debug || !bytes_equal(order->uid, ending->uid)) {
        return fault_set(fault, "the order is not to %s this device", ending->is_debug ? "debug" : "decommission");
    }
    return 0;
}

/* The nonce is the one that stands in it: the boot seed makes it fresh enough, for the order names it. */
static status_t nonce_read(struct bytes token, struct bytes *nonce)
{
    struct bytes encoded;
    struct bytes signature;
    struct token_claims claims;
    status_t status = token_parse(token, &encoded, &signature);
    if (status == STATUS_OK) {
        status = token_claims_parse(encoded, &claims);
    }
    if (status == STATUS_OK) {
        *nonce = claims.nonce;
    }
    return status;
}

/* What the token must say after that order. */
static int lifecycle_check(const struct order *order, uint64_t lifecycle, struct fault *fault)
{
    static const struct {
        uint64_t lifecycle;
        const char *wrong;
    } after[] = {
        [ORDER_DEBUG_NONSECURE] = { TOKEN_LIFECYCLE_NONSECURE_DEBUG,
                                    "the device's token does not say that its non-secure world is debugged" },
        [ORDER_DEBUG_SECURE] = { TOKEN_LIFECYCLE_SECURED, "the device's token does not say that it was secured" },
        [ORDER_DECOMMISSION] = { TOKEN_LIFECYCLE_DECOMMISSIONED,
                                 "the device's last token does not say that it is decommissioned" },
    };
    return after[order->what].lifecycle == lifecycle ? 0 : fault_set(fault, "%s", after[order->what].wrong);
}

int ending_check(const struct ending *ending, struct bytes mastering_keys, const uint8_t identity_key[64],
                 struct fault *fault)
{
    struct order order;
    struct token_claims claims;
    struct bytes nonce;
    if (order_check(ending, mastering_keys, &order, fault) != 0) {
        return -1;
    }
    status_t status = nonce_read(ending->token, &nonce);
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's token", status);
    }
    if (token_check(ending->token, identity_key, nonce, &claims, fault) != 0) {
        return -1;
    }
    if (lifecycle_check(&order, claims.lifecycle, fault) != 0) {
        return -1;
    }
    return bytes_equal(claims.seed, order.seed)
               ? 0
               : fault_set(fault, "the device's token is of another boot than the order");
}
