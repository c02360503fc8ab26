/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_crypto_identity: what the application may sign with the device's identity key: everything but what reads like
 * a statement of SBM. Of a hash that can only be known when SBM computed it, so SBM remembers the newest ones that it
 * gave out, as a TPM does for a restricted key.
 */
#include <string.h>

#include "base/wipe.h"
#include "sbm/service_crypto_run.h"

#define DIGEST_LEN 32u
#define DIGESTS 8u

/* RFC 9052 section 4.4: what is signed in a COSE_Sign1 begins so: an array of four, "Signature1". */
static const uint8_t statement[SERVICE_CRYPTO_HEAD_LEN] = {
    0x84, 0x6A, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'
};
static uint8_t digests[DIGESTS][DIGEST_LEN];
static uint32_t digests_count;

void service_crypto_head_add(struct service_crypto_head *head, const uint8_t *in, size_t len)
{
    size_t part = sizeof head->bytes - head->len;
    part = len < part ? len : part;
    memcpy(head->bytes + head->len, in, part);
    head->len += (uint32_t)part;
}

static int is_statement(const struct service_crypto_head *head)
{
    return head->len == sizeof statement && memcmp(head->bytes, statement, sizeof statement) == 0;
}

void service_crypto_digest_remember(const struct service_crypto_head *head, const struct sbm_crypto_out *digest)
{
    if (digest->len == DIGEST_LEN && !is_statement(head)) {
        memcpy(digests[digests_count++ % DIGESTS], digest->data, DIGEST_LEN);
    }
}

static int digest_is_known(const struct sbm_crypto_in *digest)
{
    uint32_t count = digests_count < DIGESTS ? digests_count : DIGESTS;
    for (uint32_t i = 0; i < count; i++) {
        if (digest->len == DIGEST_LEN && memcmp(digests[i], digest->data, DIGEST_LEN) == 0) {
            return 1;
        }
    }
    return 0;
}

psa_status_t service_crypto_identity_check(const struct sbm_crypto_call *call)
{
    struct service_crypto_head head = { .len = 0 };
    if (call->key != SBM_CRYPTO_KEY_IDENTITY) {
        return PSA_SUCCESS;
    }
    if (call->function == SBM_CRYPTO_SIGN_HASH) {
        return digest_is_known(&call->in[0]) ? PSA_SUCCESS : PSA_ERROR_NOT_PERMITTED;
    }
    service_crypto_head_add(&head, call->in[0].data, call->in[0].len);
    return call->function == SBM_CRYPTO_SIGN_MESSAGE && is_statement(&head) ? PSA_ERROR_NOT_PERMITTED : PSA_SUCCESS;
}

void service_crypto_digests_wipe(void)
{
    wipe(digests, sizeof digests);
    digests_count = 0;
}
