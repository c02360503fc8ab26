/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota: how many units this appliance may make, held by a TPM 2.0. The only room that speaks to the TPM. The TPM signs
 * a grant only after it has counted it, stops at the limit, and takes a new limit only with the maker's signature over
 * a nonce of its own (docs/spec.md section 16). Thread-safe; connects anew when the TPM went away.
 */
#ifndef HOST_QUOTA_QUOTA_H
#define HOST_QUOTA_QUOTA_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"

struct quota;

#define QUOTA_ENROLMENT_MAX 4096 /* bytes, encoded */
#define QUOTA_ORDER_MAX 512
#define QUOTA_CERTIFICATE_MAX 1536
/* Besides 0 and -1: the TPM refused because all units are used, or none were ever given. The fault says so. */
#define QUOTA_SPENT_OUT 1

struct quota_config {
    const char *tcti;      /* where the TPM is, as the TSS names it: "device:/dev/tpmrm0", "swtpm:path=tpm.sock" */
    const char *folder;    /* an existing folder of the appliance (0700): the order that waits for its refill */
    uint8_t quota_key[64]; /* the maker's public key `quota`, which alone may set the limit */
    unsigned seconds;      /* how long an answer may take (TCTIs device, and swtpm by a path); 0: 120 */
};

/* Remembers `config` (strings are copied) and connects. Fault: no TPM there, or it was not made ready by quota_make.
 * With another quota key than that of quota_make: refused. */
int quota_open(const struct quota_config *config, struct quota **out, struct fault *fault);
/* NULL is allowed. */
void quota_close(struct quota *quota);

/* Makes in the TPM what is missing: the index that counts (unwritten: no units), the attestation key, the grant key.
 * What is there already and right is kept, so that a cut run can be repeated; anything else in its place is refused.
 * Not for a TPM that somebody else uses under the same handles. */
int quota_make(const struct quota_config *config, struct fault *fault);

struct quota_facts {
    uint8_t grant_key[64];
    uint32_t count;  /* units that the TPM has counted, ever; goes up only */
    uint32_t limit;  /* count at which it stops; 0 before the first refill */
    uint32_t strays; /* counted since quota_open without a signature that this process got: spent, nobody has a grant */
};
/* Reads the TPM. A count above that of the ledger's last record, when the appliance starts, is a unit that was spent
 * without a grant: record it. */
int quota_facts(struct quota *quota, struct quota_facts *out, struct fault *fault);

/*
 * Spends one unit and has the grant key sign `digest`; `signature` is r then s, `count` the TPM's count with this unit:
 * the unit number. 0, -1, or QUOTA_SPENT_OUT. After -1 the unit may be spent (never signed and not spent): quota_facts
 * tells. cut: before the TPM authorised nothing is spent, after it the unit is spent and without a grant.
 */
int quota_sign(struct quota *quota, const uint8_t digest[32], uint8_t signature[64], uint32_t *count,
               struct fault *fault);

/* Begins an order: a nonce of the TPM, and its statement of count and limit bound to the nonce, `transport_digest` and
 * `grant_certificate` (DER; only the TPM that opened its credential knows it). `order` has room for QUOTA_ORDER_MAX
 * bytes. An order begun before is void. cut: nothing changed. */
int quota_order_build(struct quota *quota, const uint8_t transport_digest[32], struct bytes grant_certificate,
                      uint8_t *order, size_t *order_len, struct fault *fault);
/*
 * Gives the TPM the maker's answer to the order (field 13 of the production package). Units left from before are void.
 * Once done, the same refill again is 0 and changes nothing. Fault: not signed for this nonce, another TPM's, the TPM
 * was restarted since (a new order is needed). cut: before or after, never half.
 */
int quota_refill(struct quota *quota, struct bytes refill, struct fault *fault);

/* The enrolment block of the request: EK certificate, keys and the TPM's statements. `block` has room for
 * QUOTA_ENROLMENT_MAX bytes. Fault: the TPM has no EK certificate. */
int quota_enrolment_build(struct quota *quota, uint8_t *block, size_t *block_len, struct fault *fault);
/* Opens the credential that `windlass pki appliance` made for this TPM: the grant certificate (DER). `certificate` has
 * room for QUOTA_CERTIFICATE_MAX bytes. Fault: made for another TPM or another attestation key, or changed. */
int quota_credential_open(struct quota *quota, struct bytes credential, uint8_t *certificate, size_t *certificate_len,
                          struct fault *fault);

#endif
